"""Run folders as data: where they are, and what each round measured, checked line by line."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, FrozenSet, Iterator, List, Mapping, Optional, Sequence, Tuple

from ..errors import ALError, Errors
from ..jsonl import parse_object, read_jsonl
from .checked import Record
from .settings import Settings, read_settings

METRICS = "metrics.jsonl"
STATE = "state.json"
LARGEST_STATE = 1 << 28  # bytes
SKIPPED = {"model", "rounds"}  # folders of a run that never hold another run


@dataclass(frozen=True)
class Round:
    """What one round measured.

    number (int): 0 is the seed round. sentences, tokens (int): Labelled so far.
    share (float): Labelled tokens as a share of the training corpus, 0..1.
    f1, precision, recall (float): Span scores on the test set, or on the holdout of a run without one, 0..1.
    per_type (Dict[str, float]): F1 of each entity type, 0..1.
    seconds (Dict[str, float]): By phase: train, score, select, evaluate.
    memory (Dict[str, float]): Peaks, host_mb and gpu_mb.
    """

    number: int
    sentences: int
    tokens: int
    share: float
    f1: float
    precision: float
    recall: float
    per_type: Dict[str, float]
    seconds: Dict[str, float]
    memory: Dict[str, float]


@dataclass(frozen=True)
class Run:
    """One run folder.

    path (Path): The folder. settings (Settings): From its config. rounds (List[Round]): By rising number.
    pool (str): Fingerprint of the pool from state.json, or its path where there is none.
    facts (Dict[str, str]): Versions and hardware from state.json, as far as it holds them.
    held (FrozenSet[str]): Ids of the holdout. stopped (Optional[str]): Why a stopping rule ended the run.
    """

    path: Path
    settings: Settings
    rounds: List[Round]
    pool: str
    facts: Dict[str, str]
    held: FrozenSet[str] = frozenset()
    stopped: Optional[str] = None

    @property
    def full(self) -> bool:
        """Whether this is a training on the whole corpus, without any choosing."""
        return len(self.rounds) == 1 and self.rounds[0].share >= 0.999


def find_runs(folders: Sequence[Path]) -> Tuple[List[Path], List[Path]]:
    """Run folders at or below the given ones, each once, in the order given and then by name.

    folders (Sequence[Path]): Run folders, runs with repeats (sub-folders seed-0, ...), or whole studies.
    RETURNS (Tuple[List[Path], List[Path]]): Folders with finished rounds, and runs without any so far.
    RAISES: ALError A003 (no such folder), A700 (no run below one).
    """
    ready: Dict[Path, Path] = {}
    waiting: List[Path] = []
    for folder in folders:
        if not folder.is_dir():
            raise ALError(Errors.A003.format(path=folder, cure="Give the folder that `al run --output` wrote."))
        found = list(_walk(folder))
        if not any((path / METRICS).is_file() for path in found):
            raise ALError(Errors.A700.format(path=folder))
        for path in found:
            if not (path / METRICS).is_file():
                waiting.append(path)
            else:
                ready.setdefault(path.resolve(), path)
    return list(ready.values()), waiting


def asked_sections(folders: Sequence[Path]) -> List[str]:
    """The sections of a report that studies ask for, from what `al study` keeps beside their cells.

    folders (Sequence[Path]): As `find_runs`; only those of whole studies are looked at.
    RETURNS (List[str]): Names in the registry `al_report_sections`, each once.
    RAISES: ALError A706 for a damaged file.
    """
    asked: Dict[str, None] = {}
    for path in (path for folder in folders if not (folder / METRICS).is_file() for path in folder.glob("*.json")):
        names = _json(path).get("sections") if path.name != STATE else None
        asked.update(dict.fromkeys(str(name) for name in names) if isinstance(names, list) else {})
    return list(asked)


def _walk(folder: Path) -> Iterator[Path]:
    for path, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in SKIPPED and not name.startswith("."))
        if METRICS in files:
            folders.clear()
            yield Path(path)
        elif STATE in files and not folders:
            yield Path(path)


def read_run(path: Path) -> Run:
    """Read one run folder: config.cfg and metrics.jsonl have to be there, state.json may be missing.

    path (Path): The run folder.
    RETURNS (Run): Settings and rounds.
    RAISES: ALError of `read_settings` and `read_jsonl`; A700 (no finished round), A701 (a value is missing,
        of the wrong kind or out of range, or rounds do not rise), A705 (a round was not evaluated), A706
        (state.json is damaged).
    """
    settings = read_settings(path / "config.cfg")
    rounds: List[Round] = []
    for line, record in read_jsonl(path / METRICS):
        round_ = _round(Record(path / METRICS, line, record))
        _check_order(rounds, round_, path=path / METRICS, line=line)
        rounds.append(round_)
    if not rounds:
        raise ALError(Errors.A700.format(path=path))
    state = _json(path / STATE)
    pool = state.get("pool")
    held, stopped = state.get("holdout"), state.get("stopped")
    return Run(
        path, settings, rounds, str(pool) if isinstance(pool, str) else settings.pool, _facts(state),
        frozenset(map(str, held)) if isinstance(held, list) else frozenset(),
        stopped if isinstance(stopped, str) else None,
    )  # fmt: skip


def _round(record: Record) -> Round:
    number = record.count("round")
    held = record.values.get("holdout")
    if record.values.get("ents_f") is None and isinstance(held, Mapping):
        # People seldom have a test set: the holdout stands for it.
        scores = {f"ents_{key}": held.get(key) for key in ("f", "p", "r", "per_type")}
        record = Record(record.path, record.line, {**record.values, **scores})
    if record.values.get("ents_f") is None:
        raise ALError(Errors.A705.format(path=record.path, line=record.line, round=number))
    return Round(
        number=number,
        sentences=record.count("labelled_sentences"),
        tokens=record.count("labelled_tokens"),
        share=record.number("labelled_fraction", most=1),
        f1=record.number("ents_f", most=1),
        precision=record.number("ents_p", most=1),
        recall=record.number("ents_r", most=1),
        per_type=_per_type(record),
        seconds=record.numbers("seconds"),
        memory=record.numbers("peak_memory"),
    )


def _per_type(record: Record) -> Dict[str, float]:
    # spaCy's scorer gives {"PER": {"p": ..., "r": ..., "f": ...}}.
    types = record.values.get("ents_per_type")
    if types is None:
        return {}
    if not isinstance(types, Mapping):
        raise record.fail("ents_per_type", types, "an object of scores by type was expected")
    result = {}
    for label, scores in types.items():
        value = scores.get("f") if isinstance(scores, Mapping) else scores
        result[label] = record.check(f"ents_per_type.{label}.f", value, most=1)
    return result


def _check_order(rounds: Sequence[Round], new: Round, *, path: Path, line: int) -> None:
    if rounds and (new.number <= rounds[-1].number or new.tokens < rounds[-1].tokens):
        problem = f"after round {rounds[-1].number} with {rounds[-1].tokens} tokens, both have to rise"
        value = f"{new.number} with {new.tokens} tokens"
        raise ALError(Errors.A701.format(path=path, line=line, field="round", value=value, problem=problem))


def _json(path: Path) -> Dict[str, object]:
    if not path.is_file():
        return {}
    if path.stat().st_size > LARGEST_STATE:
        raise ALError(Errors.A706.format(path=path, reason=f"larger than {LARGEST_STATE} bytes"))
    try:
        return parse_object(path.read_bytes(), path=path, line=1)
    except ALError as error:
        raise ALError(Errors.A706.format(path=path, reason=error)) from error


def _facts(state: Mapping[str, object]) -> Dict[str, str]:
    facts: Dict[str, str] = {}
    for field in ("versions", "hardware", "device"):
        value = state.get(field)
        if isinstance(value, Mapping):
            facts.update({str(key): _fact(item) for key, item in value.items() if item is not None})
        elif value is not None:
            facts[field] = _fact(value)
    return facts


def _fact(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def total_tokens(run: Run) -> Optional[int]:
    """Tokens of the training corpus, from the last round's count and share; None if nothing was labelled."""
    last = run.rounds[-1]
    return round(last.tokens / last.share) if last.share else None
