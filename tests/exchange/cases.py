"""One sentence with an emoji, and short ways to read a record about it."""

import json
from pathlib import Path

from spacy_al.exchange.reading import Options
from spacy_al.exchange.tool_files import parse_files
from spacy_al.tasks import Task

# Characters:   Bob 0-3  😀 4-5  met 6-9  Al 10-12  's 12-14  cat 15-18
TASK = Task(
    "ab-0",
    ("Bob", "😀", "met", "Al", "'s", "cat"),
    (True, True, True, False, True, False),
    rank=1,
    utility=0.5,
)
OTHER = Task("cd-0", ("Rome", "!"), (False, False), rank=2)
TASKS = {task.id: task for task in (TASK, OTHER)}


def prodigy(spans=(), **changes):
    """A line of Prodigy about TASK; spans are (start, end, label)."""
    record = {"text": TASK.text, "meta": {"al_id": TASK.id}, "answer": "accept", "_view_id": "ner_manual"}
    record["spans"] = [
        {"start": span[0], "end": span[1], "label": span[2]} if isinstance(span, tuple) else span for span in spans
    ]
    return {key: value for key, value in (record | changes).items() if value is not ...}


def studio(*annotations, **changes):
    """An item of a Label Studio export about TASK."""
    return {"data": {"text": TASK.text, "al_id": TASK.id}, "annotations": list(annotations)} | changes


def annotation(*spans, **changes):
    """A Label Studio annotation; spans are (start, end, label) or (start, end, label, text)."""
    result = []
    for start, end, label, *text in spans:
        value = {"start": start, "end": end, "labels": [label]} | ({"text": text[0]} if text else {})
        result.append({"type": "labels", "value": value})
    return {"result": result, "was_cancelled": False} | changes


def read(records, name="prodigy", tasks=TASKS, **options):
    """The reading of a list of records, or of bytes."""
    data = records
    if not isinstance(records, bytes):
        data = json.dumps(records).encode() if name in ("label_studio", "argilla") else _lines(records)
    return parse_answers(data, Path("in.jsonl"), tasks, name, Options(**options))[0]


def parse_answers(data, path, tasks, name, options):
    """The reading of one file, and the file of what could not be taken."""
    reading, (rest,) = parse_files([(data, path, name)], list(tasks.values()), options)
    return reading, rest


def codes(reading):
    """The codes of the problems, in order."""
    return [problem.message[1:5] for problem in reading.problems]


def _lines(records):
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)
