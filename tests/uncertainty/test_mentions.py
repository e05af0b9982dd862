"""Entity-level confidence against a plain loop over runs of tokens."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spacy_al.uncertainty import mentions


def runs_by_loop(best, lengths):
    """(sentence, token places) of each run of tags that are not 0."""
    runs, start = [], 0
    for sentence, length in enumerate(lengths):
        places = []
        for place in range(start, start + length + 1):
            if place < start + length and best[place] != 0:
                places.append(place)
            elif places:
                runs.append((sentence, places))
                places = []
        start += length
    return runs


@given(st.lists(st.lists(st.integers(0, 2), max_size=6), min_size=1, max_size=5))
def test_runs_equal_a_plain_loop(sentences):
    best = [tag for sentence in sentences for tag in sentence]
    lengths = [len(sentence) for sentence in sentences]
    sizes, counts = mentions.mention_runs(torch.tensor(best, dtype=torch.long) != 0, torch.tensor(lengths))
    expected = runs_by_loop(best, lengths)
    assert sizes.tolist() == [len(places) for _, places in expected]
    assert counts.tolist() == [sum(owner == s for owner, _ in expected) for s in range(len(lengths))]


def test_confidence_by_hand(make_samples):
    token = {"O": [0.9, 0.1, 0.0], "B": [0.2, 0.8, 0.0], "I": [0.0, 0.5, 0.5 + 1e-3], "sure": [0.0, 1.0, 0.0]}
    probs = [[token[name] for name in ("B", "I", "O", "sure", "O", "O")]]
    samples = make_samples(probs, [4, 2])  # entities: 0.8 * 0.501 and 1.0; then none
    assert mentions.entity_confidence().function(samples).tolist() == pytest.approx([(1 - 0.4008) / 2, 0], abs=1e-6)
    assert mentions.entity_confidence_sum().function(samples)[0].item() == pytest.approx(1 - 0.4008)
    assert mentions.entity_confidence_max().function(samples)[0].item() == pytest.approx(1 - 0.4008)


@pytest.mark.parametrize("name", ["entity_confidence", "entity_confidence_sum", "entity_confidence_max"])
def test_passes_are_averaged(random_samples, name):
    samples = random_samples(3, passes=3, tags=3, lengths=(4, 0, 5))
    function, expected = getattr(mentions, name)().function, torch.zeros(3)
    for number in range(3):
        doubts = {0: [], 1: [], 2: []}
        for owner, places in runs_by_loop(samples.best[number].tolist(), [4, 0, 5]):
            chosen = [samples.probs[number, place, samples.best[number, place]].item() for place in places]
            doubts[owner].append(1 - math.prod(chosen))
        for owner, values in doubts.items():
            total = max(values, default=0.0) if name.endswith("max") else sum(values)
            expected[owner] += total / (len(values) or 1) if name == "entity_confidence" else total
    assert function(samples).tolist() == pytest.approx((expected / 3).tolist(), rel=1e-5)
