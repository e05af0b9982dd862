"""Figures of a report: learning curves, gain over random, seconds of a round, what was chosen."""

from itertools import compress
from typing import Callable, Dict, List, Optional, Sequence, Tuple

import numpy

from .chosen import Make, Selection, made_of
from .compare import Place, areas, paired_differences
from .groups import Group, deviation
from .numbers import percent
from .panels import Panel, Series
from .picture import Picture
from .plots import draw_bars, draw_curves
from .tables import PHASES, phase_seconds, phases_of

SHARE_LABEL = "Labelled tokens, % of the training corpus"
SENTENCE_LABEL = "Labelled sentences"


def styles_of(places: Sequence[Place]) -> Dict[str, int]:
    """The number of each strategy's style: the same strategy looks the same in all figures; random is 0."""
    groups = [group for place in places for group in place.groups]
    # What other models acquired comes last: it is not drawn in most figures.
    return styles([group.label for native in (True, False) for group in groups if group.native is native])


def styles(labels: Sequence[str]) -> Dict[str, int]:
    """A number of a style for each label, in their order, but random is 0."""
    unique = dict.fromkeys(labels)
    return {label: number for number, label in enumerate(sorted(unique, key=lambda label: label != "Random"))}


def curves(places: Sequence[Place], *, sentences: bool = False) -> Picture:
    """Learning curves: a panel for each place, and one with the best of each tagger if there are several."""
    numbers = styles_of(places)
    shown = [place for place in places if place.groups]
    panels = [group_panel(place, place.native, numbers, sentences=sentences) for place in shown]
    return draw_curves([*panels, *_best_panels(shown, sentences=sentences)])


def group_panel(
    place: Place, groups: Sequence[Group], numbers: Dict[str, int], *, sentences: bool = False, title: str = ""
) -> Panel:
    """A panel of learning curves.

    place (Place): Where they belong. groups (Sequence[Group]): Whose curves. numbers: From `styles_of` or `styles`.
    sentences (bool): Against sentences, not tokens. title (str): In place of the place's name.
    """
    series = [_curve(group, group.label, numbers[group.label], sentences=sentences) for group in groups]
    x_label = SENTENCE_LABEL if sentences else SHARE_LABEL
    return Panel(title or place.name, x_label, "F1, %", series, _levels(place), climbs=True)


def _curve(group: Group, label: str, style: int, *, sentences: bool) -> Series:
    x = group.sentences if sentences else 100 * group.shares
    spread = 100 * deviation(group.f1) if len(group.runs) > 1 else None
    return Series(label, x, 100 * group.f1.mean(axis=0), spread, style)


def _levels(place: Place) -> List[Tuple[float, str]]:
    if not place.full_f1:
        return []
    return [
        (100 * place.full_f1, f"whole corpus: {percent(place.full_f1)}"),
        (99 * place.full_f1, f"99 % of it: {percent(0.99 * place.full_f1)}"),
    ]


def _best_panels(places: Sequence[Place], *, sentences: bool) -> List[Panel]:
    panels = []
    for corpus in dict.fromkeys(place.corpus for place in places):
        here = [place for place in places if place.corpus == corpus]
        if len(here) > 1:
            series = []
            for number, place in enumerate(here, start=1):  # 0 is the style of random sampling
                group = best_group(place)
                series.append(_curve(group, f"{place.tagger}, {group.label}", number, sentences=sentences))
            x_label = SENTENCE_LABEL if sentences else SHARE_LABEL
            panels.append(Panel(f"{corpus}: best of each tagger", x_label, "F1, %", series, climbs=True))
    return panels


def best_group(place: Place) -> Group:
    """The experiment with the largest area under its mean curve, of those in which a model acquired for itself."""
    return max(place.native, key=lambda group: float(areas(group, place.span).mean()))


def gains(places: Sequence[Place]) -> Optional[Picture]:
    """F1 over random at equal seed and round; None where random was not run or nothing is comparable."""
    numbers = styles_of(places)
    panels = []
    for place in places:
        series = [s for group in place.native if (s := _gain(group, place.baseline, numbers)) is not None]
        if series:
            label = "F1 above random, points"
            panels.append(Panel(place.name, SHARE_LABEL, label, series, [(0.0, "Random")]))
    return draw_curves(panels) if panels else None


def _gain(group: Group, baseline: Optional[Group], numbers: Dict[str, int]) -> Optional[Series]:
    if baseline is None or group is baseline:
        return None
    differences, _ = paired_differences(group, baseline)
    if not differences.size:
        return None
    common = [i for i, number in enumerate(group.numbers) if i and number in baseline.numbers]
    spread = 100 * deviation(differences) if len(differences) > 1 else None
    return Series(group.label, 100 * group.shares[common], 100 * differences.mean(axis=0), spread, numbers[group.label])


def durations(groups: Sequence[Group]) -> Optional[Picture]:
    """Mean seconds of the phases of a round; None if no run noted seconds."""
    chosen = [group for group in groups if not group.full]
    timed = [group for group in chosen if any(phase_seconds(group, phase) for phase in PHASES)]
    if not timed:
        return None
    # Of corpus and tagger, what the bars do not have in common.
    varied = [len(set(values)) > 1 for values in zip(*(group.place for group in timed))]
    names = [", ".join([*compress(group.place, varied), group.label]) for group in timed]
    shown = phases_of(timed)
    parts = [(PHASES[phase], numpy.array([phase_seconds(g, phase) or 0.0 for g in timed])) for phase in shown]
    return draw_bars(names, parts, "Seconds of a round, mean over rounds and seeds")


def choices(
    place: Place, selections: Dict[str, List[Selection]], pool: Make, numbers: Dict[str, int]
) -> Optional[Picture]:
    """Length and entity density of what each round chose; None if the runs kept no sentences.

    place (Place): Experiments. selections (Dict[str, List[Selection]]): What the runs of each label chose.
    pool (Make): A fair sample of the pool, drawn as a line. numbers: From `styles`.
    """
    parts: List[Tuple[str, Callable[[Make], Optional[float]], Optional[float]]] = [
        ("Tokens in a chosen sentence", lambda make: make.length, pool.length or None),
        ("Entities in 100 chosen tokens", lambda make: make.density, pool.density),
    ]
    panels = []
    for title, value, level in parts:
        series = [_by_round(g.label, selections[g.label], value, numbers[g.label]) for g in place.groups]
        shown = [one for one in series if len(one.x)]
        if shown:
            lines = [(level, f"pool, {level:.1f}")] if level is not None else []
            panels.append(Panel(title, "Round", "", shown, lines, rounds=True))
    return draw_curves(panels) if panels else None


def _by_round(
    label: str, selections: Sequence[Selection], value: Callable[[Make], Optional[float]], style: int
) -> Series:
    xs, means = [], []
    for number in sorted({number for selection in selections for number in selection.rounds if number}):
        make = made_of(selections, [number])
        mean = value(make) if make.sentences else None
        if mean is not None:
            xs.append(float(number))
            means.append(mean)
    return Series(label, numpy.array(xs), numpy.array(means), None, style)
