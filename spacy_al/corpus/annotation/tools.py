"""The one table of annotation tools: how each one's files are written, cut into records and read."""

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable, Dict, Iterable, List, Optional, Sequence

from ...errors import ALError, Errors
from ...jsonl import parse_object
from ...tasks import Task
from . import (
    argilla,
    blocks,
    brat_tasks,
    chunks,
    csv_records,
    docbin_tasks,
    doccano,
    hf_tasks,
    label_studio,
    prodigy,
    record_tasks,
    webanno_tasks,
)
from .chunks import Chunk
from .marks import Record


@dataclass(frozen=True)
class Format:
    """How one tool's files are written and read.

    dump (Callable): Tasks -> the file's bytes.
    split (Callable): The file's bytes -> chunks; raises ALError where no chunks can be told apart.
    parse (Callable): A chunk -> records; raises ALError for one that is wrong.
    join (Callable): Chunks -> a file of them.
    claims (Callable): Whether a file looks like this format: its bytes, and its first JSON object if it has
        one.
    unit (str): What the tool's offsets count, where that is sure; None to refuse spans that fit both ways.
    mixed (bool): Offsets of one file may count different units, so that one record proves nothing of others.
    beside (Callable): Tasks, labels -> texts of the files that the tool needs beside, by ending or by name.
    """

    dump: Callable[[Sequence[Task]], bytes]
    split: Callable[[bytes, Path], List[Chunk]]
    parse: Callable[[Chunk], List[Record]]
    join: Callable[[Sequence[Chunk]], bytes]
    claims: Callable[[bytes, Optional[Dict[str, object]]], bool]
    unit: Optional[str] = None
    mixed: bool = False
    beside: Callable[[Sequence[Task], Sequence[str]], Dict[str, str]] = lambda tasks, labels: {}


Parse = Callable[[Chunk], List[Record]]
Claims = Callable[[Dict[str, object]], bool]


def _json(
    to_record: Callable[[Task], Dict[str, object]],
    parse: Parse,
    claims: Claims,
    write: Callable[[Iterable[Dict[str, object]]], bytes] = chunks.dump_lines,
) -> Format:
    """A tool whose files are JSON."""
    return Format(
        lambda tasks: write(map(to_record, tasks)), chunks.split_json, parse, chunks.join_json,
        lambda _, first: first is not None and claims(first),
    )  # fmt: skip


FORMATS: Dict[str, Format] = {
    # Prodigy's token numbers decide; only binary tasks of other recipes come without them.
    "prodigy": replace(_json(prodigy.to_record, prodigy.parse, prodigy.claims), unit="codepoints"),
    "label_studio": replace(
        _json(label_studio.to_record, label_studio.parse, label_studio.claims, chunks.dump_array),
        split=csv_records.split,
        join=csv_records.join,
        beside=label_studio.beside,
    ),
    "doccano": _json(doccano.to_record, doccano.parse, doccano.claims),
    # Argilla's web page counts UTF-16 units, while its server and accepted suggestions count code points.
    "argilla": replace(_json(argilla.to_record, argilla.parse, argilla.claims, chunks.dump_array), mixed=True),
    "conll": Format(blocks.dump_two, blocks.split, blocks.parse, blocks.join, blocks.claims),
    # Reading takes any number of columns, so `conll` stands for both when the format is to be found out.
    "conll4": Format(blocks.dump_four, blocks.split, blocks.parse, blocks.join, lambda data, first: False),
    "hf": _json(hf_tasks.to_record, hf_tasks.parse, hf_tasks.claims),
    "webanno": Format(
        webanno_tasks.dump, webanno_tasks.split, webanno_tasks.parse, webanno_tasks.join, webanno_tasks.claims
    ),
    # Its text lies in a file beside; what is put aside is doccano's JSONL.
    "brat": Format(
        brat_tasks.dump, brat_tasks.split, doccano.parse, chunks.join_json, brat_tasks.claims,
        unit="codepoints", beside=brat_tasks.beside,
    ),
    "docbin": Format(
        docbin_tasks.dump, docbin_tasks.split, docbin_tasks.parse, docbin_tasks.join, docbin_tasks.claims
    ),
}  # fmt: skip


# Read alone: nothing is written for these.
READ: Dict[str, Format] = {
    "records": _json(hf_tasks.to_record, record_tasks.parse, record_tasks.claims),
}


def get_format(name: str, *, write: bool = False) -> Format:
    """The format of this name; raises ALError A601 with the names there are. write (bool): One that is written."""
    known = FORMATS if write else {**FORMATS, **READ}
    if name not in known:
        raise ALError(Errors.A601.format(name=name, known=", ".join(known)))
    return known[name]


def detect(data: bytes, path: Path) -> str:
    """The format of a file's content.

    RAISES: ALError A602 when none or several fit; A627 for an empty file; A005, A007 or A622 where all of it is broken
        JSON.
    """
    if not data.strip():
        raise ALError(Errors.A627.format(path=path, unanswered=0))
    first = _first_object(data)
    known = {**FORMATS, **READ}
    found = [name for name, format_ in known.items() if format_.claims(data, first)]
    if not found and first is None and data[:4096].lstrip()[:1] in (b"{", b"["):
        for chunk in chunks.split_json(data, path):
            parse_object(chunk.raw, path=chunk.path, line=chunk.line)
    if len(found) != 1:
        raise ALError(Errors.A602.format(path=path, found=", ".join(found) or "none", known=", ".join(known)))
    return found[0]


def _first_object(data: bytes) -> Optional[Dict[str, object]]:
    if data[:4096].lstrip()[:1] not in (b"{", b"[") and not csv_records.is_table(data):
        return None
    with contextlib.suppress(ALError):
        for chunk in csv_records.split(data, Path("detect"))[:20]:
            # A broken record is reported later, with its line; the next one may show the format.
            with contextlib.suppress(ALError):
                return parse_object(chunk.raw, path=chunk.path, line=chunk.line)
    return None
