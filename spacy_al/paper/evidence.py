"""Comparisons that speak for or against a claim: what was compared, what was found, and whether it holds."""

from dataclasses import dataclass
from enum import Enum
from typing import Callable, List, Optional, Sequence

import numpy

from ..report.compare import Place, aligned, paired_differences
from ..report.groups import Group
from ..report.numbers import points
from ..report.statistics import Array, Interval, paired_bootstrap, sign_test

MARGIN = 0.005  # F1: differences within it count as none
ENOUGH_SEEDS = 3  # the paper repeats three and five times
ENOUGH_PAIRS = 6  # of a seed and a round: with fewer, not even a clean sweep makes the sign test's p less than 0.05


class Outcome(Enum):
    """Whether a claim holds in one comparison; with fewer than ENOUGH_SEEDS it only leans one way."""

    YES = "yes"
    NO = "no"
    OPEN = "open"
    LEANS_YES = "leans yes"
    LEANS_NO = "leans no"


@dataclass(frozen=True)
class Evidence:
    """One comparison.

    place (str): Corpus and tagger. own (bool): Whether the claim is about these; else they stand in for them.
    taggers (Sequence[str]): All that took part. compared (str): Such as "MNLP minus Random".
    found, span (str): The number with its unit, and its 95 % interval or what stands beside it.
    seeds (str): Such as "3 of 3" won. p (Optional[float]): Of the sign test, not corrected; None where there is none.
    outcome (Outcome): Whether the claim holds here.
    """

    place: str
    own: bool
    taggers: Sequence[str]
    compared: str
    found: str
    span: str
    seeds: str
    p: Optional[float]
    outcome: Outcome


Judge = Callable[[Interval], Outcome]


def above(interval: Interval) -> Outcome:
    """The first is better: the interval of its difference lies above 0, or below, or holds 0 (open)."""
    return Outcome.YES if interval.low > 0 else Outcome.NO if interval.high < 0 else Outcome.OPEN


def no_worse(interval: Interval) -> Outcome:
    """The first is not worse by more than MARGIN."""
    return Outcome.YES if interval.low >= -MARGIN else Outcome.NO if interval.high < -MARGIN else Outcome.OPEN


def alike(interval: Interval) -> Outcome:
    """The two differ by no more than MARGIN, in either direction."""
    if interval.low > MARGIN or interval.high < -MARGIN:
        return Outcome.NO
    return Outcome.YES if interval.low >= -MARGIN and interval.high <= MARGIN else Outcome.OPEN


def weigh(outcome: Outcome, seeds: int) -> Outcome:
    """The same outcome, or only a pointer to it where there are too few seeds."""
    weak = {Outcome.YES: Outcome.LEANS_YES, Outcome.NO: Outcome.LEANS_NO}
    return outcome if seeds >= ENOUGH_SEEDS else weak.get(outcome, outcome)


def from_differences(
    place: Place, others: Sequence[str], compared: str, differences: Array, judge: Judge, *, own: bool, seed: int
) -> List[Evidence]:
    """Evidence from differences of F1, 0..1, (seeds, rounds); [] where there are none.

    place (Place): Where it belongs. others (Sequence[str]): Taggers that took part, beside the place's.
    compared (str): What minus what. judge (Judge): What the claim says of the differences.
    own (bool): See Evidence. seed (int): Of the bootstrap.
    """
    if not differences.size:
        return []
    interval = paired_bootstrap(differences, numpy.random.default_rng(seed))
    seeds = len(differences)
    won = int((differences.mean(axis=1) > 0).sum())
    return [
        Evidence(
            place=place.name,
            own=own,
            taggers=list(dict.fromkeys([place.tagger, *others])),
            compared=compared,
            found=f"{points(interval.mean)} points",
            span=f"{points(interval.low)} to {points(interval.high)}",
            seeds=f"{won} of {seeds}",
            p=sign_test(differences.ravel().tolist()).p,
            outcome=weigh(judge(interval), seeds) if differences.size >= ENOUGH_PAIRS else Outcome.OPEN,
        )
    ]


def from_pair(
    place: Place, first: Optional[Group], second: Optional[Group], judge: Judge, *, own: bool, seed: int
) -> List[Evidence]:
    """Evidence from two experiments at equal seed and round; [] where one is missing or nothing is comparable.

    place (Place): Where it belongs. first, second (Optional[Group]): Two experiments; of the differences, the
        first minus the second. judge (Judge): What the claim says of them. own (bool): See Evidence.
    seed (int): Of the bootstrap.
    """
    if first is None or second is None:
        return []
    differences, _ = paired_differences(first, second)
    compared = f"{_name(first, second)} minus {_name(second, first)}"
    others = [name for group in (first, second) for name in (group.settings.tagger, group.settings.acquirer) if name]
    return from_differences(place, others, compared, differences, judge, own=own, seed=seed)


def _name(group: Group, other: Group) -> str:
    return group.label if group.settings.tagger == other.settings.tagger else f"{group.settings.tagger}, {group.label}"


def gain_differences(simple: Place, rich: Place) -> Array:
    """How much more one tagger gains over random by MNLP than another, at equal seed and round: (seeds, rounds)."""
    found = [place.find(measure) for place in (simple, rich) for measure in ("mnlp", "random")]
    groups = [group for group in found if group is not None]
    if len(groups) < len(found):
        return numpy.zeros((0, 0))
    f1, _, _ = aligned(groups)
    return (f1[0] - f1[1]) - (f1[2] - f1[3])


def seconds_of(group: Group, phases: Sequence[str], numbers: Sequence[int]) -> Optional[float]:
    """Mean seconds of some phases together, over seeds and the given rounds; None if none were noted."""
    rounds = [r for run in group.runs for r in group.rounds(run) if r.number in numbers]
    totals = [sum(r.seconds.get(phase, 0.0) for phase in phases) for r in rounds]
    return float(numpy.mean(totals)) if any(totals) else None


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]


def from_ratio(
    place: Place, first: Optional[Group], second: Optional[Group], phases: Sequence[str], most: float, *, own: bool
) -> List[Evidence]:
    """Evidence from the seconds of two experiments, in the rounds that both have scored the pool in.

    phases (Sequence[str]): Which seconds. most (float): The claim holds if the first takes up to this many times
        the second's.
    """
    if first is None or second is None:
        return []
    numbers = [number for number in first.numbers[:-1] if number in second.numbers[:-1]]
    ours, theirs = (seconds_of(group, phases, numbers) for group in (first, second))
    if ours is None or theirs is None:
        return []
    seeds = min(len(first.seeds), len(second.seeds))
    return [
        Evidence(
            place=place.name,
            own=own,
            taggers=[place.tagger, *([first.settings.acquirer] if not first.native else [])],
            compared=f"{first.label} over {second.label}, seconds to {_listed(phases)}",
            found=f"{ours / theirs:.2f} times",
            span=f"{ours:.2f} s and {theirs:.2f} s",
            seeds=f"of {seeds}",
            p=None,
            outcome=weigh(Outcome.YES if ours <= most * theirs else Outcome.NO, seeds),
        )
    ]
