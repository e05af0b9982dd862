"""Records of trainers and services (`shapes`), and plain ones with spans, as answers: known by id, text or tokens."""

from typing import Dict, List, Optional, Tuple

from ...errors import Errors, saying
from ...jsonl import parse_value
from ..align import BadRecord
from .any_span import one_key, read_spans, refuse_stray
from .chunks import Chunk
from .marks import Record
from .shapes import find_shape, plain_records
from .values import Fields, find_task

KEYS = ("spans", "ents", "entities")
OF_TOOLS = frozenset(
    "answer _view_id _input_hash annotation_id data fields annotation prediction entities n_tokens".split()
)


def parse(chunk: Chunk) -> List[Record]:
    """The records of one chunk; no list of entities means not answered, an empty one does not say if anyone looked.

    RAISES: ALError A003 (a text beside that is not there), A005, A007, A608.
    """
    value = parse_value(chunk.raw, path=chunk.path, line=chunk.line)
    with saying(Errors.A007, BadRecord, path=chunk.path, line=chunk.line):
        plain = plain_records(value, chunk.path)
    return [_record(Fields(one, chunk.place), chunk) for one in ([value] if plain is None else plain)]


def claims(first: Dict[str, object]) -> bool:
    """Whether a record has such a shape, or is plain: a text or tokens, spans, and no key of a tool."""
    plain = first.keys() & {"text", "tokens"} and first.keys() & {"spans", "ents"} and not first.keys() & OF_TOOLS
    return bool(plain) or find_shape(first) is not None


def _record(fields: Fields, chunk: Chunk) -> Record:
    refuse_stray(fields, (*KEYS, "tokens"), ", ".join(KEYS))
    key = one_key(fields, KEYS)
    marks = tuple(read_spans(fields, key)) if key else ()
    id_, round_ = find_task(fields, "meta", "metadata")
    text = fields.maybe("text")
    unsure = not marks or fields.flag("suggested")
    verdict = "accept" if key else None
    return Record(chunk, id_, verdict, marks, text=text, words=_words(fields), unsure=unsure, round=round_)


def _words(fields: Fields) -> Optional[Tuple[str, ...]]:
    words = fields.values.get("tokens")
    given = isinstance(words, list) and all(isinstance(word, str) for word in words)
    return fields.texts("tokens") if given else None
