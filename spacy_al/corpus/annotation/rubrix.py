"""Rubrix and Argilla 1: records of token classification with a "prediction" and an "annotation"."""

from dataclasses import replace
from typing import Dict, List

from .any_span import read_spans, refuse_stray
from .chunks import Chunk
from .marks import Record
from .values import Fields, find_task

KNOWN = ("annotation", "annotations", "prediction", "predictions", "tokens", "metrics", "search_keywords")
STATUSES = ("Default", "Edited", "Validated", "Discarded")


def parse(fields: Fields, chunk: Chunk) -> List[Record]:
    """One record; predictions are a model's and no answer.

    "annotation" is a list of (label, start, end), "annotations" an object of people (`agent`) with their "entities".
    RAISES: ALError A608.
    """
    refuse_stray(fields, KNOWN, '"annotation" or "annotations"')
    status = fields.choice("status", STATUSES) if fields.has("status") else None
    id_, round_ = find_task(fields, "metadata")
    bare = Record(
        chunk,
        id_,
        None,
        text=fields.text("text"),
        words=fields.texts("tokens") if fields.has("tokens") else None,
        round=round_,
    )
    if status == "Discarded":
        return [replace(bare, verdict="ignore")]
    if fields.has("annotation"):
        given = [(fields.name("annotation_agent"), tuple(read_spans(fields, "annotation")))]
    else:
        people = fields.child("annotations") if fields.has("annotations") else Fields({}, chunk.place)
        given = [(name, tuple(read_spans(people.child(name), "entities"))) for name in people.values]
    done = replace(bare, verdict="accept", when=fields.time("event_timestamp"))
    return [replace(done, annotator=name, marks=marks) for name, marks in given] or [bare]


def claims(first: Dict[str, object]) -> bool:
    """Whether a record looks like Rubrix's."""
    keys = first.keys() & {"annotation", "prediction"} or isinstance(first.get("annotations"), dict)
    return "text" in first and bool(keys) and not first.keys() & {"_view_id", "annotation_id", "data", "fields"}
