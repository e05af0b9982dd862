"""Tables whose rows are words with a tag, or entities with their places, instead of documents: as plain records."""

import io
from collections import defaultdict
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from ..errors import Errors
from .align import BadRecord
from .annotation.any_span import BORDERS, LABELS
from .annotation.shapes import read_beside
from .column_layout import TAG_NAMES, WORD_NAMES
from .fields import Record
from .repairs import Repairs

Row = Dict[str, str]
Rows = Iterable[Tuple[int, Row]]
SENTENCES = frozenset(("sentence", "sentence #", "sentence_id", "sentence_idx", "sent", "sent_id"))
ABSENT = frozenset(("nan", "none", "null", "na", "n/a"))  # what pandas and others write for a cell without a value
POS = frozenset(("pos", "upos", "xpos"))
COMPREHEND = ("File", "Begin Offset", "End Offset", "Type")


def word_columns(names: Sequence[str]) -> Optional[Tuple[str, str, str]]:
    """The columns of sentences, words and tags in a table with a word in each row; None if it is no such table."""
    found = [[name for name in names if name.strip().lower() in known] for known in (SENTENCES, WORD_NAMES, TAG_NAMES)]
    one = [each[0] for each in found if len(each) == 1]
    return (one[0], one[1], one[2]) if len(one) == 3 else None


def by_word(rows: Rows, columns: Tuple[str, str, str]) -> Iterator[Tuple[int, Record]]:
    """Sentences out of rows of words; a sentence's number may stand in its first row alone.

    rows (Rows): Rows with their lines. columns (Tuple[str, str, str]): Those of sentences, words and tags.
    """
    sentence, word, tag = columns
    open_: Optional[str] = None
    begin, tokens, tags = 0, [], []  # type: int, List[Record], List[str]
    for line, row in rows:
        said = row[sentence].strip()
        said = "" if said.lower() in ABSENT else said
        if tokens and said and said != open_:
            yield begin, {"id": open_, "tokens": tokens, "ner_tags": tags}
            tokens, tags = [], []
        open_ = said or open_
        if not row[word].strip() and not row[tag].strip():
            continue  # an empty row between sentences, or one that only numbers the next
        begin = begin if tokens else line
        pos = next((row[name] for name in row if name.lower() in POS), "")
        tokens.append({"text": row[word].strip(), "tag": pos})
        tags.append(row[tag].strip())
    if tokens:
        yield begin, {"id": open_, "tokens": tokens, "ner_tags": tags}


def place_columns(names: Sequence[str]) -> Optional[Tuple[str, str, str]]:
    """The columns of borders and labels in a table with an entity in each row; None if it is no such table."""
    borders = next((pair for pair in BORDERS if pair[0] in names and pair[1] in names), None)
    label = next((name for name in LABELS if name in names), None)
    return (*borders, label) if borders and label else None


def by_entity(rows: Rows, columns: Tuple[str, str, str], text: str, id_: str) -> Iterator[Tuple[int, Record]]:
    """Documents out of rows that repeat them with one entity each; in a row without one, all three cells are empty.

    rows (Rows): Rows with their lines. columns (Tuple[str, str, str]): Those of the two borders and of the label.
    text (str): Column of the text. id_ (str): That of the document's id.
    """
    found: Dict[Tuple[str, str], Tuple[int, List[object]]] = {}
    for line, row in rows:
        _, spans = found.setdefault((row.get(id_, ""), row[text]), (line, []))
        cells = [row[name].strip() for name in columns]
        if any(cells):
            spans.append(
                {name: int(c) if c.isdecimal() and len(c) < 10 else c for name, c in zip(columns, cells, strict=True)}
            )
    for (name, words), (line, spans) in found.items():
        yield line, {id_: name or None, text: words, "spans": spans}


def by_file(rows: Rows, path: Path, repairs: Repairs) -> Iterator[Tuple[int, Record]]:
    """Documents of AWS Comprehend: the table names files beside it, of which each line is a document if it has "Line".

    rows (Rows): Rows with their lines. path (Path): The table. repairs (Repairs): What to do about bad rows.
    RAISES: ALError A003 for a file that is not there.
    """
    found: Dict[str, Dict[int, List[object]]] = defaultdict(lambda: defaultdict(list))
    texts: Dict[str, List[str]] = {}
    for line, row in rows:
        name = row["File"]
        try:
            if name not in texts:
                text = read_beside(path, name)
                texts[name] = _lines(text) if row.get("Line", "").strip() else [text]
            number, start, end = (int(row.get(key) or 0) for key in ("Line", "Begin Offset", "End Offset"))
            if not 0 <= number < len(texts[name]):
                raise BadRecord(f"the file {name} has {len(texts[name])} lines, and none of number {number} (from 0)")
        except ValueError as error:
            repairs.problem("record", Errors.A007, path=path, line=line, problem=error)
            continue
        found[name][number].append([start, end, row["Type"]])
    for name, lines in texts.items():
        for number, text in enumerate(lines):
            if text.strip():
                yield 1, {"id": f"{name}-{number + 1}", "text": text, "spans": found[name][number]}


def _lines(text: str) -> List[str]:
    """Its lines, which LF, CRLF and CR end, and nothing else that Unicode calls a line end."""
    return [line.removesuffix("\n") for line in io.StringIO(text, newline=None)]
