"""`crfsuite_ner` in a pipeline: what it learns from, what it warns of, and damaged or missing parts."""

import importlib.metadata
import sys
import warnings

import pytest
import sklearn_crfsuite
import spacy
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_al.corpus.reader import create_corpus_reader, write_docs
from spacy_al.corpus.schemes import decode
from spacy_al.errors import ALError
from spacy_al.pipeline.crf_features import PaperFeatures

WORDS = ["John", "saw", "Paris", "."]
POS = ["NNP", "VBD", "NNP", "."]
ENTITIES = ["B-PER", "O", "B-LOC", "O"]


def make(**config):
    nlp = spacy.blank("en")
    return nlp, nlp.add_pipe("crfsuite_ner", config=config)


def example(nlp, words=WORDS, pos=POS, entities=ENTITIES):
    doc = Doc(nlp.vocab, words=words, tags=pos)
    return Example(doc, Doc(nlp.vocab, words=words, tags=pos, ents=entities))


@pytest.fixture
def trained():
    nlp, _ = make()
    nlp.initialize(lambda: [example(nlp)])
    return nlp


def test_model_is_sklearn_crfsuites_on_the_same_features(trained):
    crf = sklearn_crfsuite.CRF(algorithm="lbfgs", c1=0.1, c2=0.1, max_iterations=100)
    crf.fit([PaperFeatures()(example(trained).predicted)], [["I-PER", "O", "I-LOC", "O"]])
    with open(crf.modelfile.name, "rb") as file_:
        assert trained.get_pipe("crfsuite_ner").crf.data == file_.read()


def test_update_changes_nothing(trained):
    before = trained.get_pipe("crfsuite_ner").crf.data
    losses = trained.update([example(trained, entities=["O"] * 4)])
    assert trained.get_pipe("crfsuite_ner").crf.data == before
    assert losses == {"crfsuite_ner": 0.0}


def test_restart_forgets_the_training(trained):
    trained.get_pipe("crfsuite_ner").restart(0)
    with pytest.raises(ALError, match=r"A333\] 'crfsuite_ner' is not trained"):
        trained(example(trained).predicted)


def test_a_round_does_not_extract_features_again(trained):
    pipe = trained.get_pipe("crfsuite_ner")
    pipe.restart(0)
    pipe.cache.extractor = None  # would fail if it were asked
    pipe.fit([example(trained)], [], 0)
    assert [ent.label_ for ent in trained(example(trained).predicted).ents] == ["PER", "LOC"]


def test_initialize_without_annotation_declares_and_does_not_fit():
    nlp, pipe = make(labels=["PER"])
    nlp.initialize()
    assert (pipe.labels, pipe.crf) == (("PER",), None)


def test_a_label_never_seen_in_training_has_probability_zero():
    nlp, pipe = make(labels=["PER", "LOC", "ORG"])
    nlp.initialize(lambda: [example(nlp)])
    (samples,) = pipe.sample([example(nlp).predicted])
    assert pipe.tags[-2:] == ["B-ORG", "I-ORG"]
    assert float(samples.probs[..., -2:].max()) == 0


def test_labels_of_the_config_come_first():
    nlp, pipe = make(labels=["PER"])
    pipe.initialize(lambda: [example(nlp)], labels=["LOC", "PER"])
    assert pipe.labels == ("PER", "LOC")


def test_labels_come_from_an_object_with_a_scheme():
    nlp, pipe = make()
    pipe.initialize(lambda: [example(nlp)], labels={"labels": ["PER", "LOC"], "scheme": "IOB1"})
    assert pipe.labels == ("PER", "LOC")


@pytest.mark.parametrize("labels", ["PER", {"scheme": "IOB1"}, [1, 2], {"labels": "PER"}, 3])
def test_labels_of_another_form_are_refused(labels):
    nlp, pipe = make()
    with pytest.raises(ALError, match=r"A331\] 'crfsuite_ner'"):
        pipe.initialize(lambda: [example(nlp)], labels=labels)


def test_gold_is_aligned_to_other_tokens():
    nlp, _ = make()
    predicted = Doc(nlp.vocab, words=["New", "York"], tags=["NNP", "NNP"])
    reference = Doc(nlp.vocab, words=["New York"], ents=["B-LOC"])
    nlp.initialize(lambda: [Example(predicted, reference), example(nlp)])
    assert [(ent.start, ent.end) for ent in nlp(predicted.copy()).ents] == [(0, 2)]


def test_sentences_annotated_in_part_are_left_out_with_their_number():
    nlp, pipe = make(labels=["LOC", "PER"])
    partial = example(nlp)
    partial.reference.set_ents([], missing=[partial.reference[0:1]], default="outside")
    with pytest.warns(UserWarning, match=r"W331.*1 of 2 are not"):
        pipe.fit([partial, example(nlp)], [], 0)
    assert len(nlp(example(nlp).predicted).ents) == 2


def test_nothing_annotated_is_an_error():
    nlp, pipe = make(labels=["PER"])
    doc = Doc(nlp.vocab, words=WORDS)
    with pytest.raises(ALError, match=r"A332.*none of the 1 examples"):
        pipe.fit([Example(doc, doc.copy())], [], 0)


