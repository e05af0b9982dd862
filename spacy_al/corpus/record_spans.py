"""The entities of a JSON record: by characters or tokens, checked, and put onto the tokens of its Doc."""

import re
from collections import Counter
from pathlib import Path
from typing import List, Mapping, Optional, Tuple

from spacy.tokens import Doc

from ..errors import Errors
from .align import MARKS, BadRecord, CharSpan, Offsets, align, without_overlap
from .annotation.any_span import LABELS, looks_labelled, one_key, seems_labelled
from .annotation.any_span import read_spans as annotation_spans
from .annotation.marks import Mark
from .annotation.values import Fields
from .column_layout import PHRASES
from .repairs import Repairs
from .schemes import Span

KEYS = ("spans", "ents", "entities")
# Types of entities that are keys or columns of their own, with the names that were found and not their places.
TYPES = ("PER", "PERSON", "LOC", "LOCATION", "GPE", "ORG", "ORGANIZATION", "PLACE")
OTHERS = ("tokens", "relations", "options", "versions", "sents", "cats", "spans", "pos_tags", "chunk_tags")


def read_spans(fields: Fields, offsets: Offsets, field: Optional[str] = None) -> Optional[List[Mark]]:
    """The entities that a record lists; None if it has no such list.

    fields (Fields): The record; the list is "spans" (Prodigy), "ents" (`Doc.to_json`) or "entities", in any of the
        forms of `any_span.read_span`.
    offsets (Offsets): The characters of the record's own tokens; empty if it has none.
    field (Optional[str]): The key of the list, in place of these.
    RETURNS (Optional[List[Mark]]): Entities as listed.
    RAISES: BadRecord or A608 when one is malformed, and when there is no such list but another that plainly holds
        entities: nobody's labels may be lost to the name of a key.
    """
    keys = (field,) if field else KEYS
    # Doc.to_json keeps "spans" for groups of spans, which is an object.
    there = [key for key in keys if fields.has(key) and not (key == "spans" and isinstance(fields.values[key], dict))]
    key = one_key(Fields({key: fields.values[key] for key in there}, fields.place), there)
    others = [key for key in fields.values if key not in (*keys, *OTHERS)]
    stray = next((key for key in others if _stray(key, fields.values) or _found(key, fields.values)), None)
    if stray is not None:
        raise BadRecord(
            f"{stray!r} seems to hold entities, which are read from {', '.join(map(repr, keys))} as objects with start,"
            f' end and label or as [0, 3, "PER"] (characters, the end exclusive); write them so and name the key with'
            f" --spans-field {stray}, or remove it to have no labels"
        )
    if key is None:
        return None
    for item in fields.array(key) if offsets else []:
        # Where a record brings its own tokens, other names may mean places among these.
        if isinstance(item, dict) and not item.keys() & {"label", "token_start"} and item.keys() & set(LABELS):
            raise BadRecord(
                f"{item!r} may count tokens or characters, for the record has tokens: call its label 'label' if it"
                " counts characters; if tokens, give 'token_start' and 'token_end' (the last token)"
            )
    return annotation_spans(fields, key)


def to_chars(mark: Mark, offsets: Offsets) -> Tuple[int, int]:
    """The characters of a mark, by its tokens if it says these alone; BadRecord if the two differ.

    offsets (Offsets): The characters of the record's own tokens; empty if it has none, and spaCy made them.
    """
    if mark.tokens is None or not offsets:
        if mark.chars is None:
            raise BadRecord(f"the {mark.label} span has no characters, and the record no tokens to count")
        return mark.chars
    first, after = mark.tokens
    if not 0 <= first < after <= len(offsets):
        raise BadRecord(f"the span's tokens {first} to {after - 1} are not among the {len(offsets)} tokens")
    by_token = offsets[first][0], offsets[after - 1][1]
    if mark.chars not in (None, by_token):
        raise BadRecord(
            f"span {mark.chars[0]}-{mark.chars[1]} is not its tokens {first} to {after - 1}, which are"
            f" characters {by_token} ('token_end' is the last token, not the one after it)"
        )
    return by_token


def _stray(key: str, values: Mapping[str, object]) -> bool:
    value = values[key]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return looks_labelled(value) and PHRASES.isdisjoint(item[2:] for item in value)
    return seems_labelled(key, values)


def _found(key: str, values: Mapping[str, object]) -> bool:
    """Whether a key that is a type holds names of the text; a place in a column of its own may be about the text."""
    if key not in TYPES:
        return False
    value = values[key]
    cells = [cell for cell in (value if isinstance(value, list) else [value]) if isinstance(cell, str)]
    names = {name.strip() for cell in cells for name in re.split("[;,|]", cell)} - {""}
    texts = [one for other, one in values.items() if other not in TYPES and isinstance(one, str)]
    return any(name in text for name in names for text in texts)


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
        if end - start > 1 and doc[end - 1].text in MARKS:
            repairs.note("marks", path=path, line=line)
        spans.append((start, end, span.label))
        if not exact:
            said, tokens = doc.text[span.start : span.end], doc[start:end].text
            repairs.problem("borders", Errors.A122, path=path, line=line, text=said, span=tuple(span), tokens=tokens)
    spans = list(dict.fromkeys(spans))
    kept = without_overlap(spans)
    for start, end, label in (Counter(spans) - Counter(kept)).elements():
        repairs.problem("overlap", Errors.A127, path=path, line=line, text=doc[start:end].text, label=label)
    return kept
