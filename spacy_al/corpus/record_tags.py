"""Entity tags of a record, one for each of its tokens, as Hugging Face data sets have them: names or numbers."""

import re
from typing import List, Optional, Sequence

from spacy.tokens import Doc

from ..errors import ALError, Errors
from .align import BadRecord, Offsets
from .annotation.any_span import TAGS
from .column_layout import STACKED, with_letters
from .fields import Record
from .schemes import Span, decode

KEYS = ("ner_tags", "ner", "tags", "labels", "label", "entities", "spans", "ents")
PROMISED = re.compile("ner|ner_tags")  # keys that say what they hold
LISTED = re.compile("(.+_)?ner(_.+)?")  # and so these if it is a list


def read_tags(
    record: Record, doc: Doc, offsets: Offsets, field: Optional[str], names: Sequence[str]
) -> Optional[List[Span]]:
    """The entities that a record's tags stand for, by token of its Doc; None if it has no tags.

    record (Record): With "tokens"; tags under "ner_tags" or another of KEYS.
    doc (Doc): Its Doc. offsets (Offsets): The characters of the record's own tokens.
    field (Optional[str]): The key of the tags; None: one of KEYS.
    names (Sequence[str]): What tags stand for that are numbers.
    RAISES: BadRecord for tags that are not one a token, A134 for numbers without names.
    """
    keys = [field] if field else KEYS
    key = next((key for key in keys if _are_tags(record.get(key), key, len(offsets))), None)
    if key is None or not offsets:
        return None
    values = record[key]
    assert isinstance(values, list)
    if len(values) != len(offsets):
        raise BadRecord(f"{key!r} has {len(values)} tags for {len(offsets)} tokens")
    tags = [value if isinstance(value, str) else _name(value, key, names) for value in values]
    stray = next((tag for tag in tags if not TAGS.fullmatch(tag) or STACKED.search(tag)), None)
    if stray is not None:
        raise BadRecord(f"{stray!r} in {key!r} is no entity tag such as O or B-PER")
    spans = decode(with_letters(tags), "BILOU")  # which reads IOB and IOE alike
    number = {token.idx: token.i for token in doc}  # tokens of white space may stand between
    return [(number[offsets[a][0]], number[offsets[b - 1][0]] + 1, label) for a, b, label in spans]


def has_second(record: Record, length: int) -> bool:
    """Whether several keys of a record promise entity tags, one for each of `length` tokens."""
    lists = [key for key, value in record.items() if isinstance(value, list) and len(value) == length]
    return sum(bool(LISTED.fullmatch(key)) for key in lists) > 1


def refuse_unread(record: Record, length: int) -> None:
    """BadRecord for what stands where tags are read but cannot be: nobody's labels may be lost to their form.

    record (Record): A record in which no entities were found. length (int): How many tokens or words it has.
    """
    for key, value in record.items():
        promised = PROMISED.fullmatch(key) or (isinstance(value, list) and LISTED.fullmatch(key))
        if not promised and key not in KEYS[:5]:
            continue
        items = value.split() if isinstance(value, str) else value if isinstance(value, list) else [value]
        if all(item in (None, "", "O") for item in items):
            continue
        if promised or (len(items) == length > 1 and any(map(_hints, items))):
            odd = next((item for item in items if not _is_tag(item)), items[0])
            raise BadRecord(
                f"{odd!r} in {key!r} cannot be read: beside 'tokens' give a list of O, B-PER and I-PER, one a token"
                " (I- before bare labels), or of numbers with --tag-names O,B-PER,I-PER,..."
            )


def _hints(item: object) -> bool:
    """Whether an item shows that a list as long as the tokens holds entity tags, in whatever form."""
    return item in (None, "o", "0") or _is_tag(item.upper() if isinstance(item, str) else item)


def _is_tag(item: object) -> bool:
    return isinstance(item, str) and bool(TAGS.fullmatch(item))


def _are_tags(value: object, key: Optional[str], length: int) -> bool:
    if not isinstance(value, list) or not value:
        return False
    if all(isinstance(item, str) for item in value):
        return any(item != "O" and TAGS.fullmatch(item) for item in value) or set(value) == {"O"}
    return all(type(item) is int for item in value) and (key == "ner_tags" or len(value) == length)


def _name(value: object, key: str, names: Sequence[str]) -> str:
    if not isinstance(value, int) or not 0 <= value < len(names):
        raise ALError(Errors.A134.format(key=key, value=value, names=", ".join(names) or "none"))
    return names[value]
