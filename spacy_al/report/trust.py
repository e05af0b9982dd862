"""Whether each run is good enough, worth going on with, and when to stop: what `al status` says, for the report."""

from pathlib import Path
from typing import Any, Dict, List, Sequence

from spacy.util import load_config

from ..loop.outlook import Outlook, make_outlook
from ..runs.folder import RunFolder
from ..schemas import check_active_learning, fill_active_learning
from .groups import Group
from .page import Block, Points, Text
from .runs import Run

NONE_HELD = (
    "No run has a holdout, sentences drawn at random that are never learnt from: beside a test set, no estimate is to "
    "be trusted, for scores on sentences that were chosen because they are hard are no estimate."
)


def honest_blocks(groups: Sequence[Group], runs: int = 4) -> List[Block]:
    """What the files of runs with a holdout say; of a study without any, that there is none.

    groups (Sequence[Group]): All experiments. runs (int): At most so many are described.
    """
    held = [run for group in groups for run in group.runs if _has_holdout(run.path)]
    if not held:
        return [] if all(run.full for group in groups for run in group.runs) else [Text(NONE_HELD)]
    blocks: List[Block] = []
    for run in held[:runs]:
        where = f"{run.settings.corpus}, seed {run.settings.seed}, after {run.rounds[-1].sentences} sentences:"
        blocks.append(Text(where))
        blocks.append(Points(_outlook(run).lines()))
    return blocks


def _has_holdout(path: Path) -> bool:
    return bool(RunFolder(path).read_metrics()[-1].get("holdout"))


def _outlook(run: Run) -> Outlook:
    folder = RunFolder(run.path)
    settings = check_active_learning(fill_active_learning(load_config(folder.config)).interpolate())
    rule: Dict[str, Any] = settings.stopping or {}
    return make_outlook(
        folder, folder.read_metrics(), seed=settings.seed, rounds=settings.rounds,
        stopped=run.stopped, rule=rule.get("@al_stopping"),
    )  # fmt: skip
