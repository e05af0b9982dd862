"""What is kept per sentence: within its limit, and the same whatever the limit is."""

import pickle
import tracemalloc

import numpy
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc
from spacy.vocab import Vocab
from transformers import AutoTokenizer

from spacy_al.ml.cache import SentenceCache
from spacy_al.ml.word_embedding import Words
from spacy_al.ml.wordpieces import Wordpieces, WordpieceTable

from .helpers import make_examples, tiny_transformer, transformer_model

VOCAB = Vocab()
DOCS = [Doc(VOCAB, words=["w", str(number)]) for number in range(40)]


def texts(docs):
    return [doc.text for doc in docs]


def weigh(text):
    return 100


@given(st.lists(st.lists(st.integers(0, 39), max_size=20), max_size=12), st.integers(0, 6000))
def test_values_are_right_whatever_the_limit(requests, limit):
    cache = SentenceCache(weigh, limit)
    for request in requests:
        docs = [DOCS[number] for number in request]
        assert cache.get(docs, texts) == texts(docs)
        assert 250 * (len(cache.values) + len(cache.older)) <= limit


def asked(cache, docs):
    new = []
    cache.get(docs, lambda part: new.extend(part) or texts(part))
    return len(new)


def test_sentences_within_half_the_limit_are_computed_once():
    cache = SentenceCache(weigh, 2 * 40 * 250)
    assert [asked(cache, DOCS) for _ in range(3)] == [40, 0, 0]


def test_the_latest_sentences_are_kept():
    cache = SentenceCache(weigh, 20 * 250)
    asked(cache, DOCS)
    assert asked(cache, DOCS[-10:]) == 0
    assert asked(cache, DOCS[:1]) == 1


def test_another_process_starts_with_nothing():
    cache = SentenceCache(weigh, 12345)
    cache.get(DOCS, texts)
    other = pickle.loads(pickle.dumps(cache))
    assert (other.limit, other.values, other.older) == (12345, {}, {})
    assert cache.values


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return WordpieceTable(AutoTokenizer.from_pretrained(tiny_transformer(tmp_path_factory.mktemp("bert"))))


def kept_bytes(table, docs, limit):
    table.split(docs)  # words are learned before memory is counted
    tracemalloc.start()
    cache = SentenceCache(Wordpieces.weigh, limit)
    for start in range(0, len(docs), 500):
        cache.get(docs[start : start + 500], table.split)
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return used


def test_wordpieces_of_many_sentences_take_no_more_than_the_limit(table):
    words = [f"the older towns {n % 7} {n // 7 % 7} {n // 49 % 7} {n // 343}".split() for n in range(8000)]
    docs = [Doc(VOCAB, words=row) for row in words]
    assert 1 << 19 < kept_bytes(table, docs, 1 << 20) < 1 << 20
    assert kept_bytes(table, docs, 100 << 20) > 3 << 20


def test_numbers_of_words_are_weighed_as_they_are():
    numbers = numpy.arange(1000, dtype=numpy.int32)
    assert numbers.nbytes < Words(None, numbers).weigh() < numbers.nbytes + 400


@pytest.mark.parametrize("limit", [0, 1])
def test_a_tagger_predicts_the_same_with_another_limit(tmp_path, limit):
    nlp = spacy.blank("en")
    name = tiny_transformer(tmp_path)
    pipes = [nlp.add_pipe("sequence_tagger", f"tagger{number}", config={"model": transformer_model(name, **settings)})
             for number, settings in enumerate([{}, {"memory_limit": limit}])]  # fmt: skip
    nlp.initialize(lambda: make_examples(nlp.vocab))
    docs = [eg.x for eg in make_examples(nlp.vocab)] * 2
    for pipe in pipes:
        pipe.restart(3)
    first, other = ([tags.tolist() for _ in range(2) for tags in pipe.predict(docs)] for pipe in pipes)
    assert first == other
    assert bool(pipes[1]._shim.state.encoder.cache.values) is bool(limit)
