"""The comparisons behind the paper's claims: which runs are set against which, for every place that has them."""

import re
from typing import Callable, Iterable, Iterator, List, Sequence, Tuple

from ..report.compare import Place, areas, needed
from ..report.comparison_tables import amount
from ..report.groups import Group
from ..report.names import BILSTM, CRF, PRETRAINED, TRANSFORMER
from ..report.numbers import share
from . import published as paper
from .evidence import (
    Evidence,
    Judge,
    Outcome,
    from_differences,
    from_pair,
    from_ratio,
    gain_differences,
    no_worse,
    weigh,
)

LEVEL = 0.99
LITTLE = 1.25  # "little overhead": up to a quarter more seconds
ACQUIRE = ("train", "score", "select")

Test = Callable[[Sequence[Place], int], Iterable[Evidence]]  # in some places, with a seed for the bootstrap


def _kind(place: Place) -> str:
    return place.all[0].settings.kind


def _on_paper(place: Place) -> bool:
    return place.corpus in paper.CORPORA


def _of(kinds: Sequence[str], places: Sequence[Place]) -> List[Place]:
    return [place for place in places if place.groups and _kind(place) in kinds]


def compare_strategies(
    kinds: Sequence[str], wanted: Sequence[Tuple[str, str, str, str]], judge: Judge, own: Sequence[str] = ()
) -> Test:
    """Two strategies of one tagger.

    kinds (Sequence[str]): Of taggers, see `names.tagger_kind`. wanted (Sequence[Tuple[str, str, str, str]]): Measure
    and dropout of the first, and of the second. judge (Judge): What the claim says of first minus second.
    own (Sequence[str]): The taggers the claim is about; () for every one of these kinds.
    """

    def test(places: Sequence[Place], seed: int) -> Iterator[Evidence]:
        for place in _of(kinds, places):
            mine = _on_paper(place) and (not own or place.tagger in own)
            for first, first_dropout, second, second_dropout in wanted:
                pair = place.find(first, first_dropout), place.find(second, second_dropout)
                yield from from_pair(place, *pair, judge, own=mine, seed=seed)

    return test


def labels_saved(places: Sequence[Place], seed: int) -> Iterator[Evidence]:
    """The share of tokens at which the best strategy reaches LEVEL of the full-corpus F1; a Test."""
    for place in _of(PRETRAINED, places):
        natives = [group for group in place.groups if group.native]
        if not place.full_f1 or place.corpus not in paper.SAVINGS or not natives:
            continue
        theirs, target = paper.SAVINGS[place.corpus], LEVEL * place.full_f1
        best = min(natives, key=lambda group: (needed(group, target) or 2.0, -float(group.f1[:, -1].mean())))
        ours, base = needed(best, target), place.baseline
        reached = ours is not None and round(ours, 2) <= theirs.best
        gone_on = ours is not None or float(best.shares[-1]) >= theirs.best
        outcome = Outcome.YES if reached else Outcome.NO if gone_on else Outcome.OPEN
        yield Evidence(
            place=place.name,
            own=place.tagger == theirs.model,
            taggers=[place.tagger],
            compared=f"{best.label}; paper: {share(theirs.best)}",
            found=amount(best, target),
            span=f"random {amount(base, target)}" if base else "",
            seeds=f"of {len(best.seeds)}",
            p=None,
            outcome=weigh(outcome, len(best.seeds)),
        )


