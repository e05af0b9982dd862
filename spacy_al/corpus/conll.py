"""Files with one token a line and columns: CoNLL-2003 and its relatives in IOB1, IOB2 or BILOU."""

import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Iterable, Iterator, List, Optional, Sequence, Tuple

from ..errors import ALError, Errors
from . import schemes
from .lines import Line, read_lines
from .repairs import Repairs
from .sentence import Sentence

DOCSTART = "-DOCSTART-"
# BIOES is BILOU with other letters.
BIOES = {"E-": "L-", "S-": "U-"}


@dataclass(frozen=True)
class Row:
    """One token's line: the line and its columns."""

    line: Line
    cells: List[str]


@dataclass(frozen=True)
class Layout:
    """What each column of a file holds.

    width (int): How many columns a line has.
    tag (int): Column of entity tags, from 0. pos (Optional[int]): Column of part-of-speech tags.
    scheme (str): Tag scheme, one of SCHEMES.
    """

    width: int
    tag: int
    pos: Optional[int]
    scheme: str


def read_conll(
    path: Path,
    repairs: Repairs,
    *,
    scheme: str = "auto",
    pos_column: Optional[int] = None,
    tag_column: int = -1,
    name: Optional[str] = None,
) -> Iterator[Sentence]:
    """Read a file with one token a line: the word first, the entity tag last, an empty line after a sentence.

    Tabs separate columns if the first token's line has one, else spaces. -DOCSTART- starts a document.

    path (Path): The file.
    repairs (Repairs): What to do about bad lines.
    scheme (str): One of SCHEMES, or "auto". BIOES is read as BILOU.
    pos_column (Optional[int]): Column of part-of-speech tags, from 0; None: 1 if there are 3 or 4 columns.
    tag_column (int): Column of entity tags, from 0; negative counts from the last.
    name (Optional[str]): What ids and offsets call the file; None: its name.
    YIELDS (Sentence): Sentences in order; documents are called NAME-1, NAME-2 and so on.
    RAISES: ALError A100 (unknown scheme), A110 (no sentences), A111, A118 (columns), A112 (tags), A113 (not
        UTF-8), A114 (unsure of the scheme), A119 (no word).
    """
    blocks = list(_blocks(path, repairs))
    layout = _layout([rows for _, rows in blocks], path, scheme, pos_column, tag_column)
    document, number = 0, 0
    for place, rows in blocks:
        number = number + 1 if place == document else 0
        document = place
        sentence = _sentence(rows, layout, path, repairs)
        if sentence is not None:
            file = name or path.name
            yield replace(sentence, file=file, document=f"{file}-{document}", number=number)


def choose_scheme(sequences: Iterable[Sequence[str]]) -> Tuple[Optional[str], str]:
    """Tell the scheme of tags from the way that entities after O or another label start.

    sequences (Iterable[Sequence[str]]): Tags of each sentence.
    RETURNS (Tuple[Optional[str], str]): IOB2 if at least 90 % start with B-, IOB1 if at most 10 % do, BILOU
        if most have L- or U- (or E- or S-) tags, None if unsure; and the counts, in words.
    """
    starts, lasts = Counter({"B": 0, "I": 0}), 0
    for tags in sequences:
        before = ""
        for prefix, label in (schemes.split_tag(tag, "BILUES") for tag in tags):
            starts[prefix] += bool(label) and label != before
            lasts += prefix in "LUES"
            before = label
    total = sum(starts.values())
    seen = f"of {total} entities not right after their like, {starts['B']} start with B-, {starts['I']} with I-"
    if 2 * lasts >= total > 0:
        return "BILOU", seen
    if starts["B"] >= 0.9 * total:
        return "IOB2", seen
    return ("IOB1" if starts["B"] <= 0.1 * total else None), seen


def _blocks(path: Path, repairs: Repairs) -> Iterator[Tuple[int, List[Row]]]:
    """Sentences as rows, each with the number of its document, from 1."""
    document, rows, tabs = 1, [], None
    filled = False
    for line in read_lines(path, repairs):
        text = line.text.strip(" \t")
        starts_document = text.split(maxsplit=1)[:1] == [DOCSTART]
        if text and not starts_document:
            tabs = "\t" in line.text if tabs is None else tabs
            rows.append(Row(line, line.text.split("\t") if tabs else re.split("[ \t]+", text)))
            continue
        if rows:
            yield document, rows
            rows, filled = [], True
        if starts_document and filled:
            document, filled = document + 1, False
    if rows:
        yield document, rows


