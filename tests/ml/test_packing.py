"""Sentences side by side in rows: none is lost, none overlaps, and rows are filled."""

from hypothesis import given
from hypothesis import strategies as st

from spacy_al.ml.packing import fit

LENGTHS = st.lists(st.integers(1, 30), max_size=60)


@given(LENGTHS)
def test_every_sentence_has_a_place_of_its_own(lengths):
    rows, starts, count, width = fit(lengths, 32)
    places = {(row, start + one) for row, start, length in zip(rows, starts, lengths) for one in range(length)}
    assert len(places) == sum(lengths)
    assert all(row < count and place < width for row, place in places)


@given(LENGTHS)
def test_rows_are_about_as_wide_as_they_should_be(lengths):
    *_, count, width = fit(lengths, 32)
    assert 32 * (count - 1) <= sum(lengths) <= 32 * count or not lengths
    assert width <= max(32, max(lengths, default=0)) + max(lengths, default=0)


@given(LENGTHS)
def test_no_row_is_wider_than_the_model_takes(lengths):
    rows, starts, _, width = fit(lengths, 32, 32)
    places = {(row, start + one) for row, start, length in zip(rows, starts, lengths) for one in range(length)}
    assert len(places) == sum(lengths)
    assert width <= 32


def test_three_long_sentences_beside_a_longest_one_would_make_a_row_of_600():
    assert fit([512, 300, 300, 300], 512)[-1] == 600
    assert fit([512, 300, 300, 300], 512, 512)[2:] == (4, 512)
