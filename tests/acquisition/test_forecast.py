"""The power law: scipy's fit of single series, and intervals that hold for curves of known parameters."""

import numpy
import pytest
from scipy.optimize import curve_fit

from spacy_al.acquisition.forecast import SCATTER, SCATTER_BY_CHANCE, Curve, fit, forecast

N = numpy.array([500.0, 900, 1500, 2200, 3000, 4000, 5200, 6500])


def law(n, a, b, c):
    return a - b * n**-c


@pytest.mark.parametrize("seed", range(5))
def test_the_fit_is_as_good_as_scipys(seed):
    rng = numpy.random.default_rng(seed)
    f = law(N, rng.uniform(0.7, 0.95), rng.uniform(3, 8), rng.uniform(0.4, 0.8)) + rng.normal(0, 0.004, len(N))
    weights = rng.uniform(0.5, 2, len(N))
    a, b, c = (values[0] for values in fit(N, f[None], weights))
    theirs, _ = curve_fit(
        law,
        N,
        f,
        p0=(0.8, 5, 0.5),
        sigma=weights**-0.5,
        bounds=([-numpy.inf, 0, 0.05], [1, numpy.inf, 3]),
        maxfev=50_000,
    )
    sums = [float(weights @ (f - law(N, *found)) ** 2) for found in ((a, b, c), theirs)]
    assert sums[0] <= sums[1] * 1.02 + 1e-9


def test_a_curve_without_scatter_is_found_again():
    a, b, c = (values[0] for values in fit(N, law(N, 0.9, 4, 0.5)[None], numpy.ones(len(N))))
    assert law(20_000, a, b, c) == pytest.approx(law(20_000, 0.9, 4, 0.5), abs=0.002)


def test_many_series_at_once_are_fitted_as_one_by_one():
    rng = numpy.random.default_rng(0)
    series = law(N, 0.85, 5, 0.5) + rng.normal(0, 0.02, (7, len(N)))
    together = numpy.array(fit(N, series, N))
    alone = numpy.array([numpy.array(fit(N, one[None], N))[:, 0] for one in series]).T
    assert numpy.allclose(together, alone)


def test_falling_scores_become_a_flat_line_and_a_ceiling_is_kept():
    a, b, _ = fit(N, numpy.linspace(0.9, 0.8, len(N))[None], numpy.ones(len(N)))
    assert b[0] == 0
    assert a[0] == pytest.approx(0.85)
    a, b, _c = fit(N, numpy.linspace(0.5, 0.99, len(N))[None], numpy.ones(len(N)))
    assert a[0] <= 1
    assert b[0] > 0


def test_equal_seeds_are_equal_and_ends_enclose_the_middle():
    curve = Curve(N, law(N, 0.9, 4, 0.5))
    near, again, far = (forecast(curve, n, numpy.random.default_rng(3)) for n in (7000.0, 7000.0, 20_000.0))
    assert near == again
    assert near.low < near.f < near.high
    assert far.high - far.low > near.high - near.low


def test_chance_among_the_scored_sentences_widens_the_interval():
    f = law(N, 0.9, 4, 0.5)
    shared = numpy.random.default_rng(0).normal(0, 0.03, (500, 1))
    plain = forecast(Curve(N, f), 8000.0, numpy.random.default_rng(1))
    chance = forecast(Curve(N, f, f + shared), 8000.0, numpy.random.default_rng(1))
    assert chance.high - chance.low > 1.5 * (plain.high - plain.low)


def test_the_gain_is_surer_than_the_score_for_the_same_sentences_judge_both():
    f = law(N, 0.9, 4, 0.5)
    shared = numpy.random.default_rng(0).normal(0, 0.03, (500, 1))
    one = forecast(Curve(N, f, f + shared), 8000.0, numpy.random.default_rng(1))
    assert one.gain_high - one.gain_low < 0.5 * (one.high - one.low)
    assert one.gain_low < law(8000.0, 0.9, 4, 0.5) - f[-1] < one.gain_high


def test_without_replicates_the_gain_is_the_score_less_that_of_now():
    one = forecast(Curve(N, law(N, 0.9, 4, 0.5)), 8000.0, numpy.random.default_rng(1))
    assert one.gain_low == pytest.approx(one.low - law(N[-1], 0.9, 4, 0.5))


def test_curves_that_chance_drew_are_trusted_less():
    curves = (Curve(N, law(N, 0.9, 4, 0.5), scatter=one) for one in (SCATTER, SCATTER_BY_CHANCE))
    widths = [one.high - one.low for one in (forecast(curve, 8000.0, numpy.random.default_rng(1)) for curve in curves)]
    assert widths[1] > 2 * widths[0]
