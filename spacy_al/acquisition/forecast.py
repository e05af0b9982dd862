"""What the next answers should bring: a power law through a run's scores, with an interval, or why there is none."""

from dataclasses import dataclass
from typing import Optional, Tuple

import numpy
from numpy.typing import NDArray

Array = NDArray[numpy.float64]
EXPONENTS = numpy.geomspace(0.05, 3.0, 60)
RECENCY = 2  # the later a round, the more it says of what is to come: weights go with this power of what was labelled
TYPICAL = (numpy.log(0.4), 0.8)  # mean and spread of the logarithm of the exponent, before any score is seen
SCATTER = 0.005  # of scores from round to round, before any is seen
SCATTER_BY_CHANCE = 0.02  # the same where chance chooses: those curves follow the law less well
SCATTER_ROUNDS = 3  # how many rounds that counts for


@dataclass(frozen=True)
class Curve:
    """Scores of a run's rounds.

    labelled (Array): Sentences learnt from, rising, (rounds,). f (Array): F1, 0 to 1, (rounds,).
    replicates (Optional[Array]): The same F1 on bootstrap samples of the sentences that were scored, one sample a row
        for all rounds, (replicates, rounds); None if they are so many that chance matters little.
    scatter (float): SCATTER, or SCATTER_BY_CHANCE.
    """

    labelled: Array
    f: Array
    replicates: Optional[Array] = None
    scatter: float = SCATTER


@dataclass(frozen=True)
class Forecast:
    """F1 at a number of labelled sentences: the middle and the ends of an interval of 80 %.

    gain_low, gain_high (float): The ends of that of F1 then less F1 now, on the same sentences: what these have of
        chance is in both, so it is narrower.
    """

    f: float
    low: float
    high: float
    gain_low: float
    gain_high: float


def fit(n: Array, f: Array, weights: Array, penalty: Optional[Array] = None) -> Tuple[Array, Array, Array]:
    """Weighted least squares of F(n) = a - b n^-c with a <= 1, b >= 0, for many series at once.

    For a given c this is linear in a and b; c is tried at EXPONENTS, so that the best of all is found.

    n (Array): Numbers of labelled sentences, (rounds,). f (Array): Scores, (series, rounds).
    weights (Array): Of squared residuals, (rounds,). penalty (Optional[Array]): Added to the sum, (series, exponents).
    RETURNS (Tuple[Array, Array, Array]): a, b and c, (series,) each.
    """
    scale = n / n[-1]  # so that n^-c stays near 1
    basis = scale[None, :] ** -EXPONENTS[:, None]  # (exponents, rounds)
    w = weights / weights.sum()
    mean_x, mean_f = basis @ w, f @ w
    x = basis - mean_x[:, None]
    slope = -((f * w) @ x.T - mean_f[:, None] * (x @ w)) / (x**2 @ w)  # b, (series, exponents)
    a = mean_f[:, None] + slope * mean_x
    over, under = a > 1, slope < 0
    slope = numpy.where(over, ((1 - f) * w) @ basis.T / (basis**2 @ w), slope)
    a = numpy.where(over, 1.0, a)
    a, slope = numpy.where(under, mean_f[:, None], a), numpy.where(under, 0.0, slope)
    errors = f[:, None, :] - a[:, :, None] + slope[:, :, None] * basis
    sums = errors**2 @ weights + (0.0 if penalty is None else penalty)
    best, rows = sums.argmin(1), numpy.arange(len(f))
    c = EXPONENTS[best]
    return a[rows, best], slope[rows, best] * n[-1] ** c, c


def forecast(curve: Curve, labelled: float, rng: numpy.random.Generator, *, replicates: int = 400) -> Forecast:
    """F1 at a number of labelled sentences that is yet to come.

    The interval is a bootstrap over the scored sentences, if their replicates are there, and over rounds: each series
    is the fitted one plus scatter, is fitted again with an exponent drawn from what is typical as a weak wish, and
    scatters once more at the round to come.

    curve (Curve): At least 4 rounds. labelled (float): Sentences learnt from. rng (Generator): Draws.
    """
    n, f = curve.labelled, curve.f
    sigma = scatter(curve)
    weights = (n / n[-1]) ** RECENCY / sigma**2
    a, b, c = fit(n, f[None], weights, wish(numpy.array([TYPICAL[0]])))
    series = (a - b * n[None] ** -c)[0] + rng.normal(0, sigma, (replicates, len(n)))
    now = f[-1:]
    if curve.replicates is not None:
        drawn_f = curve.replicates[rng.integers(len(curve.replicates), size=replicates)]
        series += drawn_f - f
        now = drawn_f[:, -1]
    a, b, c = fit(n, series, weights, wish(rng.normal(*TYPICAL, replicates)))
    drawn = numpy.clip(a - b * labelled**-c + rng.normal(0, sigma, replicates), 0, 1)
    low, middle, high = numpy.quantile(drawn, [0.1, 0.5, 0.9]).tolist()
    return Forecast(middle, low, high, *numpy.quantile(drawn - now, [0.1, 0.9]).tolist())


def wish(log_exponents: Array) -> Array:
    """The penalty of each exponent that keeps it near what is typical, (series, exponents)."""
    return ((numpy.log(EXPONENTS)[None] - log_exponents[:, None]) / TYPICAL[1]) ** 2


def scatter(curve: Curve) -> float:
    """How much scores scatter about their curve from round to round, beyond what chance among the sentences explains.

    A few rounds of typical scatter are added to those that were seen.
    """
    n, f, typical, rounds = curve.labelled, curve.f, curve.scatter, SCATTER_ROUNDS
    late = (n / n[-1]) ** RECENCY
    late = late / late.mean()
    a, b, c = fit(n, f[None], late / typical**2, wish(numpy.array([TYPICAL[0]])))
    squares = float((f - (a - b * n[None] ** -c)[0]) ** 2 @ late)
    if curve.replicates is not None:
        # Rounds share most sentences and thus their chance: only what differs between rounds is in the scatter.
        moved = curve.replicates - f
        squares -= float((((moved - moved.mean(1, keepdims=True)) ** 2) @ late).mean())
    return float(numpy.sqrt((max(squares, 0.0) + rounds * typical**2) / (max(len(n) - 3, 0) + rounds)))
