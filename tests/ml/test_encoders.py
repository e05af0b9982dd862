"""Every architecture named as fast, tiny and random: batches, padding, dropout, long sentences, saving, and what a CUDA
graph could not hold."""

import pytest
import spacy
import torch
from spacy.tokens import Doc
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from spacy_al.errors import ALError
from spacy_al.ml import packing
from spacy_al.ml.constants import Constants
from spacy_al.ml.transformer_body import TransformerBody, positions_of
from spacy_al.ml.wordpieces import WordpieceBatch

from .helpers import SENTENCES, make_examples, tiny_encoder, transformer_model

KINDS = (
    "bert", "distilbert", "electra", "roberta", "xlm-roberta", "camembert", "mpnet", "albert", "deberta",
    "deberta-v2", "modernbert",
)  # fmt: skip
WORDS = [text.split() for text, _ in SENTENCES]


@pytest.fixture(scope="module", params=KINDS)
def nlp(request, tmp_path_factory):
    folder = tiny_encoder(tmp_path_factory.mktemp(request.param), request.param)
    nlp = spacy.blank("en")
    nlp.add_pipe("sequence_tagger", config={"model": transformer_model(folder)})
    examples = make_examples(nlp.vocab)
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = 5e-3
    for _ in range(3):
        nlp.update(examples, sgd=optimizer)
    return nlp


def probs(nlp, rows, **settings):
    docs = [Doc(nlp.vocab, words=words) for words in rows]
    found = {}
    for samples in nlp.get_pipe("sequence_tagger").sample(docs, **settings):
        parts = samples.probs.split(samples.lengths.tolist(), dim=1)
        found |= dict(zip(samples.order, parts))
    return [found[number] for number in range(len(rows))]


def test_a_sentence_alone_is_what_it_is_in_a_padded_batch(nlp):
    together = probs(nlp, WORDS)
    for words, one in zip(WORDS, together):
        assert torch.allclose(probs(nlp, [words])[0], one, atol=1e-5)


@pytest.mark.parametrize("dropout", ["off", "last", "all"])
def test_every_dropout_varies_as_it_should(nlp, dropout):
    first, *_ = probs(nlp, WORDS, dropout=dropout, passes=3)
    assert torch.allclose(first.sum(-1), torch.ones(()), atol=1e-5)
    assert first.shape[0] == (1 if dropout == "off" else 3)
    assert dropout == "off" or not torch.allclose(first[0], first[1], atol=1e-6)
    again, *_ = probs(nlp, WORDS, dropout=dropout, passes=3)
    assert torch.equal(first, again)


def test_a_sentence_longer_than_the_window_is_read_whole(nlp):
    words = ["Anna", "lives", "in", "the", "older", "towns"] * 30
    (long,) = probs(nlp, [words])
    assert long.shape[1] == len(words)
    assert torch.isfinite(long).all()
    (doc,) = nlp.pipe([Doc(nlp.vocab, words=words)])
    assert len(doc) == len(words)


@pytest.mark.parametrize(
    ("row", "lengths"),
    [(40, [12, 1]), (packing.ROW, [9, 5, 5, 5])],  # the second: all in as few rows would be wider than the model takes
)
def test_packed_rows_hold_what_padded_ones_do(nlp, monkeypatch, row, lengths):
    monkeypatch.setattr(packing, "ROW", row)
    encoder, cpu = nlp.get_pipe("sequence_tagger")._shim.state.encoder, torch.device("cpu")
    rows = [["Anna", "lives", "in", "the", "older", "towns"] * length for length in lengths]
    rows += [*WORDS, ["Rome"]] if row < packing.ROW else []
    features = encoder.featurize([Doc(nlp.vocab, words=words) for words in rows])
    padded, (packed, _) = encoder.collate(features, cpu), encoder.begin(features, cpu)
    kind = encoder.hf_model.transformer.config.model_type
    assert (packed.positions is not None) == (kind in packing.PACKED)
    if kind in packing.PACKED and row < packing.ROW:
        assert packed.ids.numel() < 0.6 * padded.ids.numel()
    encoder.body.eval()
    one, other = (encoder.body(batch).data for batch in (padded, packed))
    assert torch.allclose(one, other, atol=1e-5)


def test_a_reloaded_pipeline_says_the_same(nlp, tmp_path):
    nlp.to_disk(tmp_path)
    again = spacy.load(tmp_path)
    for one, other in zip(probs(nlp, WORDS), probs(again, WORDS)):
        assert torch.allclose(one, other, atol=1e-6)
    models = [one.get_pipe("sequence_tagger")._shim.state.encoder.hf_model.transformer for one in (nlp, again)]
    pairs = zip(models[0].modules(), models[1].modules(), strict=True)
    assert all(getattr(one, "eps", None) == getattr(other, "eps", None) for one, other in pairs)


class Copies(TorchDispatchMode):
    """Counts the tensors that operations on "meta", our stand-in for a GPU, take from the CPU."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        given, made = tree_leaves((args, kwargs or {})), tree_leaves(out)
        crosses = any(isinstance(one, torch.Tensor) and one.is_meta for one in [*given, *made])
        scalars = func is not torch.ops.aten._to_copy.default  # go with a launch
        there = [x for x in given if isinstance(x, torch.Tensor) and x.device.type == "cpu"]
        cpu = [x for x in there if not (scalars and x.dim() == 0)]
        self.seen += [str(func)] if crosses and cpu else []
        return out


def test_a_training_pass_waits_for_no_value_and_its_constants_are_copied_once(nlp, monkeypatch):
    # A value asked of a tensor on "meta" raises, as it makes a capture fail.
    config = nlp.get_pipe("sequence_tagger")._shim.state.encoder.hf_model.transformer.config
    from transformers import AutoModel

    with torch.device("meta"):
        model = AutoModel.from_config(config)
    real = torch.autocast
    monkeypatch.setattr(torch, "autocast", lambda *a, **k: real("cpu", enabled=False))  # there is none for "meta"
    body = TransformerBody(True)
    body.take(model)
    ids = torch.zeros(4, 16, dtype=torch.long, device="meta")
    places, lengths = ids.flatten(), ids[:, 0]
    batch = WordpieceBatch(ids, ids.bool(), places, None, lengths, padded=True)
    constants = Constants(torch.device("meta"))
    with constants.record():
        body.train()(batch).data.sum().backward()
    with Copies() as copies, constants.replay():
        body(batch).data.sum().backward()
    assert copies.seen == []


@pytest.mark.parametrize(("kind", "most"), [("roberta", 62), ("bert", 64), ("mpnet", 62)])
def test_positions_are_counted_from_behind_the_padding_id(kind, most, tmp_path):
    from transformers import AutoModel

    assert positions_of(AutoModel.from_pretrained(tiny_encoder(tmp_path, kind))) == most


def test_words_that_the_encoder_does_not_know_are_told(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("sequence_tagger", config={"model": transformer_model(tiny_encoder(tmp_path, "bert"))})
    examples = make_examples(nlp.vocab, [("\u6c49 \u5b57 Rome", [(2, 3, "LOC")])])
    with pytest.warns(UserWarning, match=r"W233.*67%"):
        nlp.initialize(lambda: examples)


def test_an_encoder_without_a_mask_is_refused_by_name(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("sequence_tagger", config={"model": transformer_model(tiny_encoder(tmp_path, "fnet"))})
    with pytest.raises(ALError, match=r"\[A220\].*FNetModel.*attention_mask"):
        nlp.initialize(lambda: make_examples(nlp.vocab))
