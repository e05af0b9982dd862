"""Who answers a query: the gold labels of a simulation, or people."""

from pathlib import Path
from typing import Iterable, Iterator, List, Optional, Protocol, Sequence, Tuple

import numpy
from numpy.typing import NDArray
from spacy.attrs import ENT_IOB, ENT_TYPE
from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..corpus.reader import read_docs
from ..errors import ALError, Errors
from ..types import Pool, pool_array


class Oracle(Protocol):
    """Labels sentences."""

    def annotate(self, ids: Sequence[str]) -> Optional[List[Doc]]:
        """Labelled Docs in the order of `ids`, or None when people have yet to answer."""
        ...


class SimulatedOracle:
    """Gold labels of a pool, known nowhere else in the process."""

    def __init__(self, pool: Pool, labels: NDArray[numpy.uint64], vocab: Vocab) -> None:
        """
        pool (Pool): The sentences.
        labels (NDArray[uint64]): ENT_IOB and ENT_TYPE of each token of the pool, (tokens, 2).
        vocab (Vocab): Of the pipeline that is trained.
        RAISES: ALError A501 when no token is annotated.
        """
        if not labels.any():
            raise ALError(Errors.A501)
        self.pool = pool
        self.labels = labels
        self.vocab = vocab

    def annotate(self, ids: Sequence[str]) -> List[Doc]:
        """Gold Docs in the order of `ids`."""
        return [self._doc(self.pool.index[id_]) for id_ in ids]

    def _doc(self, number: int) -> Doc:
        doc = self.pool.doc(number, self.vocab)
        labels = self.labels[self.pool.starts[number] : self.pool.starts[number + 1]]
        return doc.from_array([ENT_IOB, ENT_TYPE], labels)  # type: ignore[arg-type]


def separate(docs: Iterable[Doc], vocab: Vocab) -> Tuple[Pool, NDArray[numpy.uint64]]:
    """Take labelled Docs apart into a pool without labels and the labels, for the oracle alone.

    docs (Iterable[Doc]): Read once, one at a time. vocab (Vocab): Theirs.
    RETURNS (Tuple[Pool, NDArray[uint64]]): The pool, and ENT_IOB and ENT_TYPE of its tokens, (tokens, 2).
    """
    labels: List[NDArray[numpy.uint64]] = []

    def bare() -> Iterator[Tuple[NDArray[numpy.uint64], Optional[str]]]:
        for doc in docs:
            labels.append(doc.to_array([ENT_IOB, ENT_TYPE]).reshape(-1, 2))  # type: ignore[arg-type]
            yield pool_array(doc), doc.user_data.get("source")

    pool = Pool.from_arrays(bare(), vocab.strings)
    return pool, numpy.concatenate(labels) if labels else numpy.zeros((0, 2), dtype=numpy.uint64)


def separate_file(path: Path, vocab: Vocab) -> Tuple[Pool, NDArray[numpy.uint64]]:
    """`separate` for the sentences of a .spacy file or folder; raises as `read_docs`."""
    return separate(read_docs(path, vocab), vocab)


class People:
    """Answers that `al ingest` put into the round's folder; None until they are there."""

    def __init__(self, answers: Path, vocab: Vocab) -> None:
        """answers (Path): The DocBin with the answers of this round. vocab (Vocab): Of the pipeline."""
        self.answers = answers
        self.vocab = vocab

    def annotate(self, ids: Sequence[str]) -> Optional[List[Doc]]:
        """The answered sentences; people may have left some out."""
        if not self.answers.is_file():
            return None
        asked = set(ids)
        return [doc for doc in read_docs(self.answers, self.vocab) if doc.user_data.get("id") in asked]
