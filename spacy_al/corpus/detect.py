"""Telling the format of a corpus from its name and its first lines."""

import itertools
import re
from collections import Counter
from pathlib import Path
from typing import List

from ..errors import ALError, Errors
from . import ontonotes
from .annotation.csv_records import header_names
from .column_corpus import DOCSTART
from .column_layout import TAG_NAMES
from .lines import is_packed, read_lines
from .marked import MARK, is_rasa
from .repairs import Repairs
from .row_tables import word_columns
from .table_corpus import PROMISED
from .text import visible_files

FORMATS = {
    "conll": "one token a line, the entity tag in the last column (CoNLL-2003, WNUT-17, BC5CDR, Wikigold)",
    "ontonotes": "a *_gold_conll file or a folder of them (CoNLL-2012)",
    "jsonl": "JSON, one object a line, an array or one object (spaCy, Prodigy, Label Studio, GLiNER, or no labels)",
    "txt": "a text file or a folder of them, without labels",
    "conllu": "CoNLL-U with entities in the last column (name=B-PER)",
    "webanno": "WebAnno TSV 3, also of INCEpTION",
    "brat": "a folder of .txt and .ann files",
    "uima": "UIMA CAS: .xmi beside TypeSystem.xml, or JSON",
    "hf": "a Hugging Face data set: a folder from save_to_disk, or .parquet",
    "csv": "a table with a column of texts, and one of entities or none; or with a word or an entity in each row",
    "marked": "a text a line with marks such as [Berlin](city) or <PER>Ana</PER>, also Rasa's .md and .yml",
}
LOOKED_AT, LOOKED_INTO = 500, 20  # lines of a file, files of a folder
OUTSIDE = {"O", "o"}
TAG_STARTS = {f"{prefix}-" for prefix in "BILUESMW"}
# A word with its tag on it (Ana/B-PER, Ana|PER, Ana,B-PER), and marks that are not read.
INLINE = re.compile(r"\S+[/|_,;](?P<tag>O|[A-Z][\w-]*)")
LABEL = re.compile("[A-Z][A-Z_-]+|O")  # of a whole line
TYPE = "(?:PER|PERSON|LOC|LOCATION|GPE|ORG|ORGANIZATION|MISC|ENAMEX)"
UNREAD = re.compile(rf"<START(?::\S+)?> .+? <END>|\[{TYPE} [^\[\]]+\]|<(?i:{TYPE})\b[^<>]*>[^<>]+</")
# Python's way to write spaCy 2's training data, which is no JSON.
PYTHON = re.compile(r"\s*(\w+ *= *[\[(]|\[?\s*(\(|\{\s*'))|\s*\[\s*$")
JSON = re.compile(r"\s*\[?\s*\{\s*([\"'}]|$)|\s*\[\s*$")
TUPLE = re.compile(r"\(\s*\d+\s*,\s*\d+\s*,\s*['\"]")
BINARY = {".parquet": "hf", ".xmi": "uima", ".ann": "brat"}
SUFFIXES = {
    ".conllu": "conllu",
    ".conllup": "conll",
    ".conll": "conll",
    ".jsonl": "jsonl",
    ".json": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".txt": "txt",
}


# What files that hold no plain text begin with, what they are, and what to do.
OFFICE = "Save it as text (.txt) or, if it is a table, as CSV, with one document a file or row"
BEGINNINGS = (
    (b"PK\x03\x04", "a zip archive, as Word's .docx and Excel's .xlsx are too", f"Unpack an archive. {OFFICE}"),
    (b"%PDF-", "a PDF", "Take its text out first, such as with `pdftotext`"),
    (b"\xd0\xcf\x11\xe0", "an old file of Word or Excel", OFFICE),
    (b"{\\rtf", "rich text", OFFICE),
    (b"\x1f\x8b", "a gzip archive", "Unpack it first, with `gunzip`"),
    (b"BZh91AY", "a bzip2 archive", "Unpack it first, with `bunzip2`"),
    (b"\xfd7zXZ", "an xz archive", "Unpack it first, with `unxz`"),
    (b"7z\xbc\xaf", "a 7-Zip archive", "Unpack it first"),
    (b"\x89PNG", "an image", "Give text"),
    (b"\0" * 8, "a file of zeros, as a crash or a full disk leaves it", "Restore it from a copy, or export again"),
)  # fmt: skip


