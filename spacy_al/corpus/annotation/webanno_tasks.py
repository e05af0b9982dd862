"""WebAnno TSV 3, which WebAnno and INCEpTION read and write: a batch as one document, a sentence for each task."""

import io
import re
from pathlib import Path
from typing import List, Sequence, Tuple

from ...tasks import Task, whole
from ..lines import split_lines
from ..repairs import Repairs
from ..webanno import webanno_records
from . import blocks
from .chunks import Chunk
from .marks import Mark, Record
from .values import Fields

HEAD = "#FORMAT=WebAnno TSV 3.3\n#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|value\n\n"
OF_HEAD = (b"#FORMAT=", b"#T_")
SPECIAL = re.compile(r"[\\\[\]|_;*]|->")
CONTROLS = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def dump(tasks: Sequence[Task]) -> bytes:
    """Tasks as sentences under their ids; the model's entities, if there are any, stand where people's go.

    RAISES: ALError A631 for words of a sentence.
    """
    parts, begin, entities = [HEAD], 0, 0
    for number, task in enumerate((task for task in whole(tasks, "WebAnno") if task.words), start=1):
        parts.append(f"\n#Sentence.id={task.id}\n#Text={_escape(task.text, special=False)}\n")
        cells = ["_"] * len(task.words)
        for start, end, label in task.spans or ():
            entities += 1
            cells[start:end] = [f"{_escape(label)}[{entities}]"] * (end - start)
        for token, ((start, end), word, cell) in enumerate(zip(task.bounds, task.words, cells, strict=True), start=1):
            first, last = (begin + _units(task.text[:place]) for place in (start, end))
            parts.append(f"{number}-{token}\t{first}-{last}\t{_escape(word)}\t{cell}\t\n")
        begin += _units(task.text) + 1
    return "".join(parts).encode("utf8")


def split(data: bytes, path: Path) -> List[Chunk]:
    """One chunk for each sentence, with the lines at the file's start that say what its columns are."""
    cut = blocks.split(data, path)
    head = b"".join(chunk.raw for chunk in cut if chunk.raw.startswith(OF_HEAD))
    found = [chunk for chunk in cut if not chunk.raw.startswith(OF_HEAD)]
    return [Chunk(head + chunk.raw, path, chunk.line, item) for item, chunk in enumerate(found)]


def join(chunks: Sequence[Chunk]) -> bytes:
    """A file of some of the sentences."""
    return _halves(chunks[0])[0] + b"\n" + b"".join(b"\n" + _halves(chunk)[1] for chunk in chunks)


def parse(chunk: Chunk) -> List[Record]:
    """One sentence; the format does not say whether anyone has looked at it.

    RAISES: ALError A136.
    """
    first = chunk.line - _halves(chunk)[0].count(b"\n")
    lines = split_lines(io.BytesIO(chunk.raw), chunk.path, Repairs(), first=first)
    records: List[Record] = []
    for _, values in webanno_records(lines, chunk.path, Repairs(), None):
        fields = Fields(values, chunk.place)
        text = fields.text("text")
        words = tuple(text[one.integer("start") : one.integer("end")] for one in fields.objects("tokens"))
        marks = tuple(
            Mark(one.text("label"), tokens=(one.integer("token_start"), one.integer("token_end") + 1))
            for one in fields.objects("spans")
        )
        records.append(Record(chunk, fields.maybe("sentence"), "accept", marks, words=words, unsure=True))
    return records


def claims(data: bytes, first: object = None) -> bool:
    """Whether the first line says that it is WebAnno TSV 3."""
    return data.startswith(b"#FORMAT=WebAnno TSV 3.")


def _halves(chunk: Chunk) -> Tuple[bytes, bytes]:
    lines = list(io.BytesIO(chunk.raw))
    head = [line for line in lines if line.startswith(OF_HEAD)]
    return b"".join(head), b"".join(lines[len(head) :])


def _escape(text: str, *, special: bool = True) -> str:
    text = SPECIAL.sub(lambda match: "\\" + match[0], text) if special else text.replace("\\", "\\\\")
    return "".join(CONTROLS.get(character, character) for character in text)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
