"""JSONL records as spaCy and Prodigy write them: labelled tasks, and documents without labels."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Iterator, List, Optional, Tuple

from spacy.language import Language
from spacy.tokens import Doc

from ..errors import ALError, Errors
from ..jsonl import MAX_LINE, parse_object
from .align import BadRecord, Offsets
from .fields import Record, get
from .lines import BOM
from .record_spans import place_spans, read_spans
from .record_tokens import read_tokens
from .repairs import Repairs
from .schemes import Span
from .sentence import Sentence
from .splitter import Passage, check_length, cut, make_sentence
from .text import not_empty

ANSWERS = ("accept", "reject", "ignore")
BINARY = "ner"  # Prodigy's view for yes or no about one span, where the rest of the text is not judged


@dataclass(frozen=True)
class Context:
    """What reading a file's records needs: the file, repairs, the splitter, and the names of two keys."""

    path: Path
    repairs: Repairs
    nlp: Language
    text_field: str
    id_field: str


def read_records(
    path: Path, repairs: Repairs, *, nlp: Language, text_field: str = "text", id_field: str = "id"
) -> Iterator[Sentence]:
    """Read JSONL records: "text", and if there, "tokens", "spans" (or "ents", "entities") and "answer".

    A record with tokens is one sentence, unless it has "sents"; other text is split by spaCy, never inside an
    entity. Without a list of spans a record is unlabelled: its entities are missing, not O. So they are if
    the answer is reject or ignore; after a binary decision (`_view_id` "ner") they are missing outside the
    span. `token_end` is inclusive, as Prodigy has it; offsets count Unicode characters.

    path (Path): The file.
    repairs (Repairs): What to do about bad records and spans.
    nlp (Language): What splits text that comes without tokens (`splitter.make_splitter`).
    text_field (str): Key of the text.
    id_field (str): Key of the document's id; without it documents are called NAME-LINE.
    YIELDS (Sentence): Sentences; offsets count in the text of their record.
    RAISES: ALError A003, A005, A006, A007 (the record), A110 (no text), A122 (span off token borders), A123,
        A124, A127 (spans overlap).
    """
    context = Context(path, repairs, nlp, text_field, id_field)
    yield from not_empty(_read(context), path)


def _read(context: Context) -> Iterator[Sentence]:
    for line, record in _objects(context.path, context.repairs):
        try:
            sentences = _sentences(record, line, context)
        except BadRecord as error:
            message = Errors.A007.format(path=context.path, line=line, problem=error)
            context.repairs.problem("record", message, path=context.path, line=line)
        else:
            yield from sentences


def _objects(path: Path, repairs: Repairs) -> Iterator[Tuple[int, Record]]:
    """Like `jsonl.read_jsonl`, but a bad line can be left out."""
    if not path.is_file():
        raise ALError(Errors.A003.format(path=path, cure="Check the path."))
    number = 0
    with path.open("rb") as file_:
        while raw := file_.readline(MAX_LINE + 1):
            number += 1
            try:
                record = _parse(raw.removeprefix(BOM) if number == 1 else raw, path, number)
            except ALError as error:
                repairs.problem("record", str(error), path=path, line=number)
                while raw and not raw.endswith(b"\n"):
                    raw = file_.readline(MAX_LINE)
                continue
            if record is not None:
                yield number, record


def _parse(raw: bytes, path: Path, line: int) -> Optional[Record]:
    if len(raw) > MAX_LINE:
        size = f"over {MAX_LINE}"
        raise ALError(Errors.A006.format(path=path, line=line, size=size, limit=MAX_LINE))
    return parse_object(raw, path=path, line=line) if raw.strip() else None


def _sentences(record: Record, line: int, context: Context) -> List[Sentence]:
    """All sentences of a record, in order."""
    document = _document_id(record, line, context)
    doc, offsets = _doc(record, line, context)
    if not doc.text.strip():
        context.repairs.note("no_text", path=context.path, line=line)
        return []
    spans = _entities(record, doc, offsets, line, context)
    if offsets and not doc.has_annotation("SENT_START"):
        ranges = [(0, len(doc))]
    else:
        ranges = cut(doc, [(start, end) for start, end, _ in spans or []], nlp=context.nlp)
    binary = spans is not None and record.get("_view_id") == BINARY
    if binary:
        context.repairs.note("binary", path=context.path, line=line)
    passage = Passage(doc.text, document, f"{context.path.name}#{document}", line)
    bare = [make_sentence(doc, start, end, passage, number) for number, (start, end) in enumerate(ranges)]
    return [_label(one, place, spans, binary) for one, place in zip(bare, ranges, strict=True)]


def _label(sentence: Sentence, place: Tuple[int, int], spans: Optional[List[Span]], binary: bool) -> Sentence:
    """Give a sentence the spans of its Doc that lie in it; after a binary decision the rest is missing."""
    if spans is None:
        return sentence
    first, after = place
    own = [(start - first, end - first, label) for start, end, label in spans if first <= start < after]
    judged = {token for start, end, _ in own for token in range(start, end)}
    missing = [token for token in range(after - first) if token not in judged] if binary else []
    return replace(sentence, spans=own, missing=missing)


def _document_id(record: Record, line: int, context: Context) -> str:
    value = record.get(context.id_field)
    if value is None:
        return f"{context.path.name}-{line}"
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return str(value)
    raise BadRecord(f"{context.id_field!r} must be a string or a whole number, found {value!r}")


def _doc(record: Record, line: int, context: Context) -> Tuple[Doc, Offsets]:
    """The record's Doc and the characters of its own tokens; none if spaCy made them."""
    text = get(record, context.text_field, str)
    given = read_tokens(record, text, context.nlp.vocab)
    if given is not None:
        return given
    if text is None:
        raise BadRecord(f"neither {context.text_field!r} nor 'tokens' is there (keys: {', '.join(record)})")
    check_length(Passage(text, "", "", line), context.nlp, context.path)
    return context.nlp(text), []


def _entities(record: Record, doc: Doc, offsets: Offsets, line: int, context: Context) -> Optional[List[Span]]:
    """The record's entities by token; None if it is not labelled or its labels were not accepted."""
    answer = record.get("answer", "accept")
    if answer not in ANSWERS:
        raise BadRecord(f"'answer' must be one of {', '.join(ANSWERS)}, found {answer!r}")
    given = read_spans(record, offsets, doc.text)
    if given is not None and answer != "accept":
        context.repairs.note("answer", path=context.path, line=line)
        return None
    if given is None:
        return None
    return place_spans(given, doc, context.repairs, path=context.path, line=line)