def test_missing_pos_is_warned_of_in_training():
    nlp, pipe = make(labels=["LOC", "PER"])
    with pytest.warns(UserWarning, match="W330"):
        pipe.fit([example(nlp, pos=None)], [], 0)


def test_missing_pos_is_warned_of_once_in_use(trained):
    with pytest.warns(UserWarning, match="W332") as caught:
        list(trained.pipe(Doc(trained.vocab, words=WORDS) for _ in range(2)))
    assert len(caught) == 1


def test_our_corpus_reader_keeps_pos_for_the_features(tmp_path):
    nlp, pipe = make(labels=["LOC", "PER"])
    (tmp_path / "corpus.spacy").write_bytes(write_docs([example(nlp).reference]))
    (read,) = create_corpus_reader(tmp_path / "corpus.spacy")(nlp)
    assert [token.tag_ for token in read.predicted] == POS
    pipe.fit([read], [], 0)
    assert pipe.saw_pos


def test_without_pos_features_nothing_is_warned_of():
    nlp, pipe = make(labels=["LOC", "PER"], features={"@al_features": "spacy-al.PaperFeatures.v1", "use_pos": False})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pipe.fit([example(nlp, pos=None)], [], 0)
        nlp(Doc(nlp.vocab, words=WORDS))


@pytest.mark.parametrize("dropout", ["last", "word", "locked", "all"])
def test_dropout_is_refused_with_the_reason(trained, dropout):
    with pytest.raises(ALError, match=rf"A334.*'{dropout}'.*variation ratio and BALD are not defined"):
        next(trained.get_pipe("crfsuite_ner").sample([example(trained).predicted], passes=10, dropout=dropout))


def test_a_damaged_model_file_is_named(trained, tmp_path):
    trained.to_disk(tmp_path / "saved")
    path = tmp_path / "saved" / "crfsuite_ner" / "model.crfsuite"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ALError, match=rf"A335\] {path}: "):
        spacy.load(tmp_path / "saved")


def test_an_untrained_pipeline_is_saved_without_an_old_model(trained, tmp_path):
    trained.to_disk(tmp_path / "saved")
    trained.get_pipe("crfsuite_ner").restart(0)
    trained.to_disk(tmp_path / "saved")
    assert spacy.load(tmp_path / "saved").get_pipe("crfsuite_ner").crf is None


def test_without_the_extra_add_pipe_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pycrfsuite", None)
    nlp = spacy.blank("en")
    with pytest.raises(ALError, match=r"A330.*'pycrfsuite'.*pip install 'spacy_al\[crf\]'"):
        nlp.add_pipe("crfsuite_ner")
    nlp.add_pipe("sentencizer")
    assert len(list(nlp("One. Two.").sents)) == 2


def test_a_setting_out_of_range_is_named():
    with pytest.raises(ALError, match=r"A008\] \[components.crfsuite_ner\] c1 = -1"):
        make(c1=-1.0)


def test_an_unknown_scheme_is_named():
    with pytest.raises(ALError, match=r"A100\] Unknown tag scheme 'IO'"):
        make(scheme="IO")


def test_component_and_features_are_entry_points():
    groups = importlib.metadata.entry_points()
    assert "crfsuite_ner" in groups.select(group="spacy_factories").names
    assert "spacy-al.PaperFeatures.v1" in groups.select(group="spacy_al_features").names


def test_spacys_own_training_fits_once_and_goes_on(tmp_path):
    nlp, _ = make()
    nlp.initialize(lambda: [example(nlp)])
    optimizer = nlp.resume_training()
    nlp.update([example(nlp)], sgd=optimizer)
    assert nlp.evaluate([example(nlp)])["ents_f"] == 1.0


def read_conll(vocab, path):
    """Examples of a CoNLL-2003 file, read here so that the check rests on nothing else."""
    for block in path.read_text(encoding="utf8").split("\n\n"):
        rows = [line.split() for line in block.splitlines() if line.strip() and not line.startswith("-DOCSTART-")]
        if rows:
            words, pos, _, tags = (list(column) for column in zip(*rows, strict=True))
            gold = Doc(vocab, words=words, tags=pos)
            spans = [Span(gold, start, end, label=label) for start, end, label in decode(tags, "IOB1")]
            gold.set_ents(spans, default="outside")
            yield Example(Doc(vocab, words=words, tags=pos), gold)


@pytest.mark.slow
@pytest.mark.data
def test_full_conll_gives_the_papers_f1(data_folder):
    nlp, pipe = make(labels=["LOC", "MISC", "ORG", "PER"])
    pipe.fit(list(read_conll(nlp.vocab, data_folder / "conll2003" / "eng.train")), [], 0)
    scores = nlp.evaluate(list(read_conll(nlp.vocab, data_folder / "conll2003" / "eng.testb")))
    assert scores["ents_f"] > 0.782 - 0.02  # Table 1 of the paper: 78.2
