"""What stopping rules cost: labels spent after the best moment to stop, and F1 lost by stopping before it.

    python scripts/backtest_stopping.py CURVES

Folders of simulated runs, or folders of such folders. The best moment is the first round whose F1 on the test set is
within a tolerance of the highest of the run; that F1 is also the target of `Target`. The budget of `Budget` is a share
of the pool's tokens. Prints tables in Markdown.
"""

import argparse
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy

from spacy_al.registry import registry
from spacy_al.runs.folder import RunFolder

RULES: List[Tuple[str, Dict[str, Any]]] = [
    ("Agreement", {}), ("Agreement", {"threshold": 0.95}), ("Agreement", {"threshold": 0.99}),
    ("PredictedChange", {}), ("PredictedChange", {"epsilon": 0.05}), ("PredictedChange", {"epsilon": 0.01}),
    ("Exhausted", {}), ("Exhausted", {"share": 0.3}), ("Exhausted", {"share": 0.1}),
    ("Stable", {}), ("Stable", {"share": 0.995}),
    ("Target", {"level": "low"}), ("Target", {"level": "f"}),
    ("Budget", {"share": 0.3}), ("Budget", {"share": 0.4}), ("Budget", {"share": 0.5}),
]  # fmt: skip


def make_rule(name: str, settings: Dict[str, Any], rows: List[Dict[str, Any]], tolerance: float) -> Any:
    """A rule for one run: its target is the run's highest F1 less the tolerance, its budget a share of the pool."""
    if name == "Target":
        settings = {**settings, "f1": max(row["ents_f"] for row in rows) - tolerance}
    if name == "Budget":
        settings = {"tokens": round(settings["share"] * rows[-1]["labelled_tokens"] / rows[-1]["labelled_fraction"])}
    return registry.resolve({"it": {"@al_stopping": f"spacy-al.{name}.v1", **settings}})["it"]


def cost(rows: List[Dict[str, Any]], rule: Any, tolerance: float) -> Tuple[bool, float, float]:
    """Whether a rule stopped a run, tokens labelled too many as a share of the pool's, and F1 lost."""
    scores = numpy.array([row["ents_f"] for row in rows])
    shares = numpy.array([row["labelled_fraction"] for row in rows])
    best = int(numpy.flatnonzero(scores >= scores.max() - tolerance)[0])
    reasons = [number for number in range(len(rows)) if rule(rows[: number + 1])]
    stop = reasons[0] if reasons else len(rows) - 1
    return bool(reasons), max(float(shares[stop] - shares[best]), 0.0), max(float(scores[best] - scores[stop]), 0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--tolerance", type=float, default=0.01, help="F1 below the highest that is as good, 0 to 1")
    args = parser.parse_args()
    folders = sorted({found.parent for path in args.runs for found in path.rglob("metrics.jsonl")})
    runs = [[row for row in RunFolder(path).read_metrics() if row.get("ents_f") is not None] for path in folders]
    runs = [rows for rows in runs if rows]
    bests = [
        next(
            row["labelled_fraction"] for row in rows if row["ents_f"] >= max(r["ents_f"] for r in rows) - args.tolerance
        )
        for rows in runs
    ]
    print(f"{len(runs)} runs; the best moment to stop is at {100 * numpy.mean(bests):.1f} % of the pool's tokens,")
    print(f"their ends at {100 * numpy.mean([rows[-1]['labelled_fraction'] for rows in runs]):.1f} %\n")
    print("| rule | stopped | labels spent after the best moment | F1 lost before it | largest loss |")
    print("|---|---:|---:|---:|---:|")
    for name, settings in RULES:
        costs = [cost(rows, make_rule(name, settings, rows, args.tolerance), args.tolerance) for rows in runs]
        said = ", ".join(f"{key} = {value}" for key, value in settings.items()) or "as it comes"
        late, lost = (100 * numpy.array([one[place] for one in costs]) for place in (1, 2))
        print(
            f"| {name}, {said} | {sum(one[0] for one in costs)} of {len(runs)} | {late.mean():.1f} % of the pool "
            f"| {lost.mean():.1f} points | {lost.max():.1f} |"
        )


if __name__ == "__main__":
    main()
