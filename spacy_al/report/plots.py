"""Drawings of curves and bars that read in black and white, by colour-blind people, and on a dark page."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Dict, Optional, Sequence, Tuple

import numpy

from .panels import STYLES, Panel, Series, limits, spread_out, style
from .picture import BLUE, GREEN, INK, ORANGE, PAPER, PURPLE, RULE, SKY, SOFT, VERMILION, Picture, finish, new_figure
from .statistics import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HATCHES = ("", "////", "....", "xxxx", "----", "\\\\\\\\")
KEY = (1.045, 1.135)  # where the sample of a curve lies, as shares of the panel's width
LABEL_GAP = 0.062  # height of a label, as a share of the panel
BELOW = "first round, below the axis"


@dataclass(frozen=True)
class End:
    """Where a curve or a level ends, in the units of the axes, and the label that is tied to it.

    style (Optional[int]): The curve's, None for a level.
    """

    label: str
    x: float
    y: float
    style: Optional[int]


def draw_curves(panels: Sequence[Panel]) -> Picture:
    """Draw panels in two columns, every curve labelled where it ends.

    panels (Sequence[Panel]): At least one.
    RETURNS (Picture): PNG at 200 dots an inch, and SVG whose colours follow the page.
    RAISES: ALError A704 without matplotlib.
    """
    columns = 1 if len(panels) == 1 else 2
    rows = -(-len(panels) // columns)
    size = (7.4, 4.6) if columns == 1 else (5.6 * columns, 3.9 * rows)
    figure = new_figure(size)
    for i, panel in enumerate(panels):
        _draw_panel(figure.add_subplot(rows, columns, i + 1), panel)
    return finish(figure)


def draw_bars(names: Sequence[str], parts: Sequence[Tuple[str, Array]], x_label: str) -> Picture:
    """Draw stacked horizontal bars.

    names (Sequence[str]): One bar each, from the top.
    parts (Sequence[Tuple[str, Array]]): Name of a part and its length in each bar (bars,).
    x_label (str): What the lengths are, with the unit.
    RETURNS (Picture): As `draw_curves`.
    RAISES: ALError A704 without matplotlib.
    """
    figure = new_figure((5.0 + 0.09 * max(map(len, names)), 1.3 + 0.36 * len(names)))  # as wide as the names need
    axes = figure.add_subplot()
    left = numpy.zeros(len(names))
    colours = (BLUE, ORANGE, PURPLE, SKY, GREEN, VERMILION)
    for i, (name, lengths) in enumerate(parts):
        axes.barh(
            range(len(names)),
            lengths,
            left=left,
            height=0.62,
            label=name,
            color=colours[i % len(colours)],
            hatch=HATCHES[i % len(HATCHES)],
            edgecolor=PAPER,
            linewidth=0,
        )
        left = left + lengths
    axes.set_yticks(range(len(names)), [_literal(name) for name in names])
    axes.invert_yaxis()
    axes.set_xlabel(x_label)
    style_axes(axes, grid="x")
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=len(parts),
        frameon=False,
        fontsize=8.5,
        labelcolor=INK,
        borderpad=0,
    )
    return finish(figure)


def _draw_panel(axes: "Axes", panel: Panel) -> None:
    for series in panel.series:
        _draw_series(axes, series)
    axes.margins(x=0.02)
    if panel.climbs:
        axes.set_xlim(left=0)
    if panel.rounds:
        axes.locator_params(axis="x", integer=True)
    low, high = limits(panel)
    axes.set_ylim(low, high)
    axes.set_xlabel(panel.x_label)
    axes.set_ylabel(panel.y_label)
    axes.set_title(_literal(panel.title), loc="left", fontsize=10.5, fontweight="bold", color=INK, pad=8)
    style_axes(axes, grid="y")
    for level, _ in panel.lines:
        axes.axhline(level, color=SOFT, linewidth=0.8, dashes=(1, 2), zorder=1)
    ends = [End(s.label, float(s.x[-1]), float(s.mean[-1]), s.style) for s in panel.series]
    if panel.climbs:
        _name_inside(axes, panel, low, high)
    else:
        right = axes.get_xlim()[1]
        ends += [End(name, right, level, None) for level, name in panel.lines]
    _label_ends(axes, ends, low, high)


def _name_inside(axes: "Axes", panel: Panel, low: float, high: float) -> None:
    # Learning curves begin low and end high: levels have room for their names at the upper left.
    # The upper of two stands above its line and the lower below, so that near ones do not meet.
    for i, (level, name) in enumerate(panel.lines):
        height = (level - low) / (high - low)
        _small(axes, name, (0.01, height + 0.008 if i == 0 else height - 0.008), above=i == 0)
    below = [series for series in panel.series if series.mean[0] < low]
    if below:
        _small(axes, f"{BELOW}: {min(float(s.mean[0]) for s in below):.1f}", (0.99, 0.02), right=True)


def _small(axes: "Axes", text: str, place: Tuple[float, float], *, right: bool = False, above: bool = True) -> None:
    box = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.6}
    side, level = "right" if right else "left", "bottom" if above else "top"
    axes.text(
        *place,
        _literal(text),
        transform=axes.transAxes,
        fontsize=7.5,
        color=SOFT,
        ha=side,
        va=level,
        bbox=box,
    )


def _draw_series(axes: "Axes", series: Series) -> None:
    step = max(1, len(series.x) // 8)
    every = (series.style % step, step) if len(series.x) > 1 else None
    (line,) = axes.plot(series.x, series.mean, markevery=every, zorder=3)
    line.set(**_look(series.style))
    if series.spread is not None:
        low, high = series.mean - series.spread, series.mean + series.spread
        colour = style(series.style)[0]
        axes.fill_between(series.x, low, high, color=colour, alpha=0.16, linewidth=0, zorder=2)


def _look(number: int) -> Dict[str, object]:
    # How a curve is drawn, and its sample beside its label.
    colour, dashes, marker = style(number)
    hollow = number >= len(STYLES)
    return {
        "color": colour,
        "linewidth": 1.6,
        "linestyle": (0, dashes) if dashes else "-",
        "marker": marker,
        "markersize": 5.8 if marker in "^vPX" else 4.6,
        "markerfacecolor": PAPER if hollow else colour,
        "markeredgecolor": colour if hollow else PAPER,
        "markeredgewidth": 1.1 if hollow else 0.6,
    }


def _label_ends(axes: "Axes", ends: Sequence[End], low: float, high: float) -> None:
    heights = [(end.y - low) / (high - low) for end in ends]
    left, right = axes.get_xlim()
    nearly = max(end.x for end in ends) - 0.05 * (right - left)
    for end, height in zip(ends, spread_out(heights, LABEL_GAP, top=1.0), strict=True):
        # A curve that ends early has a dotted leader, so that it is not taken for the curve going on.
        colour = SOFT if end.style is None else style(end.style)[0]
        leader = {"arrowstyle": "-", "color": colour, "linewidth": 0.8, "linestyle": ":" if end.x < nearly else "-"}
        axes.annotate(
            "",
            xy=(end.x, end.y),
            xytext=(KEY[0] - 0.012, height),
            textcoords="axes fraction",
            annotation_clip=False,
            arrowprops={**leader, "shrinkA": 0, "shrinkB": 3},
        )
        _draw_key(axes, end, height)


def _draw_key(axes: "Axes", end: End, height: float) -> None:
    # A sample of the curve before its label: near ends of curves are told apart by it, in black and white too.
    look = {"color": SOFT, "linewidth": 0.8, "linestyle": (0, (1, 2))} if end.style is None else _look(end.style)
    middle = (KEY[0] + KEY[1]) / 2
    where = [KEY[0], middle, KEY[1]]
    (line,) = axes.plot(where, [height] * 3, markevery=[1], transform=axes.transAxes, clip_on=False)
    line.set(**look)
    name = axes.text(KEY[1] + 0.015, height, _literal(end.label), transform=axes.transAxes, va="center")
    name.set(fontsize=8.5, color=INK)


def style_axes(axes: "Axes", *, grid: str) -> None:
    axes.set_facecolor("none")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(SOFT)
        axes.spines[side].set_linewidth(0.8)
    axes.tick_params(colors=INK, labelsize=8.5, width=0.8, length=3, color=SOFT)
    axes.xaxis.label.set(color=INK, fontsize=9)
    axes.yaxis.label.set(color=INK, fontsize=9)
    axes.set_axisbelow(True)
    axes.grid(axis="y" if grid == "y" else "x", color=RULE, linewidth=0.7)


def _literal(text: str) -> str:
    # matplotlib takes what stands between dollar signs for a formula.
    return text.replace("$", r"\$")
