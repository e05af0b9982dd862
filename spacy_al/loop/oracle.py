"""Who answers a query: the gold labels of a simulation here, people in `people`."""

from pathlib import Path
from typing import List, Optional, Protocol, Sequence, Tuple

import numpy
from numpy.typing import NDArray
from spacy.attrs import ENT_IOB, ENT_TYPE, ORTH, SPACY, TAG
from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..corpus.docbin import read_columns, spacy_files
from ..corpus.numbering import warn_of_shards
from ..errors import ALError, Errors
from ..ids import Numbers
from ..tasks import Task
from ..types import Pool

# Attributes (tokens, 3), labels (tokens, 2), lengths, occurrence numbers and sources (sentences,).
Part = Tuple[NDArray[numpy.uint64], NDArray[numpy.uint64], NDArray[numpy.int64], Numbers, List[Optional[str]]]


class Oracle(Protocol):
    """Labels sentences."""

    def annotate(self, tasks: Sequence[Task]) -> Optional[List[Doc]]:
        """Labelled Docs in the order of the tasks, or None when people have yet to answer."""


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

    def annotate(self, tasks: Sequence[Task]) -> List[Doc]:
        """Gold Docs in the order of the tasks; with windows, all tokens outside them are missing.

        An entity that crosses an edge of a window is labelled whole.
        """
        numbers = [self.pool.index[task.id] for task in tasks]
        docs = self.pool.docs(numbers, self.vocab)
        return [self._labelled(doc, number, task) for doc, number, task in zip(docs, numbers, tasks)]

    def _labelled(self, doc: Doc, number: int, task: Task) -> Doc:
        labels = self.labels[self.pool.starts[number] : self.pool.starts[number + 1]]
        if task.windows:
            labels = labels * inside(labels[:, 0], task.windows)[:, None]
        return doc.from_array([ENT_IOB, ENT_TYPE], labels)  # type: ignore[arg-type]


def inside(iob: NDArray[numpy.uint64], windows: Sequence[Tuple[int, int]]) -> NDArray[numpy.bool_]:
    """Tokens in windows, and those of entities that begin or end in one: (tokens,).

    iob (NDArray[uint64]): spaCy's ENT_IOB, 1 for a token that continues an entity, (tokens,).
    """
    mask = numpy.zeros(len(iob), dtype=bool)
    for start, end in windows:
        while start > 0 and iob[start] == 1:
            start -= 1
        while end < len(iob) and iob[end] == 1:
            end += 1
        mask[start:end] = True
    return mask


def separate_file(path: Path, vocab: Vocab) -> Tuple[Pool, NDArray[numpy.uint64]]:
    """Take a .spacy file or folder apart into a pool without labels and the labels, for the oracle alone.

    path (Path): Read in columns, without making a Doc of each sentence. vocab (Vocab): Gets its strings.
    RETURNS (Tuple[Pool, NDArray[uint64]]): The pool, and ENT_IOB and ENT_TYPE of its tokens, (tokens, 2).
    RAISES: ALError A003 when there is no such file, A130 when a file is not a DocBin.
    """
    parts = [read_part(file_, vocab) for file_ in spacy_files(path)]
    if not parts:
        return Pool.from_docs([], vocab), numpy.zeros((0, 2), dtype=numpy.uint64)
    if len(parts) == 1:  # no need to copy what may be large
        attributes, labels, lengths, known, sources = parts[0]
    else:
        attributes, labels, lengths, known = (numpy.concatenate([part[i] for part in parts]) for i in range(4))
        sources = [source for part in parts for source in part[4]]
    warn_of_shards(path, known)
    return Pool.from_flat(attributes, lengths, sources, vocab.strings, known), labels


def read_part(path: Path, vocab: Vocab) -> Part:
    """`pool_array`s, labels, lengths and sources of the sentences of one DocBin; its strings are added to `vocab`.

    RAISES: ALError A130 when the file is not a whole DocBin.
    """
    columns = read_columns(path, [(ORTH, SPACY, TAG), (ENT_IOB, ENT_TYPE)], user=("source",))
    attributes, labels = columns.groups
    attributes[:, 1] = columns.spaces  # a DocBin keeps them apart
    for string in columns.strings:
        vocab.strings.add(string)
    if any(word not in vocab.strings for word in numpy.unique(attributes[:, [0, 2]]).tolist()):
        raise ALError(Errors.A130.format(path=path, reason="it lacks the string of a word"))
    return attributes, labels, columns.lengths, columns.occurrences, columns.user["source"]
