"""Answers as they arrive: appended to one file of the run and synced, a line each, before anybody goes on."""

import contextlib
import fcntl
import json
import os
import warnings
from hashlib import sha256
from pathlib import Path
from typing import IO, List, Optional, Sequence, Tuple

from ..errors import ALError, Errors, Warnings
from ..files import writing
from ..jsonl import BOM, dump_line
from ..tasks import Answer
from .lock import flocked

TAIL = 256  # bytes: more than an answer's id and moment


class AnswerLog:
    """The file answers.jsonl: every answer that was ever taken in, in order; the last one to a sentence counts.

    Any number of processes may append and read at the same time. A line that a dying process left unfinished was
    never acknowledged: it is not read, which is warned of (W532), and the next answer takes its place. Empty lines and
    a last line without its end, as editors leave them, lose nothing.
    """

    def __init__(self, path: Path) -> None:
        """path (Path): The file; it need not be there."""
        self.path = path

    def append(self, answers: Sequence[Answer]) -> None:
        """Add answers; they are on the disk when this returns.

        RAISES: ALError A002 when they cannot be written.
        """
        data = "".join(f"{dump_line(answer.to_row())}\n" for answer in answers).encode("utf8")
        with contextlib.ExitStack() as stack:
            stack.enter_context(writing(self.path))
            # A buffer would be written when the file is closed, after a full disk had refused a part of it.
            file_ = stack.enter_context(self.path.open("a+b", buffering=0))
            stack.enter_context(flocked(file_, self.path, fcntl.LOCK_EX))
            end = self._whole(file_)
            file_.truncate(end)
            try:
                _write(file_, _line_end(file_, end) + data)
                os.fsync(file_.fileno())
            except BaseException:
                with contextlib.suppress(OSError):
                    file_.truncate(end)
                raise

    def read(self, start: int = 0) -> List[Answer]:
        """The answers from number `start` on.

        RAISES: ALError A532 for a line that is no answer.
        """
        lines, _ = self._lines(0)
        return [self._parse(line, number) for number, line in lines[start:]]

    def follow(self, offset: int) -> Tuple[List[Answer], int]:
        """The answers from a byte of the file on, and the byte after the last of them, to go on from.

        RAISES: ALError A532 for a line that is no answer.
        """
        lines, end = self._lines(offset)
        return [self._parse(line, number, offset) for number, line in lines], end

    def before(self, offset: int) -> Optional[bytes]:
        """The last bytes before a byte of the file; another value later tells that it was edited or replaced."""
        if not offset:
            return b""
        try:
            with self.path.open("rb") as file_:
                file_.seek(max(offset - TAIL, 0))
                return file_.read(min(offset, TAIL))
        except FileNotFoundError:
            return None

    def digest(self, count: int) -> Optional[str]:
        """The SHA-256 of the first `count` answers, whatever ends their lines; None if there are fewer."""
        lines, _ = self._lines(0)
        return None if len(lines) < count else sha256(b"\n".join(line for _, line in lines[:count])).hexdigest()

    def line_of(self, answer: Answer) -> int:
        """The last line that holds an answer, from 1; 0 if none does."""
        lines, _ = self._lines(0)
        return max((number for number, line in lines if self._parse(line, number) == answer), default=0)

    def _lines(self, offset: int) -> Tuple[List[Tuple[int, bytes]], int]:
        """Lines with something in them, each with its number from `offset` on, and the byte after the last."""
        if not self.path.is_file():
            return [], 0
        with self.path.open("rb") as file_, flocked(file_, self.path, fcntl.LOCK_SH):
            end = self._whole(file_)
            file_.seek(offset)
            data = file_.read(max(end - offset, 0))
        lines = enumerate((line.strip().removeprefix(BOM) for line in data.splitlines()), start=1)
        return [(number, line) for number, line in lines if line], max(end, offset)

    def _whole(self, file_: IO[bytes]) -> int:
        """`whole_lines`, with a warning (W532) of what comes after them."""
        end = whole_lines(file_)
        file_.seek(end)
        if left := file_.read(80).strip():
            text = left[:60].decode("utf8", "replace")
            warnings.warn(Warnings.W532.format(path=self.path, text=text), stacklevel=2)
        file_.seek(0)
        return end

    def _parse(self, line: bytes, number: int, offset: int = 0) -> Answer:
        """The answer of a line; its number counts from `offset`, that in an error from the file's start."""
        try:
            return Answer.from_row(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            problem = f"no answer ({' '.join(str(error).split())})"
            place = self._lines_before(offset) + number
            raise ALError(Errors.A532.format(path=self.path, line=place, problem=problem)) from error

    def _lines_before(self, offset: int) -> int:
        """How many lines end before a byte of the file."""
        with self.path.open("rb") as file_:
            return len((file_.read(offset) + b".").splitlines()) - 1


def _write(file_: IO[bytes], data: bytes) -> None:
    """Write all of it to a file without a buffer, which takes a part where the disk has room for no more."""
    while data:
        data = data[file_.write(data) :]


def whole_lines(file_: IO[bytes]) -> int:
    """Bytes of a file up to its last line end, or to its end where a whole answer stands before it.

    The position is at the start afterwards.
    """
    size = file_.seek(0, os.SEEK_END)
    kept, step = size, 1 << 16
    while kept:
        begin = max(kept - step, 0)
        file_.seek(begin)
        found = file_.read(kept - begin).rfind(b"\n")
        if found >= 0:
            kept = begin + found + 1
            break
        kept = begin
    file_.seek(kept)
    kept = size if _is_whole(file_.read()) else kept
    file_.seek(0)
    return kept


def _is_whole(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _line_end(file_: IO[bytes], size: int) -> bytes:
    """What the last line of a file needs before another can follow."""
    if not size:
        return b""
    file_.seek(size - 1)
    return b"" if file_.read(1) == b"\n" else b"\n"
