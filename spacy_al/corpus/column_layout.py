"""What each column of a file with one token a line holds: counting numbers, words, parts of speech, entity tags."""

import itertools
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Iterable, List, Optional, Sequence, Tuple

from ..errors import ALError, Errors
from ..options import ConvertOptions as Options
from . import end_schemes, schemes
from .lines import Line

IO = "IO"  # only read, never learned: an entity's tag is its bare label
SCHEMES = (*schemes.SCHEMES, *end_schemes.SCHEMES, IO)
PREFIXES = {**schemes.PREFIXES, **dict.fromkeys(end_schemes.SCHEMES, end_schemes.LETTERS)}
# BIOES, IOBES, BMES and BMEWO are BILOU with other letters.
LETTERS = {"M-": "I-", "E-": "L-", "S-": "U-", "W-": "U-"}
TAG = re.compile(r"[BILUESMW]-\S.*")
SMALL = re.compile(r"o|[biluesmw]-\S.*")  # tags whose letter is no capital
STACKED = re.compile(r"[|,;+#](O$|[BILUESMW]-)")  # of B-PER|B-ORG nobody knows which is meant
ODD = re.compile(r"[BILUESMW][_:.]\S+|\S+[-_:.][BIOES]")  # B_PER, PER-B
COUNT = re.compile(r"(\d+)([-.]\d+)?")  # a token's number; in CoNLL-U also 1-2 for a contraction, 1.1 for nothing
# Labels of phrases, as CoNLL-2003 has them in a column beside the entities, in English and German.
PHRASES = frozenset("NP VP PP ADVP ADJP SBAR PRT CONJP INTJ LST UCP NC VC PC AC".split())

