"""Batches by length under a budget."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from spacy_al.ml.lengths import plan_batches, plan_parts


@given(st.lists(st.integers(0, 30)), st.integers(1, 60))
def test_every_sentence_once_and_the_budget_is_kept(sizes, budget):
    batches = plan_batches(sizes, budget)
    assert sorted(number for batch in batches for number in batch) == list(range(len(sizes)))
    for batch in batches:
        longest = max(sizes[number] for number in batch)
        assert len(batch) == 1 or len(batch) * longest <= budget


@given(st.lists(st.integers(0, 30), max_size=7), st.integers(0, 40))
def test_parts_cost_least_of_all_divisions(sizes, cost):
    def price(parts):
        return sum(len(part) * max(sizes[number] for number in part) + cost for part in parts)

    order, cheapest = sorted(range(len(sizes)), key=sizes.__getitem__), 0 if not sizes else float("inf")
    for cuts in product([False, True], repeat=max(len(sizes) - 1, 0)):
        ends = [place + 1 for place, cut in enumerate(cuts) if cut] + ([len(sizes)] if sizes else [])
        divided = [order[start:end] for start, end in zip([0, *ends], ends)]
        cheapest = min(cheapest, price(divided))
    parts = plan_parts(sizes, cost)
    assert [number for part in parts for number in part] == order
    assert price(parts) == cheapest
