"""Tables that compare strategies: label savings and areas, and tests of pairs."""

from typing import List, Mapping, Sequence

import numpy

from .compare import LEVELS, Pair, Place, areas, needed, needed_range
from .groups import Group
from .numbers import NONE, mean_f1, p_value, percent, points, share
from .page import Cell, Row, Table, grouped


def table_of_savings(places: Sequence[Place]) -> Table:
    """Labels needed to come near the full-corpus F1, and the area under the curve."""
    head = ["Corpus and tagger", "Strategy", "Full F1", *(f"{share(level)} of it" for level in LEVELS)]
    head += ["Area under curve", "Over random", "F1 at its end"]
    rows, breaks = grouped(([place.name], [_saving_row(group, place) for group in place.groups]) for place in places)
    note = (
        "Full F1: with all tokens labelled, from a run or given. Of it: share of tokens labelled when the "
        "mean curve first reaches the level, nothing interpolated; smaller, the least and most over seeds. "
        "Area: mean F1 on the way between two shares of tokens (smaller) that all strategies of a block have "
        "passed, ± over seeds; over random in points."
    )
    return Table("Label savings", head, rows, words=2, note=note, breaks=breaks)


def _saving_row(group: Group, place: Place) -> Row:
    full = percent(place.full_f1) if place.full_f1 else NONE
    return [group.label, full, *_savings(group, place), *_areas(group, place)]


def _savings(group: Group, place: Place) -> List[Cell]:
    if not place.full_f1:
        return [Cell(NONE)] * len(LEVELS)
    cells = []
    for level in LEVELS:
        target = level * place.full_f1
        least, most = map(share, needed_range(group, target) or (0.0, 0.0))
        cells.append(Cell(amount(group, target), f"{least} to {most}" if least != most else ""))
    return cells


def amount(group: Group, f1: float) -> str:
    """The labelled share that a strategy needs for an F1 (0..1), or that it is more than was labelled."""
    found = needed(group, f1)
    return share(found) if found is not None else f"> {share(float(group.shares[-1]))}"


def _areas(group: Group, place: Place) -> List[Cell]:
    if not place.overlaps:
        return [Cell(NONE)] * 3
    start, end = place.span
    values, baseline = areas(group, place.span), place.baseline
    over = NONE
    if baseline is not None and group is not baseline:
        over = points(float(values.mean()) - float(areas(baseline, place.span).mean()))
    at_end = [float(numpy.interp(end, group.shares, curve)) for curve in group.f1]
    area = Cell(mean_f1(list(values), digits=2), f"{share(start)} to {share(end)}")
    return [area, Cell(over), Cell(mean_f1(at_end))]


def table_of_tests(places: Sequence[Place], pairs: Mapping[str, Sequence[Pair]]) -> Table:
    """Strategies two by two: mean difference with its interval, and the sign test.

    places (Sequence[Place]): Experiments. pairs (Mapping[str, Sequence[Pair]]): By the place's name.
    """
    head = ["Corpus and tagger", "Strategy", "Against", "Difference", "95 % interval"]
    head += ["Seeds won", "Rounds won", "p, corrected"]
    rows, breaks = grouped(([place.name], [_test(pair) for pair in pairs[place.name]]) for place in places)
    note = (
        "Difference of F1 in points at equal seed and round, from the second round on. Interval: paired "
        "bootstrap, seeds drawn first and rounds within them. p: exact two-sided sign test over seeds and "
        "rounds, corrected for the number of pairs by Holm. Rounds of one run share labelled sentences, so "
        "both make differences look surer than they are: with few seeds, believe the column of seeds."
    )
    return Table("Strategies compared", head, rows, words=3, note=note, breaks=breaks)


def _test(pair: Pair) -> List[str]:
    signs, gap = pair.signs, pair.difference
    return [
        pair.first,
        pair.second,
        points(gap.mean),
        f"{points(gap.low)} to {points(gap.high)}",
        f"{pair.won} of {len(pair.seeds)}",
        f"{signs.wins} of {signs.wins + signs.losses + signs.ties}",
        p_value(pair.corrected),
    ]
