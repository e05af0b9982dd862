"""JSON records of spaCy, Prodigy, annotation tools and Hugging Face: labelled tasks, and documents without labels."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Iterable, Iterator, List, Optional, Set, Tuple

from spacy.language import Language
from spacy.tokens import Doc

from ..errors import ALError, Errors
from ..options import Rules
from ..tasks import VERDICTS, Answer
from .align import BadRecord, CharSpan, Offsets, from_utf16, has_pairs, same_text
from .annotation import argilla, doccano, label_studio, prodigy
from .annotation.any_span import looks_labelled
from .annotation.chunks import Chunk
from .annotation.marks import Mark, Record, rename
from .annotation.merging import Given, merge, without_copies
from .annotation.values import Fields
from .fields import Record as Values
from .fields import get
from .json_values import read_values
from .record_spans import KEYS, OTHERS, place_spans, read_spans, to_chars
from .record_tags import has_second, read_tags, refuse_unread
from .record_tokens import read_tokens
from .repairs import Repairs
from .schemes import Span
from .sentence import Sentence, numbered
from .splitter import Passage, check_length, cut, make_sentence
from .text import not_empty

TOOLS = (label_studio, argilla, doccano)
Labels = Tuple[Optional[List[Span]], Set[int]]  # entities by token, None if not labelled; tokens not known


CHOICES = ("label", "labels", "tag", "tags", "category")  # of a whole text, where nothing in them is an entity
BESIDE = ("meta", "metadata", "answer", "accept", "html", *CHOICES, *OTHERS)  # keys without entities in any case


@dataclass(frozen=True)
class Context:
    """What reading a file's records needs: the file, repairs, the splitter, the names of two keys, and the rules."""

    path: Path
    repairs: Repairs
    nlp: Language
    text_field: str
    id_field: str
    rules: Rules

    def note(self, kind: str, line: int) -> None:
        """Count something that is no error."""
        self.repairs.note(kind, path=self.path, line=line)


def json_objects(path: Path, context: Context) -> Iterator[Tuple[int, Values]]:
    """The records of a JSON file: what annotation tools export, and records of spaCy, Prodigy, Hugging Face and others.

    RAISES: ALError A003, A005, A006, A007, A622.
    """
    yield from read_values(path, context.repairs, id_field=context.id_field, text_field=context.text_field)


def read_objects(objects: Iterable[Tuple[int, Values]], context: Context) -> Iterator[Sentence]:
    """The sentences of records; those of records with one id after the other are numbered through.

    A record with tokens is one sentence, unless it has "sents"; other text is split by spaCy, never inside an
    entity. Without a list of spans a record is unlabelled: its entities are missing, not O. So they are if
    the answer is reject or ignore; after a yes or no about spans (`prodigy.is_binary`) they are missing outside these.
    `token_end` is inclusive, as Prodigy has it; offsets count Unicode characters of the record's text.

    objects (Iterable[Tuple[int, Values]]): Records with the lines they begin on.
    context (Context): What reading needs.
    RAISES: ALError A007, A608 (the record), A110 (no text), A122 (span off token borders), A123, A124, A127 (spans
        overlap), A133, A134 (numbers for labels), A607 (answers differ), A619.
    """
    found = (one for line, values in objects for one in _try(values, line, context))
    yield from not_empty(numbered(found), context.path)


def _try(values: Values, line: int, context: Context) -> List[Sentence]:
    """The record's sentences; none if it is bad and may be left out."""
    try:
        return _sentences(values, line, context)
    except BadRecord as error:
        context.repairs.problem("record", Errors.A007, path=context.path, line=line, problem=error)
    except ALError as error:
        if str(error)[1:5] not in ("A608", "A607", "A133", "A134", "A619", "A005", "A007"):
            raise
        context.repairs.refuse(error, path=context.path, line=line)
    return []


