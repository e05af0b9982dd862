"""Batches by length under a budget."""

from hypothesis import given
from hypothesis import strategies as st

from spacy_al.ml.batching import plan_batches


@given(st.lists(st.integers(0, 30)), st.integers(1, 60))
def test_every_sentence_once_and_the_budget_is_kept(sizes, budget):
    batches = plan_batches(sizes, budget)
    assert sorted(number for batch in batches for number in batch) == list(range(len(sizes)))
    for batch in batches:
        longest = max(sizes[number] for number in batch)
        assert len(batch) == 1 or len(batch) * longest <= budget
