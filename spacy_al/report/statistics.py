"""Numbers that compare learning curves: area, share needed, bootstrap, sign test, Holm's correction."""

from dataclasses import dataclass
from math import comb
from typing import List, Optional, Sequence

import numpy
from numpy.typing import NDArray

Array = NDArray[numpy.float64]
CHUNK = 500  # bootstrap samples drawn at once, so that memory stays small for long runs


def area(shares: Array, f1: Array, *, start: float, end: float) -> float:
    """Area under a learning curve between two shares, divided by their distance: the mean F1 on the way.

    shares (Array): Share of the corpus that is labelled, rising, (rounds,).
    f1 (Array): F1 in the unit the result has, (rounds,). Lines join the rounds (trapezoidal rule).
    start, end (float): Where the area begins and ends, inside the curve.
    RETURNS (float): The normalised area; the F1 at `start` if the two shares are equal.
    """
    if end <= start:
        return float(numpy.interp(start, shares, f1))
    inside = (shares > start) & (shares < end)
    x = numpy.concatenate([[start], shares[inside], [end]])
    y = numpy.interp(x, shares, f1)
    return float(numpy.sum((y[1:] + y[:-1]) * numpy.diff(x)) / 2 / (end - start))


def share_needed(shares: Array, f1: Array, target: float) -> Optional[float]:
    """The labelled share at the first round whose F1 is at least `target`; None if no round reaches it.

    Nothing is interpolated: a share is one that was really labelled and trained on.
    """
    reached = numpy.flatnonzero(f1 >= target)
    return float(shares[reached[0]]) if len(reached) else None


@dataclass(frozen=True)
class SignTest:
    """How often the first of two strategies won, and how likely so uneven a count is if neither is better."""

    wins: int
    losses: int
    ties: int
    p: float


def sign_test(differences: Sequence[float]) -> SignTest:
    """The exact two-sided sign test (Dixon and Mood 1946). Ties are left out; without any difference p is 1.

    differences (Sequence[float]): First minus second, one per pair.
    RETURNS (SignTest): p = min(1, 2 * sum over k <= min(wins, losses) of C(n, k) / 2^n), n = wins + losses.
    """
    values = numpy.asarray(differences, dtype=numpy.float64)
    wins, losses = int((values > 0).sum()), int((values < 0).sum())
    n = wins + losses
    # Integers to the last step: 2^n overflows a float from n = 1024 on, the ratio of two integers does not.
    tail = sum(comb(n, k) for k in range(min(wins, losses) + 1))
    return SignTest(wins, losses, len(values) - n, min(1.0, 2 * tail / 2**n))


@dataclass(frozen=True)
class Interval:
    """A mean difference with the ends of its bootstrap interval."""

    mean: float
    low: float
    high: float


def paired_bootstrap(
    differences: Array, rng: numpy.random.Generator, *, resamples: int = 10_000, level: float = 0.95
) -> Interval:
    """Percentile bootstrap of the mean paired difference: seeds are drawn first, then rounds within each.

    differences (Array): First minus second strategy, same seed and same round, (seeds, rounds).
    rng (Generator): Equal generators give equal intervals.
    resamples (int): Bootstrap samples.
    level (float): Coverage of the interval.
    RETURNS (Interval): The mean and the percentile interval (Efron and Tibshirani 1993, chapters 8 and 13).
    """
    seeds, rounds = differences.shape
    means: List[Array] = []
    for begin in range(0, resamples, CHUNK):
        size = min(CHUNK, resamples - begin)
        rows = rng.integers(seeds, size=(size, seeds, 1))
        columns = rng.integers(rounds, size=(size, seeds, rounds))
        means.append(differences[rows, columns].mean(axis=(1, 2)))
    tail = (1 - level) / 2
    low, high = numpy.quantile(numpy.concatenate(means), [tail, 1 - tail])
    return Interval(float(differences.mean()), float(low), float(high))


def holm(p_values: Sequence[float]) -> List[float]:
    """p-values corrected for their number by Holm's step-down method (Holm 1979), in the order given."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    corrected = [0.0] * len(p_values)
    highest = 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[i]))
        corrected[i] = highest
    return corrected