def _sentences(values: Values, line: int, context: Context) -> List[Sentence]:
    """All sentences of a record, in order."""
    document = _document_id(values, line, context)
    tool = next((tool for tool in TOOLS if tool.claims(values)), None)
    if tool is doccano and (_is_plain(values) or not any(_is_spans(values.get(key)) for key in doccano.KEYS)):
        tool = None
    if tool is not None:
        doc, offsets, (spans, missing) = _from_tool(tool, values, line, context)
    else:
        doc, offsets = _doc(values, line, context)
        # Entities without a text are looked at too: they are refused, not left out with it.
        there = doc.text.strip() or any(values.get(key) for key in (context.rules.spans_field, *KEYS) if key)
        spans, missing = _entities(values, doc, offsets, line, context) if there else (None, set())
    if not doc.text.strip():
        context.note("no_text", line)
        return []
    if offsets and not doc.has_annotation("SENT_START"):
        ranges = [(0, len(doc))]
    else:
        ranges = cut(doc, [(start, end) for start, end, _ in spans or []], nlp=context.nlp)
    passage = Passage(doc.text, document, f"{context.path.name}#{document}", line)
    bare = [make_sentence(doc, start, end, passage) for start, end in ranges]
    return [_label(one, place, spans, missing) for one, place in zip(bare, ranges, strict=True)]


def _label(sentence: Sentence, place: Tuple[int, int], spans: Optional[List[Span]], missing: Set[int]) -> Sentence:
    """Give a sentence the spans of its Doc that lie in it, and the tokens of which nothing is known."""
    if spans is None:
        return sentence
    first, after = place
    own = [(start - first, end - first, label) for start, end, label in spans if first <= start < after]
    return replace(sentence, spans=own, missing=[token - first for token in range(first, after) if token in missing])


def _is_spans(value: object) -> bool:
    return value == [] or (isinstance(value, list) and looks_labelled(value) and not isinstance(value[0], str))


def _is_plain(values: Values) -> bool:
    """Whether what might be doccano's is a record of spaCy's or one's own: entities as lists, and no relations."""
    items = values.get("entities")
    lists = isinstance(items, list) and not any(isinstance(item, dict) and "start_offset" in item for item in items)
    others = [values[key] for key in ("label", "labels", "annotations") if values.get(key)]
    return lists and "relations" not in values and all(map(doccano.about_text, others))


def _from_tool(tool: object, values: Values, line: int, context: Context) -> Tuple[Doc, Offsets, Labels]:
    """The Doc of a tool's record, and what all people together say of it."""
    chunk = Chunk(json.dumps(values).encode("ascii"), context.path, line, line - 1)
    records: List[Record] = tool.parse(chunk)  # type: ignore[attr-defined]
    text = records[0].text or ""
    given_tokens = read_tokens(values, text, context.nlp.vocab) if tool is argilla and values.get("tokens") else None
    check_length(Passage(text, "", "", line), context.nlp, context.path)
    doc, offsets = given_tokens or (context.nlp(text), [])
    given = []
    for record in records:
        if record.left_out:
            context.note("other_results", line)
        answer = _answer(rename(record, context.rules.names), doc, context)
        if answer is not None:
            given.append(Given(answer, record))
    if not given:
        context.note("unanswered", line)
        return doc, offsets, (None, set())
    merged = merge(without_copies(given), context.rules.several)
    if merged.verdict != "accept":
        context.note("answer", line)
        return doc, offsets, (None, set())
    return doc, offsets, (list(merged.spans), set(merged.missing))


def _answer(record: Record, doc: Doc, context: Context) -> Optional[Answer]:
    """What one person says of a Doc; None if nobody has looked at it, as far as is known."""
    line, untouched = record.chunk.line, context.rules.untouched
    if record.verdict is None or (record.unsure and untouched == "skip"):
        return None
    if record.unsure and untouched == "fail":
        raise ALError(Errors.A619.format(place=record.chunk.place))
    about = {"annotator": record.annotator, "seconds": record.seconds}
    if record.verdict != "accept":
        return Answer("", record.verdict, **about)  # type: ignore[arg-type]
    given = [_char_span(mark, [], doc.text, line, context) for mark in record.marks]
    spans = place_spans(given, doc, context.repairs, path=context.path, line=line)
    return Answer("", "accept", tuple(spans), **about)  # type: ignore[arg-type]


