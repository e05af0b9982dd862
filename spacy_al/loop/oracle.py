"""Who answers a query: the gold labels of a simulation, or people."""

import warnings
from functools import reduce
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Protocol, Sequence, Tuple

import numpy
from numpy.typing import NDArray
from spacy.attrs import ENT_IOB, ENT_TYPE, ORTH, SPACY, TAG
from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..corpus.docbin import read_columns, spacy_files
from ..corpus.numbering import warn_of_shards
from ..corpus.task_docs import answer_doc
from ..errors import ALError, Errors, Warnings
from ..ids import Numbers
from ..pipeline.teachable import teachable
from ..runs.folder import RunFolder
from ..runs.labelled import merged
from ..runs.state import RunState
from ..tasks import Answer, Task
from ..types import Pool

Windows = Tuple[Tuple[int, int], ...]
# Attributes (tokens, 3), labels (tokens, 2), lengths, occurrence numbers and sources (sentences,).
Part = Tuple[NDArray[numpy.uint64], NDArray[numpy.uint64], NDArray[numpy.int64], Numbers, List[Optional[str]]]


class Oracle(Protocol):
    """Labels sentences."""

    def annotate(self, tasks: Sequence[Task]) -> Optional[List[Doc]]:
        """Labelled Docs in the order of the tasks, or None when people have yet to answer."""
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
        return Pool.from_arrays([], vocab.strings), numpy.zeros((0, 2), dtype=numpy.uint64)
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


class People:
    """Answers that have come in since the last round; None until one of them teaches something."""

    def __init__(self, folder: RunFolder, state: RunState, answers: Sequence[Answer], vocab: Vocab, pipe: Any) -> None:
        """
        folder (RunFolder), state (RunState): Of the run. answers (Sequence[Answer]): Since the last round.
        vocab (Vocab): Of the pipeline. pipe (Any): The component that is to learn from them.
        """
        self.folder, self.state, self.answers, self.vocab, self.pipe = folder, state, answers, vocab, pipe

    def annotate(self, tasks: Sequence[Task]) -> Optional[List[Doc]]:
        """The answered sentences; people may have left some out, or answered for earlier rounds.

        Sentences of which only rejected spans are known are among them if the component learns from such spans;
        otherwise warning W502 says how many go back to the pool.

        RAISES: ALError A519 when no sentence is left.
        """
        docs = answer_docs(self.folder, self.state, self.answers, self.vocab)
        taken = docs if teachable(self.pipe).learns_from_rejected else [doc for doc in docs if is_accepted(doc)]
        path = self.folder.log.path
        if docs and not taken:
            raise ALError(Errors.A519.format(path=path, n=len(docs), name=self.pipe.name))
        if len(taken) < len(docs):
            message = Warnings.W502.format(path=path, n=len(docs) - len(taken), name=self.pipe.name)
            warnings.warn(message, stacklevel=2)
        return taken or None


def answer_docs(folder: RunFolder, state: RunState, answers: Sequence[Answer], vocab: Vocab) -> List[Doc]:
    """Labelled Docs of those answers that teach something; of several to one question, the last one counts.

    Answers to different windows of a sentence become one Doc, whatever the order they came in.
    An earlier version kept the answers of a waiting round in its annotated.spacy alone: they count too.
    """
    said: Dict[str, Dict[Windows, Said]] = {}
    for answer, task in zip(answers, folder.answered_tasks(answers, state.round) if answers else []):
        if task is not None:
            of = said.setdefault(answer.id, {})
            seconds = of[task.windows].seconds if task.windows in of else {}
            kept = {windows: one for windows, one in of.items() if task.windows and windows != task.windows}
            one = Said(task, answer, {**seconds, answer.annotator: answer.seconds})
            said[answer.id] = kept | {task.windows: one}
    docs = [doc for of in said.values() if (doc := joined(list(of.values()), vocab)) is not None]
    before = folder.read_round(state.round, vocab) if folder.answers(state.round).is_file() else []
    asked = set(state.pending)
    return [doc for doc in before if doc.user_data["id"] in asked - set(said)] + docs


class Said(NamedTuple):
    """The last answer to a question, and the seconds that each person's last answer to it took."""

    task: Task
    answer: Answer
    seconds: Dict[Optional[str], Optional[float]]


def joined(said: Sequence[Said], vocab: Vocab) -> Optional[Doc]:
    """What answers to different windows of one sentence, the last one last, teach together; None for nothing."""
    docs = [answer_doc(one.task, one.answer, vocab) for one in said if one.answer.teaches]
    if not docs:
        return None
    doc = reduce(merged, docs)
    seconds = [cost for one in said if one.answer.teaches for cost in one.seconds.values() if cost is not None]
    doc.user_data["answer"] = "accept" if any(map(is_accepted, docs)) else "reject"
    doc.user_data.update({"seconds": sum(seconds)} if seconds else {})
    return doc


def is_accepted(doc: Doc) -> bool:
    """Whether people accepted a sentence, so that its tokens are labelled and not all missing."""
    return bool(doc.user_data.get("answer", "accept") == "accept")
