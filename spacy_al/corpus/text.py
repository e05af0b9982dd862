"""Documents without labels in text files, which is what real pools are made of."""

from pathlib import Path
from typing import Iterator, List, Optional

from spacy.language import Language

from ..errors import ALError, Errors
from ..jsonl import BOM
from .lines import Line, paragraphs, read_lines
from .repairs import Repairs
from .sentence import Sentence
from .splitter import Passage, split_passages


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
    if per_line:
        passages = (_passage([line], file, f"{file}-{line.number}") for line in lines if line.text.strip())
    else:
        passages = (_passage(some, file, file) for some in paragraphs(lines))
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
            repairs.problem("empty", Errors.A110, path=path, line=1)


def _passage(lines: List[Line], file: str, document: str) -> Passage:
    text = "".join(line.text + line.ending for line in lines)
    return Passage(text, document, file, lines[0].number, lines[0].start)
