"""Docs made from columns are those that spaCy makes of strings."""

import gc

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_al.bulk import DOCS_AT_ONCE, collector_paused, make_docs
from spacy_al.types import Pool, pool_array

# Among them words and tags that are names of spaCy's own symbols, which have numbers instead of hashes.
spellings = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5)
words = st.sampled_from([" ", "NOUN", "ORTH", "\U0001f600"]) | spellings
tokens = st.tuples(words, st.booleans(), st.sampled_from(["", "NNP", "NOUN", "TAG"]))
sentences = st.lists(st.lists(tokens, max_size=30), max_size=8)


def spelled(vocab, row):
    texts, spaces, tags = ([token[place] for token in row] for place in range(3))
    return Doc(vocab, words=texts, spaces=spaces, tags=tags if any(tags) else None)


@settings(deadline=None)
@given(sentences)
def test_docs_from_hashes_are_those_from_strings(rows):
    vocab = Vocab()
    expected = [spelled(vocab, row) for row in rows]
    columns = numpy.concatenate([numpy.zeros((0, 3), dtype=numpy.uint64), *map(pool_array, expected)])
    lengths = numpy.array([len(row) for row in rows], dtype=numpy.int64)
    found = make_docs(vocab, columns[:, 0], columns[:, 1].astype(bool), columns[:, 2], lengths)
    assert [doc.to_bytes() for doc in found] == [doc.to_bytes() for doc in expected]
    assert [doc.text for doc in found] == [doc.text for doc in expected]


@settings(deadline=None)
@given(sentences)
def test_a_pool_makes_its_docs_in_another_vocabulary(rows):
    first, other = Vocab(), Vocab()
    pool = Pool.from_docs([spelled(first, row) for row in rows], first)
    found = list(pool.docs(range(len(rows)), other))
    expected = [spelled(Vocab(), row) for row in rows]
    assert [[(t.text, t.whitespace_, t.tag_) for t in doc] for doc in found] == [
        [(t.text, t.whitespace_, t.tag_) for t in doc] for doc in expected
    ]


def test_docs_come_in_the_order_asked_for_across_parts():
    vocab = Vocab()
    pool = Pool.from_docs((Doc(vocab, words=["w", str(number)]) for number in range(DOCS_AT_ONCE + 5)), vocab)
    order = numpy.random.default_rng(0).permutation(len(pool)).tolist()
    found = list(pool.docs(order, vocab))
    assert [doc[1].text for doc in found] == [str(number) for number in order]
    assert [doc.user_data["id"] for doc in found] == [pool.ids[number] for number in order]


def paused_twice():
    with collector_paused(), collector_paused():
        assert not gc.isenabled()
        raise ValueError("inside")


@pytest.mark.parametrize("on", [True, False])
def test_the_collector_is_put_back_as_it_was(on):
    (gc.enable if on else gc.disable)()
    try:
        with pytest.raises(ValueError, match="inside"):
            paused_twice()
        assert gc.isenabled() is on
    finally:
        gc.enable()
