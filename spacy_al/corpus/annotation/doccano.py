"""doccano: JSONL of a sequence labelling project, with or without relations."""

from typing import Dict, List

from ...tasks import Task
from .any_span import looks_labelled, one_key, read_span, refuse_stray
from .chunks import Chunk
from .marks import Record
from .values import Fields, find_task, open_chunk

KEYS = ("label", "labels", "entities", "annotations")


def to_record(task: Task) -> Dict[str, object]:
    """One task as a line for doccano's import; keys it does not know become the example's metadata."""
    label = [list(span) for span in task.char_spans]
    record: Dict[str, object] = {"text": task.text, "label": label, **task.about()}
    if task.spans is not None:
        record["suggested"] = True
    return record


def parse(chunk: Chunk) -> List[Record]:
    """One exported example, as any version of doccano writes it.

    "label" or "labels" has [start, end, label] triples, "entities" objects in a project with relations; versions up
    to 1.2 write "annotations" of all users, with numbers for labels, which are then kept apart.
    RAISES: ALError A005, A007, A608.
    """
    fields = open_chunk(chunk)
    refuse_stray(fields, KEYS, " or ".join(map(repr, KEYS)))
    key = one_key(fields, [key for key in KEYS if not about_text(fields.values.get(key))]) or "label"
    found = [(read_span(fields, value, f"{key}[{n}]"), _user(value)) for n, value in enumerate(fields.array(key))]
    id_, round_ = find_task(fields, "meta", "metadata")
    users = sorted({user for _, user in found}) or [""]
    return [
        Record(
            chunk,
            id_,
            "accept",
            tuple(mark for mark, by in found if by == user),
            text=fields.text("text" if fields.has("text") else "data"),
            unsure=not found or _suggested(fields),
            annotator=user or fields.name("annotator") or fields.name("username"),
            left_out=sum(len(fields.array(other)) for other in ("relations", "cats") if fields.has(other)),
            round=round_,
        )
        for user in users
    ]


def claims(first: Dict[str, object]) -> bool:
    """Whether a record looks like doccano's."""
    lists = any(isinstance(first.get(key), list) for key in KEYS)
    others = {"annotation_id", "_view_id", "tokens", "answer", "sents", "fields", "annotation", "prediction"}
    return ("text" in first or isinstance(first.get("data"), str)) and lists and not first.keys() & others


def about_text(value: object) -> bool:
    """Whether a value names what a whole text is about, and no entities: "news", ["news", "sport"] or a number."""
    words = isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)
    return isinstance(value, (str, int)) or (words and not looks_labelled(value))


def _user(value: object) -> str:
    return str(value.get("user") or "") if isinstance(value, dict) else ""


def _suggested(fields: Fields) -> bool:
    # Suggestions arrive as labels; without this mark, an example nobody opened would pass for a labelled one.
    holders = [fields] + [fields.child(key) for key in ("meta", "metadata") if fields.has(key)]
    return any(holder.flag("suggested") for holder in holders)
