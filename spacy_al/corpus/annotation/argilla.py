"""Argilla 2: records with suggestions for a span question, as its `to_json` and `from_json` use them."""

from dataclasses import replace
from typing import Dict, List, Optional

from ...tasks import Task
from . import rubrix
from .any_span import refuse_stray
from .chunks import Chunk
from .marks import Mark, Record
from .values import Fields, find_task, open_chunk

FIELD, QUESTION = "text", "entities"
VERDICT_OF = {"submitted": "accept", "discarded": "ignore", "draft": None}
STATUSES = ("pending", "completed", "discarded")


def to_record(task: Task) -> Dict[str, object]:
    """One record: field "text", question "entities", the model's entities as a suggestion."""
    suggestions: Dict[str, object] = {}
    if task.spans is not None:
        value = [{"start": start, "end": end, "label": label} for start, end, label in task.char_spans]
        suggestions[QUESTION] = {"value": value, "score": None, "agent": f"spacy_al round {task.round}"}
    return {
        "id": task.id,
        "fields": {FIELD: task.text},
        "metadata": task.about(),
        "suggestions": suggestions,
        "responses": {},
        "vectors": {},
    }


def parse(chunk: Chunk) -> List[Record]:
    """One record with all its responses; one without any has not been answered.

    Argilla's own `to_json` leaves out whether a response was submitted, so the record's status decides:
    responses of a pending record are drafts. docs/annotation-tools.md shows an export that keeps each
    response's status.
    RAISES: ALError A005, A007, A608.
    """
    fields = open_chunk(chunk)
    if rubrix.claims(fields.values):
        return rubrix.parse(fields, chunk)
    refuse_stray(fields, ("responses", "suggestions"), "'responses'")
    text = fields.child("fields").text(FIELD)
    id_, round_ = find_task(fields, "metadata")
    id_ = id_ or fields.maybe("id")
    responses = fields.child("responses") if fields.has("responses") else Fields({}, chunk.place)
    refuse_stray(responses, (QUESTION,), f"the question {QUESTION!r}")
    status = fields.choice("status", STATUSES) if fields.has("status") else None
    given = responses.objects(QUESTION) if responses.has(QUESTION) else []
    if not given:
        return [Record(chunk, id_, "ignore" if status == "discarded" else None, text=text, round=round_)]
    return [replace(_response(response, chunk, id_, text, status), round=round_) for response in given]


def claims(first: Dict[str, object]) -> bool:
    """Whether a record looks like Argilla's, of version 2 or before."""
    return isinstance(first.get("fields"), dict) or rubrix.claims(first)


def _response(response: Fields, chunk: Chunk, id_: Optional[str], text: str, status: Optional[str]) -> Record:
    if response.has("status"):
        verdict = VERDICT_OF[response.choice("status", tuple(VERDICT_OF))]
    else:
        verdict = {"completed": "accept", "discarded": "ignore"}.get(status or "")
    bare = Record(chunk, id_, verdict, text=text, annotator=response.name("user_id"))
    if verdict != "accept":
        return bare
    spans = response.objects("value")
    marks = tuple(Mark(span.label("label"), (span.integer("start"), span.integer("end"))) for span in spans)
    return replace(bare, marks=marks, when=response.time("updated_at"))
