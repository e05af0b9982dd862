"""A second model that is trained on what the first one chose: during a run, or later from a finished one."""

import time
from configparser import Error as ParserError
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence

from spacy.util import load_config
from thinc.api import Config, ConfigValidationError

from ..errors import ALError, Errors, saying
from ..files import write_text
from ..jsonl import write_jsonl
from ..runs.changes import config_changes, successor_changes
from ..runs.folder import RunFolder
from ..runs.lock import locked
from ..runs.state import RunState
from ..schemas import ActiveLearningSchema, check_active_learning, fill_active_learning
from .checks import check_target
from .determinism import deterministic, prepare_cublas
from .hardware import peak_memory
from .learner import Learner
from .reporter import Reporter, Silent

MORE_ROUNDS = "active_learning.rounds:"


def load_successor(path: Path, config: Config, settings: ActiveLearningSchema) -> Config:
    """The config of a successor: its own model and recipe, on the run's pool, test set and seed.

    path (Path): A config like those of acquisition models; its budgets and measure do not matter.
    config (Config): The run's, filled. Entries of the successor's [paths] that are null are taken from there.
    settings (ActiveLearningSchema): The run's.
    RETURNS (Config): Filled, not interpolated.
    RAISES: ALError A516 when it cannot be read, A505 when it has not the target it names.
    """
    problem = "cannot be read as a config ({reason})"
    kinds = (OSError, ParserError, ConfigValidationError, ValueError)
    with saying(Errors.A516, *kinds, successor=str(path), problem=problem):
        given = load_config(path, interpolate=False)
    given.setdefault("active_learning", {})
    filled = fill_active_learning(given)
    paths = config.interpolate().get("paths", {})
    for key, value in filled.get("paths", {}).items():
        filled["paths"][key] = paths.get(key) if value is None else value
    filled["active_learning"] |= {
        "pool": settings.pool, "test": settings.test, "seed": settings.seed, "oracle": settings.oracle,
        "deterministic": settings.deterministic, "successor": None, "start": None,
    }  # fmt: skip
    check_target(filled, check_active_learning(filled.interpolate()).target)
    return filled


def successor_row(learner: Learner, name: str) -> Dict[str, Any]:
    """What a row says when a successor was evaluated: its scores, and who it is."""
    return {**learner.evaluate(), "evaluated": "successor", "model": name}


def train_successor(
    run: Path,
    successor: Path,
    output: Path,
    *,
    rounds: Optional[Sequence[int]] = None,
    overrides: Optional[Dict[str, Any]] = None,
    use_gpu: int = -1,
    reporter: Optional[Reporter] = None,
) -> List[Dict[str, Any]]:
    """Train another model on what a run has labelled, round by round, and evaluate it on the run's test set.

    The same seeds are used as during a run with this `successor`, so the scores are the same. Rounds that the
    output already holds are not trained again.

    run (Path): Folder of a run. successor (Path): Config of the other model.
    output (Path): Folder for config.cfg, successor.cfg, metrics.jsonl and state.json, as `al report` reads them.
    rounds (Optional[Sequence[int]]): Which; all with labels by default.
    overrides (Optional[Dict[str, Any]]): Of the run's config, such as {"paths.test": ...}, when files have moved.
    RETURNS (List[Dict[str, Any]]): A row for each round.
    RAISES: ALError A510 (no run), A518 (a round without labels), A552 (none has any), A553 (no test set), A516 (a
        config that cannot be read), A520 (the output holds rows of other settings), A504, A517.
    """
    source, target, told = RunFolder(run), RunFolder(output), reporter or Silent()
    state = source.read_state()
    config = fill_active_learning(source.read_config(overrides))
    config["active_learning"]["successor"] = str(successor)
    settings = check_active_learning(config.interpolate())
    if settings.deterministic and use_gpu >= 0:
        prepare_cublas()
    wanted = chosen_rounds(source, state, rounds)
    if not settings.test:
        raise ALError(Errors.A553.format(path=run))
    with locked(target.lock), deterministic(settings.deterministic):
        changed = load_successor(successor, config, settings)
        check_output(target, config, changed)
        write_text(target.config, config.to_str())
        write_text(target.successor_config, changed.to_str())
        learner = Learner(changed, root=settings.seed, use_gpu=use_gpu)
        held = set(state.holdout)
        rows, done = ({row["round"]: row for row in one.read_metrics()} for one in (source, target))
        for number in (number for number in wanted if number not in done):
            ids = [id_ for id_ in learner.read_labels(source, number).learnt if id_ not in held]
            learner.ensure(source, number, ids, told)
            done[number] = late_row(learner, rows[number], successor.stem)
            write_jsonl(target.metrics, [done[key] for key in sorted(done)])
            told.row(done[number])
        RunState(**{**vars(state), "round": wanted[-1], "phase": "done", "pending": []}).save(target.state)
    return target.read_metrics()


def check_output(target: RunFolder, config: Config, successor: Config) -> None:
    """Raise ALError A520 where rows that the output holds are of other settings than these.

    config (Config): The run's. It may have got more rounds since. successor (Config): See `load_successor`.
    """
    if not (target.metrics.is_file() and target.config.is_file() and target.successor_config.is_file()):
        return
    changes = [one for one in config_changes(load_config(target.config), config) if not one.startswith(MORE_ROUNDS)]
    changes += successor_changes(load_config(target.successor_config), successor)
    if changes:
        raise ALError(Errors.A520.format(path=target.path, changes="; ".join(changes)))


def chosen_rounds(source: RunFolder, state: RunState, rounds: Optional[Sequence[int]]) -> List[int]:
    """The rounds to train for, rising; raises ALError A518 for one that is not evaluated yet, A552 without any."""
    known = [row["round"] for row in source.read_metrics()]
    wanted = sorted(set(known if rounds is None else rounds))
    missing = [number for number in wanted if number not in known]
    if not wanted:
        raise ALError(Errors.A552.format(path=source.path))
    if missing:
        raise ALError(Errors.A518.format(path=source.path, rounds=missing, last=state.round))
    return wanted


def late_row(learner: Learner, row: Mapping[str, Any], name: str) -> Dict[str, Any]:
    """The row of a successor that has learnt for a finished round. row (Mapping): The run's. name (str): Its own."""
    start = time.perf_counter()
    scores = successor_row(learner, name)
    seconds = {"train": learner.seconds, "score": 0.0, "select": 0.0, "evaluate": time.perf_counter() - start}
    return {
        **{key: row[key] for key in ("round", "labelled_sentences", "labelled_tokens", "labelled_fraction")},
        "trained_sentences": learner.report.sentences, "steps": learner.report.steps, **scores, "seconds": seconds,
        "acquisition_ents_f": row.get("acquisition_ents_f", row["ents_f"]), "peak_memory": peak_memory(),
    }  # fmt: skip
