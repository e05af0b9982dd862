"""Answers as they arrive: appended to one file of the run and synced, a line each, before anybody goes on."""

import contextlib
import fcntl
import json
import os
from pathlib import Path
from typing import IO, Iterator, List, Sequence, Tuple

from ..errors import ALError, Errors
from ..files import writing
from ..jsonl import dump_line
from ..tasks import Answer


class AnswerLog:
    """The file answers.jsonl: every answer that was ever taken in, in order; the last one to a sentence counts.

    Any number of processes may append and read at the same time. A line that a dying process left unfinished was
    never acknowledged: it is not read, and the next answer takes its place.
    """

    def __init__(self, path: Path) -> None:
        """path (Path): The file; it need not be there."""
        self.path = path

    def append(self, answers: Sequence[Answer]) -> None:
        """Add answers; they are on the disk when this returns.

        RAISES: ALError A002 when they cannot be written.
        """
        data = "".join(f"{dump_line(answer.to_row())}\n" for answer in answers).encode("utf8")
        with writing(self.path), self.path.open("a+b") as file_, flocked(file_):
            end = whole_lines(file_)
            file_.truncate(end)
            try:
                file_.write(data)
                file_.flush()
                os.fsync(file_.fileno())
            except BaseException:
                with contextlib.suppress(OSError):
                    os.ftruncate(file_.fileno(), end)
                raise

    def read(self, start: int = 0) -> List[Answer]:
        """The answers from number `start` on.

        RAISES: ALError A511 for a line that is no answer.
        """
        lines, _ = self._lines(0)
        return [self._parse(line, number) for number, line in enumerate(lines) if number >= start]

    def follow(self, offset: int) -> Tuple[List[Answer], int]:
        """The answers from a byte of the file on, and the byte after the last of them, to go on from.

        RAISES: ALError A511 for a line that is no answer.
        """
        lines, end = self._lines(offset)
        return [self._parse(line, number) for number, line in enumerate(lines)], end

    def _lines(self, offset: int) -> Tuple[List[bytes], int]:
        if not self.path.is_file():
            return [], 0
        with self.path.open("rb") as file_, flocked(file_):
            end = whole_lines(file_)
            file_.seek(offset)
            data = file_.read(max(end - offset, 0))
        return data.splitlines(), max(end, offset)

    def _parse(self, line: bytes, number: int) -> Answer:
        try:
            return Answer.from_row(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            problem = f"line {number + 1} is no answer ({error!r})"
            raise ALError(Errors.A511.format(path=self.path, problem=problem)) from error


@contextlib.contextmanager
def flocked(file_: IO[bytes]) -> Iterator[None]:
    """Hold the system's lock on an open file inside the block, after waiting for it."""
    fcntl.flock(file_, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file_, fcntl.LOCK_UN)


def whole_lines(file_: IO[bytes]) -> int:
    """Bytes of a file up to its last line end; the position is at the start afterwards."""
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
    file_.seek(0)
    return kept
