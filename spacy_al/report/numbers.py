"""Numbers as a reader sees them: F1 in percent, shares, means with their spread, durations."""

from itertools import groupby
from typing import Optional, Sequence

import numpy

NONE = "–"


def percent(value: float, *, digits: int = 1) -> str:
    """0.9134 -> "91.3"."""
    return f"{100 * value:.{digits}f}"


def share(value: float) -> str:
    """0.2004 -> "20 %", 0.005 -> "0.5 %"."""
    text = f"{100 * value:.1f}".removesuffix(".0")
    return f"{text} %"


def part(value: float) -> str:
    """0.2004 -> "20.0 %": shares in a column, which line up."""
    return f"{100 * value:.1f} %"


def mean_f1(values: Sequence[float], *, digits: int = 1) -> str:
    """F1 over seeds, 0..1 -> "91.3 ± 0.2" in percent; the standard deviation has n - 1 in its denominator."""
    mean = percent(float(numpy.mean(values)), digits=digits)
    if len(values) < 2:
        return mean
    return f"{mean} ± {percent(float(numpy.std(values, ddof=1)), digits=digits)}"


def points(value: float) -> str:
    """A difference of F1, 0..1 -> "+2.14" in points of percent; what rounds to nothing has no sign."""
    text = f"{100 * value:+.2f}"
    return "0.00" if text in ("+0.00", "-0.00") else text.replace("-", "−")


def p_value(value: float) -> str:
    """0.03123 -> "0.031", anything below 0.001 -> "< 0.001"."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def seconds(value: Optional[float]) -> str:
    """Seconds with three figures: 0.213 -> "0.21", 12.54 -> "12.5", 339.4 -> "339"; None -> a dash."""
    if value is None:
        return NONE
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def count(value: float) -> str:
    """14041 -> "14,041"."""
    return f"{value:,.0f}"


def ranges(values: Sequence[int]) -> str:
    """Whole numbers with runs drawn together: [0, 1, 2, 5] -> "0–2, 5"."""
    parts = []
    for _, some in groupby(enumerate(sorted(values)), key=lambda pair: pair[1] - pair[0]):
        run = [value for _, value in some]
        parts.append(f"{run[0]}" if len(run) == 1 else f"{run[0]}–{run[-1]}")
    return ", ".join(parts)
