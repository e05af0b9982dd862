"""What people's answers come to: of several to one question the one that counts, and labels that are taken back."""

import warnings
from dataclasses import dataclass
from functools import reduce
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..corpus.task_docs import answer_doc
from ..errors import ALError, Errors, Warnings
from ..pipeline.teachable import teachable
from ..runs.differences import is_settled
from ..runs.folder import RunFolder
from ..runs.labelled import TAKEN_BACK, merged
from ..runs.state import RunState
from ..tasks import Answer, Task, answer_problem

Windows = Tuple[Tuple[int, int], ...]


@dataclass(frozen=True)
class People:
    """Answers that have come in since the last round; None until one of them teaches something.

    folder (RunFolder), state (RunState): Of the run. answers (Sequence[Answer]): Since the last round.
    vocab (Vocab): Of the pipeline. pipe (Any): The component that is to learn from them.
    labels (Sequence[str]): The declared entity types; none: any label will do.
    """

    folder: RunFolder
    state: RunState
    answers: Sequence[Answer]
    vocab: Vocab
    pipe: Any
    labels: Sequence[str]

    def annotate(self, tasks: Sequence[Task]) -> Optional[List[Doc]]:
        """The answered sentences; people may have left some out, or answered for earlier rounds.

        Sentences of which only rejected spans are known are among them if the component learns from such spans;
        otherwise warning W502 says how many go back to the pool. Those with labels that were taken back are too.

        RAISES: ALError A519 when no sentence is left, A532 for an answer that does not fit what was asked.
        """
        check_answers(self.folder, self.state, self.answers, self.labels)
        rejected = teachable(self.pipe).learns_from_rejected
        back = taken_back(self.folder, self.state, self.answers, self.vocab, rejected=rejected)
        ids = {doc.user_data["id"] for doc in back}
        docs = answer_docs(self.folder, self.state, self.answers, self.vocab)
        docs = [doc for doc in docs if doc.user_data["id"] not in ids]
        taken = docs if rejected else [doc for doc in docs if is_accepted(doc)]
        path = self.folder.log.path
        if docs and not taken and not back:
            raise ALError(Errors.A519.format(path=path, n=len(docs), name=self.pipe.name))
        if len(taken) < len(docs):
            message = Warnings.W502.format(path=path, n=len(docs) - len(taken), name=self.pipe.name)
            warnings.warn(message, stacklevel=2)
        return [*back, *taken] or None


def check_answers(folder: RunFolder, state: RunState, answers: Sequence[Answer], labels: Sequence[str] = ()) -> None:
    """Raise ALError A532 for an answer that counts and is none to what was asked, as after an edit by hand.

    labels (Sequence[str]): The declared entity types; none: any label will do.
    """
    tasks = folder.answered_tasks(answers, state.round) if answers else []
    counts = {one.answer for of in weigh(folder, state, answers).values() for one in of.values()}
    for answer, task in zip(answers, tasks):
        problem = answer_problem(answer, task, labels) if task is None or answer in counts else None
        if problem:
            line = folder.log.line_of(answer)
            raise ALError(Errors.A532.format(path=folder.log.path, line=line, problem=f"{answer.id!r}: {problem}"))


def answer_docs(folder: RunFolder, state: RunState, answers: Sequence[Answer], vocab: Vocab) -> List[Doc]:
    """Labelled Docs of those answers that teach something; of several to one question, the one that counts.

    Answers to different windows of a sentence become one Doc, whatever the order they came in.
    An earlier version kept the answers of a waiting round in its annotated.spacy alone: they count too.
    """
    said = weigh(folder, state, answers)
    docs = [doc for of in said.values() if (doc := joined(list(of.values()), vocab)) is not None]
    before = folder.read_round(state.round, vocab) if folder.answers(state.round).is_file() else []
    asked = set(state.pending)
    return [doc for doc in before if doc.user_data["id"] in asked - set(said)] + docs


def taken_back(
    folder: RunFolder, state: RunState, answers: Sequence[Answer], vocab: Vocab, *, rejected: bool = True
) -> List[Doc]:
    """Docs of sentences whose labels were taken in before and are taken back, as far as they are, by some new answers.

    answers (Sequence[Answer]): The new ones, the last of the log. rejected (bool): Whether rejected spans teach.
    RETURNS (List[Doc]): With what is left of their labels; `user_data[TAKEN_BACK]` is "all" where that is nothing.
    """
    known = {*state.labelled, *state.holdout}
    ids = {one.id for one in answers if not one.teaches and one.id in known}
    if not ids:
        return []
    every = [one for one in folder.log.read()[: state.answers + len(answers)] if one.id in ids]
    docs = []
    for of in weigh(folder, state, every).values():
        said = list(of.values())
        if any(one.back for one in said):
            left = joined(said, vocab)
            some = left is not None and (rejected or is_accepted(left))
            docs.append(left or answer_doc(said[-1].task, said[-1].answer, vocab))
            docs[-1].user_data[TAKEN_BACK] = "part" if some else "all"
    return docs


def weigh(folder: RunFolder, state: RunState, answers: Sequence[Answer]) -> Dict[str, Dict[Windows, "Said"]]:
    """By sentence and question, the answer that counts: the last one, a settled one too.

    One that teaches nothing takes back what the same person said, or somebody without a name. Where another person has
    answered, it is a skip and says nothing.
    """
    said: Dict[str, Dict[Windows, Said]] = {}
    for answer, task in zip(answers, folder.answered_tasks(answers, state.round) if answers else []):
        if task is None:
            continue
        of = said.setdefault(answer.id, {})
        old = of.get(task.windows)
        if old is not None and not answer.teaches and not may_take_back(old.answer, answer):
            continue
        back = old is not None and not answer.teaches and (old.back or old.answer.teaches)
        seconds = {**(old.seconds if old else {}), answer.annotator: answer.seconds}
        # What is said of the whole sentence replaces what was said of its windows.
        kept = {windows: one for windows, one in of.items() if windows != task.windows}
        kept = kept if task.windows or not answer.teaches else {}
        said[answer.id] = kept | {task.windows: Said(task, answer, seconds, back)}
    return said


def may_take_back(old: Answer, new: Answer) -> bool:
    """Whether the person of `new` can be that of `old`, or settles what several said."""
    return old.annotator == new.annotator or None in (old.annotator, new.annotator) or is_settled(new.annotator)


class Said(NamedTuple):
    """The answer to a question that counts, and the seconds that each person's last answer to it took.

    back (bool): It takes back an earlier one."""

    task: Task
    answer: Answer
    seconds: Dict[Optional[str], Optional[float]]
    back: bool = False


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
