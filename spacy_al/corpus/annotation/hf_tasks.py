"""Rows of a Hugging Face data set for token classification, as JSONL: "tokens", and "ner_tags" by name."""

from typing import Dict, List

from ...tasks import VERDICTS, Task
from ..schemes import encode
from .chunks import Chunk
from .marks import Record
from .values import find_task, open_chunk, tagged_marks


def to_record(task: Task) -> Dict[str, object]:
    """One task as a row; without the model's entities its tags are null, with them it is marked as suggested."""
    row: Dict[str, object] = {"tokens": list(task.words), "ner_tags": None, **task.about()}
    if task.spans is not None:
        row |= {"ner_tags": encode(task.spans, len(task.words), "IOB2"), "suggested": True}
    return row


def parse(chunk: Chunk) -> List[Record]:
    """One row, with a tag in IOB2 for each token; "answer" may say that it was skipped.

    RAISES: ALError A005, A007, A608, A614 (tags against IOB2).
    """
    fields = open_chunk(chunk)
    words, tags = fields.texts("tokens"), fields.texts("ner_tags") if fields.has("ner_tags") else None
    verdict = None if tags is None else "accept"
    if fields.has("answer"):
        verdict = fields.choice("answer", VERDICTS)
    if tags is not None and len(tags) != len(words):
        raise fields.fail("ner_tags", f"{len(tags)} tags for {len(words)} tokens")
    marks = tuple(tagged_marks(tags or [], lambda number: chunk.place))
    id_, round_ = find_task(fields)
    return [Record(chunk, id_, verdict, marks, words=words, unsure=fields.flag("suggested"), round=round_)]


def claims(first: Dict[str, object]) -> bool:
    """Whether a record is such a row."""
    return isinstance(first.get("tokens"), list) and "ner_tags" in first
