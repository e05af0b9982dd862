"""Run folders as data: where they are, and what each round measured, checked line by line."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Dict, FrozenSet, Iterator, List, Mapping, Optional, Sequence, Tuple

from pydantic import BaseModel, BeforeValidator, Field, TypeAdapter
from pydantic import dataclasses as checked_dataclasses

from ..errors import ALError, Errors, saying
from ..jsonl import fitting, parse_object, read_jsonl
from ..runs.folder import RunFolder
from ..runs.state import load_state
from .settings import Settings, read_settings

SKIPPED = {"model", "rounds"}  # folders of a run that never hold another run
Number = Annotated[float, Field(strict=True)]
Count = Annotated[int, Field(strict=True, ge=0)]
Share = Annotated[Number, Field(ge=0, le=1)]
Amount = Annotated[Number, Field(ge=0)]


class TypeScore(BaseModel):
    """What spaCy's scorer says of a type, as far as it is read here."""

    f: Share


def _known(values: object) -> object:
    if isinstance(values, dict):
        return {key: value for key, value in values.items() if value is not None}
    return {} if values is None else values


Known = Annotated[Dict[str, Amount], BeforeValidator(_known)]


@checked_dataclasses.dataclass(frozen=True)
class Round:
    """What one round measured: a line of metrics.jsonl, as far as it is read here.

    number (int): 0 is the seed round. sentences, tokens (int): Labelled so far.
    share (float): Labelled tokens as a share of the training corpus, 0..1.
    f1, precision, recall (float): Span scores on the test set, or on the holdout of a run without one, 0..1.
    seconds (Dict[str, float]): By phase: train, score, select, evaluate.
    memory (Dict[str, float]): Peaks, host_mb and gpu_mb.
    """

    number: Count = Field(validation_alias="round")
    sentences: Count = Field(validation_alias="labelled_sentences")
    tokens: Count = Field(validation_alias="labelled_tokens")
    share: Share = Field(validation_alias="labelled_fraction")
    f1: Share = Field(validation_alias="ents_f")
    precision: Share = Field(validation_alias="ents_p")
    recall: Share = Field(validation_alias="ents_r")
    types: Optional[Dict[str, TypeScore]] = Field(None, validation_alias="ents_per_type")
    seconds: Known = Field(default_factory=dict)
    memory: Known = Field(default_factory=dict, validation_alias="peak_memory")

    @property
    def per_type(self) -> Dict[str, float]:
        """F1 of each entity type, 0..1."""
        return {label: score.f for label, score in (self.types or {}).items()}


ROUND = TypeAdapter(Round)


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
    def judged(self) -> str:
        """What its scores are of: a test set, by the end of its path, or the run's own holdout."""
        test = self.settings.same.get("active_learning.test")
        return f"test {json.loads(test)}" if test else "its holdout"

    @property
    def full(self) -> bool:
        """Whether this is a training on the whole corpus, without any choosing."""
        return len(self.rounds) == 1 and self.rounds[0].share >= 0.999


def find_runs(folders: Sequence[Path]) -> Tuple[List[Path], List[Path]]:
    """Run folders at or below the given ones, each once, in the order given and then by name.

    folders (Sequence[Path]): Run folders, runs with repeats (sub-folders seed-0, ...), or whole studies.
    RETURNS (Tuple[List[Path], List[Path]]): Folders with finished rounds, and runs without any so far.
    RAISES: ALError A003 (no such folder), A700 (no run below one, or none with a finished round in all).
    """
    ready: Dict[Path, Path] = {}
    waiting: List[Path] = []
    for folder in folders:
        if not folder.is_dir():
            raise ALError(Errors.A003.format(path=folder, cure="Give the folder that `al run --output` wrote."))
        found = list(_walk(folder))
        begun = [path for path in found if RunFolder(path).metrics.is_file()]
        if not found:
            raise ALError(Errors.A700.format(path=folder))
        waiting += [path for path in found if path not in begun]
        for path in begun:
            ready.setdefault(path.resolve(), path)
    if not ready:
        raise ALError(Errors.A700.format(path=", ".join(map(str, folders))))
    return list(ready.values()), list(dict.fromkeys(waiting))


