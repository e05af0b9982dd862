"""WebAnno TSV 3, as WebAnno and INCEpTION export it: tokens in rows, a column for each feature of each layer."""

import re
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, Optional, Tuple

from ..errors import ALError, Errors, saying
from .align import BadRecord, find_words
from .fields import Record
from .json_corpus import Context
from .lines import Line, read_lines
from .repairs import Repairs

FORMAT = re.compile(r"#FORMAT=WebAnno TSV 3\.\d+")
ROW = re.compile(r"(?P<sentence>\d+)-(?P<token>\d+)(?P<part>\.\d+)?")
VALUE = re.compile(r"(?P<label>.*?)(?:\[(?P<number>\d+)\])?")
ENTITIES = "NamedEntity"  # the layer of names; its feature is "value"
ESCAPED = re.compile(r"\\(.)")


def webanno_objects(path: Path, context: Context) -> Iterator[Tuple[int, Record]]:
    """The sentences of a file as records.

    path (Path): The file.
    context (Context): What reading needs; `spans_field` is the layer and feature, such as "NamedEntity|value".
    RAISES: ALError A136 for a file that is not WebAnno TSV 3, a bad row, or where nothing tells which layer it is.
    """
    yield from webanno_records(read_lines(path, context.repairs), path, context.repairs, context.rules.spans_field)


def webanno_records(
    lines: Iterable[Line], path: Path, repairs: Repairs, layer: Optional[str]
) -> Iterator[Tuple[int, Record]]:
    """The same for lines that have been read already, with "sentence" where a sentence has an id.

    lines (Iterable[Line]): The lines. path (Path): Their file. repairs (Repairs): What to do about bad rows.
    layer (Optional[str]): The layer and feature.
    """
    named, stray = False, None  # type: bool, Optional[Tuple[str, Line]]
    for columns, text, id_, rows in _sentences(lines, path):
        column = _choose(columns, path, rows[0], layer)
        record = _record(text, id_, rows, column, path, repairs)
        named = named or bool(record["spans"])
        stray = stray or _stray(columns, rows, columns[column])
        yield rows[0].number, record
    if stray is not None and layer is None and not named:
        problem = (
            f"no name is marked, but {stray[0]} is; name the layer with --spans-field, {stray[0]} if these are names"
        )
        raise _problem(problem, path, stray[1])
    if stray is not None and layer is None:
        repairs.note("second", path=path, line=stray[1].number)


def _sentences(lines: Iterable[Line], path: Path) -> Iterator[Tuple[List[str], str, Optional[str], List[Line]]]:
    """Each sentence: what the columns after the word are, its text, its id and its rows."""
    columns: List[str] = []
    text, id_, rows = "", None, []  # type: str, Optional[str], List[Line]
    for number, line in enumerate(lines):
        if number == 0 and not FORMAT.fullmatch(line.text):
            raise _problem("'#FORMAT=WebAnno TSV 3.' was expected in the first line", path, line)
        if line.text.startswith("#T_"):
            columns += _features(line.text)
        elif line.text.startswith("#Sentence.id=") and not rows:
            id_ = line.text[13:]
        elif line.text.startswith("#Text=") and not rows:
            text += ("\n" if text else "") + _plain(line.text[6:])
        elif line.text.strip() and not line.text.startswith("#"):
            rows.append(line)
        if rows and not line.text.strip():
            yield columns, text, id_, rows
            text, id_, rows = "", None, []
    if rows:
        yield columns, text, id_, rows


def _stray(columns: List[str], rows: List[Line], chosen: str) -> Optional[Tuple[str, Line]]:
    """The first value of another layer of spans than the one that is read, and its row."""
    layer = chosen.partition("|")[0]
    others = [n for n, name in enumerate(columns) if _is_names(name) and name.partition("|")[0] != layer]
    for row in rows:
        cells = row.text.split("\t")[3:]
        for number in others:
            if number < len(cells) and cells[number] not in ("_", ""):
                return columns[number], row
    return None


def _is_names(column: str) -> bool:
    """Whether a column is of a layer of spans that may hold entities."""
    return bool(column) and not column.startswith(("POS|", "Lemma|", "Morph"))


def _features(head: str) -> List[str]:
    """The columns that a line of the header stands for: layer and feature, "" for those of relations and chains."""
    kind, _, rest = head.partition("=")
    layer, *features = rest.split("|")
    name = layer.rsplit(".", 1)[-1]
    if kind == "#T_SP":
        return [f"{name}|{feature}" for feature in features]
    return [""] * (len(features) + (kind == "#T_RL" and not any("BT_" in feature for feature in features)))


def _choose(columns: List[str], path: Path, line: Line, wish: Optional[str]) -> int:
    found = [
        n for n, name in enumerate(columns) if name and name in (wish, f"{ENTITIES}|value") and name == (wish or name)
    ]
    if not found and wish is None:
        spans = [n for n, name in enumerate(columns) if _is_names(name)]
        found = spans if len(spans) == 1 else []
    if len(found) != 1:
        known = ", ".join(name for name in columns if name) or "none"
        raise _problem(f"which column has entities cannot be told; name it with --spans-field, of: {known}", path, line)
    return found[0]


def _record(text: str, id_: Optional[str], rows: List[Line], column: int, path: Path, repairs: Repairs) -> Record:
    words: List[str] = []
    spans: List[Record] = []
    open_: Dict[str, Record] = {}
    for row in rows:
        cells = row.text.split("\t")
        match = ROW.fullmatch(cells[0])
        if not match or len(cells) < 4 + column:
            raise _problem(f"{row.text[:60]!r} is no row of a token", path, row)
        if match["part"]:
            if cells[3 + column] not in ("_", ""):
                problem = f"{cells[2]!r} is a part of a token, and has an entity of its own"
                repairs.problem("borders", Errors.A136, path=path, line=row.number, problem=problem)
            continue
        words.append(_plain(cells[2]))
        for value in re.split(r"(?<!\\)\|", cells[3 + column]):
            _add(value, len(words) - 1, spans, open_, path, row)
    with saying(Errors.A136, BadRecord, path=path, line=rows[0].number):
        offsets = find_words(words, text)
    tokens = [{"start": start, "end": end} for start, end in offsets]
    return {"text": text, "tokens": tokens, "spans": spans, "id": path.name, "sentence": id_}


def _add(value: str, token: int, spans: List[Record], open_: Dict[str, Record], path: Path, row: Line) -> None:
    match = VALUE.fullmatch(value)
    if value == "_" or not match:
        return
    number, label = match["number"], _plain(match["label"])
    if label == "*":
        raise _problem("an entity has no value", path, row)
    if number and number in open_:
        open_[number]["token_end"] = token
        return
    span: Record = {"token_start": token, "token_end": token, "label": label}
    spans.append(span)
    if number:
        open_[number] = span


def _plain(text: str) -> str:
    return ESCAPED.sub(lambda match: {"t": "\t", "n": "\n", "r": "\r"}.get(match[1], match[1]), text)


def _problem(problem: str, path: Path, line: Line) -> ALError:
    return ALError(Errors.A136.format(path=path, line=line.number, problem=problem))
