"""spaCy's DocBin: tasks as Docs, answers from Docs; ids and verdicts travel in `user_data`."""

import io
import json
import zlib
from pathlib import Path
from typing import List, Sequence

import numpy
from spacy.attrs import ENT_IOB, ENT_TYPE, ORTH
from spacy.strings import get_string_id
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from ...errors import ALError, Errors
from ...tasks import Task
from ..docbin import DAMAGE, Columns, parse_columns
from ..lines import is_packed
from ..task_docs import task_doc
from .chunks import MAX_FILE, Chunk
from .marks import Record
from .values import MISSING, UNANSWERED, open_chunk, tagged_marks, token_record

ATTRS = ["ORTH", "TAG", "ENT_IOB", "ENT_TYPE"]
KEPT = ("id", "round", "answer", "annotator", "seconds")


def dump(tasks: Sequence[Task]) -> bytes:
    """Tasks as a DocBin; without suggestions all entities are missing, not O. Our id is `user_data["id"]`.

    With suggestions, `user_data["answer"]` is "?", to be replaced by people.
    """
    vocab = Vocab()
    docs = [task_doc(task, vocab) for task in tasks]
    for doc, task in zip(docs, tasks, strict=True):
        if task.spans is not None:
            doc.user_data["answer"] = UNANSWERED
    return DocBin(attrs=ATTRS, docs=docs, store_user_data=True).to_bytes()


def split(data: bytes, path: Path) -> List[Chunk]:
    """One chunk per Doc, as a JSON object of its tokens, entity tags and the part of `user_data` that we
    know.

    The arrays are read without making Docs: damaged ones would end up in compiled code that trusts them.
    RAISES: ALError A615 for anything that is not a whole DocBin.
    """
    columns = _read(data, path)
    words_of = {get_string_id(word): word for word in columns.strings} | {0: ""}
    chunks: List[Chunk] = []
    ends = numpy.cumsum(columns.lengths).tolist()
    for number, (start, end) in enumerate(zip([0, *ends], ends)):
        orths, iob, types = columns.groups[0][start:end].T.tolist()
        try:
            record = {
                "words": [words_of[orth] for orth in orths],
                "spaces": columns.spaces[start:end].tolist(),
                "tags": [_tag(code, words_of[label]) for code, label in zip(iob, types, strict=True)],
                **{key: values[number] for key, values in columns.user.items()},
            }
            if "" in record["words"]:
                raise ValueError("an empty token")
            raw = json.dumps(record).encode("ascii")
        except DAMAGE as error:
            raise ALError(Errors.A615.format(path=path, reason=f"Doc {number + 1}: {_reason(error)}")) from error
        chunks.append(Chunk(raw, path, number + 1, number, what="Doc"))
    return chunks


def join(chunks: Sequence[Chunk]) -> bytes:
    """A DocBin of some of the Docs, with what `split` keeps of them."""
    vocab = Vocab()
    doc_bin = DocBin(attrs=ATTRS, store_user_data=True)
    for chunk in chunks:
        record = json.loads(chunk.raw)
        doc = Doc(vocab, words=record["words"], spaces=record["spaces"], ents=_repaired(record["tags"]))
        doc.user_data.update({key: record[key] for key in KEPT if record.get(key) is not None})
        doc_bin.add(doc)
    return doc_bin.to_bytes()


def parse(chunk: Chunk) -> List[Record]:
    """One Doc; if all its tokens are missing and `user_data["answer"]` is not set, it has not been answered.

    RAISES: ALError A608, A614 (an entity that does not begin, or has no label).
    """
    fields = open_chunk(chunk)
    words = tuple(str(word) for word in fields.array("words"))
    tags = fields.texts("tags")
    marks = tagged_marks(tags, lambda number: f"{chunk.place}, token {number}")
    missing = tuple(number for number, tag in enumerate(tags) if tag == MISSING)
    return [token_record(fields, chunk, words, marks, missing, fields.number("seconds"))]


def claims(data: bytes, first: object = None) -> bool:
    """Whether the content is compressed as a DocBin is."""
    return is_packed(data)


def _read(data: bytes, path: Path) -> Columns:
    try:
        if len(zlib.decompressobj().decompress(data, MAX_FILE)) == MAX_FILE:
            raise ALError(Errors.A621.format(path=path, size=f"over {MAX_FILE} unpacked", limit=MAX_FILE))
        return parse_columns(io.BytesIO(data), [(ORTH, ENT_IOB, ENT_TYPE)], KEPT)
    except ALError:
        raise
    except (*DAMAGE, MemoryError) as error:
        raise ALError(Errors.A615.format(path=path, reason=_reason(error))) from error


def _repaired(tags: List[str]) -> List[str]:
    # Doc(ents=...) refuses labels that are missing; what was wrong with them stands in the list of problems.
    return [tag if tag == "O" or (tag[:2] in ("B-", "I-") and len(tag) > 2) else "" for tag in tags]


def _tag(code: int, label: str) -> str:
    return {0: MISSING, 1: f"I-{label}", 2: "O", 3: f"B-{label}"}.get(code, f"ENT_IOB {code}")  # spaCy's codes


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error)[:120]}"
