"""Least confidence and MNLP against hand-worked numbers and enumeration of all tag sequences."""

import itertools
import math

import pytest
import torch

from spacy_al.uncertainty.sequence import least_confidence, mnlp, token_surprise


def test_mnlp_by_hand(make_samples):
    samples = make_samples([[[0.5, 0.25, 0.25], [0.1, 0.8, 0.1], [1.0, 0.0, 0.0]]], [2, 1])
    expected = -(math.log(0.5) + math.log(0.8)) / 2
    assert mnlp().function(samples).tolist() == pytest.approx([expected, 0.0])


def test_least_confidence_is_one_minus_the_likeliest_of_all_sequences(random_samples):
    samples, measure = random_samples(0, passes=1, tags=3, lengths=(4,)), least_confidence()
    probs = samples.probs[0].double()
    best = max(
        math.prod(probs[place, tag].item() for place, tag in enumerate(tags))
        for tags in itertools.product(range(3), repeat=4)
    )
    assert measure.display(measure.function(samples).item()) == pytest.approx(1 - best, rel=1e-5)


def test_several_passes_take_the_mean_log_probability(random_samples):
    samples = random_samples(1, passes=3, lengths=(2, 5))
    expected = [-sum(samples.log_prob[:, place].tolist()) / 3 for place in (0, 1)]
    assert least_confidence().function(samples).tolist() == pytest.approx(expected)
    assert mnlp().function(samples).tolist() == pytest.approx([expected[0] / 2, expected[1] / 5])


def test_long_sentences_are_still_told_apart(make_samples):
    probs = [[[0.9, 0.1]] * 400 + [[0.89, 0.11]] * 400]
    measure = least_confidence()
    first, second = measure.function(make_samples(probs, [400, 400])).tolist()
    assert measure.display(first) == measure.display(second) == 1.0
    assert second > first


def test_crf_scores_are_taken_from_the_sequence_not_the_marginals(make_samples):
    samples = make_samples([[[0.6, 0.4], [0.7, 0.3]]], [2], log_prob=torch.tensor([[math.log(0.55)]]))
    assert mnlp().function(samples).item() == pytest.approx(-math.log(0.55) / 2)


def test_token_surprise_averages_to_mnlp_under_softmax(random_samples):
    samples = random_samples(2, lengths=(6,))
    assert token_surprise(samples).mean().item() == pytest.approx(mnlp().function(samples).item(), rel=1e-5)


def test_log_probability_rounded_above_zero_is_not_a_negative_utility(make_samples):
    samples = make_samples([[[1.0, 0.0]]], [1], log_prob=torch.tensor([[1e-7]]))
    assert mnlp().function(samples).item() == 0
    assert math.copysign(1, least_confidence().function(samples).item()) == 1