# What people call the columns of words and of tags, in lower case.
WORD_NAMES = frozenset("word words token tokens form".split())
TAG_NAMES = frozenset("tag tags ner ner_tag ner_tags label labels entity iob bio iob2 named_entity".split())
LISTED = re.compile(r"# global\.columns *= *(.*)")  # CoNLL-U Plus says what its columns are
NAMES = re.compile(r"ne|.*(ner|name|entity).*", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """One token's line: the line and its columns."""

    line: Line
    cells: List[str]


@dataclass(frozen=True)
class Layout:
    """What each column of a file holds.

    width (int): How many columns a line has.
    word (int): Column of words. tag (int): Column of entity tags. pos (Optional[int]): That of parts of speech.
    scheme (str): Tag scheme, one of SCHEMES.
    bare (bool): Tags of the scheme IO are labels without I-.
    counting (bool): The first column counts tokens. nested (Tuple[int, ...]): Columns of further entity tags.
    labels (FrozenSet[str]): With bare tags, all there are.
    """

    width: int
    word: int
    tag: int
    pos: Optional[int]
    scheme: str
    bare: bool = False
    counting: bool = False
    nested: Tuple[int, ...] = ()
    labels: "frozenset[str]" = field(default_factory=frozenset)

    def is_row(self, row: Row) -> bool:
        """Whether a line that begins with # is a token: it has all columns and a tag in the right one."""
        if len(row.cells) != self.width:
            return False
        tag = row.cells[self.tag]
        return tag in self.labels if self.bare else is_tag(tag)

    def read_tag(self, row: Row) -> Optional[str]:
        """The row's tag in letters of its scheme (IO as IOB1); None if it cannot be read."""
        tag = row.cells[self.tag]
        if " " in tag and all(piece == "O" or TAG.fullmatch(piece) for piece in tag.split(" ")):
            return None  # a whole sentence's tags in one cell
        if STACKED.search(tag):
            return None
        if self.scheme == IO:
            tag = "O" if tag in ("o", "0") and "O" not in self.labels else tag
            if tag == "O" or not tag.strip(" "):
                return tag or None
            return None if TAG.fullmatch(tag) and not tag.startswith("I-") else "I-" * self.bare + tag
        tag = with_capital(tag)
        if self.scheme == "BILOU":
            (tag,) = with_letters([tag])
        known = tag == "O" or bool(schemes.split_tag(tag, PREFIXES[self.scheme])[1])
        return tag if known else None


def is_tag(cell: str) -> bool:
    """Whether a cell looks like a tag, such as O or B-PER; also where its letter is small."""
    return cell in ("O", "o") or bool(TAG.fullmatch(cell) or SMALL.fullmatch(cell))


def with_capital(tag: str) -> str:
    """The tag with a capital as its letter: b-per becomes B-per."""
    return tag[:2].upper() + tag[2:] if SMALL.fullmatch(tag) else tag


def with_letters(tags: Iterable[str]) -> List[str]:
    """Tags with the letters of BILOU in place of those of BIOES, BMES and BMEWO."""
    return [LETTERS.get(tag[:2], tag[:2]) + tag[2:] for tag in tags]


def is_header(row: Row) -> bool:
    """Whether a row has the names of columns instead of a word and a tag."""
    cells = [cell.strip().lower() for cell in row.cells]
    return not WORD_NAMES.isdisjoint(cells) and not TAG_NAMES.isdisjoint(cells)


def listed_columns(rows: Sequence[Row], options: Options) -> Options:
    """The options, with the columns that CoNLL-U Plus names in its first line, where the user has not said them."""
    found = next((match for row in rows if (match := LISTED.fullmatch(row.line.text))), None)
    names = found[1].split() if found else []
    tags = [number for number, name in enumerate(names) if NAMES.fullmatch(name)]
    if options.tag_column is not None or "FORM" not in names or len(tags) != 1:
        return options
    pos = names.index("UPOS") if options.pos_column is None and "UPOS" in names else options.pos_column
    return replace(options, word_column=names.index("FORM"), tag_column=tags[0], pos_column=pos)


def find_layout(blocks: Sequence[List[Row]], path: Path, options: Options) -> Layout:
    """What the columns of a file hold.

    blocks (Sequence[List[Row]]): Sentences, without lines that begin with #.
    path (Path): The file, for errors.
    options (Options): What the user says of scheme and columns.
    RETURNS (Layout): The layout.
    RAISES: ALError A110 (no rows), A118 (no such columns), A100 (unknown scheme), A114 (unsure of it), A131 (numbers
        where words should be), A132 (several columns of entity tags).
    """
    widths = Counter(len(row.cells) for rows in blocks for row in rows)
    if not widths:
        raise ALError(Errors.A110.format(path=path))
    width = widths.most_common(1)[0][0]
    whole = [[row.cells for row in rows if len(row.cells) == width] for rows in blocks]
    counting = options.word_column is None and _counts(whole, path, width)
    word = int(counting or options.tag_column == 0) if options.word_column is None else options.word_column
    columns = {number: {cells[number] for rows in whole for cells in rows} for number in range(width)}
    tag, nested = _tag_column(columns, word, path, options, counting)
    pos = options.pos_column
    if pos is None and width - counting in (3, 4) and word + 1 not in (tag, *nested):
        pos = word + 1 if columns.get(word + 1) != {"_"} else None
    if not 0 <= word < width or not 0 <= tag < width or tag == word or (pos is not None and not 0 <= pos < width):
        raise ALError(Errors.A118.format(path=path, width=width, tag=options.tag_column or tag, pos=options.pos_column))
    sequences = ([with_capital(cells[tag]) for cells in rows] for rows in whole)
    scheme = _scheme(sequences, path, options.scheme, _hint(columns, tag))
    labels = columns[tag] - {"O"}
    bare = scheme == IO and not all(label.startswith("I-") for label in labels)
    return Layout(width, word, tag, pos, scheme, bare, counting, nested, frozenset(columns[tag]))


def choose_scheme(sequences: Iterable[Sequence[str]]) -> Tuple[Optional[str], str]:
    """Tell the scheme of tags from the way that entities after O or another label start.

    sequences (Iterable[Sequence[str]]): Tags of each sentence.
    RETURNS (Tuple[Optional[str], str]): IOB2 if at least 90 % start with B-, IOB1 if at most 10 % do, BILOU
        if most have L- or U- (or E-, S- or W-) tags, None if unsure; and the counts, in words. Where there are none but
        I- and E-, as `end_schemes.choose`.
    """
    sequences = list(sequences)
    starts, lasts, bare = Counter({"B": 0, "I": 0}), 0, 0
    letters = set()
    for tags in sequences:
        before = ""
        for tag in tags:
            prefix, label = schemes.split_tag(tag, "BILUESMW")
            starts[prefix] += bool(label) and label != before
            letters |= {prefix} if label else set()
            lasts += prefix in "LUESW"
            bare += tag != "O" and not label
            before = label
    if letters == {"I", "E"}:
        return end_schemes.choose(sequences)
    total = sum(starts.values())
    seen = f"of {total} entities not right after their like, {starts['B']} start with B-, {starts['I']} with I-"
    if bare and not total:
        return None, f"{bare} tags have no B- or I- before the label"
    if 2 * lasts >= total > 0:
        return "BILOU", seen
    if starts["B"] >= 0.9 * total:
        return "IOB2", seen
    return ("IOB1" if starts["B"] <= 0.1 * total else None), seen


def _counts(blocks: Sequence[List[List[str]]], path: Path, width: int) -> bool:
    """Whether the first column counts the tokens of each sentence, or of the file; A131 if it seems to, and fails."""
    firsts = [[COUNT.fullmatch(cells[0]) for cells in rows] for rows in blocks if rows]
    total = sum(len(found) for found in firsts)
    numbers = sum(match is not None for found in firsts for match in found)
    if width < 3 or 2 * numbers < total or total < 2:
        return False
    tokens = [[int(match[1]) for match in found if match and not match[2]] for found in firsts]
    tokens = [found for found in tokens if found]
    steady = all(found == list(range(found[0], found[0] + len(found))) for found in tokens)
    begins = [found[0] for found in tokens]
    through = all(after[0] == before[-1] + 1 for before, after in itertools.pairwise(tokens))
    if numbers == total and steady and begins[0] in (0, 1) and (len(set(begins)) == 1 or through):
        return True
    raise ALError(Errors.A131.format(path=path, numbers=numbers, total=total))


def _tag_column(
    columns: "dict[int, set[str]]", word: int, path: Path, options: Options, counting: bool
) -> Tuple[int, Tuple[int, ...]]:
    """The column of entity tags, and others that hold such tags too."""
    width = len(columns)
    if options.tag_column is not None:
        return (options.tag_column % width if -width <= options.tag_column < width else -1), ()
    tagged = [n for n, cells in columns.items() if n != word and all(map(is_tag, cells))]
    others = [n for n in tagged if n != width - 1 and _names(columns[n]) and _names(columns[n]).isdisjoint(PHRASES)]
    if counting and width == 4 and tagged == [2, 3] and others:
        return 2, (3,)  # GermEval 2014: outer names, then names inside names
    if others:
        shown = ", ".join(str(n) for n in sorted({*others, width - 1}))
        raise ALError(Errors.A132.format(path=path, columns=shown))
    return width - 1, ()


def _names(cells: "set[str]") -> "set[str]":
    return {cell[2:] for cell in cells if cell not in ("O", "o")}


def _hint(columns: "dict[int, set[str]]", tag: int) -> str:
    """What to do where no scheme fits, if the tags show it."""
    other = next((n for n, cells in columns.items() if n != tag and all(map(is_tag, cells)) and _names(cells)), None)
    if other is not None:
        return f"; entity tags stand in column {other}, which --tag-column {other} reads"
    if any("=" in cell and is_tag(cell.partition("=")[2]) for cell in columns[tag]):
        return "; the last column is that of CoNLL-U, which --format conllu reads"
    odd = next((cell for cell in sorted(columns[tag]) if ODD.fullmatch(cell)), None)
    return f"; {odd!r} is a tag of no scheme: write B-PER, I-PER and O" if odd else ""


def _scheme(sequences: Iterable[Sequence[str]], path: Path, wished: str, hint: str) -> str:
    if wished in SCHEMES:
        return wished
    if wished != "auto":
        raise ALError(Errors.A100.format(scheme=wished, known=", ".join(SCHEMES)))
    scheme, seen = choose_scheme(sequences)
    if scheme is None:
        raise ALError(Errors.A114.format(path=path, seen=seen + hint, known=", ".join(SCHEMES)))
    return scheme
