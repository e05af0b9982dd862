"""Areas, tests and intervals against SciPy, brute force and numbers worked by hand."""

from itertools import product

import numpy
import pytest
import scipy.integrate
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from spacy_al.report.statistics import area, holm, paired_bootstrap, share_needed, sign_test

SHARES = numpy.array([0.02, 0.04, 0.08, 0.2])
F1 = numpy.array([0.4, 0.6, 0.7, 0.9])


def test_area_equals_trapezoids_of_scipy():
    expected = scipy.integrate.trapezoid(F1, SHARES) / (0.2 - 0.02)
    assert area(SHARES, F1, start=0.02, end=0.2) == pytest.approx(expected, abs=1e-12)


def test_area_between_rounds_by_hand():
    # From 0.03 (F1 0.5) over 0.04 (0.6) to 0.06 (0.65): (0.55 * 0.01 + 0.625 * 0.02) / 0.03
    assert area(SHARES, F1, start=0.03, end=0.06) == pytest.approx(0.6)


def test_area_of_a_constant_curve_is_the_constant():
    assert area(SHARES, numpy.full(4, 0.37), start=0.05, end=0.1) == pytest.approx(0.37)


def test_area_over_nothing_is_the_f1_there():
    assert area(SHARES, F1, start=0.03, end=0.03) == pytest.approx(0.5)


def test_share_needed_is_the_first_round_at_or_above():
    assert share_needed(SHARES, numpy.array([0.1, 0.7, 0.6, 0.8]), 0.7) == 0.04


def test_share_needed_is_none_when_never_reached():
    assert share_needed(SHARES, F1, 0.91) is None


@given(st.lists(st.sampled_from([-1.0, 0.0, 2.0]), min_size=1, max_size=60))
def test_sign_test_equals_scipy(differences):
    wins, losses = differences.count(2.0), differences.count(-1.0)
    result = sign_test(differences)
    assert (result.wins, result.losses, result.ties) == (wins, losses, differences.count(0.0))
    if wins + losses:
        expected = scipy.stats.binomtest(wins, wins + losses, 0.5).pvalue
        assert result.p == pytest.approx(expected, rel=1e-9)


def test_sign_test_by_enumeration():
    flips = list(product([-1, 1], repeat=7))
    extreme = sum(abs(sum(flip)) >= 5 for flip in flips)  # 6 wins and 1 loss, or more uneven
    assert sign_test([1, 1, 1, -1, 1, 1, 1]).p == pytest.approx(extreme / len(flips))


def test_sign_test_without_differences_is_one():
    assert sign_test([0.0, 0.0]).p == 1.0


def test_sign_test_of_thousands_neither_overflows_nor_vanishes():
    assert sign_test([1.0] * 1100 + [-1.0] * 1000).p == pytest.approx(
        scipy.stats.binomtest(1100, 2100).pvalue, rel=1e-6
    )


def test_bootstrap_of_one_seed_agrees_with_scipy():
    values = numpy.random.default_rng(0).normal(0.02, 0.01, size=24)
    ours = paired_bootstrap(values[None], numpy.random.default_rng(1), resamples=20_000)
    theirs = scipy.stats.bootstrap(
        (values,), numpy.mean, method="percentile", n_resamples=20_000, rng=numpy.random.default_rng(2)
    ).confidence_interval
    assert [ours.low, ours.high] == pytest.approx([theirs.low, theirs.high], abs=2e-4)


def test_bootstrap_of_constant_seeds_draws_seeds():
    # Seed means 0 and 1: two draws give 0, 1/2, 1 with probabilities 1/4, 1/2, 1/4.
    values = numpy.array([[0.0] * 5, [1.0] * 5])
    result = paired_bootstrap(values, numpy.random.default_rng(0), resamples=4000, level=0.4)
    assert (result.mean, result.low, result.high) == (0.5, 0.5, 0.5)
    wide = paired_bootstrap(values, numpy.random.default_rng(0), resamples=4000, level=0.6)
    assert (wide.low, wide.high) == (0.0, 1.0)


def test_bootstrap_is_the_same_for_the_same_seed():
    values = numpy.random.default_rng(0).normal(size=(3, 24))
    results = [paired_bootstrap(values, numpy.random.default_rng(s), resamples=1100) for s in (5, 5, 6)]
    assert results[0] == results[1]
    assert results[0] != results[2]


def test_holm_by_hand():
    # Sorted 0.01, 0.02, 0.03, 0.9 times 4, 3, 2, 1: 0.04, 0.06, 0.06 (kept from falling), 0.9
    assert holm([0.03, 0.9, 0.01, 0.02]) == pytest.approx([0.06, 0.9, 0.04, 0.06])


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_lies_between_the_p_value_and_bonferroni(values):
    for raw, corrected in zip(values, holm(values), strict=True):
        assert raw <= corrected <= min(1.0, len(values) * raw) + 1e-12
