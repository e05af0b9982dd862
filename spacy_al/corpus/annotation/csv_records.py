"""Tables (CSV, TSV) as JSON records: lists that stand in cells, as JSON or as Python writes them, become lists."""

import ast
import contextlib
import csv
import io
import json
from pathlib import Path
from typing import Dict, Iterator, List, Sequence, Tuple

from ...errors import Errors
from ...jsonl import MAX_LINE, decode
from ..repairs import Repairs
from .chunks import Chunk, is_array, join_json, split_json

DELIMITERS = (",", ";", "\t", "|")
COUNTED = ("lead_time",)  # columns of numbers; ids stay texts


def cell_value(column: str, cell: str) -> object:
    """A list or object that stands in a cell, or the cell's text.

    column (str): Its column; in one of COUNTED, it is a number. cell (str): The cell.
    RETURNS (object): JSON or a Python literal if it begins with a bracket and is one.
    """
    if column in COUNTED:
        with contextlib.suppress(ValueError):  # the reader of the record names what is no number
            return float(cell)
    text = cell.strip()
    if text[:1] not in ("[", "{") or text.count("[") + text.count("{") > 1_000_000:
        return cell
    for parse in (json.loads, ast.literal_eval):
        try:
            return json.loads(json.dumps(parse(text)))  # tuples become lists
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            continue
    return cell


def is_table(data: bytes) -> bool:
    """Whether the content is a table of Label Studio: its header has the column annotation_id."""
    header = data[:65536].split(b"\n", 1)[0].decode("utf8", "replace").strip("\r")
    return any("annotation_id" in names for names, _ in header_names(header))


def split(data: bytes, path: Path) -> List[Chunk]:
    """The records of a JSON file, or a chunk of JSON for each row of a table.

    RAISES: ALError A007 (not UTF-8), A120 (a bad row).
    """
    if is_array(data) or data[:4096].lstrip()[:1] == b"{" or not is_table(data):
        return split_json(data, path)
    lines = iter(io.StringIO(decode(data, path), newline=""))
    names, delimiter = next(found for found in header_names(next(lines)) if "annotation_id" in found[0])
    rows = read_rows(lines, delimiter, names, path, Repairs())
    records = [(line, json.dumps(_record(row)).encode("ascii")) for line, row in rows]
    return [Chunk(raw, path, line, item, what="row") for item, (line, raw) in enumerate(records)]


def header_names(header: str) -> List[Tuple[List[str], str]]:
    """The names in a table's first line, for each of DELIMITERS; none where it is no line of a table."""
    found = []
    for delimiter in DELIMITERS:
        try:
            found.append((next(csv.reader([header], delimiter=delimiter), []), delimiter))
        except csv.Error:
            found.append(([], delimiter))
    return found


def read_rows(
    lines: Iterator[str], delimiter: str, names: Sequence[str], path: Path, repairs: Repairs, *, header: int = 1
) -> Iterator[Tuple[int, Dict[str, str]]]:
    """The line that each row below the header starts on, and its cells by name; A120 for a bad row.

    header (int): The header's line, from 1.
    """
    limit = csv.field_size_limit(MAX_LINE)  # of the csv module, for everybody: raised for one reading
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        while True:
            line = reader.line_num + header + 1  # this reader has not seen the header
            try:
                row = next(reader, None)
                problem = f"{len(row or [])} columns where the header has {len(names)}"
            except csv.Error as error:
                row, problem = [""] * (len(names) + 1), str(error)
            if row is None:
                return
            if len(row) == len(names):
                yield line, dict(zip(names, row, strict=True))
            elif row:
                repairs.problem("record", Errors.A120, path=path, line=line, problem=problem)
    finally:
        csv.field_size_limit(limit)


def join(chunks: Sequence[Chunk]) -> bytes:
    """A file of some of the records, a table if they come from one."""
    if not chunks or chunks[0].what != "row":
        return join_json(chunks)
    rows = [json.loads(chunk.raw) for chunk in chunks]
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return out.getvalue().encode("utf8")


def _record(row: Dict[str, str]) -> Dict[str, object]:
    return {key: (cell if key == "text" else cell_value(key, cell)) if cell else None for key, cell in row.items()}


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