def asked_sections(folders: Sequence[Path]) -> List[str]:
    """The sections of a report that studies ask for, from what `al study` keeps beside their cells.

    folders (Sequence[Path]): As `find_runs`; only those of whole studies are looked at.
    RETURNS (List[str]): Names in the registry `al_report_sections`, each once.
    RAISES: ALError A706 for a damaged file.
    """
    asked: Dict[str, None] = {}
    for folder in map(RunFolder, folders):
        studies = [] if folder.metrics.is_file() else [p for p in folder.path.glob("*.json") if p != folder.state]
        for path in studies:
            with saying(Errors.A706, ALError, path=path):
                names = parse_object(path.read_bytes(), path=path, line=1).get("sections")
            asked.update(dict.fromkeys(map(str, names)) if isinstance(names, list) else {})
    return list(asked)


def _walk(folder: Path) -> Iterator[Path]:
    for path, folders, _ in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in SKIPPED and not name.startswith("."))
        run = RunFolder(Path(path))
        if run.metrics.is_file():
            folders.clear()
            yield run.path
        elif run.state.is_file() and not folders:
            yield run.path


def read_run(path: Path) -> Run:
    """Read one run folder: config.cfg and metrics.jsonl have to be there, state.json may be missing.

    path (Path): The run folder.
    RETURNS (Run): Settings and rounds, without those that were judged by a holdout in which there was no entity yet.
    RAISES: ALError of `read_settings` and `read_jsonl`; A700 (no finished round), A701 (a value is missing,
        of the wrong kind or out of range, or rounds do not rise), A705 (a round was not evaluated), A706
        (state.json is damaged), A732 (no round has a score yet).
    """
    folder = RunFolder(path)
    settings = read_settings(folder.config)
    with saying(Errors.A706, ALError, path=folder.state):
        state = load_state(folder.state)
    rounds: List[Round] = []
    unsure = 0
    for line, row in read_jsonl(folder.metrics):
        new = _round(row, path=folder.metrics, line=line)
        if new is None:
            unsure += 1
            continue
        _check_order(rounds, new, path=folder.metrics, line=line)
        rounds.append(new)
    if not rounds and unsure:
        raise ALError(Errors.A732.format(path=path, rounds=unsure))
    if not rounds:
        raise ALError(Errors.A700.format(path=path))
    if state is None:
        return Run(path, settings, rounds, settings.pool, {})
    facts = {name: str(value) for name, value in {**state.versions, **state.hardware, "device": state.device}.items()}
    return Run(path, settings, rounds, state.pool, facts, frozenset(state.holdout), state.stopped)


def _round(values: Mapping[str, Any], *, path: Path, line: int) -> Optional[Round]:
    """A row as a Round; None where the holdout, which stands for a test set, had no entity yet and so no score."""
    held = values.get("holdout")
    if values.get("ents_f") is None and isinstance(held, dict) and held.get("f") is None:
        return None
    if values.get("ents_f") is None and held:
        # People seldom have a test set: the holdout stands for it.
        values = {**values, **{f"ents_{key}": held.get(key) for key in ("f", "p", "r", "per_type")}}
    if values.get("ents_f") is None:
        raise ALError(Errors.A705.format(path=path, line=line, round=values.get("round")))
    with fitting(Errors.A701, path=path, line=line):
        return ROUND.validate_python(values)


def _check_order(rounds: Sequence[Round], new: Round, *, path: Path, line: int) -> None:
    if rounds and (new.number <= rounds[-1].number or new.tokens < rounds[-1].tokens):
        problem = f"after round {rounds[-1].number} with {rounds[-1].tokens} tokens, both have to rise"
        value = f"{new.number} with {new.tokens} tokens"
        raise ALError(Errors.A701.format(path=path, line=line, field="round", value=value, problem=problem))


def total_tokens(run: Run) -> Optional[int]:
    """Tokens of the training corpus, from the last round's count and share; None if nothing was labelled."""
    last = run.rounds[-1]
    return round(last.tokens / last.share) if last.share else None
