"""Who answers a query: the gold labels of a simulation, or people."""

import warnings
from pathlib import Path
from typing import Any, Iterable, Iterator, List, Optional, Protocol, Sequence, Tuple

import numpy
from numpy.typing import NDArray
from spacy.attrs import ENT_IOB, ENT_TYPE, ORTH, SPACY, TAG
from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..acquisition.columns import read_columns
from ..corpus.reader import read_docs
from ..errors import ALError, Errors, Warnings
from ..tasks import REJECTED
from ..types import Pool, pool_array

# Attributes (tokens, 3), labels (tokens, 2), lengths and sources (sentences,).
Part = Tuple[NDArray[numpy.uint64], NDArray[numpy.uint64], NDArray[numpy.int64], List[Optional[str]]]


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
        numbers = [self.pool.index[id_] for id_ in ids]
        return [self._labelled(doc, number) for doc, number in zip(self.pool.docs(numbers, self.vocab), numbers)]

    def _labelled(self, doc: Doc, number: int) -> Doc:
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
    """What `separate` makes of a .spacy file or folder, without making a Doc of each sentence.

    RAISES: ALError A003 when there is no such file, A130 when a file is not a DocBin.
    """
    parts = [read_part(file_, vocab) for file_ in spacy_files(path)]
    if not parts:
        return separate([], vocab)
    if len(parts) == 1:  # no need to copy what may be large
        attributes, labels, lengths, sources = parts[0]
        return Pool.from_flat(attributes, lengths, sources, vocab.strings), labels
    attributes, labels, lengths = (numpy.concatenate([part[place] for part in parts]) for place in range(3))
    sources = [source for part in parts for source in part[3]]
    return Pool.from_flat(attributes, lengths, sources, vocab.strings), labels


def spacy_files(path: Path) -> List[Path]:
    """The .spacy files at a path, as `read_docs` takes them; raises ALError A003 when there are none."""
    if not path.exists():
        raise ALError(Errors.A003.format(path=path, cure="Make it with `python -m spacy al convert`."))
    return sorted(path.rglob("*.spacy")) if path.is_dir() else [path]


def read_part(path: Path, vocab: Vocab) -> Part:
    """`pool_array`s, labels, lengths and sources of the sentences of one DocBin; its strings are added to `vocab`.

    RAISES: ALError A130 when the file is not a whole DocBin.
    """
    columns = read_columns(path, [(ORTH, SPACY, TAG), (ENT_IOB, ENT_TYPE)])
    attributes, labels = columns.groups
    attributes[:, 1] = columns.spaces  # a DocBin keeps them apart
    for string in columns.strings:
        vocab.strings.add(string)
    if any(word not in vocab.strings for word in numpy.unique(attributes[:, [0, 2]]).tolist()):
        raise ALError(Errors.A130.format(path=path, reason="it lacks the string of a word"))
    return attributes, labels, columns.lengths, columns.sources


class People:
    """Answers that `al ingest` put into the round's folder; None until they are there."""

    def __init__(self, answers: Path, vocab: Vocab, pipe: Any) -> None:
        """
        answers (Path): The DocBin with the answers of this round. vocab (Vocab): Of the pipeline.
        pipe (Any): The component that is to learn from them.
        """
        self.answers = answers
        self.vocab = vocab
        self.pipe = pipe

    def annotate(self, ids: Sequence[str]) -> Optional[List[Doc]]:
        """The answered sentences; people may have left some out.

        Sentences of which only rejected spans are known are among them if the component learns from such spans;
        otherwise warning W502 says how many go back to the pool.
        RAISES: ALError A519 when no sentence is left.
        """
        if not self.answers.is_file():
            return None
        asked = set(ids)
        docs = [doc for doc in read_docs(self.answers, self.vocab) if doc.user_data.get("id") in asked]
        taken = docs if learns_from_rejected(self.pipe) else [doc for doc in docs if is_accepted(doc)]
        if docs and not taken:
            raise ALError(Errors.A519.format(path=self.answers, n=len(docs), name=self.pipe.name))
        if len(taken) < len(docs):
            message = Warnings.W502.format(path=self.answers, n=len(docs) - len(taken), name=self.pipe.name)
            warnings.warn(message, stacklevel=2)
        return taken


def is_accepted(doc: Doc) -> bool:
    """Whether people accepted a sentence, so that its tokens are labelled and not all missing."""
    return doc.user_data.get("answer", "accept") == "accept"


def learns_from_rejected(pipe: Any) -> bool:
    """Whether a component learns from `doc.spans[REJECTED]`: by its own word, or spaCy's `ner` by its setting."""
    if hasattr(pipe, "learns_from_rejected"):
        return bool(pipe.learns_from_rejected)
    return getattr(pipe, "cfg", {}).get("incorrect_spans_key") == REJECTED
