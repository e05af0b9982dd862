"""What a panel shows before it is drawn: curves, their styles, the axis's span, and where labels stand."""

from dataclasses import dataclass, field
from typing import List, Optional, Sequence, Tuple

import numpy

from .picture import BLUE, GREEN, INK, ORANGE, PURPLE, SKY, VERMILION
from .statistics import Array

# Colour, dashes and marker of each strategy: any one of the three tells them apart.
STYLES: List[Tuple[str, Tuple[float, ...], str]] = [
    (INK, (1.2, 1.6), "o"),
    (BLUE, (), "s"),
    (VERMILION, (5, 1.8), "^"),
    (GREEN, (6, 1.8, 1.2, 1.8), "D"),
    (PURPLE, (2.6, 1.4), "v"),
    (ORANGE, (9, 2), "P"),
    (SKY, (6, 1.5, 1.2, 1.5, 1.2, 1.5), "X"),
]


@dataclass(frozen=True)
class Series:
    """One curve: positions and means (rounds,), spread (rounds,) or None, and the number of its style."""

    label: str
    x: Array
    mean: Array
    spread: Optional[Array]
    style: int


@dataclass(frozen=True)
class Panel:
    """One pair of axes with its curves; `lines` are levels to compare with, each with its name.

    `rounds` says that the horizontal axis counts rounds. `climbs` says that these are learning curves: the
    horizontal axis begins at nothing labelled, and a first round far below the others is left below the vertical
    axis, with a note of its value.
    """

    title: str
    x_label: str
    y_label: str
    series: Sequence[Series]
    lines: Sequence[Tuple[float, str]] = field(default_factory=tuple)
    climbs: bool = False
    rounds: bool = False


def style(number: int) -> Tuple[str, Tuple[float, ...], str]:
    """Colour, dashes and marker of a curve; past STYLES colours come again with other dashes and markers."""
    if number < len(STYLES):
        return STYLES[number]
    n = len(STYLES)
    return STYLES[number % n][0], STYLES[(number + 3) % n][1], STYLES[(number + 5) % n][2]


def limits(panel: Panel) -> Tuple[float, float]:
    """The lower and upper end of a panel's vertical axis.

    In a panel that climbs, first rounds far below all others are left out, or the curves proper would be a
    line along the top; curves of up to four rounds are shown whole.
    """
    spreads = [s.spread if s.spread is not None else numpy.zeros(len(s.mean)) for s in panel.series]
    lows = [series.mean - spread for series, spread in zip(panel.series, spreads, strict=True)]
    highs = [series.mean + spread for series, spread in zip(panel.series, spreads, strict=True)]
    low, high = min(v.min() for v in lows), max(v.max() for v in highs)
    later = min((values[1:] if len(values) > 4 else values).min() for values in lows)
    if panel.climbs and later - low > 0.5 * (high - later):
        low = later
    levels = [level for level, _ in panel.lines]
    low, high = min([low, *levels]), max([high, *levels])
    room = 0.05 * (high - low) or 1.0
    return float(low - room), float(high + room)


def spread_out(heights: Sequence[float], gap: float, *, top: float) -> List[float]:
    """Move labels apart so that neighbours are at least `gap` from each other, as little as possible.

    heights (Sequence[float]): Where the labels would stand. gap (float): Least distance, same unit.
    top (float): No label stands above this.
    RETURNS (List[float]): Where they stand: same order, least sum of squared moves (pool adjacent violators).
    """
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    blocks: List[Tuple[float, int]] = []  # mean of (height - rank * gap) and size
    for rank, i in enumerate(order):
        mean, size = heights[i] - rank * gap, 1
        while blocks and blocks[-1][0] > mean:
            before, count = blocks.pop()
            mean, size = (before * count + mean * size) / (count + size), count + size
        blocks.append((mean, size))
    highest = top - (len(heights) - 1) * gap
    bases = [min(mean, highest) for mean, size in blocks for _ in range(size)]
    result = [0.0] * len(heights)
    for rank, (i, base) in enumerate(zip(order, bases, strict=True)):
        result[i] = base + rank * gap
    return result
