"""Strategies compared within one corpus and tagger: label savings, areas, and tests between pairs."""

from dataclasses import dataclass
from itertools import combinations
from typing import List, Optional, Sequence, Tuple

import numpy

from ..errors import ALError, Errors
from .groups import Group, places
from .statistics import Array, Interval, SignTest, area, holm, paired_bootstrap, share_needed, sign_test

LEVELS = (0.98, 0.99)
MOST_PAIRS = 15  # beyond, only pairs with random sampling or MNLP are tested
SAME_SHARE = 0.005  # two rounds are compared if their labelled shares differ by no more than this


@dataclass(frozen=True)
class Place:
    """All experiments on one corpus with one tagger.

    corpus, tagger (str): Names. groups (List[Group]): Experiments with rounds, in the order of their labels.
    full (Optional[Group]): The training on the whole corpus. full_f1 (Optional[float]): Its F1, or the one
    given by the user, 0..1.
    """

    corpus: str
    tagger: str
    groups: List[Group]
    full: Optional[Group]
    full_f1: Optional[float]

    @property
    def name(self) -> str:
        """As a title."""
        return f"{self.corpus}, {self.tagger}"

    @property
    def all(self) -> List[Group]:
        """Experiments with rounds, and the training on the whole corpus if there is one."""
        return [*self.groups, *([self.full] if self.full else [])]

    @property
    def native(self) -> List[Group]:
        """Experiments in which the tagger acquired for itself; all of them where there are none of these."""
        return [group for group in self.groups if group.native] or self.groups

    @property
    def baseline(self) -> Optional[Group]:
        """Random sampling, if it was run; whose turn it was to choose makes no difference then."""
        return next((group for group in self.groups if group.settings.measure == "random"), None)

    def find(self, measure: str, dropout: str = "off") -> Optional[Group]:
        """The experiment in which the tagger acquired for itself with this strategy, if it was run."""
        own = [group for group in self.groups if group.native]
        return next((one for one in own if (one.settings.measure, one.settings.dropout) == (measure, dropout)), None)

    def twin(self, group: Group) -> Optional[Group]:
        """The experiment in which the tagger used the strategy of another one for itself, if it was run."""
        return self.find(group.settings.measure, group.settings.dropout)

    @property
    def span(self) -> Tuple[float, float]:
        """Labelled shares from which to which all curves of the place run; the area is taken between them."""
        starts = [float(group.shares[0]) for group in self.groups]
        ends = [float(group.shares[-1]) for group in self.groups]
        return max(starts), min(ends)

    @property
    def overlaps(self) -> bool:
        """Whether there is a labelled share that all curves of the place have come to."""
        start, end = self.span
        return start <= end + SAME_SHARE


def gather_places(groups: Sequence[Group], full_f1: Optional[float]) -> List[Place]:
    """Put experiments together by corpus and tagger.

    groups (Sequence[Group]): From `group_runs`.
    full_f1 (Optional[float]): F1 of a training on the whole corpus, for the place without such a run, 0..1.
    RETURNS (List[Place]): In the order of the groups.
    RAISES: ALError A712 for a `full_f1` and more than one place without such a run.
    """
    without = [place for place in places(groups) if not any(one.full for one in groups if one.place == place)]
    if full_f1 is not None and len(without) > 1:
        names = "; ".join(", ".join(place) for place in without)
        raise ALError(Errors.A712.format(value=full_f1, places=names))
    result = []
    for place in places(groups):
        here = [group for group in groups if group.place == place]
        full = next((group for group in here if group.full), None)
        value = float(full.f1[:, -1].mean()) if full else full_f1
        result.append(Place(*place, [group for group in here if not group.full], full, value))
    return result


def needed(group: Group, f1: float) -> Optional[float]:
    """The labelled share at which the mean curve of a strategy first reaches an F1 (0..1), None if it does not."""
    return share_needed(group.shares, group.f1.mean(axis=0), f1)