def check_text(path: Path) -> None:
    """Raise ALError A138 for a file that by its first bytes is of a known kind without plain text."""
    with path.open("rb") as file:
        start = file.read(8)
    check_start(start, path)
    if path.suffix == ".spacy" and is_packed(start):
        cure = "It needs no converting: the other commands take it as it is"
        raise ALError(Errors.A138.format(path=path, kind="a DocBin", cure=cure))


def check_start(start: bytes, path: Path) -> None:
    """Raise ALError A138 as `check_text` does, for a file that begins with these bytes."""
    for begins, kind, cure in BEGINNINGS:
        if start.startswith(begins):
            raise ALError(Errors.A138.format(path=path, kind=kind, cure=cure))


def detect_format(path: Path, *, columns: bool = False) -> str:
    """Tell the format of a file or folder.

    path (Path): The file or folder.
    columns (bool): A tag scheme or column was named, so that what might be columns is.
    RETURNS (str): A key of FORMATS.
    RAISES: ALError A003 when it does not exist, A110 when it is empty, A115 when no format fits for sure.
    """
    if path.is_dir():
        return _detect_folder(path)
    if path.suffix.lower() in BINARY:
        return BINARY[path.suffix.lower()]
    # Broken bytes are the reader's to report: here they are only looked past.
    lines = itertools.islice(read_lines(path, Repairs("warn")), LOOKED_AT)
    texts = [line.text for line in lines if line.text.strip()]
    if not texts:
        raise ALError(Errors.A110.format(path=path))
    if texts[0].startswith("#begin document"):
        return "ontonotes"
    if texts[0].startswith("#FORMAT=WebAnno TSV 3"):
        return "webanno"
    if path.suffix.lower() == ".json" and '"%TYPES"' in texts[0] + "".join(texts[1:5]):
        return "uima"
    if PYTHON.match(texts[0]) and TUPLE.search("".join(texts[:20])):
        cure = "Let Python write it as JSON: `json.dump(DATA, open('data.json', 'w'))`"
        raise ALError(Errors.A138.format(path=path, kind="Python code", cure=cure))
    suffix = SUFFIXES.get(path.suffix.lower())
    if suffix not in (None, "txt"):
        return suffix
    if JSON.match(texts[0]):
        return "jsonl"
    if any(map(is_rasa, texts)):
        return "marked"
    if _is_header(texts[0]):
        return "csv"
    share = _tagged(texts)
    if share >= 0.5 or columns:
        return "conll"  # whose reader names the other lines
    _check_labels(texts, path)
    if suffix == "txt" and share <= 0.1:
        mark = next((mark for text in texts if (mark := MARK.search(text))), None)
        if mark is not None:
            raise _unsure(
                path, f"{mark[0][:60]!r} may be a marked entity (--format marked) or mere text (--format txt)"
            )
        return "txt"
    raise _unsure(path, f"{share:.0%} of its first lines end with an entity tag such as O or B-PER")


def _detect_folder(path: Path) -> str:
    if any(path.rglob(ontonotes.PATTERN)) or any(path.rglob("*_gold_skel")):
        return "ontonotes"
    if (path / "dataset_dict.json").is_file() or (path / "dataset_info.json").is_file():
        return "hf"
    suffixes = {file.suffix.lower() for file in visible_files(path)}
    if ".ann" in suffixes and ".txt" in suffixes:
        return "brat"
    if ".xmi" in suffixes:
        return "uima"
    if suffixes == {".txt"}:
        for file in itertools.islice(visible_files(path), LOOKED_INTO):
            found = detect_format(file) if file.read_bytes().strip() else "txt"
            if found != "txt":
                raise _unsure(path, f"{file.name} seems to be of the format {found}; convert such files one by one")
        return "txt"
    for file in itertools.islice(visible_files(path), LOOKED_INTO):
        check_text(file)
    raise _unsure(
        path, f"a folder with files {', '.join(sorted(suffixes)) or 'of no kind'}; such are converted one by one"
    )


