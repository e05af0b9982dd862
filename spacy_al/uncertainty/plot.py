"""Reliability diagrams as a picture."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Mapping

from ..errors import Errors, saying
from ..files import write_bytes
from .calibration import Reliability

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, ORANGE = "#0072B2", "#D55E00"  # Okabe and Ito's, told apart by colour-blind readers


def plot_reliability(diagrams: Mapping[str, Reliability], path: Path) -> None:
    """Draw reliability diagrams side by side and write them as PNG.

    diagrams (Mapping[str, Reliability]): By title, such as "tokens".
    path (Path): The file to write.
    RAISES: ALError A704 without matplotlib, A002 when the file cannot be written.
    """
    with saying(Errors.A704, ImportError):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    figure = Figure(figsize=(4.2 * len(diagrams), 4.4), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    rows = figure.subplots(1, len(diagrams), squeeze=False)
    for axes, (title, diagram) in zip(rows[0], diagrams.items(), strict=True):
        _draw(axes, title, diagram)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    write_bytes(path, buffer.getvalue())


def _draw(axes: "Axes", title: str, diagram: Reliability) -> None:
    full = diagram.counts > 0
    width = diagram.edges[1]
    axes.plot([0, 1], [0, 1], linestyle="--", color="0.5", linewidth=1, label="perfect")
    axes.bar(
        diagram.edges[:-1][full],
        diagram.accuracy[full],
        width=width,
        align="edge",
        color=BLUE,
        alpha=0.35,
        edgecolor=BLUE,
        label="share that is right",
    )
    axes.plot(diagram.confidence[full], diagram.accuracy[full], "o", color=ORANGE, markersize=4, label="mean of bin")
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="share that is right", aspect="equal")
    axes.set_title(f"{title}: ECE {diagram.ece:.3f}, n = {int(diagram.counts.sum()):,}", fontsize=10)
    axes.legend(loc="upper left", fontsize=8, frameon=False)
