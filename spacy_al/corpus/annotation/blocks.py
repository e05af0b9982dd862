"""CoNLL columns, two or four, to label in any text editor: a token a line, IOB2, "-" for a missing tag."""

import re
import unicodedata
from functools import partial
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

from ...errors import ALError, Errors
from ...jsonl import BOM, decode
from ...tasks import Task
from ..schemes import encode
from .chunks import Chunk
from .marks import Record
from .values import MISSING, UNANSWERED, Fields, tagged_marks, token_record

COMMENT = re.compile(r"# (id|round|text|answer|seconds|annotator|source|rank|ask) =(?: (.*))?")
NO_COLUMN = "-X-"


def dump(tasks: Sequence[Task], *, columns: int) -> bytes:
    """Tasks as blocks of lines; without the model's entities every tag is "-", to be replaced by people.

    With them, "# answer = ?" is to be replaced by accept: a block nobody opened must not pass for an answer.

    columns (int): 2 for token and tag; 4 for token, part of speech, chunk ("-X-") and tag. Tabs stand
        between.
    """
    return "".join(_block(task, columns) for task in tasks).encode("utf8")


dump_two = partial(dump, columns=2)
dump_four = partial(dump, columns=4)


def split(data: bytes, path: Path) -> List[Chunk]:
    """One chunk per block between blank lines."""
    chunks: List[Chunk] = []
    block: List[bytes] = []
    start = 1
    for number, line in enumerate([*data.split(b"\n"), b""], start=1):
        # Label Studio's export has the first sentence right after this line; below our comments it is a token.
        if not block and line.removeprefix(BOM).startswith(b"-DOCSTART-"):
            continue
        if line.strip(b" \t\r"):
            start = number if not block else start
            block.append(line.rstrip(b"\r"))
        elif block:
            chunks.append(Chunk(b"\n".join(block) + b"\n", path, start, len(chunks)))
            block = []
    return chunks


def join(chunks: Sequence[Chunk]) -> bytes:
    """A file of some of the blocks."""
    return b"".join(chunk.raw + b"\n" for chunk in chunks)


def parse(chunk: Chunk) -> List[Record]:
    """One block: first column the token, last the tag; comments "# id = ", "# answer = ", "# seconds = ".

    A block whose tags are all "-" and that has no "# answer = " has not been answered.
    RAISES: ALError A007 (not UTF-8), A608 (a comment, a line without a tag), A614 (tags against IOB2).
    """
    comments, rows, lines = _rows(chunk)
    words, tags = tuple(row[0] for row in rows), [row[-1] for row in rows]
    for number, row in enumerate(rows):
        if len(row) < 2 or not _is_tag(tags[number]):
            place = f"{chunk.path}:{lines[number]}"
            problem = f"a token and a tag (O, -, B-LABEL or I-LABEL) were expected, found {row}"
            raise ALError(Errors.A608.format(place=place, field="line", problem=problem))
    missing = tuple(number for number, tag in enumerate(tags) if tag == MISSING)
    marks = tagged_marks(tags, lambda number: f"{chunk.path}:{lines[number]}")
    return [token_record(comments, chunk, words, marks, missing, _seconds(comments))]


def claims(data: bytes, first: object = None) -> bool:
    """Whether one of the first lines is our comment of an id, or looks like columns with a tag."""
    start = data[:65536]
    lines = start.split(b"\n") if first is None and b"\0" not in start else []  # a DocBin has anything in its lines
    return any(_claims(line.decode("utf8", "replace").strip("\r")) for line in lines)


def _claims(line: str) -> bool:
    if line.startswith(("#", '"#')):
        return line.lstrip('"').startswith("# id = ")
    columns = _columns(line)
    return len(columns) >= 2 and (_is_tag(columns[-1]) or columns[0] == "-DOCSTART-")


def written(word: str) -> str:
    """A token as column formats write it: white space and controls as \\uXXXX, others as they are."""
    return "".join(f"\\u{ord(c):04x}" if _breaks(c) else c for c in word)


def _breaks(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in ("Cc", "Zl", "Zp")


def _block(task: Task, columns: int) -> str:
    tags = [MISSING] * len(task.words) if task.spans is None else encode(task.spans, len(task.words), "IOB2")
    pos = task.pos or (NO_COLUMN,) * len(task.words)
    lines = [
        f"# id = {task.id}",
        f"# round = {task.round}",
        f"# rank = {task.rank}",
        f"# text = {_one_line(task.text)}",
    ]
    if task.spans is not None:
        lines.append(f"# answer = {UNANSWERED}")
    if task.windows:
        lines.append(f"# ask = {_one_line(task.ask)}")
    if task.source is not None:
        lines.append(f"# source = {written(task.source)}")
    for word, part, tag in zip(map(written, task.words), map(written, pos), tags, strict=True):
        lines.append("\t".join([word, tag] if columns == 2 else [word, part or NO_COLUMN, NO_COLUMN, tag]))
    return "\n".join(lines) + "\n\n"


def _one_line(text: str) -> str:
    return "".join(c if c == " " else written(c) for c in text)


def _rows(chunk: Chunk) -> Tuple[Fields, List[List[str]], List[int]]:
    comments: Dict[str, object] = {}
    rows: List[List[str]] = []
    lines: List[int] = []
    for number, raw in enumerate(chunk.raw.split(b"\n")[:-1], start=chunk.line):
        line = decode(raw, chunk.path, number)
        match = COMMENT.fullmatch(line)
        if not match:
            rows.append(_columns(line))
            lines.append(number)
        elif match[1] in comments:
            problem = "it appears twice in one block"
            raise ALError(Errors.A608.format(place=f"{chunk.path}:{number}", field=match[1], problem=problem))
        else:
            comments[match[1]] = match[2] or ""
    return Fields(comments, chunk.place, "# "), rows, lines


def _columns(line: str) -> List[str]:
    return line.rstrip(" \t").split("\t") if "\t" in line else re.split(" +", line.strip(" "))


def _is_tag(tag: str) -> bool:
    return tag in ("O", MISSING) or (tag[:2] in ("B-", "I-") and len(tag) > 2 and tag[2:].strip() == tag[2:])


def _seconds(comments: Fields) -> Optional[float]:
    if not comments.has("seconds"):
        return None
    text = comments.text("seconds")
    if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text, re.ASCII):
        raise comments.fail("seconds", f"{text[:40]!r} is not a number")
    return float(text)
