"""The records of a JSON file: one a line, the items of an array, or what a single value that fills the file holds."""

import json
from pathlib import Path
from typing import Iterator, Tuple

from ..errors import ALError, Errors
from ..files import check_file
from ..jsonl import BOM, HALVES, MAX_LINE, check_size, parse_value, raw_lines
from .align import BadRecord
from .annotation.chunks import is_array, is_whole, read_file, split_array
from .annotation.shapes import plain_records
from .fields import Record, named
from .lines import check_bytes
from .repairs import Repairs

Found = Iterator[Tuple[int, object]]


def read_values(path: Path, repairs: Repairs, *, id_field: str, text_field: str) -> Iterator[Tuple[int, Record]]:
    """Records with the lines they begin on, those of other makers in plain shape (`annotation.shapes`).

    path (Path): The file.
    repairs (Repairs): What to do about records that cannot be read.
    id_field (str): Key of the document's id. text_field (str): Key of the text.
    """
    check_file(path)
    for line, value in _values(path, repairs):
        try:
            plain = plain_records(value, path)
        except BadRecord as error:
            repairs.problem("record", Errors.A007, path=path, line=line, problem=error)
            continue
        if plain is None:
            assert isinstance(value, dict)
            yield line, value
        for number, record in enumerate(plain or (), start=1):
            if record.get("id") is None and len(plain or ()) > 1:
                record["id"] = f"{path.name}-{line}-{number}"
            yield line, named(record, text=text_field, id=id_field)


def _values(path: Path, repairs: Repairs) -> Found:
    with path.open("rb") as file:
        check_bytes(file.peek(4096)[:4096], path)
        head = file.peek(4096)[:4096].removeprefix(BOM).lstrip()
        # A line that begins with a text in brackets is a pair of spaCy 2.
        if is_array(head) and not head[1:].lstrip().startswith(b'"'):
            return _items(path, repairs)
        first = file.readline(MAX_LINE + 1).strip()
    # A line of JSON ends with its bracket: only then the whole file need not be read.
    if first and not first.endswith((b"}", b"]")) and is_whole(whole := read_file(path)):
        return iter([(1, _record(whole, path, 1))])
    return _lines(path, repairs)


def _lines(path: Path, repairs: Repairs) -> Found:
    """Like `jsonl.read_jsonl`, but a bad line can be left out."""
    for number, raw in raw_lines(path, MAX_LINE):
        try:
            check_size(raw, path, number, MAX_LINE)
            if raw.strip():
                yield number, _record(raw, path, number)
        except ALError as error:
            repairs.refuse(error, path=path, line=number)


def _items(path: Path, repairs: Repairs) -> Found:
    for chunk in split_array(read_file(path), path):
        try:
            yield chunk.line, _record(chunk.raw, path, chunk.line)
        except ALError as error:
            repairs.refuse(error, path=path, line=chunk.line)


def _record(raw: bytes, path: Path, line: int) -> object:
    value = parse_value(raw, path=path, line=line)
    if not isinstance(value, (dict, list)):
        problem = f"a JSON object was expected, found {type(value).__name__}"
        raise ALError(Errors.A007.format(path=path, line=line, problem=problem))
    if b"\\ud" in raw.lower() and HALVES.search(json.dumps(value, ensure_ascii=False)):
        problem = "a \\uD... escape is half of a surrogate pair, which is no character"
        raise ALError(Errors.A007.format(path=path, line=line, problem=problem))
    return value
