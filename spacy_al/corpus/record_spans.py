"""The entities of a JSON record: by characters or tokens, checked, and put onto the tokens of its Doc."""

from collections import Counter
from pathlib import Path
from typing import List, Optional, Tuple

from spacy.tokens import Doc

from ..errors import Errors
from .align import BadRecord, CharSpan, Offsets, align, without_overlap
from .annotation.any_span import BORDERS, LABELS, hides_entities, looks_labelled
from .column_layout import PHRASES
from .fields import Record, as_object, get, number
from .repairs import Repairs
from .schemes import Span

KEYS = ("spans", "ents", "entities")
OTHERS = ("tokens", "relations", "options", "versions", "sents", "cats", "spans", "pos_tags", "chunk_tags")


def read_spans(record: Record, offsets: Offsets, text: str, field: Optional[str] = None) -> Optional[List[CharSpan]]:
    """The entities that a record lists; None if it has no such list.

    record (Record): The list is "spans" (Prodigy), "ents" (`Doc.to_json`) or "entities"; each is an object
        with "label" and "start", "end" or "token_start", "token_end" (inclusive), or [start, end, label].
    offsets (Offsets): The characters of the record's own tokens; empty if it has none.
    text (str): The record's text.
    field (Optional[str]): The key of the list, in place of these.
    RETURNS (Optional[List[CharSpan]]): Entities by characters, as listed.
    RAISES: BadRecord when one is malformed or contradicts itself or the text, and when there is no such list but
        another that plainly holds entities: nobody's labels may be lost to the name of a key.
    """
    keys = (field,) if field else KEYS
    # Doc.to_json keeps "spans" for groups of spans, which is an object.
    there = [
        key for key in keys if record.get(key) is not None and not (key == "spans" and isinstance(record[key], dict))
    ]
    full = [key for key in there if record[key]]
    if len(full) > 1:
        raise BadRecord(f"both {full[0]!r} and {full[1]!r} hold entities; remove one of them")
    stray = next((key for key, value in record.items() if key not in (*keys, *OTHERS) and _stray(key, value)), None)
    if stray is not None:
        raise BadRecord(
            f"{stray!r} seems to hold entities, which are read from {', '.join(map(repr, keys))} as objects with start,"
            f" end and label; name the key with --spans-field {stray}, or remove it to have no labels"
        )
    if not there:
        return None
    key = (full or there)[0]
    return [_char_span(item, offsets, text) for item in get(record, key, list) or []]


def _stray(key: str, value: object) -> bool:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return looks_labelled(value) and PHRASES.isdisjoint(item[2:] for item in value)
    return looks_labelled(value) or hides_entities(key, value)


def place_spans(given: List[CharSpan], doc: Doc, repairs: Repairs, *, path: Path, line: int) -> List[Span]:
    """Put entities onto the tokens of a Doc.

    given (List[CharSpan]): Entities by characters.
    doc (Doc): The Doc.
    repairs (Repairs): What to do about borders inside a token (widened) and overlaps (the longest stays).
    path (Path): The file. line (int): The line, for errors.
    RETURNS (List[Span]): Spans by token, end exclusive, sorted, without overlap.
    RAISES: ALError A122 (borders), A127 (overlap); BadRecord for a span that touches no token.
    """
    spans: List[Span] = []
    # The same span twice is one; and white space at its ends is none of it.
    unique = list(dict.fromkeys(given))
    if len(unique) < len(given):
        repairs.note("copies", path=path, line=line)
    for span, (start, end, exact) in zip(unique, align(unique, doc), strict=True):
        if exact and doc[start:end].text != doc.text[span.start : span.end]:
            repairs.note("edges", path=path, line=line)
        spans.append((start, end, span.label))
        if not exact:
            said, tokens = doc.text[span.start : span.end], doc[start:end].text
            message = Errors.A122.format(path=path, line=line, text=said, span=tuple(span), tokens=tokens)
            repairs.problem("borders", message, path=path, line=line)
    spans = list(dict.fromkeys(spans))
    kept = without_overlap(spans)
    for start, end, label in (Counter(spans) - Counter(kept)).elements():
        message = Errors.A127.format(path=path, line=line, text=doc[start:end].text, label=label)
        repairs.problem("overlap", message, path=path, line=line)
    return kept


def _char_span(item: object, offsets: Offsets, text: str) -> CharSpan:
    if isinstance(item, list) and len(item) in (3, 4):
        keys = ("label", "start", "end") if isinstance(item[0], str) else ("start", "end", "label")
        item = dict(zip(keys, item, strict=False))
    span = as_object(item, "span")
    start, end = next((keys for keys in BORDERS if keys[0] in span), BORDERS[0])
    span = span | {"start": span.get(start), "end": span.get(end)}
    # Where a record brings its own tokens, other names may mean places among these.
    key = next((key for key in LABELS if span.get(key) is not None), "label") if not offsets else "label"
    label = get(span, key, str)
    if not label or label != label.strip():
        raise BadRecord(f"the span {span!r} has no usable 'label'")
    by_token = _by_token(span, offsets)
    if by_token is not None and span.get("start") is None and span.get("end") is None:
        return CharSpan(*by_token, label)
    first, last = number(span, "start"), number(span, "end")
    if by_token not in (None, (first, last)):
        raise BadRecord(
            f"span {first}-{last} is not its tokens {span['token_start']} to {span['token_end']}, which are"
            f" characters {by_token} ('token_end' is the last token, not the one after it)"
        )
    said = get(span, "text", str)
    if said is not None and text[max(first, 0) : max(last, 0)] != said:
        raise BadRecord(f"the span {first}-{last} says {said!r}, but the text there is {text[first:last]!r}")
    return CharSpan(first, last, label)


def _by_token(span: Record, offsets: Offsets) -> Optional[Tuple[int, int]]:
    """The characters of a span that is given by tokens; None if it is not."""
    if span.get("token_start") is None or span.get("token_end") is None or not offsets:
        return None
    first, last = number(span, "token_start"), number(span, "token_end")
    if not 0 <= first <= last < len(offsets):
        raise BadRecord(f"the span's tokens {first} to {last} are not among the {len(offsets)} tokens")
    return offsets[first][0], offsets[last][1]
