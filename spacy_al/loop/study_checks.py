"""What is checked of a study's cells before any of them runs: settings, files, models, and what has begun already."""

import contextlib
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Dict, Iterator, List, Sequence

from catalogue import RegistryError
from spacy.util import load_config
from spacy.vocab import Vocab
from thinc.api import Config, ConfigValidationError

from ..corpus.labels import declared_labels
from ..errors import ALError, Errors
from ..files import check_file
from ..runs.changes import config_changes, successor_changes
from ..runs.folder import RunFolder
from ..runs.state import RunState
from ..schemas import ActiveLearningSchema, check_active_learning, fill_active_learning
from .checks import check_sampling, chosen_measures
from .engine import Engine
from .oracle import separate_file
from .reporter import Silent
from .study_cells import standing
from .study_plan import Cell, place_successors
from .successor import load_successor

WRONG = (ALError, ConfigValidationError, RegistryError, ValueError)
# Cells that differ in these alone have the same corpora, and models of one kind.
ALIKE = ("active_learning.seed", "active_learning.measure", "active_learning.dropout")


def check_cells(cells: Sequence[Cell], output: Path, *, accept_changes: bool = False) -> List[Cell]:
    """Check every cell before any of them runs: settings, corpora, labels and models.

    cells (Sequence[Cell]): Of the study. output (Path): The study's folder.
    accept_changes (bool): Whether cells may go on with other settings than they were begun with.
    RETURNS (List[Cell]): Those that are to run: not finished, or to go on with other settings.
    RAISES: ALError A003 (no config), A586 (a cell cannot run), A587 (a cell was begun with others), A702.
    """
    to_run: List[Cell] = []
    pools: Dict[Path, str] = {}
    with TemporaryDirectory() as folder:
        placed = [_placed(cell, Path(folder)) for cell in cells]
        configs = {cell.name: cell_config(cell) for cell in placed}
        for cell in cells:
            state, run = standing(cell, output).state, RunFolder(output / cell.name)
            # A damaged one tells so itself, and stops no other.
            changes = cell_changes(configs[cell.name], run, pools) if state != "damaged" else []
            if changes and not accept_changes:
                raise ALError(Errors.A587.format(path=run.path, changes="; ".join(changes)))
            to_run += [cell] if changes or state != "finished" else []
        names = {cell.name for cell in to_run}
        _check_ready([cell for cell in placed if cell.name in names], configs, output)
    return to_run


def _placed(cell: Cell, folder: Path) -> Cell:
    """The cell with the config of its successor, if it has one, in a folder; raises ALError A003 or A586."""
    try:
        return place_successors([cell], folder)[0]
    except WRONG as error:
        raise _cannot_run(cell, error) from error


def cell_config(cell: Cell) -> Config:
    """The filled config of a cell, not interpolated; raises ALError A003 or A586."""
    check_file(cell.config, "Paths in a study start where the command runs.")
    try:
        config = fill_active_learning(load_config(cell.config, overrides=dict(cell.settings)))
        chosen_measures(check_active_learning(config.interpolate()))
    except WRONG as error:
        raise _cannot_run(cell, error) from error
    return config


def cell_changes(config: Config, folder: RunFolder, pools: Dict[Path, str]) -> List[str]:
    """What is not as it was when a cell began: settings, the pool's sentences, types of entities; none for a new one.

    config (Config): That of the cell now. pools (Dict[Path, str]): Fingerprints that are known; more are put there.
    RAISES: ALError A702 for a damaged config.cfg, A516 for a successor that cannot be read.
    """
    if not folder.config.exists():
        return []
    settings = check_active_learning(config.interpolate())
    kept = load_config(folder.successor_config) if folder.successor_config.is_file() else None
    heir = load_successor(Path(settings.successor), config, settings) if settings.successor else None
    changes = config_changes(folder.stored_config(), config) + successor_changes(kept, heir)
    return [*changes, *(_other_files(config, settings, folder.read_state(), pools) if folder.state.is_file() else [])]


def _other_files(
    config: Config, settings: ActiveLearningSchema, state: RunState, pools: Dict[Path, str]
) -> Iterator[str]:
    # Files of a finished cell may be gone.
    path = Path(str(settings.pool))
    if path.is_file() or any(path.rglob("*.spacy")):
        if path not in pools:
            pools[path] = separate_file(path, Vocab())[0].fingerprint()
        if pools[path] != state.pool:
            yield "the sentences of the pool"
    with contextlib.suppress(ALError):
        labels = declared_labels(config.interpolate(), settings.target)
        if state.labels and set(labels) != set(state.labels):
            yield f"labels: {', '.join(state.labels)} -> {', '.join(labels)}"


def _check_ready(cells: Sequence[Cell], configs: Dict[str, Config], output: Path) -> None:
    """Make what a run begins with, once for cells of one kind, and ask it what each of them will ask.

    RAISES: ALError A586 naming the first cell that cannot run, and why.
    """
    kinds: Dict[str, List[Cell]] = {}
    for cell in cells:
        alike = {**cell.settings, **dict.fromkeys(ALIKE), "active_learning.successor": bool(cell.successor)}
        kinds.setdefault(json.dumps([str(cell.config), cell.tagger, alike], sort_keys=True), []).append(cell)
    for kind in kinds.values():
        engine = None
        for cell in kind:
            try:
                if engine is None:
                    engine = Engine(configs[cell.name], RunFolder(output / cell.name), use_gpu=-1, reporter=Silent())
                settings = check_active_learning(configs[cell.name].interpolate())
                check_sampling(engine.learner.nlp, settings, chosen_measures(settings))
            except WRONG as error:
                raise _cannot_run(cell, error) from error


def _cannot_run(cell: Cell, reason: Exception) -> ALError:
    return ALError(Errors.A586.format(name=cell.name, config=cell.config, reason=reason))
