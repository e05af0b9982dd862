"""Tables (CSV, TSV) with a header and a document in each row, with entities in a column or without labels."""

import re
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

from ..errors import ALError, Errors
from .annotation.any_span import BORDERS, LABELS, TAGS
from .annotation.csv_records import cell_value, header_names, read_rows
from .column_layout import TAG_NAMES, Row, is_header
from .fields import Record, named
from .json_corpus import Context
from .lines import Line, read_lines
from .record_spans import KEYS
from .row_tables import COMPREHEND, by_entity, by_file, by_word, place_columns, word_columns

# Columns whose names promise entities: what cannot be read in them is refused.
PROMISED = (
    "entities", "ents", "spans", "ner_tags", "ner", "annotations", "annotation", "entity", "named_entity",
    "named_entities",
)  # fmt: skip
# Names that are read in small letters, however a table writes them.
KNOWN = (*KEYS, *PROMISED, *sorted(TAG_NAMES), *(name for pair in BORDERS for name in pair), *LABELS)
EXCEL = re.compile("sep=.")  # a first line that tells Excel the separator


def known_names(names: Sequence[str], known: Sequence[str]) -> List[str]:
    """Names of columns, of which those that are known but for capitals and white space around are as they are known.

    One that several columns have then stays as it is, and so do all of a table of AWS Comprehend.
    """
    if set(COMPREHEND) <= set(names):
        return list(names)
    usual = {key.lower(): key for key in known}
    plain = [name.strip().lower() for name in names]
    return [
        name if name in known or plain.count(low) > 1 else usual.get(low, name)
        for name, low in zip(names, plain, strict=True)
    ]


def csv_objects(path: Path, context: Context) -> Iterator[Tuple[int, Record]]:
    """The records of a table with a header; commas, semicolons or tabs separate its columns.

    Rows are documents, or words or entities, as `row_tables` reads them. A cell that holds a list, as JSON or as Python
    writes it, is read like the same key of a JSON record; so is one of tags, one for each word of the text.

    path (Path): The file. context (Context): What reading needs; its keys are columns.
    RAISES: ALError A120 (bad row), A121 (no column of that name), A135 (entities that cannot be read).
    """
    repairs, text = context.repairs, context.text_field
    lines = (line.text + line.ending for line in read_lines(path, repairs))
    header, at = next(lines, ""), 1
    if EXCEL.fullmatch(header.strip()):
        header, at = next(lines, ""), 2
    known = [key for key in (text, context.id_field, context.rules.spans_field, *KNOWN) if key]
    tried = [(known_names(names, known), names, delimiter) for names, delimiter in header_names(header)]
    names, written, delimiter = max(tried, key=lambda found: (text in found[0], len(found[0])))
    words = word_columns(written)
    if text not in names and words is not None:
        names = written  # these may be called as they like
    if names != written:
        repairs.note("names", path=path, line=at)
    if text not in names and words is None and is_header(Row(Line(at, 0, header, ""), written)):
        problem = "a table with a word in each row needs a column that numbers its sentences, such as sentence_id"
        raise ALError(Errors.A136.format(path=path, line=at, problem=problem))
    twice = next((name for name in names if name and names.count(name) > 1), None)
    if twice is not None:
        raise ALError(Errors.A120.format(path=path, line=at, problem=f"two columns are called {twice!r}"))
    rows = read_rows(lines, delimiter, names, path, repairs, header=at)
    places = place_columns(names)
    if set(COMPREHEND) <= set(names):
        yield from _named(by_file(rows, path, repairs), context)
    elif text not in names and words is not None:
        yield from _named(by_word(rows, words), context)
    elif text not in names:
        raise ALError(Errors.A121.format(path=path, column=text, header=header.strip()[:200]))
    elif places is not None:
        yield from by_entity(rows, places, text, context.id_field)
    else:
        yield from _by_document(rows, context)


def _named(records: Iterator[Tuple[int, Record]], context: Context) -> Iterator[Tuple[int, Record]]:
    return ((line, named(record, text=context.text_field, id=context.id_field)) for line, record in records)


def _by_document(rows: Iterator[Tuple[int, Dict[str, str]]], context: Context) -> Iterator[Tuple[int, Record]]:
    for line, row in rows:
        try:
            yield line, _record(row, line, context)
        except ALError as error:
            context.repairs.refuse(error, path=context.path, line=line)


def _record(row: Dict[str, str], line: int, context: Context) -> Record:
    record: Record = {}
    text = row[context.text_field]
    for column, cell in row.items():
        if column in (context.text_field, context.id_field):
            record[column] = cell or (None if column == context.id_field else "")
        elif cell.strip():
            value = cell_value(column, cell)
            tags = _tags(value, text)
            if tags is not None:
                record["tokens"] = text.split()
            elif isinstance(value, str) and (_lost(cell, text) or column in (context.rules.spans_field, *PROMISED)):
                raise ALError(Errors.A135.format(path=context.path, line=line, column=column, text=cell[:60]))
            record[column] = tags or value
    return record


def _tags(value: object, text: str) -> Optional[List[object]]:
    """The tags that a cell has for each word of the text, as a list or with white space or commas between."""
    tags = _pieces(value) if isinstance(value, str) else value
    if not isinstance(tags, list) or not len(tags) == len(text.split()) > 0:
        return None
    fit = all(isinstance(tag, str) and TAGS.fullmatch(tag) for tag in tags)
    return tags if fit and (len(tags) > 1 or tags != ["O"]) else None


def _lost(cell: str, text: str) -> bool:
    """Whether a cell holds tags, but not one for each word, or bare labels, one for each."""
    tags = _pieces(cell)
    bare = len(tags) == len(text.split()) and "O" in tags
    return len(tags) > 1 and (bare or all(map(TAGS.fullmatch, tags))) and set(tags) != {"O"}


def _pieces(cell: str) -> List[str]:
    """What a cell lists, with white space or commas between."""
    return [piece for piece in re.split(r"[\s,;]+", cell) if piece]
