"""A report as data: sections of text, tables, figures and sentences, before any markup."""

from dataclasses import dataclass, field, replace
from typing import Iterable, List, Sequence, Tuple, Union


@dataclass(frozen=True)
class Text:
    """A paragraph. `Backticks` mark code; nothing else is markup."""

    text: str


@dataclass(frozen=True)
class Heading:
    """A title within a section."""

    text: str


@dataclass(frozen=True)
class Points:
    """A list of short statements, with backticks as in Text."""

    items: Sequence[str]


@dataclass(frozen=True)
class Cell:
    """A table cell: its value, a smaller value that stands under it, and whether it is its column's best."""

    text: str
    under: str = ""
    strong: bool = False


Row = Sequence[Union[str, Cell]]


@dataclass(frozen=True)
class Table:
    """A table with a caption.

    title (str): Caption, above the table.
    head (Sequence[str]): Column names.
    rows (Sequence[Row]): As long as `head`, each.
    words (int): Number of leading columns that hold words; the others hold numbers and align right.
    note (str): Small print below.
    breaks (Sequence[int]): Rows before which a new block begins.
    """

    title: str
    head: Sequence[str]
    rows: Sequence[Row]
    words: int = 1
    note: str = ""
    breaks: Sequence[int] = ()


@dataclass(frozen=True)
class Figure:
    """A drawing: `png` names a file in the report's folder, for Markdown; `svg` is for the page itself."""

    title: str
    png: str
    svg: str
    note: str = ""


@dataclass(frozen=True)
class Sentence:
    """An example: its words, an optional number in 0..1 for the shade of each, and where it comes from."""

    words: Sequence[str]
    shades: Sequence[float]
    source: str


@dataclass(frozen=True)
class Examples:
    """Sentences under a title."""

    title: str
    sentences: Sequence[Sentence]
    note: str = ""


Block = Union[Text, Heading, Points, Table, Figure, Examples]


@dataclass(frozen=True)
class Section:
    """A titled part of the page; `blocks` in reading order."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Page:
    """The whole report: title, one line under it, sections in reading order."""

    title: str
    subtitle: str
    sections: Sequence[Section] = field(default_factory=tuple)


def grouped(blocks: Iterable[Tuple[Sequence[Union[str, Cell]], Sequence[Row]]]) -> Tuple[List[Row], List[int]]:
    """Rows and breaks of a table in blocks; the leading cells of a block stand in its first row alone.

    A block without rows is not there.
    """
    rows: List[Row] = []
    breaks: List[int] = []
    for head, block in blocks:
        breaks += [len(rows)] if block else []
        rows += [[*(["" for _ in head] if i else head), *row] for i, row in enumerate(block)]
    return rows, breaks


def code_parts(text: str) -> List[Tuple[bool, str]]:
    """Split a text at its backticks into (is code, part), empty parts left out."""
    return [(bool(i % 2), part) for i, part in enumerate(text.split("`")) if part]


def numbered(sections: Sequence[Section]) -> List[Section]:
    """The same sections with "Figure 1. " and "Table 1. " before the titles of figures and tables."""
    counts = {"Figure": 0, "Table": 0}

    def number(block: Block) -> Block:
        kind = type(block).__name__
        if not isinstance(block, (Figure, Table)):
            return block
        counts[kind] += 1
        return replace(block, title=f"{kind} {counts[kind]}. {block.title}")

    return [Section(section.title, [number(block) for block in section.blocks]) for section in sections]