def _char_span(mark: Mark, offsets: Offsets, text: str, line: int, context: Context) -> CharSpan:
    """The characters of a mark; UTF-16 units are seen by the text that the tool says it covers."""
    start, end = to_chars(mark, offsets)
    if mark.text is None or same_text(mark.text, text[max(start, 0) : max(end, 0)]):
        return CharSpan(start, end, mark.label)
    table = from_utf16(text)
    if has_pairs(text) and 0 <= start < end < len(table) and same_text(mark.text, text[table[start] : table[end]]):
        context.note("utf16", line)
        return CharSpan(table[start], table[end], mark.label)
    raise BadRecord(f"the span {start}-{end} says {mark.text!r}, but the text there is {text[start:end]!r}")


def _document_id(record: Values, line: int, context: Context) -> str:
    value = record.get(context.id_field)
    if value is None:
        return f"{context.path.name}-{line}"
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return str(value)
    raise BadRecord(f"{context.id_field!r} must be a string or a whole number, found {value!r}")


def is_words(value: object) -> bool:
    """Whether a value is a list of words, and not of tags."""
    listed = isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)
    return listed and not looks_labelled(value)


def _doc(record: Values, line: int, context: Context) -> Tuple[Doc, Offsets]:
    """The record's Doc and the characters of its own tokens; none if spaCy made them."""
    text = get(record, context.text_field, str)
    given = read_tokens(record, text, context.nlp.vocab)
    if given is not None:
        return given
    if text is None:
        keys = ", ".join(record)
        named = [key for key, value in record.items() if is_words(value)]
        if named:
            raise BadRecord(f"its words seem to stand in {named[0]!r}, and are read from 'tokens': rename this key")
        inner = next((key for key, value in record.items() if _are_records(value)), None)
        if inner is not None:
            raise BadRecord(f"its records seem to stand in {inner!r}: make of them a file with a record in each line")
        raise BadRecord(
            f"neither {context.text_field!r} nor 'tokens' is there; name the text's key with --text-field, of: {keys}"
        )
    check_length(Passage(text, "", "", line), context.nlp, context.path)
    return context.nlp(text), []


def _are_records(value: object) -> bool:
    items = value if isinstance(value, list) else [value]
    return bool(items) and all(isinstance(item, dict) and item.keys() & {"text", "tokens"} for item in items)


def _entities(record: Values, doc: Doc, offsets: Offsets, line: int, context: Context) -> Labels:
    """The record's entities by token, None if it is not labelled or its labels were not accepted; and the tokens of
    which a yes or no about some spans says nothing."""
    answer = record.get("answer", "accept")
    if answer not in VERDICTS:
        raise BadRecord(f"'answer' must be one of {', '.join(VERDICTS)}, found {answer!r}")
    rules, fields = context.rules, Fields(record, f"{context.path}:{line}")
    if record.get("suggested") is True and rules.untouched != "accept":
        context.note("unanswered", line)
        return None, set()
    spans = read_tags(record, doc, offsets, rules.spans_field, rules.tags)
    if spans is None:
        marks = read_spans(fields, offsets, rules.spans_field)
        if marks is None:
            refuse_unread(record, len(offsets) or len(doc.text.split()))
            if any(record.get(key) and record[key] != "O" for key in CHOICES):
                context.note("other_results", line)
            known = {context.text_field, context.id_field, *BESIDE}
            more = [key for key, value in record.items() if value and isinstance(value, (str, list, dict))]
            context.repairs.unread.update(key for key in more if key not in known and not key.startswith("_"))
            return None, set()
        named = rename(Record(Chunk(b"", context.path, line, 0), None, answer, tuple(marks)), rules.names)
        given = [_char_span(mark, offsets, doc.text, line, context) for mark in named.marks]
        spans = place_spans(given, doc, context.repairs, path=context.path, line=line) if answer == "accept" else []
    else:
        if not rules.spans_field and has_second(record, len(offsets)):
            context.note("second", line)
        spans = [(start, end, rules.names.get(label, label)) for start, end, label in spans]
    if answer != "accept":
        about_span = answer == "reject" and bool(record.get("spans")) and prodigy.is_binary(fields)
        context.note("rejected" if about_span else "answer", line)
        return None, set()
    if not prodigy.is_binary(fields):
        return spans, set()
    context.note("binary", line)
    judged = {token for start, end, _ in spans for token in range(start, end)}
    return spans, set(range(len(doc))) - judged
