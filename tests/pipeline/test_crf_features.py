"""The paper's features of a word, and the cache that keeps them from round to round."""

import pickle

import pytest
import spacy
from spacy.tokens import Doc

from spacy_al.errors import ALError
from spacy_al.pipeline import crf_features
from spacy_al.pipeline.crf_features import FeatureCache, PaperFeatures

VOCAB = spacy.blank("en").vocab


def make_doc(words, tags=None):
    return Doc(VOCAB, words=words, tags=tags)


@pytest.fixture
def doc():
    return make_doc(["EU", "rejects", "1996"], ["NNP", "VBZ", "CD"])


class Counting:
    """An extractor that counts how often it is asked."""

    def __init__(self):
        self.calls = 0

    def __call__(self, doc):
        self.calls += 1
        return [[token.text] for token in doc]


def test_first_word_has_the_features_of_appendix_b(doc):
    own = {"lower=eu", "upper", "tag=NNP", "tag2=NN", "starts", "suffix3=EU", "suffix2=EU"}
    following = {"+1:lower=rejects", "+1:tag=VBZ", "+1:tag2=VB"}
    assert set(PaperFeatures()(doc)[0]) == own | following


def test_middle_word_has_the_features_of_appendix_b(doc):
    own = {"lower=rejects", "tag=VBZ", "tag2=VB", "suffix3=cts", "suffix2=ts"}
    previous = {"-1:lower=eu", "-1:upper", "-1:tag=NNP", "-1:tag2=NN", "-1:starts"}
    following = {"+1:lower=1996", "+1:digit", "+1:tag=CD", "+1:tag2=CD", "+1:ends"}
    assert set(PaperFeatures()(doc)[1]) == own | previous | following


def test_last_word_has_the_features_of_appendix_b(doc):
    own = {"lower=1996", "digit", "tag=CD", "tag2=CD", "ends", "suffix3=996", "suffix2=96"}
    assert set(PaperFeatures()(doc)[2]) == own | {"-1:lower=rejects", "-1:tag=VBZ", "-1:tag2=VB"}


def test_a_single_word_starts_and_ends_its_sentence():
    assert PaperFeatures()(make_doc(["Paris"])) == [
        ["lower=paris", "title", "starts", "ends", "suffix3=ris", "suffix2=is"]
    ]


def test_an_empty_doc_has_no_features():
    assert PaperFeatures()(make_doc([])) == []


def test_without_pos_no_tag_is_read(doc):
    names = {name for row in PaperFeatures(use_pos=False)(doc) for name in row}
    assert not any("tag" in name for name in names)


def test_no_feature_is_named_twice_for_a_token():
    for row in PaperFeatures()(make_doc(["a", "a", "a"], ["DT", "DT", "DT"])):
        assert len(row) == len(set(row))


def test_cache_asks_once_for_equal_words_and_tags():
    cache = FeatureCache(Counting())
    cache.on = True
    first, second = (cache.get(make_doc(["a", "b"], ["X", "Y"])) for _ in range(2))
    assert first is second
    assert cache.extractor.calls == 1


def test_cache_asks_again_for_other_tags():
    cache = FeatureCache(Counting())
    cache.on = True
    cache.get(make_doc(["a"], ["X"]))
    cache.get(make_doc(["a"], ["Y"]))
    assert cache.extractor.calls == 2


def test_cache_keeps_nothing_unless_switched_on(doc):
    cache = FeatureCache(Counting())
    cache.get(doc)
    cache.get(doc)
    assert (cache.extractor.calls, cache.n_tokens) == (2, 0)


def test_cache_stops_at_its_limit(monkeypatch):
    monkeypatch.setattr(crf_features, "CACHE_TOKENS", 3)
    cache = FeatureCache(Counting())
    cache.on = True
    for words in (["a", "b"], ["c", "d"], ["a", "b"], ["c", "d"]):
        cache.get(make_doc(words))
    assert (cache.extractor.calls, cache.n_tokens) == (3, 2)


def test_cache_travels_empty(doc):
    cache = FeatureCache(PaperFeatures())
    cache.on = True
    expected = cache.get(doc).items()
    copied = pickle.loads(pickle.dumps(cache))
    assert (copied.n_tokens, copied.get(doc).items()) == (0, expected)


def test_extractor_that_skips_a_token_is_named(doc):
    with pytest.raises(ALError, match=r"A336.*features of 2 tokens for the 3 tokens of 'EU rejects 1996"):
        FeatureCache(lambda doc: [["x"], ["y"]]).get(doc)