def against_simple(judge: Judge, *, gains: bool) -> Test:
    """Taggers with deep pretraining beside those without, on one corpus.

    judge (Judge): What the claim says. gains (bool): Of the gain over random, without minus with pretraining, for each
    pair; else of F1 with MNLP, with pretraining minus the better of those without.
    """

    def test(places: Sequence[Place], seed: int) -> Iterator[Evidence]:
        for place in _of(PRETRAINED, places):
            simple = [p for p in _of((BILSTM, CRF), places) if p.corpus == place.corpus and p.find("mnlp")]
            if gains:
                for other in simple:
                    compared = f"gain of {other.tagger} minus gain of {place.tagger}"
                    gap = gain_differences(other, place)
                    yield from from_differences(
                        place, [other.tagger], compared, gap, judge, own=_on_paper(place), seed=seed
                    )
            elif simple and place.find("mnlp"):
                best = max(simple, key=lambda other: _mean(other, place))
                pair = place.find("mnlp"), best.find("mnlp")
                yield from from_pair(place, *pair, judge, own=_on_paper(place), seed=seed)

    return test


def _mean(place: Place, beside: Place) -> float:
    groups = [group for group in (place.find("mnlp"), beside.find("mnlp")) if group is not None]
    span = max(float(g.shares[0]) for g in groups), min(float(g.shares[-1]) for g in groups)
    return float(areas(groups[0], span).mean())


def little_overhead(places: Sequence[Place], seed: int) -> Iterator[Evidence]:
    """Seconds of scoring with dropout of the last layer beside MNLP's; a Test."""
    for place in _of((TRANSFORMER,), places):
        for measure in ("bald", "variation_ratio"):
            pair = place.find(measure, "last"), place.find("mnlp")
            yield from from_ratio(place, *pair, ("score",), LITTLE, own=_on_paper(place))


def smaller_kin(small: str, large: str) -> bool:
    """Whether one model is the smaller of a family: DistilBERT of BERT, MiniLM-L3 of MiniLM-L6."""
    if (small, large) == (paper.DISTILBERT, paper.BERT):
        return True
    parts = [re.fullmatch(r"(.+)-L(\d+)", name) for name in (small, large)]
    a, b = parts
    return a is not None and b is not None and a[1] == b[1] and int(a[2]) < int(b[2])


def _foreign(places: Sequence[Place], *, kin: bool) -> List[Tuple[Place, Group]]:
    pairs = [(place, group) for place in places for group in place.groups if not group.native]
    return [(p, g) for p, g in pairs if smaller_kin(g.settings.acquirer, p.tagger) or not kin]


def _is_distilled(place: Place, group: Group) -> bool:
    return _on_paper(place) and (place.tagger, group.settings.acquirer) == (paper.BERT, paper.DISTILBERT)


def acquired_by_smaller(places: Sequence[Place], seed: int) -> Iterator[Evidence]:
    """F1 on what the smaller of a family acquired beside what the successor did for itself; a Test."""
    for place, group in _foreign(places, kin=True):
        own = _is_distilled(place, group)
        yield from from_pair(place, group, place.twin(group), no_worse, own=own, seed=seed)


def cheaper_to_acquire(places: Sequence[Place], seed: int) -> Iterator[Evidence]:
    """Seconds to train the smaller of a family and to query with it, beside the successor's own; a Test."""
    for place, group in _foreign(places, kin=True):
        own = _is_distilled(place, group)
        yield from from_ratio(place, group, place.twin(group), ACQUIRE, 1.0, own=own)


def mismatch(judge: Judge, *, native: bool) -> Test:
    """What another model acquired, beside what the successor did for itself or chance.

    judge (Judge): What the claim says. native (bool): Of native minus foreign, for models of different families; else
    of foreign minus random sampling, for all.
    """

    def test(places: Sequence[Place], seed: int) -> Iterator[Evidence]:
        for place, group in _foreign(places, kin=False):
            pair = (group.settings.acquirer, place.tagger)
            kin = smaller_kin(*pair) or smaller_kin(*reversed(pair))
            if native and not kin:
                yield from from_pair(place, place.twin(group), group, judge, own=_on_paper(place), seed=seed)
            elif not native:
                yield from from_pair(place, group, place.baseline, judge, own=_on_paper(place), seed=seed)

    return test


def untestable(places: Sequence[Place], seed: int) -> Iterator[Evidence]:
    """No run can test it; a Test."""
    return iter(())
