"""A drawing in its two forms: PNG for files, and SVG whose colours and fonts follow the page."""

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Tuple

from ..errors import Errors, saying

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's palette without its yellow, which vanishes on white; the page has a dark twin of each.
INK, SOFT, RULE, PAPER = "#1b1c1e", "#5b6067", "#d6d7d3", "#fdfdfb"
BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"
DOTS = 200  # an inch, in PNG
VARIABLES = {
    INK: "ink",
    SOFT: "soft",
    RULE: "rule",
    PAPER: "paper",
    BLUE: "blue",
    VERMILION: "vermilion",
    GREEN: "green",
    PURPLE: "purple",
    ORANGE: "orange",
    SKY: "sky",
}


@dataclass(frozen=True)
class Picture:
    """One drawing in two forms."""

    png: bytes
    svg: str


def new_figure(size: Tuple[float, float]) -> "Figure":
    """An empty figure of some inches; raises ALError A704 without matplotlib."""
    with saying(Errors.A704, ImportError):
        from matplotlib.figure import Figure
    # A Figure of its own, without pyplot: no backend is chosen and no global state is touched.
    figure = Figure(figsize=size, dpi=DOTS, facecolor=PAPER)
    figure.set_layout_engine("constrained", h_pad=0.12)  # inches: a title stands clear of the axis above it
    return figure


def finish(figure: "Figure") -> Picture:
    """Draw a figure in both forms; equal figures give equal bytes."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    png, svg = io.BytesIO(), io.StringIO()
    FigureCanvasAgg(figure).print_png(png, metadata={"Software": None})
    figure.patch.set_alpha(0)
    # Text stays text, and equal drawings are equal bytes. There is no argument for either outside rcParams.
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "spacy_al"}):
        FigureCanvasSVG(figure).print_svg(svg, metadata={"Date": None, "Creator": None})
    return Picture(png.getvalue(), _for_page(svg.getvalue()))


def _for_page(svg: str) -> str:
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    # The width stays, so that letters are as large in small drawings as in large ones; the height follows from it.
    svg = re.sub(r'<svg ([^>]*?)height="[^"]*" ', r"<svg \1", svg, count=1)
    svg = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;\"]+", "font-family: var(--sans)", svg)
    return re.sub(
        r"#[0-9a-f]{6}\b",
        lambda found: f"var(--{VARIABLES[found[0]]})" if found[0] in VARIABLES else found[0],
        svg,
    )
