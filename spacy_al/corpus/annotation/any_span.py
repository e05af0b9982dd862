"""Entities in the forms that tools and corpora give them in, and what plainly holds entities under another key."""

import re
from typing import Collection, List, Mapping, Optional

from .marks import Mark
from .values import Fields

TAGS = re.compile(r"O|[BILUESMW]-\S.*")
TAG = re.compile(r"O|[BI]-\S+")  # no name of a type
# Entities as text, such as "0:7:PER" or "PER:0:7"; times of day are none.
PLACED = re.compile(r"\d+([:,;|])\d+\1(?!(AM|PM)\b)[A-Za-z]\S*|[A-Z][A-Z_-]+([:,;|])\d+\3\d+")
BORDER = re.compile(r"(^|_)((start|begin|end|stop|offset|length)|(from|to)$)|Start|Begin|End|Offset|Length")
BORDERS = (
    ("start", "end"), ("start_offset", "end_offset"), ("startOffset", "endOffset"), ("start_char", "end_char"),
    ("begin", "end"), ("offset", "length"),
)  # fmt: skip
ENTITIES = re.compile(r"(named_?)?entit(y|ies)|ents|ner|spans|mentions|entity_mentions", re.IGNORECASE)
# Parts of a text, with places and no label.
PARTS = re.compile("(sentence|paragraph|section|segment|chunk|passage|line|word|page)s")
OF_PARTS = {"id", "index", "text", "title", *(name for pair in BORDERS for name in pair)}
DEEP = 6  # how far down entities are looked for
LABELS = (
    "label", "labels", "entity_group", "entity", "type", "tag", "category", "displayName",
    "entityLabel",
)  # fmt: skip


def read_span(fields: Fields, value: object, where: str) -> Mark:
    """An entity: [start, end, label], [label, start, end], either with a score after it, or an object.

    fields (Fields): The object it stands in.
    value (object): The entity; "token_end" is its last token. where (str): Its key in there.
    RETURNS (Mark): The entity; a label that is a whole number is the number of one, and one that looks like a tag is
        marked as such.
    RAISES: ALError A608.
    """
    if isinstance(value, list) and len(value) in (3, 4):
        keys = ("label", "start", "end") if isinstance(value[0], str) else ("start", "end", "label")
        span = Fields(dict(zip((*keys, "score"), value, strict=False)), fields.place, f"{fields.where}{where}.")
        span.number("score")
    elif isinstance(value, dict):
        span = fields.wrap(value, where)
    else:
        raise fields.fail(where, "[start, end, label] or an object with start, end and label was expected")
    label = _label(span)
    tokens, chars = None, None
    if span.has("token_start") or span.has("token_end"):
        tokens = (span.integer("token_start"), span.integer("token_end") + 1)
    start, end = next((keys for keys in BORDERS if keys[0] in span.values), BORDERS[0])
    if tokens is None or span.has(start) or span.has(end):
        chars = (span.integer(start), span.integer(end) + (span.integer(start) if end == "length" else 0))
    number, tag = label.isdecimal() and _is_id(span), f"{span.where}label" if TAG.fullmatch(label) else None
    return Mark(label, chars, tokens, span.maybe("text"), number, tag)


def read_spans(fields: Fields, key: str) -> List[Mark]:
    """All entities in a list."""
    return [read_span(fields, value, f"{key}[{number}]") for number, value in enumerate(fields.array(key))]


def one_key(fields: Fields, keys: Collection[str]) -> Optional[str]:
    """The one of several keys that holds something, or else one that is there; A608 if two hold something."""
    there = [key for key in keys if fields.has(key)]
    full = [key for key in there if fields.values[key]]
    if len(full) > 1:
        raise fields.fail(full[1], f"entities stand in {full[0]!r} too; remove one of the two")
    return full[0] if full else (there[0] if there else None)


def refuse_stray(fields: Fields, known: Collection[str], cure: str) -> None:
    """Raise ALError A608 for a key that is not known and plainly holds entities: no labels are lost to a name."""
    for key in fields.values:
        if key not in known and seems_labelled(key, fields.values):
            raise fields.fail(key, f"it seems to hold entities, which are read from {cure}; rename it, or remove it")


