"""Documents without labels in TXT and CSV files, which is what real pools are made of."""

import contextlib
import csv
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, Optional

from spacy.language import Language

from ..errors import ALError, Errors
from ..jsonl import MAX_LINE
from .lines import BOM, Line, read_lines
from .repairs import Repairs
from .sentence import Sentence
from .splitter import Passage, split_passages

DELIMITERS = (",", ";", "\t")


def read_text(
    path: Path, repairs: Repairs, *, nlp: Language, per_line: bool = False, name: Optional[str] = None
) -> Iterator[Sentence]:
    """Read a text file as one document; an empty line always ends a sentence.

    path (Path): The file.
    repairs (Repairs): What to do about bytes that are not UTF-8.
    nlp (Language): What splits the text (`splitter.make_splitter`).
    per_line (bool): Each line is a document of its own, called NAME-LINE.
    name (Optional[str]): What ids and offsets call the file; None: its name.
    YIELDS (Sentence): Sentences whose text is exactly the file from `start` to `end`.
    RAISES: ALError A110 (no text), A113 (not UTF-8), A123 (no sentence boundaries), A124 (too long).
    """
    file = name or path.name
    lines = read_lines(path, repairs)
    passages = _lines(lines, file) if per_line else _paragraphs(lines, file)
    yield from not_empty(split_passages(passages, nlp, path), path)


def read_folder(folder: Path, repairs: Repairs, *, nlp: Language, per_line: bool = False) -> Iterator[Sentence]:
    """Read all text files below a folder (.txt, .TXT; no hidden ones), sorted by path, each as `read_text` does.

    folder (Path): The folder.
    repairs (Repairs): What to do about bytes that are not UTF-8, and about files without text (A110).
    nlp (Language): What splits the text.
    per_line (bool): Each line is a document of its own.
    YIELDS (Sentence): Sentences; ids and offsets name the file by its path below the folder.
    RAISES: As `read_text`.
    """
    yield from not_empty(_read_folder(folder, repairs, nlp, per_line), folder)


def read_csv(
    path: Path, repairs: Repairs, *, nlp: Language, text_field: str = "text", id_field: str = "id"
) -> Iterator[Sentence]:
    """Read a CSV file with a header, each row a document; commas, semicolons or tabs separate its columns.

    path (Path): The file.
    repairs (Repairs): What to do about bad rows.
    nlp (Language): What splits the text (`splitter.make_splitter`).
    text_field (str): Column of the text.
    id_field (str): Column of the document's id; without such a column documents are called NAME-LINE.
    YIELDS (Sentence): Sentences; offsets count in the text of their row.
    RAISES: As `read_text`, and A120 (bad row), A121 (no column of that name).
    """
    with _long_fields():
        passages = _documents(path, repairs, text_field, id_field)
        yield from not_empty(split_passages(passages, nlp, path), path)


def visible_files(folder: Path) -> Iterator[Path]:
    """All files below a folder; none that is hidden or stands in a hidden folder, such as macOS's `._a.txt`."""
    for path in folder.rglob("*"):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def not_empty(sentences: Iterator[Sentence], path: Path) -> Iterator[Sentence]:
    """Pass sentences on; raise ALError A110 when there was none."""
    empty = True
    for sentence in sentences:
        empty = False
        yield sentence
    if empty:
        raise ALError(Errors.A110.format(path=path))


def _read_folder(folder: Path, repairs: Repairs, nlp: Language, per_line: bool) -> Iterator[Sentence]:
    for path in sorted(path for path in visible_files(folder) if path.suffix.lower() == ".txt"):
        if path.read_bytes().removeprefix(BOM).strip():
            name = path.relative_to(folder).as_posix()
            yield from read_text(path, repairs, nlp=nlp, per_line=per_line, name=name)
        else:
            repairs.problem("empty", Errors.A110.format(path=path), path=path, line=1)


def _paragraphs(lines: Iterable[Line], file: str) -> Iterator[Passage]:
    kept: List[Line] = []
    for line in lines:
        if line.text.strip():
            kept.append(line)
        elif kept:
            yield _passage(kept, file, file)
            kept = []
    if kept:
        yield _passage(kept, file, file)


def _lines(lines: Iterable[Line], file: str) -> Iterator[Passage]:
    for line in lines:
        if line.text.strip():
            yield _passage([line], file, f"{file}-{line.number}")


def _passage(lines: List[Line], file: str, document: str) -> Passage:
    text = "".join(line.text + line.ending for line in lines)
    return Passage(text, document, file, lines[0].number, lines[0].start)


def _documents(path: Path, repairs: Repairs, text_field: str, id_field: str) -> Iterator[Passage]:
    lines = (line.text + line.ending for line in read_lines(path, repairs))
    header = next(lines, "")
    delimiter = next((d for d in DELIMITERS if text_field in _names(header, d)), None)
    if delimiter is None:
        raise ALError(Errors.A121.format(path=path, column=text_field, header=header.strip()[:200]))
    for line, row in _rows(lines, delimiter, _names(header, delimiter), path, repairs):
        document = row.get(id_field) or f"{path.name}-{line}"
        if not row[text_field].strip():
            repairs.note("no_text", path=path, line=line)
        yield Passage(row[text_field], document, f"{path.name}#{document}", line)


def _rows(
    lines: Iterator[str], delimiter: str, names: List[str], path: Path, repairs: Repairs
) -> Iterator[tuple[int, Dict[str, str]]]:
    """The line each row starts on, and its cells by the names in the header."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 2  # the header is line 1, and this reader has not seen it
        try:
            row = next(reader, None)
            problem = f"{len(row or [])} columns where the header has {len(names)}"
        except csv.Error as error:
            row, problem = [""] * (len(names) + 1), str(error)
        if row is None:
            return
        if len(row) == len(names):
            yield line, dict(zip(names, row, strict=True))
        elif row:
            message = Errors.A120.format(path=path, line=line, problem=problem)
            repairs.problem("record", message, path=path, line=line)


def _names(header: str, delimiter: str) -> List[str]:
    try:
        return next(csv.reader([header], delimiter=delimiter), [])
    except csv.Error:
        return []


@contextlib.contextmanager
def _long_fields() -> Iterator[None]:
    """The csv module's limit is global: raise it for one reading, then put it back."""
    limit = csv.field_size_limit(MAX_LINE)
    try:
        yield
    finally:
        csv.field_size_limit(limit)
