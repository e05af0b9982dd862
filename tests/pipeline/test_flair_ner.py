"""`flair_ner` in a pipeline: saving without pickles, damaged files, and a missing Flair."""

import importlib.metadata
import json
import shutil
import subprocess
import sys

import pytest
import spacy
import torch
from flair.embeddings import TokenEmbeddings
from safetensors.torch import load
from transformers import BertConfig, BertModel, BertTokenizerFast

from spacy_al.errors import ALError
from spacy_al.pipeline.flair_params import build_embeddings, dump_embeddings

from .flair_helpers import docs_of, example, in_order, make, ready

WORDS = ["John", "saw", "Paris"]


def same(one, two):
    """Whether two pipelines say the same of the same sentences."""
    docs = docs_of(one)
    for (probs, _, _), (again, _, _) in zip(
        *(in_order(nlp.get_pipe("flair_ner").sample(docs)) for nlp in (one, two)), strict=True
    ):
        torch.testing.assert_close(probs, again, atol=1e-6, rtol=0)
    return True


@pytest.fixture
def saved(tmp_path):
    nlp, _ = ready()
    nlp.to_disk(tmp_path / "saved")
    return tmp_path / "saved" / "flair_ner"


def test_a_pipeline_is_saved_as_json_and_safetensors(saved):
    assert sorted(path.name for path in saved.iterdir()) == ["cfg", "model.safetensors"]
    assert json.loads((saved / "cfg").read_text())["labels"] == ["LOC", "PER"]
    assert "crf.transitions" in load((saved / "model.safetensors").read_bytes())


def test_word_vectors_are_saved_with_the_pipeline(tmp_path):
    path = tmp_path / "glove.txt"
    path.write_text("paris 3 4\njohn 1 2\n", encoding="utf8")
    nlp, _ = ready(embeddings={"@misc": "spacy-al.FlairWordVectors.v1", "source": str(path)})
    nlp.to_disk(tmp_path / "saved")
    path.unlink()
    assert same(nlp, spacy.load(tmp_path / "saved"))


def test_the_default_embeddings_are_saved_with_the_pipeline(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("flair_ner", config={"labels": ["LOC", "PER"]}).restart(0)
    nlp.to_disk(tmp_path / "saved")
    assert same(nlp, spacy.load(tmp_path / "saved"))


@pytest.fixture
def tiny_bert(tmp_path):
    """A random BERT of two layers, made on the spot."""
    folder = tmp_path / "bert"
    folder.mkdir()
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "john", "in", "paris", "##s", "o", "##tto"]
    (folder / "vocab.txt").write_text("\n".join(words), encoding="utf8")
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(folder)
    size = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 8}
    torch.manual_seed(0)
    BertModel(BertConfig(vocab_size=len(words), max_position_embeddings=32, **size)).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("fine_tune", [False, True])
def test_a_transformer_is_saved_with_the_pipeline(tiny_bert, tmp_path, fine_tune):
    embeddings = {"@misc": "spacy-al.FlairTransformer.v1", "name": str(tiny_bert), "fine_tune": fine_tune}
    nlp, pipe = ready(embeddings=embeddings, max_epochs=1)
    pipe.fit([example(nlp, WORDS, ["B-PER", "O", "B-LOC"])], [], 0)
    nlp.to_disk(tmp_path / "saved")
    shutil.rmtree(tiny_bert)
    assert same(nlp, spacy.load(tmp_path / "saved"))


def test_a_restart_reads_pretrained_weights_again(tiny_bert):
    embeddings = {"@misc": "spacy-al.FlairTransformer.v1", "name": str(tiny_bert), "fine_tune": True}
    nlp, pipe = ready(embeddings=embeddings, max_epochs=2)
    weights = [pipe.tagger.embeddings.model.encoder.layer[0].output.dense.weight]
    before = weights[0].detach().clone()
    pipe.fit([example(nlp, WORDS, ["B-PER", "O", "B-LOC"])], [], 0)
    assert not torch.equal(weights[0], before)
    pipe.restart(9)
    assert torch.equal(pipe.tagger.embeddings.model.encoder.layer[0].output.dense.weight, before)


def test_a_restart_draws_the_rest_from_its_seed():
    _, pipe = make()
    drawn = []
    for seed in (4, 4, 5):
        pipe.restart(seed)
        drawn.append(torch.cat([value.detach().flatten() for value in pipe.tagger.parameters()]))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_embeddings_without_a_safe_form_are_refused():
    class Odd(TokenEmbeddings):
        embeddings_name = "Odd"

        def to_params(self):
            return {"secret": object()}

    with pytest.raises(ALError, match=r"A342.*Odd.*they hold a object"):
        dump_embeddings(Odd())


@pytest.mark.parametrize("name", ["TransformerDocumentEmbeddings", "os.system", None])
def test_saved_embeddings_of_another_class_are_not_built(name):
    with pytest.raises(ALError, match="A343"):
        build_embeddings({"!dict": {"__cls__": name}})


def test_damaged_weights_are_named(saved):
    path = saved / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ALError, match=rf"A344\] {path}: the weights cannot be loaded"):
        spacy.load(saved.parent)


def test_weights_of_another_tagger_are_named(saved, tmp_path):
    other, _ = ready(hidden_size=9)
    other.to_disk(tmp_path / "other")
    shutil.copy(tmp_path / "other" / "flair_ner" / "model.safetensors", saved / "model.safetensors")
    with pytest.raises(ALError, match=r"A344.*size mismatch"):
        spacy.load(saved.parent)


def test_an_undeclared_label_in_dev_is_an_error_too():
    nlp, pipe = ready()
    train, dev = example(nlp, WORDS, ["B-PER", "O", "O"]), example(nlp, WORDS, ["B-ORG", "O", "O"])
    with pytest.raises(ALError, match=r"A301.*'ORG'"):
        pipe.fit([train], [dev], 0)


def test_nothing_annotated_is_an_error():
    nlp, pipe = ready()
    with pytest.raises(ALError, match="A332"):
        pipe.fit([example(nlp, WORDS, None)], [], 0)


def test_dropout_at_rate_0_is_not_offered():
    _, pipe = ready(word_dropout=0.0)
    assert pipe.dropouts == ["off", "locked", "all"]
    with pytest.raises(ALError, match=r"A200.*'word'.*It knows: off, locked, all"):
        next(pipe.sample([], passes=2, dropout="word"))


def test_without_the_extra_add_pipe_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "flair", None)
    nlp = spacy.blank("en")
    with pytest.raises(ALError, match=r"A330.*'flair'.*pip install 'spacy_al\[flair\]'"):
        nlp.add_pipe("flair_ner")
    nlp.add_pipe("sentencizer")
    assert len(list(nlp("One. Two.").sents)) == 2


def test_flair_and_crfsuite_are_not_imported_until_their_component_is_made():
    code = (
        "import spacy, sys; from spacy.language import Language; spacy.blank('en').add_pipe('sentencizer');"
        "Language.get_factory_meta('flair_ner'); Language.get_factory_meta('crfsuite_ner');"
        "spacy.registry.misc.get('spacy-al.FlairStack.v1'); spacy.registry.factories.get_all();"
        "assert not {'flair', 'pycrfsuite'} & {*sys.modules}, sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_component_and_embeddings_are_entry_points():
    groups = importlib.metadata.entry_points()
    assert "flair_ner" in groups.select(group="spacy_factories").names
    names = {f"spacy-al.Flair{name}.v1" for name in ("Characters", "Embedding", "Stack", "Transformer", "WordVectors")}
    assert names <= groups.select(group="spacy_misc").names
