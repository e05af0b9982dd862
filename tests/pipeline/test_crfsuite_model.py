"""The crfsuite model: equal to sklearn-crfsuite's, right by enumeration, and never opened when damaged."""

import itertools
import math
import pickle

import numpy
import pycrfsuite
import pytest
import sklearn_crfsuite
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_al.errors import ALError
from spacy_al.pipeline.crfsuite_model import CRFModel, CRFSettings
from spacy_al.pipeline.entities import check_settings
from tests.full_disk import room

WORDS = [["John", "saw", "Paris"], ["Paris", "saw"], ["old", "John", "Smith", "left"], ["left"], ["Smith"]]
TAGS = [["I-PER", "O", "I-LOC"], ["I-LOC", "O"], ["O", "I-PER", "I-PER", "O"], ["O"], ["I-PER"]]


def features(words):
    return [[f"word={word}", f"last={word[-1]}", *(["title"] if word.istitle() else [])] for word in words]


def fit(**config):
    rows = [pycrfsuite.ItemSequence(features(words)) for words in WORDS]
    return CRFModel.fit(rows, TAGS, CRFSettings(**config))


@pytest.fixture(scope="module")
def model():
    return fit()


@pytest.fixture(scope="module")
def reference():
    crf = sklearn_crfsuite.CRF(algorithm="lbfgs", c1=0.1, c2=0.1, max_iterations=100)
    return crf.fit([features(words) for words in WORDS], TAGS)


def read(crf):
    with open(crf.modelfile.name, "rb") as file_:
        return file_.read()


def test_model_is_sklearn_crfsuites_byte_for_byte(model, reference):
    assert model.data == read(reference)


def test_settings_reach_crfsuite():
    crf = sklearn_crfsuite.CRF(c1=0.3, c2=0.7, max_iterations=5, min_freq=2, all_possible_transitions=True)
    crf.fit([features(words) for words in WORDS], TAGS)
    settings = {"c1": 0.3, "c2": 0.7, "max_iterations": 5, "min_freq": 2, "all_possible_transitions": True}
    assert fit(**settings).data == read(crf)


def test_tags_and_marginals_are_sklearn_crfsuites(model, reference):
    for words in [*WORDS, ["Smith", "of", "Paris"]]:
        tagging = model.tag(pycrfsuite.ItemSequence(features(words)))
        marginals = reference.predict_marginals_single(features(words))
        assert tagging.tags == reference.predict_single(features(words))
        expected = [[row[label] for label in model.labels] for row in marginals]
        numpy.testing.assert_allclose(tagging.marginals, expected, rtol=1e-6)


def enumerate_sequences(model, words):
    """The log-probability of every tag sequence of a sentence, by crfsuite itself."""
    model.tagger.set(features(words))
    return {tags: model.tagger.probability(tags) for tags in itertools.product(model.labels, repeat=len(words))}


def test_probabilities_of_all_sequences_add_up(model):
    row = pycrfsuite.ItemSequence(features(["Smith", "of", "Paris"]))
    sequences = itertools.product(model.labels, repeat=3)
    assert sum(math.exp(model.log_prob(row, tags)) for tags in sequences) == pytest.approx(1, abs=1e-9)


def test_best_sequence_and_its_probability_by_enumeration(model):
    words = ["old", "Paris", "saw", "Smith"]
    tagging = model.tag(pycrfsuite.ItemSequence(features(words)))
    tags, probability = max(enumerate_sequences(model, words).items(), key=lambda pair: pair[1])
    assert tuple(tagging.tags) == tags
    assert tagging.log_prob == pytest.approx(math.log(probability), abs=1e-9)


def test_marginals_by_enumeration(model):
    words = ["old", "Paris", "saw"]
    tagging = model.tag(pycrfsuite.ItemSequence(features(words)))
    expected = numpy.zeros((3, len(model.labels)))
    for tags, probability in enumerate_sequences(model, words).items():
        for number, tag in enumerate(tags):
            expected[number, model.labels.index(tag)] += probability
    numpy.testing.assert_allclose(tagging.marginals, expected, atol=1e-6)


def test_log_prob_from_weights_is_crfsuites(model):
    for words in WORDS:
        row = pycrfsuite.ItemSequence(features(words))
        tagging = model.tag(row)
        assert model.log_prob(row, tagging.tags) == pytest.approx(tagging.log_prob, abs=1e-4)


def test_log_prob_does_not_underflow():
    model = fit(c1=1.0, c2=1.0)
    row = pycrfsuite.ItemSequence([["unseen"]] * 3000)
    tagging = model.tag(row)
    assert model.tagger.probability(tagging.tags) == 0
    half = model.tag(pycrfsuite.ItemSequence([["unseen"]] * 1500)).log_prob
    assert tagging.log_prob == pytest.approx(2 * half, rel=0.01)


def test_an_empty_sentence_is_certain(model):
    tagging = model.tag(pycrfsuite.ItemSequence([]))
    assert (tagging.tags, tagging.log_prob, tagging.marginals.shape) == ([], 0.0, (0, len(model.labels)))
    assert model.best(pycrfsuite.ItemSequence([])) == []


def test_saved_bytes_load_again(model):
    loaded = CRFModel.load(model.data, model.record(), path="x")
    assert loaded.best(pycrfsuite.ItemSequence(features(WORDS[0]))) == TAGS[0]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_one_changed_byte_is_never_opened(model, data):
    damaged = bytearray(model.data)
    position = data.draw(st.integers(0, len(damaged) - 1))
    damaged[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ALError, match=r"A335\] x: "):
        CRFModel.load(bytes(damaged), model.record(), path="x")


@pytest.mark.parametrize("size", [0, 1, 47, 48, 100, -1])
def test_a_truncated_model_is_never_opened(model, size):
    with pytest.raises(ALError, match="A335"):
        CRFModel.load(model.data[:size], model.record(), path="x")


def test_only_the_bytes_travel(model):
    model.tag(pycrfsuite.ItemSequence(features(WORDS[0])))
    copied = pickle.loads(pickle.dumps(model))
    assert copied.__dict__ == {"data": model.data, "_tagger": None, "_weights": None}


@pytest.mark.parametrize(("key", "value"), [("c1", -0.1), ("c2", math.nan), ("max_iterations", 0), ("min_freq", -1)])
def test_settings_out_of_range_are_named(key, value):
    with pytest.raises(ALError, match=rf"A008\] \[components.crf\] {key} = {value}"):
        check_settings(CRFSettings(**{key: value}), "components.crf")


@pytest.mark.parametrize("size", [0, 100, 4096])
def test_a_model_that_its_folder_has_no_room_for_is_refused(size):
    features = [pycrfsuite.ItemSequence([[f"word-{number}"], ["saw"]]) for number in range(99)]
    with room(size), pytest.raises(ALError, match=r"A002.*model"):
        CRFModel.fit(features, [["B-PER", "O"]] * 99, CRFSettings())
