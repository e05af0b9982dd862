"""The files of a run, where they are and what is in them."""

import io
import shutil
from pathlib import Path
from typing import Any, Dict, List, Optional

import numpy
from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..corpus.reader import read_docs, write_docs
from ..errors import ALError, Errors
from ..files import write_bytes
from ..jsonl import read_jsonl, write_jsonl


class RunFolder:
    """Paths and small files of a run; everything is replaced in one step."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.cfg"
        self.state = path / "state.json"
        self.metrics = path / "metrics.jsonl"
        self.model = path / "model"
        self.labelled = path / "labelled.spacy"
        self.lock = path / "run.lock"
        self.successor = path / "successor"
        self.successor_config = path / "successor.cfg"

    def round(self, number: int) -> Path:
        """Folder of what was chosen to be labelled for a round."""
        return self.path / "rounds" / f"{number:04d}"

    def selected(self, number: int) -> Path:
        """The sentences chosen for a round, one object a line, best first."""
        return self.round(number) / "selected.jsonl"

    def answers(self, number: int) -> Path:
        """The labelled sentences of a round."""
        return self.round(number) / "annotated.spacy"

    def utilities(self, number: int) -> Path:
        """Utilities that the model of a round gave to the pool."""
        return self.round(number) / "utilities.npz"

    def read_metrics(self) -> List[Dict[str, Any]]:
        """One object for each evaluated round, of rising rounds.

        RAISES: ALError A005 or A007 for a line that is not an object, A511 for one without its round.
        """
        rows: List[Dict[str, Any]] = []
        for line, row in read_jsonl(self.metrics) if self.metrics.exists() else []:
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

    def write_answers(self, number: int, docs: List[Doc]) -> None:
        """Keep the labelled sentences of a round."""
        write_bytes(self.answers(number), write_docs(docs))

    def read_round(self, number: int, vocab: Vocab) -> List[Doc]:
        """The labelled sentences of one round."""
        return list(read_docs(self.answers(number), vocab))

    def read_answers(self, rounds: int, vocab: Vocab) -> List[Doc]:
        """The labelled sentences of rounds 0 to `rounds`, in the order they were chosen."""
        return [doc for number in range(rounds + 1) for doc in read_docs(self.answers(number), vocab)]

    def write_utilities(self, number: int, numbers: numpy.ndarray, scores: Dict[str, numpy.ndarray]) -> None:
        """Keep what the model of a round said of the sentences of the pool with these numbers."""
        write_npz(self.utilities(number), {"numbers": numpy.asarray(numbers), **scores})

    def read_utilities(self, number: int) -> Dict[str, numpy.ndarray]:
        """What `write_utilities` kept; the key "numbers" says which sentences. Empty if nothing was kept."""
        if not self.utilities(number).is_file():
            return {}
        with numpy.load(self.utilities(number), allow_pickle=False) as arrays:
            return dict(arrays)


def write_npz(path: Path, arrays: Dict[str, numpy.ndarray]) -> None:
    """Replace an .npz file in one step."""
    buffer = io.BytesIO()
    numpy.savez(buffer, **arrays)  # type: ignore[arg-type]
    write_bytes(path, buffer.getvalue())


def selection_rows(
    docs: List[Doc],
    utilities: List[Optional[float]],
    *,
    round_: int,
    measure: str,
    suggest: bool,
    uncertainty: Optional[List[List[float]]] = None,
) -> List[Dict[str, Any]]:
    """What selected.jsonl says of the sentences chosen for a round.

    docs (List[Doc]): Best first, with their ids. utilities (List[Optional[float]]): None for random seed sentences.
    measure (str): What chose them. suggest (bool): The Docs hold the model's entities.
    uncertainty (Optional[List[List[float]]]): The measure's value of each token, where it has such values.
    """
    rows = [
        {
            "id": doc.user_data["id"], "round": round_, "rank": rank, "measure": measure, "utility": utility,
            "n_tokens": len(doc), "text": doc.text, "source": doc.user_data.get("source"),
            "words": [token.text for token in doc], "spaces": [bool(token.whitespace_) for token in doc],
            "pos": [token.tag_ for token in doc] if doc.has_annotation("TAG") else None,
            "spans": [[ent.start, ent.end, ent.label_] for ent in doc.ents] if suggest else None,
        }
        for rank, (doc, utility) in enumerate(zip(docs, utilities, strict=True))
    ]  # fmt: skip
    for row, values in zip(rows, uncertainty or [], strict=uncertainty is not None):
        row["token_uncertainty"] = values
    return rows
