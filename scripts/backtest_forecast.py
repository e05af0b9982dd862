"""How far forecasts of F1 are off, and how often their 80 % interval holds, at 20, 40 and 60 % of learning curves.

    python scripts/backtest_forecast.py CURVES/conll2003/seed-0/run CURVES/wnut17/seed-0/run ...

Folders of runs, or folders of such folders. Each forecast sees the rounds up to its moment only. The truth is F1 on
the test set two rounds later and in the last round; the curve is that of the test set or, as for people who have
none, that of the run's holdout. Prints tables in Markdown.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import List, Tuple

import numpy

from spacy_al.acquisition.forecast import forecast
from spacy_al.loop.outlook import FEWEST_ROUNDS, FEWEST_TO_FORECAST, WIDEST, reach, run_curve
from spacy_al.runs.folder import RunFolder

MOMENTS = (0.2, 0.4, 0.6)


@dataclass(frozen=True)
class Point:
    """One forecast. gain (Tuple): Error, width and whether the interval held of F1 then less F1 at the moment.
    told (bool): Whether `al status` would have shown it."""

    corpus: str
    moment: float
    ahead: str
    error: float
    held: bool
    width: float
    gain: Tuple[float, float, bool]
    told: bool


def find_runs(paths: List[Path]) -> List[Path]:
    """Folders with metrics.jsonl at or below some folders."""
    return sorted({found.parent for path in paths for found in path.rglob("metrics.jsonl")})


def test_points(folder: Path, kind: str) -> List[Point]:
    """Forecasts of one run. kind (str): "test" or "holdout"."""
    run = RunFolder(folder)
    rows = [row for row in run.read_metrics() if row.get("ents_f") is not None]
    points = []
    for moment in MOMENTS:
        last = round(moment * (len(rows) - 1))
        seen = rows[: last + 1]
        if kind == "test":
            seen = [{**row, "holdout": None} for row in seen]
        source = run if kind == "holdout" else RunFolder(folder / "none")
        rng = numpy.random.default_rng(0)
        curve, found = run_curve(source, seen, rng)
        if found != kind or len(curve.f) < 4:
            continue
        known = len(curve.f) >= FEWEST_ROUNDS
        known = known and (kind == "test" or seen[-1]["holdout"]["entities"] >= FEWEST_TO_FORECAST)
        for ahead, row in (("2 rounds", rows[min(last + 2, len(rows) - 1)]), ("the end", rows[-1])):
            tokens = float(row["labelled_tokens"])
            one = forecast(curve, tokens, rng)
            error, width = one.f - row["ents_f"], one.high - one.low
            near = tokens <= reach(seen) * curve.labelled[-1] and width <= WIDEST
            held = one.low <= row["ents_f"] <= one.high
            more, low, high = row["ents_f"] - seen[-1]["ents_f"], one.gain_low, one.gain_high
            gain = (float(one.f - curve.f[-1]) - more, high - low, low <= more <= high)
            points.append(Point(corpus_of(folder), moment, ahead, error, held, width, gain, known and near))
    return points


def corpus_of(folder: Path) -> str:
    """The folder that stands for the corpus, three above in what `backtest_curves.py` makes."""
    return folder.parents[1].name if folder.name == "run" else folder.parent.name


def line(title: str, points: List[Point]) -> str:
    """A row of the table."""
    errors = 100 * numpy.array([point.error for point in points])
    held = 100 * numpy.mean([point.held for point in points])
    width = 100 * numpy.mean([point.width for point in points])
    level = f"{numpy.abs(errors).mean():.1f} | {errors.mean():+.1f} | {width:.1f} | {held:.0f} %"
    off, width, held = (100 * numpy.array([point.gain[place] for point in points]) for place in range(3))
    gain = f"{numpy.abs(off).mean():.1f} | {width.mean():.1f} | {held.mean():.0f} %"
    return f"| {title} | {len(points)} | {level} | {gain} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+")
    args = parser.parse_args()
    runs = find_runs(args.runs)
    for kind in ("test", "holdout"):
        points = [point for run in runs for point in test_points(run, kind)]
        if not points:
            continue
        print(f"\nFrom F1 on the {'test set' if kind == 'test' else 'holdout'}, {len(runs)} runs\n")
        print("| moment, how far ahead | forecasts | error | bias | width | held | gain: error | width | held |")
        print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
        for moment in MOMENTS:
            for ahead in ("2 rounds", "the end"):
                some = [point for point in points if (point.moment, point.ahead) == (moment, ahead)]
                if some:
                    print(line(f"{100 * moment:.0f} %, {ahead}", some))
        told = [point for point in points if point.told]
        for corpus in sorted({point.corpus for point in told}):
            print(line(f"shown to people: {corpus}", [point for point in told if point.corpus == corpus]))
        for ahead in ("2 rounds", "the end"):
            if some := [point for point in told if point.ahead == ahead]:
                print(line(f"shown to people: {ahead}", some))
        if told:
            print(line("shown to people: all", told))
        print(line("all", points))


if __name__ == "__main__":
    main()