def needed_range(group: Group, f1: float) -> Optional[Tuple[float, float]]:
    """The least and the most of these shares over seeds, None unless all reach it."""
    each = [share_needed(group.shares, curve, f1) for curve in group.f1]
    known = [share for share in each if share is not None]
    return (min(known), max(known)) if len(known) == len(each) else None


def areas(group: Group, span: Tuple[float, float]) -> Array:
    """Normalised area under the curve of each seed between two shares, 0..1: (seeds,)."""
    start, end = span
    return numpy.array([area(group.shares, curve, start=start, end=end) for curve in group.f1])


@dataclass(frozen=True)
class Pair:
    """Two strategies compared seed by seed and round by round, the common first round left out.

    difference (Interval): Mean F1 of the first minus that of the second, 0..1, with its 95 % interval.
    seeds (List[int]): The seeds both have. won (int): Seeds whose mean difference is above 0.
    signs (SignTest): Over seeds and rounds. corrected (float): Its p after Holm's correction in this place.
    """

    first: str
    second: str
    difference: Interval
    seeds: List[int]
    won: int
    signs: SignTest
    corrected: float


def compare_pairs(place: Place, *, seed: int) -> List[Pair]:
    """Compare strategies of a place two by two, each with those named before it.

    place (Place): Experiments.
    seed (int): Seed of the bootstrap.
    RETURNS (List[Pair]): Pairs that share seeds and rounds with equal labelled shares; others are left out.
        Where there are more than MOST_PAIRS, only those with random sampling or the tagger's own MNLP.
    """
    chosen = list(combinations(place.groups, 2))
    if len(chosen) > MOST_PAIRS:
        chosen = [pair for pair in chosen if any(_is_common(group) for group in pair)]
    pairs = []
    for second, first in chosen:
        differences, seeds = paired_differences(first, second)
        if differences.size:
            rng = numpy.random.default_rng(seed)  # the same for all: one pair has one interval wherever it stands
            signs = sign_test(differences.ravel().tolist())
            won = int((differences.mean(axis=1) > 0).sum())
            interval = paired_bootstrap(differences, rng)
            pairs.append(Pair(first.label, second.label, interval, seeds, won, signs, signs.p))
    corrected = holm([pair.signs.p for pair in pairs])
    return [Pair(**{**vars(pair), "corrected": p}) for pair, p in zip(pairs, corrected, strict=True)]


def _is_common(group: Group) -> bool:
    return group.native and group.settings.measure in ("random", "mnlp")


def aligned(groups: Sequence[Group]) -> Tuple[List[Array], List[int], List[int]]:
    """F1 of some experiments at the seeds and rounds that all of them have, the first round left out.

    RETURNS (Tuple[List[Array], List[int], List[int]]): (seeds, rounds) of each experiment; the seeds; the rounds.
    """
    seeds = [seed for seed in groups[0].seeds if all(seed in group.seeds for group in groups)]
    numbers = [number for number in groups[0].numbers[1:] if all(number in group.numbers for group in groups)]
    places = [([g.seeds.index(s) for s in seeds], [g.numbers.index(n) for n in numbers]) for g in groups]
    return [group.f1[numpy.ix_(*place)] for group, place in zip(groups, places, strict=True)], seeds, numbers


def paired_differences(first: Group, second: Group) -> Tuple[Array, List[int]]:
    """F1 of one strategy minus that of another at the same seeds and rounds.

    first, second (Group): Two experiments.
    RETURNS (Tuple[Array, List[int]]): (seeds, rounds) and the seeds. Rounds from the second on, as the first
        follows the same random sentences; empty where the labelled shares of a round differ.
    """
    (ours, theirs), seeds, numbers = aligned([first, second])
    shares = [group.shares[[group.numbers.index(number) for number in numbers]] for group in (first, second)]
    if not ours.size or numpy.abs(shares[0] - shares[1]).max() > SAME_SHARE:
        return numpy.zeros((0, 0)), []
    return ours - theirs, seeds
