"""Entropy and margin against float64 formulas, sorting and hand-worked numbers."""

import math

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_al.uncertainty import marginals

REDUCE = {"": numpy.mean, "_sum": numpy.sum, "_max": numpy.max}


def test_entropy_of_a_fair_choice_is_the_log_of_the_number_of_tags(make_samples):
    samples = make_samples([[[0.25] * 4, [1.0, 0, 0, 0]]], [1, 1])
    assert marginals.entropy().function(samples).tolist() == pytest.approx([math.log(4), 0.0])


def test_margin_by_hand(make_samples):
    samples = make_samples([[[0.5, 0.2, 0.3], [0.9, 0.05, 0.05]]], [2])
    assert marginals.margin().token_function(samples).tolist() == pytest.approx([0.8, 0.15])
    assert marginals.margin().function(samples).item() == pytest.approx(0.475)


def test_margin_of_a_tagger_with_one_tag_is_zero(make_samples):
    assert marginals.margin().function(make_samples([[[1.0], [1.0]]], [2])).item() == 0


@pytest.mark.parametrize("suffix", REDUCE)
@given(seed=st.integers(0, 2**32 - 1))
def test_entropy_equals_the_formula_on_the_mean_distribution(random_samples, suffix, seed):
    samples = random_samples(seed, lengths=(3, 5))
    mean = samples.probs.double().mean(0).numpy()
    tokens = -(mean * numpy.log(mean)).sum(-1)
    expected = [REDUCE[suffix](part) for part in (tokens[:3], tokens[3:])]
    utilities = getattr(marginals, f"entropy{suffix}")().function(samples)
    assert utilities.tolist() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("suffix", REDUCE)
def test_margin_equals_sorting(random_samples, suffix):
    samples = random_samples(9, lengths=(3, 5))
    ordered = numpy.sort(samples.probs.double().mean(0).numpy(), axis=-1)
    tokens = 1 - (ordered[:, -1] - ordered[:, -2])
    expected = [REDUCE[suffix](part) for part in (tokens[:3], tokens[3:])]
    utilities = getattr(marginals, f"margin{suffix}")().function(samples)
    assert utilities.tolist() == pytest.approx(expected, rel=1e-5)