def _tagged(texts: List[str]) -> float:
    """The share of lines that have columns and end with what looks like an entity tag."""
    rows = [text.split() for text in texts]
    rows = [row for row in rows if row and row[0] != DOCSTART and (row[0][0] != "#" or row[-1] == "O")]
    fit = [row[-1] for row in rows if len(row) > 1 and _is_tag(row[-1])]
    return len(fit) / len(rows) if rows and (_plain_tags(fit) or OUTSIDE.issuperset(fit)) else 0.0


def _check_labels(texts: List[str], path: Path) -> None:
    """A115 where labels stand in a form or place that is not looked at, which would be lost in mere text."""
    rows = [text.split() for text in texts]
    for column in range(max(map(len, rows))):
        fit = [row for row in rows if column < len(row) > 1 and _is_tag(row[column])]
        alike = max(Counter(map(len, fit)).values(), default=0)  # lines of prose are of many lengths
        if 2 * alike >= len(rows) and _plain_tags([row[column] for row in fit]):
            raise _unsure(
                path, f"entity tags stand in column {column}: --format conll --tag-column {column} reads them"
            )
    for text, row in zip(texts, rows, strict=True):
        tags = [match["tag"] for piece in row if (match := INLINE.fullmatch(piece))]
        if len(tags) == len(row) and (any(tag[:2] in TAG_STARTS for tag in tags) or {"O"} < set(tags)):
            problem = f"{row[0][:60]!r} seems to be a word and its tag: write a token a line, a tab between the two"
            raise _unsure(path, f"{problem}, or take it as mere text with --format txt")
        if (mark := UNREAD.search(text)) and not MARK.search(text):
            problem = f"{mark[0][:60]!r} seems to be a marked entity: write it as <PER>Ana</PER>"
            raise _unsure(path, f"{problem}, or take it as mere text with --format txt")
    for sign, called in {"\t": "tab", ";": "semicolon", "|": "|", ",": "comma"}.items():
        ends = {text.rpartition(sign)[2].strip() for text in texts[1:]}  # the first may have other names of columns
        spaced = sign == "," and "O" not in ends and any(", " in text for text in texts)  # Boston, USA
        if len(texts) > 1 and all(sign in text for text in texts) and all(map(LABEL.fullmatch, ends)) and not spaced:
            seen = f"each line ends with a label ({min(ends)}) after a {called}"
            if "O" in ends:
                raise _unsure(path, f"{seen}: if each is a word with its label, --format conll --scheme IO reads it")
            cure = "for a table give it a first line with names of columns, text and label, for text name --format txt"
            raise _unsure(path, f"{seen}: {cure}")


def _is_header(line: str) -> bool:
    """Whether a line has the names of a table's columns: of words and tags, or of a text and its labels."""
    for names, delimiter in header_names(line):
        cells = [name.strip().lower() for name in names]
        if delimiter == "\t" and word_columns(names) is not None:
            return True
        if len(cells) > 1 and "text" in cells and not {*TAG_NAMES, *PROMISED}.isdisjoint(cells):
            return True
    return False


def _plain_tags(cells: List[str]) -> bool:
    """Whether cells that look like tags are no words, such as e-mail, I-95 or U-Bahn: O is among them, or labels are in
    capitals, or come again after B- or I-."""
    labels = [cell[2:] for cell in cells if cell not in OUTSIDE]
    again = len(set(labels)) < len(labels) and all(cell[0] in "BI" and cell[2:3].isalpha() for cell in cells)
    return bool(labels) and (len(labels) < len(cells) or all(map(str.isupper, labels)) or again)


def _is_tag(cell: str) -> bool:
    return cell in OUTSIDE or cell[:2].upper() in TAG_STARTS


def _unsure(path: Path, seen: str) -> ALError:
    known = "; ".join(f"{name}: {what}" for name, what in FORMATS.items())
    return ALError(Errors.A115.format(path=path, seen=seen, known=known))
