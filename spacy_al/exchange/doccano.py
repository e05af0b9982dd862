"""doccano: JSONL of a sequence labelling project, with or without relations."""

from typing import Dict, List, Sequence

from ..jsonl import dump_line
from ..tasks import Task
from .fields import Fields, find_id, open_chunk
from .records import Chunk, Mark, Record


def to_record(task: Task) -> Dict[str, object]:
    """One task as a line for doccano's import; keys it does not know become the example's metadata."""
    spans = [[task.bounds[start][0], task.bounds[end - 1][1], label] for start, end, label in task.spans or ()]
    record: Dict[str, object] = {
        "text": task.text,
        "label": spans,
        "al_id": task.id,
        "round": task.round,
        "rank": task.rank,
        "measure": task.measure,
        "utility": task.utility,
    }
    if task.source is not None:
        record["source"] = task.source
    if task.spans is not None:
        record["suggested"] = True
    return record


def dump(tasks: Sequence[Task]) -> bytes:
    """Tasks as JSONL."""
    return "".join(dump_line(to_record(task)) + "\n" for task in tasks).encode("utf8")


def parse(chunk: Chunk) -> List[Record]:
    """One exported example: "label" as [start, end, label] triples, or "entities" of a project with
    relations.

    RAISES: ALError A005, A007, A608.
    """
    fields = open_chunk(chunk)
    if fields.has("entities"):
        marks = [_entity(entity) for entity in fields.objects("entities")]
    else:
        key = "labels" if "labels" in fields.values else "label"
        marks = [_triple(fields, value, f"{key}[{n}]") for n, value in enumerate(fields.array(key))]
    return [
        Record(
            chunk,
            find_id(fields, "meta", "metadata"),
            "accept",
            tuple(marks),
            text=fields.text("text"),
            unsure=not marks or _suggested(fields),
            left_out=len(fields.array("relations")) if fields.has("relations") else 0,
        )
    ]


def claims(first: Dict[str, object]) -> bool:
    """Whether a record looks like doccano's."""
    keys = first.keys() & {"label", "labels", "entities"}
    return "text" in first and any(isinstance(first[key], list) for key in keys) and "annotation_id" not in first


def _suggested(fields: Fields) -> bool:
    # Suggestions arrive as labels; without this mark, an example nobody opened would pass for a labelled one.
    holders = [fields] + [fields.child(key) for key in ("meta", "metadata") if fields.has(key)]
    return any(holder.flag("suggested") for holder in holders)


def _triple(fields: Fields, value: object, where: str) -> Mark:
    if not isinstance(value, list) or len(value) != 3:
        raise fields.fail(where, "[start, end, label] was expected")
    parts = Fields(dict(zip(("start", "end", "label"), value, strict=True)), fields.place, f"{where}.")
    return Mark(parts.text("label"), (parts.integer("start"), parts.integer("end")))


def _entity(entity: Fields) -> Mark:
    return Mark(entity.text("label"), (entity.integer("start_offset"), entity.integer("end_offset")))