def _layout(blocks: List[List[Row]], path: Path, scheme: str, pos_column: Optional[int], tag_column: int) -> Layout:
    widths = Counter(len(row.cells) for rows in blocks for row in rows)
    if not widths:
        raise ALError(Errors.A110.format(path=path))
    width = widths.most_common(1)[0][0]
    tag = tag_column % width if -width <= tag_column < width else 0
    pos = pos_column if pos_column is not None else {3: 1, 4: 1}.get(width)
    if width < 2 or tag == 0 or (pos is not None and not 0 < pos < width):
        raise ALError(Errors.A118.format(path=path, width=width, tag=tag_column, pos=pos_column))
    if scheme == "auto":
        scheme = _find_scheme(blocks, path, width, tag)
    elif scheme not in schemes.SCHEMES:
        raise ALError(Errors.A100.format(scheme=scheme, known=", ".join(schemes.SCHEMES)))
    return Layout(width, tag, pos, scheme)


def _find_scheme(blocks: List[List[Row]], path: Path, width: int, tag: int) -> str:
    sequences = ([row.cells[tag] for row in rows if len(row.cells) == width] for rows in blocks)
    scheme, seen = choose_scheme(sequences)
    if scheme is None:
        raise ALError(Errors.A114.format(path=path, seen=seen, known=", ".join(schemes.SCHEMES)))
    return scheme


def _sentence(rows: List[Row], layout: Layout, path: Path, repairs: Repairs) -> Optional[Sentence]:
    """The sentence, its file, document and number left open; None if repairs left no word of it."""
    rows = [row for row in rows if _has_word(row, path, repairs)]
    if not rows:
        return None
    tags = [_tag(row, layout, path, repairs) for row in rows]
    known = [tag or "O" for tag in tags]
    _check_sequence(known, rows, layout.scheme, path, repairs)
    pos = None
    if layout.pos is not None:
        pos = [row.cells[layout.pos] if len(row.cells) == layout.width else "" for row in rows]
    return Sentence(
        words=[row.cells[0] for row in rows],
        spans=schemes.decode(known, layout.scheme),
        document="",
        number=0,
        line=rows[0].line.number,
        file="",
        start=rows[0].line.start,
        end=rows[-1].line.end,
        pos=pos,
        missing=[number for number, tag in enumerate(tags) if tag is None],
        scheme=layout.scheme,
    )


def _has_word(row: Row, path: Path, repairs: Repairs) -> bool:
    if row.cells[0].strip(" "):
        return True
    line = row.line.number
    repairs.problem("word", Errors.A119.format(path=path, line=line), path=path, line=line)
    return False


def _tag(row: Row, layout: Layout, path: Path, repairs: Repairs) -> Optional[str]:
    """The row's tag, or None where a repair leaves it missing."""
    line = row.line.number
    if len(row.cells) != layout.width:
        text = row.line.text[:60]
        message = Errors.A111.format(path=path, line=line, found=len(row.cells), expected=layout.width, text=text)
        repairs.problem("columns", message, path=path, line=line)
        return None
    tag = row.cells[layout.tag]
    if layout.scheme == "BILOU":
        tag = BIOES.get(tag[:2], tag[:2]) + tag[2:]
    prefixes = schemes.PREFIXES[layout.scheme]
    if tag == "O" or schemes.split_tag(tag, prefixes)[1]:
        return tag
    problem = f"{tag!r} of {row.cells[0]!r} is not a tag of {layout.scheme}"
    repairs.problem("tag", Errors.A112.format(path=path, line=line, problem=problem), path=path, line=line)
    return None


def _check_sequence(tags: List[str], rows: List[Row], scheme: str, path: Path, repairs: Repairs) -> None:
    found = schemes.find_problem(tags, scheme)
    if found is None:
        return
    token, problem = found
    line = rows[token].line.number
    if scheme == "IOB1":
        # A needless B- cannot be misread; eng.train itself has two.
        repairs.note("b_in_iob1", path=path, line=line)
    else:
        message = Errors.A112.format(path=path, line=line, problem=problem)
        repairs.problem("sequence", message, path=path, line=line)
