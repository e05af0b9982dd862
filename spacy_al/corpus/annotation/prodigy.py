"""Prodigy: tasks of the `ner_manual` interface as JSONL, and the annotations that `prodigy db-out` writes."""

from typing import Dict, List, Optional, Tuple

from ...tasks import VERDICTS, Task
from .any_span import read_spans, refuse_stray
from .chunks import Chunk
from .marks import Record
from .values import Fields, find_task, open_chunk

BINARY_VIEWS = ("ner", "spans")  # a yes or no about what is shown; the rest of the text is not judged
# Interfaces that may have shown no entities at all: without a list of spans nobody knows.
MIXED_VIEWS = ("review", "blocks", "relations", "llm_io", "text", "html", "pages")
MANUAL_VIEWS = ("ner_manual", "spans_manual", *MIXED_VIEWS)
KNOWN = ("spans", "tokens", "relations", "options", "arcs", "versions", "sessions", "_html")


def to_record(task: Task) -> Dict[str, object]:
    """One task as Prodigy's documentation of `ner_manual` describes it.

    Token numbers count from 0 and `token_end` is INCLUSIVE, unlike everywhere else in this package. Hashes
    are left to Prodigy; our id travels in `meta`, which Prodigy shows in the corner of the card.
    """
    return {
        "text": task.text,
        "tokens": [
            {"text": word, "start": start, "end": end, "id": number, "ws": space}
            for number, (word, space, (start, end)) in enumerate(zip(task.words, task.spaces, task.bounds, strict=True))
        ],
        "spans": [
            {"start": first, "end": last, "token_start": start, "token_end": end - 1, "label": label}
            for (first, last, label), (start, end, _) in zip(task.char_spans, task.spans or (), strict=True)
        ],
        "meta": task.about(),
        "_view_id": "ner_manual",
    }


def parse(chunk: Chunk) -> List[Record]:
    """One line of `db-out`.

    A task without "answer" has not been answered. The interfaces `ner` and `spans` ask a yes or no about what
    they show, so an answer there says nothing of other tokens.
    RAISES: ALError A005, A007, A608.
    """
    fields = open_chunk(chunk)
    refuse_stray(fields, KNOWN, "'spans'")
    id_, round_ = find_task(fields, "meta")
    about = next((key for key in ("options", "label") if fields.has(key)), None)
    if about and not fields.has("_view_id") and not fields.has("spans"):
        raise fields.fail(about, "without spans this answer is about the whole text, not about its entities")
    return [
        Record(
            chunk,
            id_,
            fields.choice("answer", VERDICTS) if fields.has("answer") else None,
            tuple(read_spans(fields, "spans")) if fields.has("spans") else (),
            text=fields.text("text"),
            words=_words(fields),
            binary=is_binary(fields),
            unsure=not fields.has("spans") and fields.values.get("_view_id") in MIXED_VIEWS,
            annotator=fields.name("_annotator_id") or fields.name("_session_id"),
            when=fields.number("_timestamp"),
            left_out=len(fields.array("relations")) if fields.has("relations") else 0,
            round=round_,
        )
    ]


def is_binary(fields: Fields) -> bool:
    """Whether the answer is a yes or no about the spans shown.

    RAISES: ALError A608 for an interface that is not about entities.
    """
    if not fields.has("_view_id"):
        # Older versions do not say; `ner.teach` numbers its guesses.
        spans = fields.values.get("spans")
        teach = isinstance(spans, list) and any(isinstance(span, dict) and "rank" in span for span in spans)
        return teach or fields.flag("_is_binary")
    view = fields.choice("_view_id", BINARY_VIEWS + MANUAL_VIEWS)
    return view in BINARY_VIEWS or fields.flag("_is_binary")


def claims(first: Dict[str, object]) -> bool:
    """Whether a record looks like Prodigy's."""
    return "text" in first and ("_view_id" in first or "_input_hash" in first or "answer" in first)


def _words(fields: Fields) -> Optional[Tuple[str, ...]]:
    if not fields.has("tokens"):
        return None
    return tuple(token.text("text") for token in fields.objects("tokens"))
