"""OntoNotes 5 as the CoNLL-2012 task gives it: folders of `*_gold_conll` files with entities in brackets."""

import re
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

from ..errors import ALError, Errors
from .lines import Line, read_lines
from .repairs import Repairs
from .schemes import Span
from .sentence import Sentence, numbered
from .text import not_empty

WORD, POS, NAME = 3, 4, 10  # columns of a CoNLL-2012 line, from 0
PATTERN = "*_gold_conll"
PARTS = {"train", "development", "test", "conll-2012-test"}
LANGUAGES = {"english", "chinese", "arabic"}
SKIPPED = "pt"  # New Testament and Old Testament: without names, and not part of the paper's corpus
BEGIN = re.compile(r"#begin document \((.*)\); part (\d+)")
CELL = re.compile(r"(?:\((?P<label>[^()*\s]+))?(?P<rest>\*\)?|\))")


def find_gold(folder: Path) -> List[Path]:
    """The `*_gold_conll` files below a folder, sorted by path.

    folder (Path): One part (train, development or test) of one language.
    RETURNS (List[Path]): At least one file.
    RAISES: ALError A116 when there is none, or the folder holds several parts, languages or versions.
    """
    paths = sorted(path for path in folder.rglob(PATTERN) if path.is_file())
    if not paths:
        skeletons = any(folder.rglob("*_gold_skel"))
        problem = f"no {PATTERN} file" + (", only skeletons without words" if skeletons else "")
        raise ALError(Errors.A116.format(path=folder, problem=problem))
    for kind, words in (("parts", PARTS), ("languages", LANGUAGES)):
        found = {part for path in paths for part in path.relative_to(folder).parts[:-1]} & words
        if len(found) > 1:
            problem = f"several {kind}: {', '.join(sorted(found))}"
            raise ALError(Errors.A116.format(path=folder, problem=problem))
    _refuse_versions(paths, folder)
    return paths


def read_ontonotes(path: Path, repairs: Repairs) -> Iterator[Sentence]:
    """Read a CoNLL-2012 file, or all `*_gold_conll` files below a folder, without the section pt.

    path (Path): The file or folder.
    repairs (Repairs): What to do about bad lines.
    YIELDS (Sentence): Sentences in order; a document's id is the one in its file and the number of its part.
    RAISES: ALError A110 (no sentences), A111 (columns), A113 (not UTF-8), A116 (the folder), A117 (brackets,
        skeleton, or a file cut off).
    """
    yield from not_empty(numbered(_read_files(path, repairs)), path)


def _read_files(path: Path, repairs: Repairs) -> Iterator[Sentence]:
    for file in find_gold(path) if path.is_dir() else [path]:
        name = file.relative_to(path).as_posix() if path.is_dir() else file.name
        if SKIPPED in name.split("/")[:-1]:
            repairs.note("pt", path=file, line=1)
            continue
        yield from _read_file(file, name, repairs)


def decode_brackets(cells: List[str]) -> Tuple[List[Span], List[Tuple[int, str]], List[int]]:
    """Read the name column of one sentence: "(PERSON*" opens, "*)" closes, "(GPE)" is one token, "*" neither.

    cells (List[str]): One cell per token.
    RETURNS (Tuple[List[Span], List[Tuple[int, str]], List[int]]): Spans by token, end exclusive; problems as
        (token, what); tokens whose cell cannot be read. An entity left open ends where the next opens, or at
        the sentence's end; a bracket that closes nothing is ignored.
    """
    spans: List[Span] = []
    problems: List[Tuple[int, str]] = []
    unread: List[int] = []
    start, label = 0, ""
    for number, cell in enumerate(cells):
        match = CELL.fullmatch(cell)
        if match is None:
            problems.append((number, f"{cell!r} cannot be read"))
            unread.append(number)
        if label and (match is None or match["label"]):
            spans.append((start, number, label))
            label = ""
            if match is not None:
                problems.append((number, f"{cell!r} opens an entity inside another"))
        if match is not None and match["label"]:
            start, label = number, match["label"]
        if match is not None and match["rest"].endswith(")"):
            if label:
                spans.append((start, number + 1, label))
                label = ""
            else:
                problems.append((number, f"{cell!r} closes an entity that was not opened"))
    if label:
        spans.append((start, len(cells), label))
        problems.append((start, f"the entity {label} is not closed in its sentence"))
    return spans, problems, unread