def looks_labelled(value: object) -> bool:
    """Whether a value plainly holds entities: a list of spans or tags, or spans by label or by person."""
    if isinstance(value, dict):
        inner = [item for item in value.values() if item]
        return bool(inner) and all(looks_labelled(item) or _pairs(item) for item in inner)
    if isinstance(value, str):
        return PLACED.fullmatch(value) is not None
    if not isinstance(value, list) or not value:
        return False
    if all(isinstance(item, str) for item in value):
        return are_tags(value) or all(map(PLACED.fullmatch, value))
    return all(_is_span(item) for item in value)


def are_tags(cells: Collection[str]) -> bool:
    """Whether all are entity tags and no words such as I-95 or U-Bahn: O is among them, or labels are in capitals."""
    labels = [cell[2:] for cell in cells if cell != "O"]
    told = len(labels) < len(cells) > 1 or (bool(labels) and all(map(str.isupper, labels)))
    return told and all(map(TAGS.fullmatch, cells))


def seems_labelled(key: str, values: Mapping[str, object]) -> bool:
    """Whether a key of a record plainly holds entities, in it or further down, and no mere parts of the text."""
    value = values[key]
    if (
        PARTS.fullmatch(key)
        and isinstance(value, list)
        and all(isinstance(one, dict) and one.keys() <= OF_PARTS for one in value)
    ):
        return False
    return looks_labelled(value) or hides_entities(key, values)


def hides_entities(key: str, values: Mapping[str, object]) -> bool:
    """Whether entities lie further down in a key's value, or are named in it without their places, or are those of a
    type: pairs of numbers, where nothing else holds entities."""
    value = values[key]
    named = value if ENTITIES.fullmatch(key) and isinstance(value, list) else []
    bare = bool(named) and all(isinstance(item, dict) and item.keys() & set(LABELS) for item in named)
    others = (one for name, one in values.items() if name != "tokens")
    typed = key.isupper() and _pairs(value) and not any(map(looks_labelled, others))
    return bare or typed or _deep(value)


def _deep(value: object, depth: int = 0) -> bool:
    inner: List[object] = []
    if isinstance(value, dict):
        inner = list(value.values())
        # Tokens have borders too, but no label.
        if any(isinstance(one, dict) and _has_borders(one) for one in inner) and value.keys() & {*LABELS, "name"}:
            return True
    elif isinstance(value, list):
        inner = value
        if looks_labelled(value) and not isinstance(value[0], str):
            return depth > 0
    else:
        return False
    return depth < DEEP and any(_deep(one, depth + 1) for one in inner)


def _is_span(item: object) -> bool:
    if isinstance(item, list):
        kinds = [type(part) for part in item[:3]]
        if kinds in ([list, str], [str, list]):  # [[0, 3], "PER"]
            return any(map(_pairs, ([part] for part in item)))
        return len(item) in (3, 4) and kinds in ([int, int, str], [int, int, int], [str, int, int])
    if not isinstance(item, dict):
        return False
    inner = [one for value in item.values() for one in (value if isinstance(value, list) else [value])]
    if any(isinstance(one, dict) and _has_borders(one) for one in inner):  # Label Studio's "value", others' "points"
        return True
    if item.keys() & set(LABELS) and any(_pairs([one]) or _pairs(one) for one in item.values()):  # "offsets": [[0, 3]]
        return True
    return _has_borders(item) and any(isinstance(one, (str, list)) or key in LABELS for key, one in item.items())


def _has_borders(item: "dict[str, object]") -> bool:
    """Whether two of its values are whole numbers or places that are called like the borders of a span."""
    borders = [value for key, value in item.items() if BORDER.search(str(key))]
    return sum(type(value) is int or (isinstance(value, str) and value.isdecimal()) for value in borders) >= 2


def _pairs(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, list) and [type(part) for part in item] == [int, int] for item in value)
    )


def _label(span: Fields) -> str:
    key = next((key for key in LABELS if span.has(key)), "label")
    if isinstance(span.values.get(key), list):
        return span.only_label(key)
    return str(span.integer(key)) if _is_id(span) else span.label(key)


def _is_id(span: Fields) -> bool:
    value = next((span.values[key] for key in LABELS if span.has(key)), None)
    return isinstance(value, int) and not isinstance(value, bool)
