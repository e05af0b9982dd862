"""Sentences side by side in rows: none is lost, none overlaps, and rows are filled."""

from hypothesis import given
from hypothesis import strategies as st

from spacy_al.ml.packing import fit


@given(st.lists(st.integers(1, 30), max_size=60))
def test_every_sentence_has_a_place_of_its_own(lengths):
    rows, starts, count = fit(lengths, 32)
    places = {(row, start + one) for row, start, length in zip(rows, starts, lengths) for one in range(length)}
    assert len(places) == sum(lengths)
    assert all(place < 32 for _, place in places)
    assert {row for row, _ in places} == set(range(count))


@given(st.lists(st.integers(1, 30), min_size=1, max_size=60))
def test_no_two_rows_would_fit_into_one(lengths):
    rows, _, count = fit(lengths, 32)
    used = sorted(sum(length for row, length in zip(rows, lengths) if row == one) for one in range(count))
    assert len(used) < 2 or used[0] + used[1] > 32
