"""Character offsets onto tokens."""

from itertools import pairwise

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from spacy_al.corpus.align import BadRecord, CharSpan, align, find_words, make_doc, without_overlap

VOCAB = spacy.blank("en").vocab
words = st.text(alphabet="ab é😀\u0301\u05d0-", min_size=1).filter(lambda word: not any(c.isspace() for c in word))
gaps = st.sampled_from(["", " ", "  ", "\n", " \n\n", "\u00a0", "\u3000 "])


@st.composite
def texts(draw):
    """A text, and where its words stand."""
    text, offsets = draw(gaps), []
    for word in draw(st.lists(words, max_size=6)):
        offsets.append((len(text), len(text) + len(word)))
        text += word + draw(gaps)
    return text, offsets


@given(texts())
def test_a_doc_has_exactly_the_text_and_the_tokens(given_text):
    text, offsets = given_text
    doc = make_doc(text, offsets, VOCAB)
    assert doc.text == text
    assert [(token.idx, token.idx + len(token)) for token in doc if not token.is_space] == offsets


@given(texts(), st.data())
def test_a_span_of_whole_tokens_is_found_exactly(given_text, data):
    text, offsets = given_text
    if offsets:
        first = data.draw(st.integers(0, len(offsets) - 1))
        last = data.draw(st.integers(first, len(offsets) - 1))
        doc = make_doc(text, offsets, VOCAB)
        ((start, end, exact),) = align([CharSpan(offsets[first][0], offsets[last][1], "X")], doc)
        assert exact
        assert (doc[start].idx, doc[end - 1].idx) == (offsets[first][0], offsets[last][0])


@given(st.lists(words, max_size=6), gaps)
def test_words_are_found_where_they_stand(pieces, gap):
    offsets = find_words(pieces, gap + gap.join(pieces))
    place = len(gap)
    for word, (start, end) in zip(pieces, offsets, strict=True):
        assert (start, end) == (place, place + len(word))
        place = end + len(gap)


@pytest.mark.parametrize(("pieces", "text"), [(["a", "c"], "a b c"), (["a", "b"], "a"), ([""], "a"), (["aa"], "a a")])
def test_words_that_are_not_the_texts_are_refused(pieces, text):
    with pytest.raises(BadRecord, match="is not in the text at character"):
        find_words(pieces, text)


@pytest.mark.parametrize(
    "offsets", [[(0, 1)], [(0, 3), (2, 5)], [(0, 5), (5, 5)], [(0, 9)], [(3, 5), (0, 2)], [(1, 5)]]
)
def test_tokens_that_do_not_cover_the_text_are_refused(offsets):
    with pytest.raises(BadRecord, match=r"token \d .*overlaps, is empty, or leaves"):
        make_doc("ab cd", offsets, VOCAB)


def test_tags_stay_with_their_tokens_when_white_space_becomes_tokens():
    doc = make_doc("\na  b", [(1, 2), (4, 5)], VOCAB, ["DT", "NN"])
    assert [(token.text, token.tag_) for token in doc] == [("\n", ""), ("a", "DT"), (" ", ""), ("b", "NN")]


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ((0, 2), (0, 1, True)),
        ((1, 2), (0, 1, False)),
        ((0, 4), (0, 2, False)),
        ((2, 5), (1, 2, True)),
        ((3, 5), (1, 2, True)),
    ],
)
def test_a_span_off_token_borders_touches_whole_tokens(span, expected):
    assert align([CharSpan(*span, "X")], make_doc("ab cd", [(0, 2), (3, 5)], VOCAB)) == [expected]


@pytest.mark.parametrize("span", [(0, 0), (-1, 1), (3, 1), (0, 6), (2, 3)])
def test_a_span_of_nothing_is_refused(span):
    with pytest.raises(BadRecord):
        align([CharSpan(*span, "X")], make_doc("ab cd", [(0, 2), (3, 5)], VOCAB))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5), st.sampled_from("AB")), max_size=8))
def test_spans_without_overlap_leave_no_room_for_those_dropped(drawn):
    spans = [(start, start + size, label) for start, size, label in drawn]
    kept = without_overlap(spans)
    assert all(one[1] <= two[0] for one, two in pairwise(kept))
    for start, end, _ in set(spans) - set(kept):
        assert any(a < end and start < b and b - a >= end - start for a, b, _ in kept)


def test_of_spans_that_overlap_the_longest_stays():
    spans = [(0, 2, "A"), (1, 4, "B"), (4, 5, "C"), (4, 5, "D"), (6, 7, "E"), (6, 7, "E")]
    assert without_overlap(spans) == [(1, 4, "B"), (4, 5, "C"), (6, 7, "E")]
