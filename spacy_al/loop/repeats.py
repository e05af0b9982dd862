"""The same run with several seeds, and their mean."""

from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import numpy
from thinc.api import Config

from ..files import write_json
from ..runs.folder import RunFolder
from ..runs.state import RunState
from .session import run

Start = Callable[[Config, Path], RunState]


def run_repeats(config: Config, output: Path, repeats: int, start: Start = run) -> List[RunState]:
    """Run a config once, or with the seeds 0 to `repeats` - 1 in folders `seed-N` and a summary beside them.

    config (Config): Not interpolated. output (Path): Folder of the run, or of all of them.
    repeats (int): Number of seeds; 1 uses the config's own seed, in `output` itself.
    start (Callable): Makes each run out of its config and folder; `run`, perhaps with options.
    RETURNS (List[RunState]): Of each run. Raises as `run`.
    """
    if repeats == 1:
        return [start(config, output)]
    states = []
    for seed in range(repeats):
        seeded = config.copy()
        seeded["active_learning"] = {**seeded["active_learning"], "seed": seed}
        states.append(start(seeded, output / f"seed-{seed}"))
        if states[-1].phase == "waiting":
            break
    write_json(output / "summary.json", summarise([output / f"seed-{seed}" for seed in range(repeats)]))
    return states


def summarise(folders: List[Path]) -> List[Dict[str, Any]]:
    """Mean and standard deviation (of the sample) of F1 over runs, for each round that all of them have.

    Both are None in runs without a test set.
    """
    runs = [RunFolder(folder).read_metrics() for folder in folders]
    rows: List[Dict[str, Any]] = []
    for group in zip(*runs):
        mean, deviation = spread([row["ents_f"] for row in group])
        share = float(numpy.mean([row["labelled_fraction"] for row in group]))
        rows.append({
            "round": group[0]["round"], "labelled_fraction": share, "runs": len(group),
            "ents_f_mean": mean, "ents_f_std": deviation,
        })  # fmt: skip
    return rows


def spread(scores: Sequence[Optional[float]]) -> Tuple[Optional[float], Optional[float]]:
    """Mean and standard deviation of scores; None each if any is missing."""
    known = [score for score in scores if score is not None]
    if len(known) < len(scores):
        return None, None
    return float(numpy.mean(known)), float(numpy.std(known, ddof=1)) if len(known) > 1 else 0.0
