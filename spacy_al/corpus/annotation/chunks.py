"""Cutting a file into its records without understanding them: lines of JSON, or the items of a JSON array."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterable, List, Sequence

from ...errors import ALError, Errors
from ...files import check_file
from ...jsonl import BOM, decode, dump_line
from ..lines import check_bytes

MAX_FILE = 1 << 30  # bytes
SPACE = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True)
class Chunk:
    """One record of a file, as bytes: a line, an item of a JSON array, a block of lines, a Doc.

    raw (bytes): Its bytes, enough to write it to another file of the same format.
    path (Path): The file.
    line (int): The line it begins on, from 1; for a DocBin, the Doc's number.
    item (int): Its place among the records, from 0.
    what (str): How messages call the item where lines say little, such as "item"; empty to name the line
        only.
    base (int): Records of other files before this one, when several are read together; `item` counts these too.
    """

    raw: bytes
    path: Path
    line: int
    item: int
    what: str = ""
    base: int = 0

    @property
    def place(self) -> str:
        """File, line and item, for messages."""
        return f"{self.path}:{self.line}" + (f" ({self.what} {self.item - self.base + 1})" if self.what else "")


def read_file(path: Path) -> bytes:
    """The content of a file without its byte order mark; raises ALError A003 (none) or A621 (over 1 GiB)."""
    check_file(path)
    size = path.stat().st_size
    if size > MAX_FILE:
        raise ALError(Errors.A621.format(path=path, size=size, limit=MAX_FILE))
    data = path.read_bytes()
    check_bytes(data, path)
    return data.removeprefix(BOM)


def is_array(data: bytes) -> bool:
    """Whether the content begins as a JSON array."""
    return data[:4096].lstrip()[:1] == b"["


def is_whole(data: bytes) -> bool:
    """Whether one JSON object of several lines fills a file."""
    text = data.lstrip()
    return text[:1] == b"{" and not _is_json(text.split(b"\n", 1)[0]) and _is_json(text)


def split_json(data: bytes, path: Path) -> List[Chunk]:
    """The records of a JSONL file or of a JSON array, or the object that fills the file; see `split_array`."""
    if is_whole(data):
        return [Chunk(data, path, 1, 0)]
    return split_array(data, path) if is_array(data) else split_lines(data, path)


def split_lines(data: bytes, path: Path) -> List[Chunk]:
    """One chunk per line that is not blank; `jsonl.check_size` complains later about lines that are too long."""
    lines = enumerate(data.split(b"\n"), start=1)
    filled = [(number, raw) for number, raw in lines if raw.strip()]
    return [Chunk(raw, path, number, item) for item, (number, raw) in enumerate(filled)]


def split_array(data: bytes, path: Path) -> List[Chunk]:
    """One chunk per item of a JSON array.

    RAISES: ALError A005 and A007 where the array itself is broken: after that point no item can be told
        apart.
    """
    text = decode(data, path)
    chunks: List[Chunk] = []
    position, line, counted = _skip(text, text.index("[") + 1), 1, 0
    while text[position : position + 1] != "]":
        line, counted = line + text.count("\n", counted, position), position
        end = _item_end(text, position, path, line)
        chunks.append(Chunk(text[position:end].encode("utf8"), path, line, len(chunks), what="item"))
        position = _next_item(text, end, path)
    if text[position + 1 :].strip():
        raise _broken(text, position + 1, path, "text after the end of the array")
    return chunks


def dump_lines(records: Iterable[Dict[str, object]]) -> bytes:
    """Records as JSONL."""
    return "".join(dump_line(record) + "\n" for record in records).encode("utf8")


def dump_array(records: Iterable[Dict[str, object]]) -> bytes:
    """Records as a JSON array, a line each."""
    return ("[\n" + ",\n".join(map(dump_line, records)) + "\n]\n").encode("utf8")


def join_json(chunks: Sequence[Chunk]) -> bytes:
    """A file of some of the chunks, in the container they came from."""
    if chunks and chunks[0].what:
        return b"[\n" + b",\n".join(chunk.raw for chunk in chunks) + b"\n]\n"
    return b"".join(chunk.raw.rstrip(b"\r") + b"\n" for chunk in chunks)


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


def _skip(text: str, position: int) -> int:
    match = SPACE.match(text, position)
    return match.end() if match else position


def _item_end(text: str, position: int, path: Path, line: int) -> int:
    try:
        return json.JSONDecoder().raw_decode(text, position)[1]
    except RecursionError as error:
        raise ALError(Errors.A007.format(path=path, line=line, problem="nested too deeply")) from error
    except ValueError as error:
        raise _broken(text, position, path, error) from error


def _next_item(text: str, end: int, path: Path) -> int:
    position = _skip(text, end)
    mark = text[position : position + 1]
    if mark == "]":
        return position
    if mark != ",":
        raise _broken(text, end, path, "',' or ']' was expected after an item")
    position = _skip(text, position + 1)
    if text[position : position + 1] == "]":
        raise _broken(text, position, path, "a comma before ']'")
    return position


def _broken(text: str, position: int, path: Path, reason: object) -> ALError:
    return ALError(Errors.A622.format(path=path, line=text.count("\n", 0, position) + 1, reason=reason))
