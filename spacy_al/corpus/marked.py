"""Texts with their entities marked in the line: Rasa's [Berlin](city), and <PER>Ana</PER>."""

import json
import re
from pathlib import Path
from typing import Iterator, List, Tuple

from ..errors import ALError, Errors, saying
from .fields import Record
from .json_corpus import Context
from .lines import read_lines

MARK = re.compile(
    r"\[(?P<words>[^\[\]]+)\](?:\((?P<label>[A-Za-z_][\w-]*)(?::(?!//)[^()]*)?\)|(?P<object>\{[^{}]*\}))"
    r'|<(?P<tag>[A-Z][A-Z0-9_-]*)(?: TYPE="(?P<type>[^"]+)")?>(?P<inside>[^<>]+)</(?P=tag)>'
)
LEFT = re.compile(r"</[A-Za-z][\w-]*>|\]\([A-Za-z_][\w-]*\)")
SECTION = re.compile(r"(?:##|-)\s*(?P<kind>intent|synonym|regex|lookup)\s*:.*")
EXAMPLE = re.compile(r"\s*[-*] (?P<text>.*)")


def marked_objects(path: Path, context: Context) -> Iterator[Tuple[int, Record]]:
    """The lines of a file as records; of Rasa's files the examples of intents alone.

    path (Path): The file; one of Rasa has lines such as "## intent: greet".
    context (Context): What reading needs.
    RAISES: ALError A136 for a mark that cannot be read, and for files of Snips, which turn marks around.
    """
    lines = list(read_lines(path, context.repairs))
    rasa, inside = any(is_rasa(line.text) for line in lines), True
    for line in lines:
        section = SECTION.fullmatch(line.text.strip())
        inside = section["kind"] == "intent" if section else inside
        example = EXAMPLE.fullmatch(line.text) if rasa and not section else None
        text = (example["text"] if example else "") if rasa else line.text
        if rasa and (re.match(r"type: *(intent|entity)", line.text) or text.startswith("text: |")):
            problem = "marks are read from Rasa's lists of examples ('- show me [Berlin](city)'); export JSON instead"
            raise ALError(Errors.A136.format(path=path, line=line.number, problem=problem))
        if inside and text.strip():
            plain, spans = _read(text.strip(), path, line.number)
            if left := LEFT.search(plain):
                problem = (
                    f"{left[0]!r} is left of a mark that cannot be read: write <PER>Ana</PER>, none inside another"
                )
                context.repairs.problem("record", Errors.A136, path=path, line=line.number, problem=problem)
                continue
            yield line.number, {"text": plain, "spans": spans}


def is_rasa(line: str) -> bool:
    """Whether a line begins a section of Rasa's training data."""
    return bool(SECTION.fullmatch(line.strip()))


def _read(text: str, path: Path, line: int) -> Tuple[str, List[object]]:
    plain, end = "", 0
    spans: List[object] = []
    for mark in MARK.finditer(text):
        plain += text[end : mark.start()]
        words = mark["words"] or mark["inside"]
        label = mark["label"] or mark["type"] or mark["tag"] or _label(mark["object"], path, line)
        spans.append([len(plain), len(plain) + len(words), label])
        plain, end = plain + words, mark.end()
    return plain + text[end:], spans


def _label(written: str, path: Path, line: int) -> str:
    problem = f'{written} has no "entity", which is the label of the words before it'
    with saying(Errors.A136, ValueError, KeyError, path=path, line=line, problem=problem):
        return str(json.loads(written)["entity"])
