"""Seeded choices that come out the same under every Python version."""

from bisect import bisect
from itertools import accumulate
from random import Random
from typing import List, Sequence, TypeVar

T = TypeVar("T")


class Dice:
    """Random choices built on `Random.random` alone.

    Python promises the sequence of `random()` for a seed across versions, nothing else. Neither `choice` and
    `shuffle` nor numpy's generators are fixed, and the checked-in files must come out the same everywhere.
    """

    def __init__(self, seed: str) -> None:
        """seed (str): Any text; equal texts give equal choices."""
        self._random = Random(seed)

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self._random.random() < probability

    def integer(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self._random.random() * (high - low + 1))

    def choose(self, items: Sequence[T]) -> T:
        """One item, all equally likely."""
        return items[int(self._random.random() * len(items))]

    def weighted(self, items: Sequence[T], weights: Sequence[float]) -> T:
        """One item, with probabilities in proportion to `weights` (at least one of them positive)."""
        sums = list(accumulate(weights))
        return items[min(bisect(sums, self._random.random() * sums[-1]), len(items) - 1)]

    def shuffled(self, items: Sequence[T]) -> List[T]:
        """A new list of the same items in random order (Fisher and Yates)."""
        result = list(items)
        for last in range(len(result) - 1, 0, -1):
            other = self.integer(0, last)
            result[last], result[other] = result[other], result[last]
        return result
