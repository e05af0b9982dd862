"""Lines of a text file with their numbers and offsets, and every byte that is not UTF-8 named."""

import re
from itertools import groupby
from pathlib import Path
from typing import Iterable, Iterator, List, NamedTuple

from ..errors import ALError, Errors
from ..files import check_file
from ..jsonl import BOM, MAX_LINE, check_size
from .repairs import Repairs

BETWEEN = re.compile(rb"[}\]]\r+\s*[{\[]")  # values of JSON with a CR and no comma between
UTF16 = (b"\xff\xfe", b"\xfe\xff")


def is_utf16(start: bytes) -> bool:
    """Whether a file that begins so is UTF-16: by its mark, or as every second byte of Western text is 0."""
    some = start[:40]
    halves = len(some) > 3 and any(some) and (not any(some[::2]) or not any(some[1::2]))
    return some.startswith(UTF16) or halves


def is_packed(start: bytes) -> bool:
    """Whether a file begins as zlib's compressed data do, such as a DocBin."""
    return start[:1] == b"\x78" and len(start) > 2 and int.from_bytes(start[:2], "big") % 31 == 0


def check_bytes(start: bytes, path: Path) -> None:
    """Raise ALError A522 for a file that begins as UTF-16, A523 where the first line shows that lines end with CR."""
    if is_utf16(start):
        raise ALError(Errors.A522.format(path=path))
    if is_packed(start):
        return
    first = start[:65536].lstrip().partition(b"\n")[0].rstrip()
    # In JSON that is one value a CR is white space.
    if b"\r" in (b"".join(BETWEEN.findall(first)) if first.removeprefix(BOM)[:1] in (b"{", b"[") else first):
        raise ALError(Errors.A523.format(path=path))


class Line(NamedTuple):
    """A line of a file.

    number (int): From 1.
    start (int): Offset of its first character in the file, a byte order mark not counted.
    text (str): Its characters without the line end.
    ending (str): The line end: "\\n", "\\r\\n" or, on a last line, "".
    """

    number: int
    start: int
    text: str
    ending: str

    @property
    def end(self) -> int:
        """Offset of the character after the last, line end not counted."""
        return self.start + len(self.text)


def read_lines(path: Path, repairs: Repairs) -> Iterator[Line]:
    """Yield the lines of a file; only LF and CRLF end a line, whatever else Unicode calls a line end.

    path (Path): The file; a byte order mark is skipped.
    repairs (Repairs): The encoding, and what to do about bytes that are not of it (A113).
    YIELDS (Line): Number, offset and text.
    RAISES: ALError A003 (no file), A006 (line too long), A113 (not UTF-8), A522, A523.
    """
    check_file(path)
    with path.open("rb") as file:
        yield from split_lines(iter(lambda: file.readline(MAX_LINE + 1), b""), path, repairs)


def split_lines(raws: Iterable[bytes], path: Path, repairs: Repairs, *, first: int = 1) -> Iterator[Line]:
    """The same for lines that have been read already. first (int): Number of the first one."""
    start = 0
    for number, raw in enumerate(raws, start=first):
        check_size(raw, path, number)
        if number == 1:
            check_bytes(raw, path)
        text = _decode(raw.removeprefix(BOM) if number == 1 else raw, path, number, repairs)
        body = text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text
        yield Line(number, start, body, text[len(body) :])
        start += len(text)


def paragraphs(lines: Iterable[Line]) -> Iterator[List[Line]]:
    """The lines between empty ones."""
    for filled, some in groupby(lines, key=lambda line: bool(line.text.strip())):
        if filled:
            yield list(some)


def _decode(raw: bytes, path: Path, number: int, repairs: Repairs) -> str:
    try:
        return raw.decode(repairs.encoding)
    except UnicodeDecodeError as error:
        byte, encoding = error.start + 1, repairs.encoding
        repairs.problem("bytes", Errors.A113, path=path, line=number, byte=byte, encoding=encoding)
        return raw.decode(repairs.encoding, errors="replace")
