"""Successors trained on what another model acquired, as curves and as a table."""

from typing import List, Optional, Sequence

import numpy

from .compare import Place, paired_differences
from .figures import group_panel, styles
from .groups import Group
from .numbers import NONE, mean_f1, points
from .page import Cell, Row, Table, grouped
from .picture import Picture
from .plots import draw_curves
from .statistics import paired_bootstrap
from .tables import scores_at, shown_rounds

NOTE = (
    "F1 of the successor in percent, mean ± standard deviation over seeds, when it is trained on sentences that "
    "another model chose, that it chose itself with the same strategy, or that were drawn at random. Over chance, "
    "over itself: mean difference in points at equal seed and round, from the second round on; smaller, the 95 % "
    "interval (paired bootstrap)."
)


def shown_groups(place: Place) -> List[Group]:
    """Random sampling, what other models acquired, and the same strategies acquired natively; [] without the second."""
    foreign = [group for group in place.groups if not group.native]
    wanted = [*foreign, place.baseline, *(place.twin(group) for group in foreign)]
    labels = {group.label for group in wanted if group is not None}
    return [group for group in place.groups if group.label in labels] if foreign else []


def draw_mismatch(places: Sequence[Place]) -> Optional[Picture]:
    """A panel for each successor; None where every model acquired for itself."""
    shown = [(place, groups) for place in places if (groups := shown_groups(place))]
    numbers = styles([group.label for _, groups in shown for group in groups])
    panels = [group_panel(place, groups, numbers, title=f"{place.name} trained") for place, groups in shown]
    return draw_curves(panels) if panels else None


def table_of_mismatch(places: Sequence[Place], *, seed: int) -> Table:
    """F1 of successors by round and by who acquired; without rows where every model acquired for itself.

    places (Sequence[Place]): Experiments. seed (int): Seed of the bootstrap.
    """
    shown = [(place, groups) for place in places if (groups := shown_groups(place))]
    numbers = shown_rounds([group for _, groups in shown for group in groups])
    single = len({place.corpus for place, _ in shown}) == 1
    rows, breaks = grouped(
        ([place.tagger if single else place.name], _rows(place, groups, numbers, seed)) for place, groups in shown
    )
    head = ["Successor", "Sentences chosen by", *map(str, numbers), "Over chance", "Over itself"]
    return Table("Successors and the models that acquired for them", head, rows, words=2, note=NOTE, breaks=breaks)


def _rows(place: Place, groups: Sequence[Group], numbers: Sequence[int], seed: int) -> List[Row]:
    rows: List[Row] = []
    for group in groups:
        random = group is place.baseline
        name = group.label.replace(f", acq. {group.settings.acquirer}", "")
        by = "chance" if random else f"{group.settings.acquirer or 'itself'}, {name}"
        scores = [NONE if one is None else mean_f1(one) for one in scores_at(group, numbers)]
        over = [
            Cell(NONE) if random else _over(group, place.baseline, seed),
            _over(group, place.twin(group), seed) if not group.native else Cell(NONE),
        ]
        rows.append([by, *scores, *over])
    return rows


def _over(group: Group, other: Optional[Group], seed: int) -> Cell:
    differences, _ = paired_differences(group, other) if other else (numpy.zeros((0, 0)), [])
    if not differences.size:
        return Cell(NONE)
    interval = paired_bootstrap(differences, numpy.random.default_rng(seed))
    return Cell(points(interval.mean), f"{points(interval.low)} to {points(interval.high)}")
