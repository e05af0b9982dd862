"""brat standoff: a batch as one text, a sentence a line, with its entities in the .ann file beside."""

import json
import re
from pathlib import Path
from typing import Dict, List, Sequence

from ...errors import ALError, Errors
from ...tasks import Task, whole
from ..align import one_line
from ..lines import read_lines
from ..repairs import Repairs
from ..standoff import read_entities
from .chunks import Chunk

LABEL = re.compile(r"[A-Za-z0-9_-]+")
SUGGESTED = re.compile(rb"#\d+\tAnnotatorNotes (T\d+)\tsuggested\r?$", re.MULTILINE)


def dump(tasks: Sequence[Task]) -> bytes:
    """The .ann file: the model's entities, each with a note "suggested", which goes away with the entity.

    RAISES: ALError A630 for a label that brat cannot hold, A631 for words of a sentence.
    """
    lines: List[str] = []
    begin = len(_mark(tasks))
    for task in whole(tasks, "brat"):
        for start, end, label in task.char_spans:
            if not LABEL.fullmatch(label):
                raise ALError(Errors.A630.format(label=label))
            number, text = len(lines) // 2 + 1, one_line(task.text)[start:end]
            lines.append(f"T{number}\t{label} {begin + start} {begin + end}\t{text}\n")
            lines.append(f"#{number}\tAnnotatorNotes T{number}\tsuggested\n")
        begin += len(task.text) + 1
    return "".join(lines).encode("utf8")


def _mark(tasks: Sequence[Task]) -> str:
    """A byte order mark before a text that begins with one, which a reader would take for no part of it."""
    return "\ufeff" if tasks and tasks[0].text.startswith("\ufeff") else ""


def beside(tasks: Sequence[Task], labels: Sequence[str]) -> Dict[str, str]:
    """What brat needs beside the .ann file: the text, under its ending, and the file of labels, under its name.

    RAISES: ALError A630 for a label that brat cannot hold, before anybody works with it.
    """
    if unfit := next((label for label in labels if not LABEL.fullmatch(label)), None):
        raise ALError(Errors.A630.format(label=unfit))
    text = _mark(tasks) + "".join(one_line(task.text) + "\n" for task in tasks)
    names = "\n".join(labels)
    return {".txt": text, "annotation.conf": f"[entities]\n{names}\n\n[relations]\n\n[events]\n\n[attributes]\n"}


def split(data: bytes, path: Path) -> List[Chunk]:
    """One chunk for each line of the text beside, in the shape of doccano's records.

    RAISES: ALError A003 (no text), A136 (a line of the .ann file that cannot be read, an entity across lines).
    """
    lines = list(read_lines(path.with_suffix(".txt"), Repairs()))
    text = "".join(line.text + line.ending for line in lines)
    entities = read_entities(path, text, Repairs())
    suggested = {key.decode() for key in SUGGESTED.findall(data)}
    chunks: List[Chunk] = []
    for line in lines:
        own = {key: (a, b, label) for key, (a, b, label) in entities.items() if line.start <= a <= line.end}
        wide = next((key for key, span in own.items() if span[1] > line.end), None)
        if wide is not None:
            problem = f"the entity {wide} goes beyond the end of line {line.number} of the text, which is one sentence"
            raise ALError(Errors.A136.format(path=path, line=1, problem=problem))
        label = [[a - line.start, b - line.start, label] for a, b, label in own.values()]
        record = {"text": line.text, "label": label, "suggested": not suggested.isdisjoint(own)}
        if line.text.strip():
            chunks.append(Chunk(json.dumps(record).encode("ascii"), path, line.number, len(chunks)))
    return chunks


def claims(data: bytes, first: object = None) -> bool:
    """Whether the first line is an entity as brat writes it."""
    return bool(re.match(rb"T\d+\t\S+ \d+ \d+", data))
