"""Files with one token a line and columns: CoNLL-2003 and its relatives in IOB, BILOU, BIOES, BMES, IOE or IO."""

import re
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Iterator, List, Optional, Tuple

from ..errors import Errors
from ..options import ConvertOptions as Options
from . import end_schemes, schemes
from .column_layout import IO, Layout, Row, find_layout, is_header, listed_columns, with_letters
from .lines import read_lines
from .repairs import Repairs
from .sentence import Sentence, numbered

DOCSTART = "-DOCSTART-"
OUTSIDE = re.compile("((BB|EE|WW)[-_])?O[-_].+")  # BMEWO+ says beside which entity an O stands


def read_columns(path: Path, repairs: Repairs, options: Options = Options()) -> Iterator[Sentence]:
    """Read a file with one token a line: the word first, the entity tag last, an empty line after a sentence.

    Tabs separate columns if the first token's line has one, else spaces. -DOCSTART- starts a document. Lines that
    begin with # at the start of a sentence are comments, unless they are rows with a tag. A first column that counts
    tokens is left out.

    path (Path): The file.
    repairs (Repairs): What to do about bad lines.
    options (Options): Scheme and columns, where the user says them.
    YIELDS (Sentence): Sentences in order; documents are called FILE-1, FILE-2 and so on.
    RAISES: ALError A100 (unknown scheme), A110 (no sentences), A111, A118 (columns), A112 (tags), A113 (not
        UTF-8), A114 (unsure of the scheme), A119 (no word), A131 (numbers for words), A132 (several columns of tags).
    """
    yield from numbered(_sentences(path, repairs, options))


def _sentences(path: Path, repairs: Repairs, options: Options) -> Iterator[Sentence]:
    blocks = list(_blocks(path, repairs))
    options = listed_columns(blocks[0][1] if blocks else [], options)
    _drop_header(blocks, path, repairs)
    plain = [[row for row in rows if not row.line.text.startswith("#")] for _, rows in blocks]
    # A file whose every line begins with # has no others to go by.
    layout = find_layout(plain if any(plain) else [rows for _, rows in blocks], path, options)
    if layout.counting:
        repairs.note("counting", path=path, line=next(chain(*plain)).line.number)
    file, several = path.name, bool(blocks) and blocks[-1][0] > 1
    for document, rows in blocks:
        sentence = _sentence(_without_comments(rows, layout, path, repairs), layout, path, repairs)
        if sentence is not None:
            yield replace(sentence, file=f"{file}#{document}" if several else file, document=f"{file}-{document}")


def _blocks(path: Path, repairs: Repairs) -> Iterator[Tuple[int, List[Row]]]:
    """Sentences as rows, each with the number of its document, from 1."""
    document, rows = 1, []
    tabs: Optional[bool] = None
    filled = False
    for line in read_lines(path, repairs):
        text = line.text.strip(" \t")
        starts_document = text.split(maxsplit=1)[:1] == [DOCSTART]
        if text and not starts_document:
            # A comment does not tell how columns are separated.
            tabs = "\t" in line.text if tabs is None and not text.startswith("#") else tabs
            whole = line.text.rstrip(" ")
            here = "\t" in whole if tabs is None else tabs
            rows.append(Row(line, whole.split("\t") if here else re.split("[ \t]+", text)))
            continue
        if rows:
            yield document, rows
            rows, filled = [], True
        if starts_document and filled:
            document, filled = document + 1, False
    if rows:
        yield document, rows


def _drop_header(blocks: List[Tuple[int, List[Row]]], path: Path, repairs: Repairs) -> None:
    """Take the names of columns out of the first sentence."""
    for _, rows in blocks[:1]:
        if is_header(rows[0]):
            repairs.note("header", path=path, line=rows[0].line.number)
            del rows[0]


def _without_comments(rows: List[Row], layout: Layout, path: Path, repairs: Repairs) -> List[Row]:
    """The rows without the comments at their start."""
    for number, row in enumerate(rows):
        if not row.line.text.startswith("#") or layout.is_row(row):
            return rows[number:]
        repairs.note("comment", path=path, line=row.line.number)
    return []


def _sentence(rows: List[Row], layout: Layout, path: Path, repairs: Repairs) -> Optional[Sentence]:
    """The sentence, its file, document and number left open; None if repairs left no word of it."""
    rows = [row for row in rows if _is_token(row, layout, path, repairs)]
    if not rows:
        return None
    tags = [_tag(row, layout, path, repairs) for row in rows]
    known = [tag or "O" for tag in tags]
    scheme = "IOB1" if layout.scheme == IO else layout.scheme
    _check_sequence(known, rows, scheme, path, repairs)
    if scheme in end_schemes.SCHEMES:
        known, scheme = with_letters(known), "BILOU"
    pos = None
    if layout.pos is not None:
        pos = [row.cells[layout.pos] if len(row.cells) == layout.width else "" for row in rows]
    return Sentence(
        words=[row.cells[layout.word] if len(row.cells) > layout.word else row.cells[0] for row in rows],
        spans=schemes.decode(known, scheme),
        document="",
        line=rows[0].line.number,
        file="",
        start=rows[0].line.start,
        end=rows[-1].line.end,
        pos=pos,
        missing=[number for number, tag in enumerate(tags) if tag is None],
        scheme=layout.scheme,
    )


def _is_token(row: Row, layout: Layout, path: Path, repairs: Repairs) -> bool:
    line = row.line.number
    if layout.counting and not row.cells[0].isdecimal():
        # The words of a contraction follow it, with their tags.
        repairs.note("contraction", path=path, line=line)
        return False
    if len(row.cells) <= layout.word or row.cells[layout.word].strip(" "):
        return True
    repairs.problem("word", Errors.A119, path=path, line=line)
    return False


def _tag(row: Row, layout: Layout, path: Path, repairs: Repairs) -> Optional[str]:
    """The row's tag, or None where a repair leaves it missing."""
    line = row.line.number
    if len(row.cells) != layout.width:
        found, text = len(row.cells), row.line.text[:60]
        repairs.problem("columns", Errors.A111, path=path, line=line, found=found, expected=layout.width, text=text)
        return None
    if any(row.cells[column] != "O" for column in layout.nested):
        repairs.note("nested", path=path, line=line)
    tag = layout.read_tag(row)
    if tag is None:
        problem = f"{row.cells[layout.tag]!r} of {row.cells[layout.word]!r} is not a tag of {layout.scheme}"
        problem += ", and stands for O in BMEWO+: write O there" if OUTSIDE.fullmatch(row.cells[layout.tag]) else ""
        repairs.problem("tag", Errors.A112, path=path, line=line, problem=problem)
    return tag


def _check_sequence(tags: List[str], rows: List[Row], scheme: str, path: Path, repairs: Repairs) -> None:
    find = end_schemes.find_problem if scheme in end_schemes.SCHEMES else schemes.find_problem
    found = find(tags, scheme)
    if found is None:
        return
    token, problem = found
    line = rows[token].line.number
    if scheme in ("IOB1", "IOE1"):
        # A needless B- or E- cannot be misread; eng.train itself has two.
        repairs.note("b_in_iob1", path=path, line=line)
    else:
        repairs.problem("sequence", Errors.A112, path=path, line=line, problem=problem)
