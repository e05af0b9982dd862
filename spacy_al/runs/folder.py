"""The files of a run, where they are and what is in them."""

import io
import json
import shutil
import zipfile
import zlib
from configparser import Error as ParserError
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy
from numpy.typing import NDArray
from spacy.tokens import Doc
from spacy.util import load_config
from spacy.vocab import Vocab
from thinc.api import Config, ConfigValidationError

from ..corpus.docbin import read_columns
from ..corpus.reader import read_docs
from ..errors import ALError, Errors, saying
from ..files import check_file, write_bytes, write_json
from ..jsonl import fitting, parse_object, raw_lines, write_jsonl
from ..schemas import ActiveLearningSchema, check_active_learning, fill_active_learning
from ..tasks import Answer, Task
from .answers import AnswerLog
from .state import RunState, load_state

Stamp = Tuple[int, ...]
OWN = {
    "answers.jsonl", "state.json", "metrics.jsonl", "config.cfg", "run.lock", "leases.json", "page.json", "labels.json",
    "labelled.spacy", "train.cfg", "successor.cfg", "rounds", "model", "successor",
}  # fmt: skip


class RunFolder:
    """Paths and small files of a run; everything is replaced in one step."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.cfg"
        self.state = path / "state.json"
        self.metrics = path / "metrics.jsonl"
        self.model = path / "model"
        self.labelled = path / "labelled.spacy"
        self.train_config = path / "train.cfg"
        self.lock = path / "run.lock"
        self.log = AnswerLog(path / "answers.jsonl")
        self.successor = path / "successor"
        self.successor_config = path / "successor.cfg"
        self._tasks: Dict[Path, Tuple[Stamp, List[Task]]] = {}
        self._whole: Dict[Path, Stamp] = {}

    def check_free(self) -> None:
        """Raise ALError A538 where a run that is to begin would replace a model or labels of somebody else."""
        for path in (self.model, self.successor, self.labelled, self.train_config):
            if path.exists():
                raise ALError(Errors.A538.format(path=path))

    def read_config(self, overrides: Optional[Mapping[str, Any]] = None) -> Config:
        """The run's config, not interpolated.

        Files that `al annotate` has put into RUN/corpus are looked for there, whatever the folder is called now and
        wherever the command is typed; overrides win.
        """
        said = dict(overrides or {})
        config = self.stored_config(said)
        for key, value in config.get("paths", {}).items():
            own = self.path / "corpus" / Path(str(value)).name
            if f"paths.{key}" not in said and Path(str(value)).parent.name == "corpus" and own.is_file():
                config["paths"][key] = str(own)
        return config

    def stored_config(self, overrides: Optional[Mapping[str, Any]] = None) -> Config:
        """The run's config as the file has it, not interpolated; raises ALError A003 or A702 when that is no config."""
        check_file(self.config, "It belongs to the run: restore it from a copy.")
        try:
            return load_config(self.config, overrides=dict(overrides or {}), interpolate=False)
        except (ParserError, UnicodeDecodeError, ConfigValidationError) as error:
            if overrides and isinstance(error, ConfigValidationError):
                raise  # it may be about these
            raise ALError(Errors.A702.format(path=self.config, reason=" ".join(str(error).split()))) from error

    def read_state(self) -> RunState:
        """The run's state; raises ALError A510 when no run is here, A502 when it is damaged."""
        state = load_state(self.state)
        if state is None:
            raise ALError(Errors.A510.format(path=self.path))
        return state

    def read_settings(self) -> ActiveLearningSchema:
        """The run's [active_learning] block; raises ALError as `check_active_learning` does."""
        return check_active_learning(fill_active_learning(self.read_config()).interpolate())

    def numbers(self) -> List[int]:
        """The rounds that have a folder, rising."""
        return sorted(int(path.name) for path in self.path.glob("rounds/*") if path.name.isdigit())

    def round(self, number: int) -> Path:
        """Folder of what was chosen to be labelled for a round."""
        return self.path / "rounds" / f"{number:04d}"

    def selected(self, number: int) -> Path:
        """The sentences chosen for a round, one object a line, best first."""
        return self.round(number) / "selected.jsonl"

    def write_selected(self, number: int, tasks: Sequence[Task], values: Sequence[Optional[List[float]]]) -> None:
        """Keep what was chosen for a round, best first, and the measure's value of each token where there is one."""
        rows = [task.to_row() for task in tasks]
        for row, some in zip(rows, values):
            if some is not None:
                row["token_uncertainty"] = some
        write_jsonl(self.selected(number), rows)

    def read_selected(self, number: int) -> List[Task]:
        """What was chosen for a round, best first; empty if nothing was."""
        path = self.selected(number)
        return read_tasks(path) if path.is_file() else []

    def reserve(self, number: int) -> Path:
        """What comes after the chosen sentences of a round, for people who answer faster than rounds follow."""
        return self.round(number) / "reserve.jsonl"

    def read_tasks(self, number: int) -> List[Task]:
        """The chosen sentences of a round and then its reserve, best first; files that have not changed are kept."""
        return [task for path in (self.selected(number), self.reserve(number)) for task in self._kept_tasks(path)]

    def asked(self, round_: int) -> Dict[str, Task]:
        """The last task of each sentence that was chosen for the rounds up to `round_` or in reserve then, by id."""
        return {task.id: task for task in self.every_task(round_)}

    def every_task(self, round_: int) -> List[Task]:
        """All that was asked or in reserve up to a round; a sentence with windows may be there several times."""
        return [task for number in range(round_ + 1) for task in self.read_tasks(number)]

    def answered_tasks(self, answers: Sequence[Answer], round_: int) -> List[Optional[Task]]:
        """The task that each answer is to: that of its round, else the last of its sentence up to `round_`, or None."""
        every = self.every_task(round_)
        of: Dict[Tuple[str, Optional[int]], Task] = {(task.id, task.round): task for task in every}
        last = {task.id: task for task in every}
        return [of.get((one.id, one.round), last.get(one.id)) for one in answers]

    def _kept_tasks(self, path: Path) -> List[Task]:
        try:
            stamp = file_stamp(path)
        except FileNotFoundError:
            return []
        if self._tasks.get(path, ((), []))[0] != stamp:
            self._tasks[path] = (stamp, read_tasks(path))
        return self._tasks[path][1]

    def check_labels(self, number: int) -> None:
        """Raise FileNotFoundError without a round's labels, ALError A130 when they are no whole DocBin; a file that was
        whole is not read again until it changes."""
        path = self.answers(number)
        stamp = file_stamp(path)
        if self._whole.get(path) != stamp:
            read_columns(path, [])
            self._whole[path] = stamp

    def round_model(self, number: int) -> Path:
        """The pipeline of a round, where `keep_models` is on."""
        return self.round(number) / "model"

    def answers(self, number: int) -> Path:
        """The labelled sentences of a round."""
        return self.round(number) / "annotated.spacy"

    def utilities(self, number: int) -> Path:
        """Arrays of what the model of a round said of the pool; the key "numbers" says of which sentences."""
        return self.round(number) / "utilities.npz"

    def watched(self, number: int) -> Path:
        """Arrays of what the model of a round said of the stop set."""
        return self.round(number) / "watched.npz"

    def holdout(self, number: int) -> Path:
        """Arrays of how the models up to a round do on the holdout: "rounds", (rounds, sentences, 3) "counts"."""
        return self.round(number) / "holdout.npz"

    def write_learnt(self, number: int, learnt: Dict[str, Any]) -> None:
        """Keep what a round has taught its model."""
        write_json(self.round(number) / "learnt.json", learnt)

    def read_learnt(self, number: int) -> Dict[str, Any]:
        """What `write_learnt` kept of a round; empty if nothing was kept. Raises ALError A536 for a damaged file."""
        path = self.round(number) / "learnt.json"
        if not path.is_file():
            return {}
        with saying(Errors.A536, ValueError, TypeError, path=path):
            return dict(json.loads(path.read_bytes()))

    def read_metrics(self) -> List[Dict[str, Any]]:
        """One object for each evaluated round, of rising rounds.

        RAISES: ALError A511 for a line that is not an object, or is one without its round.
        """
        rows: List[Dict[str, Any]] = []
        for line, raw in raw_lines(self.metrics) if self.metrics.exists() else []:
            if not raw.strip():
                continue
            # Not what is wrong with the line, whose cure is to remove it: then its round would be missing.
            with saying(Errors.A511, ALError, path=self.metrics, problem=f"line {line} is damaged"):
                row = parse_object(raw, path=self.metrics, line=line)
            number, last = row.get("round"), rows[-1]["round"] if rows else -1
            if not isinstance(number, int) or number <= last:
                problem = f"line {line} has round = {number!r}, after round {last}"
                raise ALError(Errors.A511.format(path=self.metrics, problem=problem))
            rows.append(row)
        return rows

    def check_metrics(self, rounds: int) -> None:
        """Raise ALError A511 unless there is a row for each of the rounds 0 to `rounds` - 1."""
        found = {row["round"] for row in self.read_metrics()}
        missing = [number for number in range(rounds) if number not in found]
        if missing:
            raise ALError(Errors.A511.format(path=self.metrics, problem=f"there is no row for round {missing[0]}"))

    def sweep(self) -> None:
        """Remove what a process that was killed while it wrote has left behind."""
        for pattern in (".*.tmp", ".*.old", "rounds/*/.*.tmp"):
            for left in self.path.glob(pattern):
                shutil.rmtree(left) if left.is_dir() else left.unlink()

    def write_metrics(self, row: Dict[str, Any]) -> None:
        """Add the row of a round, or replace it, and drop rows of later rounds."""
        rows = [old for old in self.read_metrics() if old["round"] < row["round"]]
        write_jsonl(self.metrics, [*rows, row])

    def read_round(self, number: int, vocab: Vocab) -> List[Doc]:
        """The labelled sentences of one round; raises ALError A534 when they are not there or damaged."""
        path = self.answers(number)
        if not path.is_file():
            raise ALError(Errors.A534.format(path=path, problem="no such file"))
        with saying(Errors.A534, ALError, path=path, problem="not a whole DocBin"):
            return list(read_docs(path, vocab))

    def pseudo(self, number: int) -> Path:
        """Sentences that the tagger labelled itself, to learn from in a round beside people's labels."""
        return self.round(number) / "pseudo.spacy"

    def read_pseudo(self, number: int, vocab: Vocab) -> List[Doc]:
        """The Docs of `pseudo`; none where nothing was kept."""
        return list(read_docs(self.pseudo(number), vocab)) if self.pseudo(number).is_file() else []


