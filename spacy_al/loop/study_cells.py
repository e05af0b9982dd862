"""One cell of a study on disk: whether its config is sound, where it stands, and what may be thrown away."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional, Sequence

from catalogue import RegistryError
from spacy.util import load_config
from thinc.api import Config, ConfigValidationError

from ..errors import ALError, Errors
from ..files import check_file, write_json
from ..runs.changes import config_changes
from ..runs.folder import RunFolder
from ..runs.state import load_state
from ..schemas import check_active_learning, fill_active_learning
from .checks import chosen_measures
from .study_plan import Cell

LOG = "cell.log"


@dataclass(frozen=True)
class Standing:
    """Where a cell stands.

    name (str): The cell's. state (str): "new", "unfinished", "waiting" (for people) or "finished".
    round (Optional[int]): The last evaluated round. f1 (Optional[float]): Its F1, 0..1.
    seconds (float): All rounds together.
    """

    name: str
    state: str
    round: Optional[int]
    f1: Optional[float]
    seconds: float


def check_cells(cells: Sequence[Cell], output: Path, *, accept_changes: bool = False) -> None:
    """Check the config of every cell before any of them runs.

    cells (Sequence[Cell]): Of the study. output (Path): The study's folder.
    accept_changes (bool): Leave alone what cells that have begun were begun with.
    RAISES: ALError A003 (no config), A586 (a cell's settings do not hold), A587 (a cell was begun with others).
    """
    for cell in cells:
        config = cell_config(cell)
        before = RunFolder(output / cell.name).config
        if before.exists() and not accept_changes:
            changes = config_changes(load_config(before), config)
            if changes:
                raise ALError(Errors.A587.format(path=before.parent, changes="; ".join(changes)))


def cell_config(cell: Cell) -> Config:
    """The filled config of a cell, not interpolated; raises ALError A003 or A586."""
    check_file(cell.config, "Paths in a study start where the command runs.")
    try:
        config = fill_active_learning(load_config(cell.config, overrides=dict(cell.settings)))
        chosen_measures(check_active_learning(config.interpolate()))
    except (ALError, ConfigValidationError, RegistryError, ValueError) as error:
        raise ALError(Errors.A586.format(name=cell.name, config=cell.config, reason=error)) from error
    return config


def standing(cell: Cell, output: Path) -> Standing:
    """Where a cell stands, from its folder. Raises ALError A502 when its state is damaged."""
    folder = RunFolder(output / cell.name)
    state = load_state(folder.state)
    if state is None:
        return Standing(cell.name, "new", None, None, 0.0)
    rows = folder.read_metrics()
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
    state = load_state(folder.state)
    if state is None:
        return []
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
