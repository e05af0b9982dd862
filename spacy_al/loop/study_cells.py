"""One cell of a study on disk: where it stands, what is kept beside it, and what may be thrown away."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional, Sequence

from ..errors import ALError
from ..files import write_json
from ..runs.folder import RunFolder
from ..runs.resume import EVALUATED, find_state
from .study_plan import Cell

LOG = "cell.log"


@dataclass(frozen=True)
class Standing:
    """Where a cell stands.

    name (str): The cell's. state (str): "new", "unfinished", "waiting" (for people), "finished" or "damaged".
    round (Optional[int]): The last evaluated round. f1 (Optional[float]): Its F1, 0..1.
    seconds (float): All rounds together. problem (str): Of a damaged one, the message of the error.
    """

    name: str
    state: str
    round: Optional[int]
    f1: Optional[float]
    seconds: float = 0.0
    problem: str = ""


def standing(cell: Cell, output: Path) -> Standing:
    """Where a cell stands, from its folder."""
    folder = RunFolder(output / cell.name)
    try:
        state = find_state(folder)
        if state is None:
            return Standing(cell.name, "new", None, None)
        folder.check_metrics(state.round + (state.phase in EVALUATED))
        rows = folder.read_metrics()
    except ALError as error:
        return Standing(cell.name, "damaged", None, None, problem=str(error))
    last = rows[-1] if rows else {}
    seconds = sum(sum(row["seconds"].values()) for row in rows)
    words = {"done": "finished", "waiting": "waiting"}
    return Standing(cell.name, words.get(state.phase, "unfinished"), last.get("round"), last.get("ents_f"), seconds)


def keep_study(cells: Sequence[Cell], output: Path, name: str, *, sections: Sequence[str] = ()) -> None:
    """Write what a study asks for beside its cells, as NAME.json; several studies may share cells and folder.

    sections (Sequence[str]): What reports of the study hold beside the usual, see `study_file.Study`.
    """
    asked = {cell.name: {"config": str(cell.config), "settings": cell.settings} for cell in cells}
    write_json(output / f"{name}.json", {"cells": asked, "sections": list(sections)})


def slim(cell: Cell, output: Path) -> List[Path]:
    """Delete what a report does not read: the model and utilities; a cell can still go on afterwards.

    RETURNS (List[Path]): What was deleted.
    """
    folder = RunFolder(output / cell.name)
    if standing(cell, output).state in ("new", "damaged"):
        return []
    state = folder.read_state()
    finished = state.phase == "done"
    # An unfinished round still chooses by its utilities. Answers of all rounds stay: more rounds train on them.
    said = [*folder.path.glob("rounds/*/utilities.npz"), *folder.path.glob("rounds/*/watched.npz")]
    large = [path for path in sorted(said) if finished or _before(path, state.round)]
    if finished:
        large += [path for path in (folder.model, folder.path / "successor") if path.is_dir()]
    for path in large:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return large


def _before(path: Path, round_: int) -> bool:
    return path.parent.name.isdigit() and int(path.parent.name) < round_


def last_line(output: Path, name: str) -> str:
    """The last line a cell's log has anything on, which is where errors stand."""
    path = output / name / LOG
    lines = path.read_text(encoding="utf8", errors="replace").splitlines() if path.is_file() else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "nothing in its log")