def owner(path: Path) -> Optional[Path]:
    """The run that a file belongs to and could not do without, whether it is there yet or not; None for all others."""
    path = path.resolve()
    for folder in path.parents[:5]:
        name = path.relative_to(folder).parts[0]
        if (folder / "state.json").is_file() and (name in OWN or (name == "corpus" and path.exists())):
            return folder
    return None


def write_npz(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Replace an .npz file in one step."""
    buffer = io.BytesIO()
    numpy.savez(buffer, **arrays)  # type: ignore[arg-type]
    write_bytes(path, buffer.getvalue())


def read_npz(path: Path) -> Dict[str, NDArray[Any]]:
    """The arrays of an .npz file; none if it is not there. Raises ALError A536 for a damaged one."""
    if not path.is_file():
        return {}
    kinds = (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error)
    with saying(Errors.A536, *kinds, path=path), numpy.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def file_stamp(path: Path) -> Stamp:
    """What changes with a file; raises FileNotFoundError without one."""
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def read_tasks(path: Path) -> List[Task]:
    """The tasks of a file, a line each; raises ALError A537 for a line that is none."""
    tasks = []
    for line, raw in raw_lines(path):
        if raw.strip():
            with saying(Errors.A537, ALError, path=path, line=line, problem="the line is damaged"):
                row = parse_object(raw, path=path, line=line)
            with fitting(Errors.A537, path=path, line=line, problem="no task ({reason})"):
                tasks.append(Task.from_row(row))
    return tasks
