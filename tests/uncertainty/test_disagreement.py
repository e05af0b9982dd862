"""Variation ratio and BALD against hand-worked numbers and float64 loops."""

import math
from collections import Counter

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_al.uncertainty.disagreement import bald, variation_ratio

seeds = st.integers(0, 2**32 - 1)


def test_variation_ratio_by_hand(make_samples):
    probs = numpy.full((4, 3, 3), 1 / 3)
    best = [[0, 1, 2], [0, 1, 0], [0, 2, 1], [0, 2, 1]]  # modal votes 4, 2 and 2 of 4
    samples = make_samples(probs, [2, 1], best=best)
    assert variation_ratio().function(samples).tolist() == [0.25, 0.5]
    assert variation_ratio().token_function(samples).tolist() == [0.0, 0.5, 0.5]


def test_bald_by_hand(make_samples):
    # Certain passes that contradict each other tell one bit about the weights; equal ones tell nothing.
    samples = make_samples([[[1.0, 0.0], [0.3, 0.7]], [[0.0, 1.0], [0.3, 0.7]]], [1, 1])
    assert bald().function(samples).tolist() == pytest.approx([math.log(2), 0.0], abs=1e-7)


def test_bald_of_a_half_certain_pair(make_samples):
    samples = make_samples([[[0.9, 0.1]], [[0.5, 0.5]]], [1])

    def entropy(p):
        return -p * math.log(p) - (1 - p) * math.log(1 - p)

    expected = entropy(0.7) - (entropy(0.9) + entropy(0.5)) / 2
    assert bald().function(samples).item() == pytest.approx(expected, rel=1e-5)


@given(seeds)
def test_variation_ratio_equals_counting(random_samples, seed):
    samples = random_samples(seed, passes=5, tags=3, lengths=(2, 4))
    columns = samples.best.T.tolist()
    tokens = [1 - Counter(votes).most_common(1)[0][1] / 5 for votes in columns]
    expected = [sum(tokens[:2]) / 2, sum(tokens[2:]) / 4]
    assert variation_ratio().function(samples).tolist() == pytest.approx(expected, abs=1e-6)


@given(seeds)
def test_bald_equals_the_formula_in_float64(random_samples, seed):
    samples = random_samples(seed, passes=3, lengths=(2, 3))
    p = samples.probs.double().numpy()
    mean = p.mean(0)
    tokens = -(mean * numpy.log(mean)).sum(-1) + (p * numpy.log(p)).sum(-1).mean(0)
    assert bald().function(samples).tolist() == pytest.approx([tokens[:2].mean(), tokens[2:].mean()], abs=2e-6)


@given(seeds)
def test_bald_is_between_zero_and_the_entropy_of_the_mean(random_samples, seed):
    samples = random_samples(seed, sharpness=8.0)
    mean = samples.probs.mean(0)
    limit = -(mean * mean.clamp_min(1e-30).log()).sum(-1)
    values = bald().token_function(samples)
    assert (values >= 0).all()
    assert (values <= limit + 1e-5).all()


def test_equal_vote_shares_tie_exactly(make_samples):
    probs = numpy.full((10, 9, 3), 1 / 3)
    best = numpy.zeros((10, 9), dtype=int)
    best[0, [0, 1, 2]] = 1  # 3 dissenting votes of 60 in the first sentence
    best[:1, 6] = best[1:2, 7] = 1  # 2 of 30 ... and one more below, in other tokens
    best[9, 8] = 1
    utilities = variation_ratio().function(make_samples(probs, [3, 3, 3], best=best))
    assert utilities[0] == utilities[2] == numpy.float32(0.1)
    assert utilities[1] == 0
