"""Between spaCy's Docs and tasks or answers, O and missing kept apart."""

from typing import List

from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from ..tasks import REJECTED, Answer, Task, TokenSpan
from .schemes import entity_spans


def make_task(doc: Doc, id: str, *, suggest: bool = False) -> Task:
    """A task out of a sentence; what it is asked for, and where it stands, is for the caller to say (`replace`).

    doc (Doc): The sentence, with a model's entities if they are to be suggested. id (str): Its id.
    suggest (bool): Show `doc.ents` to people, for them to correct.
    RAISES: ALError A600.
    """
    return Task(
        id=id,
        words=tuple(token.text for token in doc),
        spaces=tuple(bool(token.whitespace_) for token in doc),
        spans=tuple(entity_spans(doc)) if suggest else None,
        pos=tuple(token.tag_ for token in doc) if doc.has_annotation("TAG") else (),
    )


def task_doc(task: Task, vocab: Vocab) -> Doc:
    """A Doc of the task: its entities are the suggestions, missing if there are none; id in `user_data`."""
    doc = _bare_doc(task, vocab)
    if task.spans is not None:
        doc.set_ents(_spans(doc, task.spans), default="outside")
    doc.user_data.update({"id": task.id, "round": task.round, "rank": task.rank, "utility": task.utility})
    doc.user_data.update({"measure": task.measure, "source": task.source})
    return doc


def answer_doc(task: Task, answer: Answer, vocab: Vocab) -> Doc:
    """A labelled Doc: entities as answered, tokens O or missing.

    task (Task): The sentence.
    answer (Answer): Unless it is accepted, all tokens stay missing.
    vocab (Vocab): The Doc's vocabulary.
    RETURNS (Doc): The task's id, the annotator, the seconds and the time stand in `user_data`, rejected spans in
        `doc.spans[REJECTED]`.
    """
    doc = _bare_doc(task, vocab)
    if answer.verdict == "accept":
        missing = [Span(doc, number, number + 1) for number in answer.to(task).missing]
        doc.set_ents(_spans(doc, answer.spans), missing=missing, default="outside")
    if answer.rejected:
        doc.spans[REJECTED] = _spans(doc, answer.rejected)
    about = {
        "id": task.id,
        "answer": answer.verdict,
        "annotator": answer.annotator,
        "seconds": answer.seconds,
        "when": answer.when,
    }
    doc.user_data.update({key: value for key, value in about.items() if value is not None})
    return doc


def _bare_doc(task: Task, vocab: Vocab) -> Doc:
    tags = list(task.pos) or None
    return Doc(vocab, words=list(task.words), spaces=list(task.spaces), tags=tags)


def _spans(doc: Doc, spans: "tuple[TokenSpan, ...]") -> List[Span]:
    return [Span(doc, start, end, label=label) for start, end, label in spans]
