"""Whether each run is good enough, worth going on with, and when to stop: what `al status` says, for the report."""

from typing import Any, Dict, List, Sequence

from ..loop.learnt import describe
from ..loop.outlook import make_outlook
from ..runs.folder import RunFolder
from .groups import Group
from .numbers import NONE
from .page import Block, Heading, Points, Table, Text
from .runs import Run

NONE_HELD = (
    "No run has a holdout, sentences drawn at random that are never learnt from: beside a test set, no estimate is to "
    "be trusted, for scores on sentences that were chosen because they are hard are no estimate."
)


def honest_blocks(groups: Sequence[Group], runs: int = 4, *, examples: bool = True) -> List[Block]:
    """What the files of runs with a holdout say; of runs without any, that there is none, and what they have learnt.

    groups (Sequence[Group]): All experiments. runs (int): At most so many are described; a study without a holdout has
        more than that. examples (bool): Whether sentences of the corpus may be shown.
    """
    every = [run for group in groups for run in group.runs if not run.full]
    held = [run for run in every if RunFolder(run.path).read_metrics()[-1].get("holdout")]
    blocks: List[Block] = [Text(NONE_HELD)] if every and not held else []
    shown = held[:runs] or (every if len(every) <= runs else [])
    for run in shown:
        where = f"{run.settings.corpus}, seed {run.settings.seed}, after {run.rounds[-1].sentences} sentences:"
        blocks += [Text(where)] if len(shown) > 1 else []
        blocks += [*(_outlook(run) if held else []), *_learnt(run, examples)]
    return blocks


def _outlook(run: Run) -> List[Block]:
    folder = RunFolder(run.path)
    outlook = make_outlook(folder, folder.read_metrics(), folder.read_settings(), run.stopped)
    return [block for title, lines in outlook.parts().items() for block in (Heading(title), Points(lines))]


def _learnt(run: Run, examples: bool) -> List[Block]:
    learnt = RunFolder(run.path).read_learnt(run.rounds[-1].number)
    lines, changed = describe(learnt), learnt.get("changed", []) if examples else []
    blocks: List[Block] = [Points(lines)] if lines else []
    blocks += [_table_of_changes(changed)] if changed else []
    return [Heading("What has the last round taught?"), *blocks] if blocks else []


def _table_of_changes(changed: Sequence[Dict[str, Any]]) -> Table:
    rows = [[" ".join(one["words"]), _named(one, "before"), _named(one, "now")] for one in changed]
    return Table("Sentences on which the model has changed its mind", ["Sentence", "Before", "Now"], rows, words=3)


def _named(one: Dict[str, Any], when: str) -> str:
    said = (f"{' '.join(one['words'][start:end])} ({label})" for start, end, label in one[when])
    return ", ".join(said) or NONE
