"""Drawings: labels that do not collide, styles that differ, bytes that repeat, and no global state."""

import subprocess
import sys
import warnings
from dataclasses import replace
from io import BytesIO
from itertools import pairwise, product

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from spacy_al.errors import ALError
from spacy_al.report.panels import STYLES, Panel, Series, limits, spread_out, style
from spacy_al.report.plots import draw_bars, draw_curves

X = numpy.linspace(2, 50, 25)


def panel(*curves, spread=None, climbs=False, lines=()):
    series = [Series(f"curve {i}", X[: len(c)], numpy.asarray(c), spread, i) for i, c in enumerate(curves)]
    return Panel("Title", "x", "y", series, lines, climbs)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_labels_keep_their_order_and_distance(heights):
    placed = spread_out(heights, 0.1, top=1.0)
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    gaps = [placed[b] - placed[a] for a, b in pairwise(order)]
    assert all(gap >= 0.1 - 1e-9 for gap in gaps)
    assert max(placed) <= 1.0 + 1e-9


def test_labels_move_as_little_as_possible():
    heights = [0.5, 0.52, 0.9, 0.56]
    grid = [number / 100 for number in range(0, 101, 2)]
    options = (p for p in product(grid, repeat=4) if p[1] - p[0] >= 0.1 and p[3] - p[1] >= 0.1 and p[2] - p[3] >= 0.1)

    def moved(placed):
        return sum((a - b) ** 2 for a, b in zip(placed, heights, strict=True))

    assert moved(spread_out(heights, 0.1, top=1.0)) <= min(map(moved, options)) + 1e-12


def test_labels_that_are_apart_stay():
    assert spread_out([0.9, 0.1, 0.5], 0.1, top=1.0) == pytest.approx([0.9, 0.1, 0.5])


def test_fourteen_styles_differ_in_dashes_and_in_marker_where_colours_repeat():
    styles = [style(number) for number in range(2 * len(STYLES))]
    assert len({s[0] for s in styles[: len(STYLES)]}) == len(STYLES)
    for first, second in zip(styles, styles[len(STYLES) :], strict=False):
        assert first[0] == second[0]
        assert first[1] != second[1]
        assert first[2] != second[2]


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_colour_shows_on_white():
    # Contrast as WCAG 2 defines it; yellow would have 1.2.
    assert all(1.05 / (luminance(colour) + 0.05) > 2 for colour, _, _ in STYLES)


def test_png_is_an_image_of_the_size_asked_for():
    image = Image.open(BytesIO(draw_curves([panel(X / 60)]).png))
    assert image.format == "PNG"
    # Older matplotlibs, which Python 3.10 gets, cut off where newer ones round.
    assert image.width == 1480
    assert image.height in (919, 920)


def test_names_of_curves_and_levels_are_text():
    svg = draw_curves([panel(X, X + 1, lines=[(20.0, "level")], climbs=True)]).svg
    assert all(f">{name}</text>" in svg for name in ("curve 0", "curve 1", "level", "Title"))


def test_a_low_first_round_is_left_below_the_axis_and_named():
    svg = draw_curves([panel([41.25, 80, 82, 84, 85], climbs=True)]).svg
    assert ">first round, below the axis: 41.2</text>" in svg
    assert "below the axis" not in draw_curves([panel([79, 80, 82, 84, 85], climbs=True)]).svg


def test_a_short_curve_is_never_below_the_axis():
    low, high = limits(panel([41, 80, 82, 84, 85], [38.0], climbs=True))
    assert low < 38
    assert high > 85


def test_dollar_signs_are_not_formulas():
    name = r"a $\nonsense{$ & <b>"
    svg = draw_curves([replace(panel(X), title=name, series=[replace(panel(X).series[0], label=name)])]).svg
    assert svg.count(r"a $\nonsense{$ &amp; &lt;b&gt;</text>") == 2


def test_equal_drawings_are_equal_bytes():
    assert draw_curves([panel(X, spread=X / 9)]) == draw_curves([panel(X, spread=X / 9)])


def test_one_point_can_be_drawn():
    assert "curve 0" in draw_curves([panel([0.5])]).svg


def test_bars_are_as_long_as_their_numbers():
    svg = draw_bars(["a", "b"], [("train", numpy.array([1.0, 2.0])), ("score", numpy.array([0.5, 0.5]))], "s").svg
    assert all(f">{name}</text>" in svg for name in ("a", "b", "train", "score"))


def test_bars_with_long_names_keep_their_room():
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of axes that have no room left
        parts = [(name, X[:2]) for name in ("Train", "Train successor", "Evaluate", "Score", "Select")]
        draw_bars(["CoNLL-2003, MPNet, BALD (MC last) (warmup = unset, shapes = unset)", "Random"], parts, "Seconds")


def test_no_global_state_is_touched():
    code = """
import sys, matplotlib, numpy
def parameters():  # reading "backend" would choose one
    return {key: matplotlib.rcParams[key] for key in matplotlib.rcParams if key != "backend"}
before = parameters()
from spacy_al.report.panels import Panel, Series
from spacy_al.report.plots import draw_curves
draw_curves([Panel("t", "x", "y", [Series("s", numpy.arange(3.0), numpy.arange(3.0), None, 0)])])
assert parameters() == before
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ALError, match=r"A704.*spacy_al\[report\]"):
        draw_curves([panel(X)])