def _read_file(path: Path, name: str, repairs: Repairs) -> Iterator[Sentence]:
    document, inside, rows = name, False, []
    line = None
    for line in read_lines(path, repairs):
        text = line.text.strip(" \t")
        if text and not text.startswith("#"):
            rows.append(line)
            continue
        yield from _sentences(rows, document, path, name, repairs)
        rows = []
        if begin := BEGIN.match(text):
            document, inside = f"{begin[1]}.{begin[2]}", True
            if begin[1].startswith(f"{SKIPPED}/"):
                repairs.note("pt", path=path, line=line.number)
        elif text.startswith("#end document"):
            inside = False
    yield from _sentences(rows, document, path, name, repairs)
    if inside and line is not None:
        problem = "the file ends inside a document"
        repairs.problem("end", Errors.A117, path=path, line=line.number, problem=problem)


def _sentences(lines: List[Line], document: str, path: Path, name: str, repairs: Repairs) -> Iterator[Sentence]:
    """The sentence of these lines: none if there are none, or if its document is left out."""
    if not lines or document.startswith(f"{SKIPPED}/"):
        return
    cut = [(line, _cells(line, path, repairs)) for line in lines]
    lines = [line for line, cells in cut if cells]
    rows = [cells for _, cells in cut if cells]
    if not rows:
        return
    spans, missing = _entities(rows, lines, path, repairs)
    yield Sentence(
        words=[row[WORD] for row in rows],
        spans=spans,
        document=document,
        line=lines[0].number,
        file=name,
        start=lines[0].start,
        end=lines[-1].end,
        pos=[row[POS] for row in rows],
        missing=missing,
    )


def _cells(line: Line, path: Path, repairs: Repairs) -> List[str]:
    """The line's columns; where a repair cannot know one it is empty, and without a word there are none."""
    cells = re.split("[ \t]+", line.text.strip(" \t"))
    if len(cells) > WORD and cells[WORD] == "[WORD]":
        raise ALError(Errors.A117.format(path=path, line=line.number, problem="a skeleton without words"))
    if len(cells) <= NAME:
        has_word = len(cells) > WORD
        said = {"found": len(cells), "expected": f"at least {NAME + 1}", "text": line.text[:60]}
        repairs.problem("columns" if has_word else "word", Errors.A111, path=path, line=line.number, **said)
        return [*cells[: POS + 1], *[""] * NAME][: NAME + 1] if has_word else []
    return cells


def _entities(rows: List[List[str]], lines: List[Line], path: Path, repairs: Repairs) -> Tuple[List[Span], List[int]]:
    spans, problems, unread = decode_brackets([row[NAME] for row in rows])
    for number, problem in problems:
        line = lines[number].number
        if rows[number][NAME]:  # an empty cell is a line without that column, which was reported before
            kind = "tag" if number in unread else "brackets"
            repairs.problem(kind, Errors.A117, path=path, line=line, problem=problem)
    return spans, unread


def _refuse_versions(paths: List[Path], folder: Path) -> None:
    """A document in two versions (v4 and v9) would be read twice."""
    seen: Dict[Path, Path] = {}
    for path in paths:
        document = path.with_name(re.sub(r"\.v\d+_gold_conll$", "", path.name))
        if document in seen:
            problem = f"two versions of one document: {seen[document].name} and {path.name}"
            raise ALError(Errors.A116.format(path=folder, problem=problem))
        seen[document] = path
