"""The one table of annotation tools, and writing and reading files through it."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from ..errors import ALError, Errors
from ..files import write_bytes, write_text
from ..jsonl import parse_object
from ..tasks import Task
from . import argilla, conll, containers, docbin, doccano, label_studio, prodigy
from .records import Chunk, Options, Problem, Reading, Record
from .resolve import resolve

DEFAULT = Options()


@dataclass(frozen=True)
class Format:
    """How one tool's files are written and read.

    suffix (str): The usual ending of its files.
    dump (Callable): Tasks -> the file's bytes.
    split (Callable): The file's bytes -> chunks; raises ALError where no chunks can be told apart.
    parse (Callable): A chunk -> records; raises ALError for one that is wrong.
    join (Callable): Chunks -> a file of them.
    claims (Callable): Whether a file looks like this format: its bytes, and its first JSON object if it has
        one.
    unit (str): What the tool's offsets count, where that is sure; None to refuse spans that fit both ways.
    mixed (bool): Offsets of one file may count different units, so that one record proves nothing of others.
    """

    suffix: str
    dump: Callable[[Sequence[Task]], bytes]
    split: Callable[[bytes, Path], List[Chunk]]
    parse: Callable[[Chunk], List[Record]]
    join: Callable[[Sequence[Chunk]], bytes]
    claims: Callable[[bytes, Optional[Dict[str, object]]], bool]
    unit: Optional[str] = None
    mixed: bool = False


def _json_format(suffix: str, dump: Callable, parse: Callable, claims: Callable) -> Format:
    split, join = containers.split_json, containers.join_json
    return Format(suffix, dump, split, parse, join, lambda _, first: bool(first) and claims(first))


def _column_format(dump: Callable, claims: Callable) -> Format:
    split, parse, join = conll.split, conll.parse, conll.join
    return Format(".conll", dump, split, parse, join, lambda data, first: first is None and claims(data))


FORMATS: Dict[str, Format] = {
    # Prodigy's token numbers decide; only binary tasks of other recipes come without them.
    "prodigy": replace(_json_format(".jsonl", prodigy.dump, prodigy.parse, prodigy.claims), unit="codepoints"),
    "label_studio": _json_format(".json", label_studio.dump, label_studio.parse, label_studio.claims),
    "doccano": _json_format(".jsonl", doccano.dump, doccano.parse, doccano.claims),
    # Argilla's web page counts UTF-16 units, while its server and accepted suggestions count code points.
    "argilla": replace(_json_format(".json", argilla.dump, argilla.parse, argilla.claims), mixed=True),
    "conll": _column_format(conll.dump_two, conll.claims),
    # Reading takes any number of columns, so `conll` stands for both when the format is to be found out.
    "conll4": _column_format(conll.dump_four, lambda data: False),
    "docbin": Format(
        ".spacy",
        docbin.dump,
        docbin.split,
        docbin.parse,
        docbin.join,
        lambda data, first: docbin.claims(data),
    ),
}


def get_format(name: str) -> Format:
    """The format of this name; raises ALError A601 with the names there are."""
    if name not in FORMATS:
        raise ALError(Errors.A601.format(name=name, known=", ".join(FORMATS)))
    return FORMATS[name]


def write_tasks(path: Path, tasks: Sequence[Task], name: str, labels: Sequence[str]) -> List[Path]:
    """Write a batch for a tool, and what else the tool needs beside it.

    path (Path): The file to write.
    tasks (Sequence[Task]): The batch; it is written in the order of rank.
    name (str): A key of FORMATS.
    labels (Sequence[str]): The run's labels; Label Studio's labelling config is made of them.
    RETURNS (List[Path]): The files written.
    RAISES: ALError A601, A620 (Label Studio without labels), A002.
    """
    format_ = get_format(name)
    if name == "label_studio" and not labels:
        raise ALError(Errors.A620.format())
    write_bytes(path, format_.dump(sorted(tasks, key=lambda task: task.rank)))
    if name != "label_studio":
        return [path]
    config = path.with_suffix(".config.xml")
    write_text(config, label_studio.labelling_config(labels))
    return [path, config]


def read_answers(
    path: Path, tasks: Mapping[str, Task], name: Optional[str] = None, options: Options = DEFAULT
) -> Tuple[Reading, bytes]:
    """Read what people answered, without changing anything.

    path (Path): A tool's file.
    tasks (Mapping[str, Task]): The tasks that were asked for, by id.
    name (str): A key of FORMATS; None to find out from the content.
    options (Options): How to take answers in.
    RETURNS (Tuple[Reading, bytes]): Answers and problems, and a file of the same format with the records that
        were not taken; empty if there are none.
    RAISES: ALError A601, A602 (format not clear), A003, A621, or A005, A007, A615, A622 for a file whose
        records cannot be told apart.
    """
    data = containers.read_file(path)
    return parse_answers(data, path, tasks, name or detect(data, path), options)


def parse_answers(
    data: bytes, path: Path, tasks: Mapping[str, Task], name: str, options: Options = DEFAULT
) -> Tuple[Reading, bytes]:
    """`read_answers` on bytes at hand; `path` only serves messages."""
    format_ = get_format(name)
    chunks = format_.split(data, path)
    records: List[Record] = []
    problems: List[Problem] = []
    for chunk in chunks:
        try:
            containers.check_size(chunk)
            records.extend(format_.parse(chunk))
        except ALError as error:
            problems.append(Problem(chunk.line, str(error), (chunk.item,)))
    reading = resolve(records, tasks, options, default_unit=format_.unit, mixed=format_.mixed, problems=problems)
    taken_back = set(reading.rest)
    rest = [chunk for chunk in chunks if chunk.item in taken_back]
    return reading, format_.join(rest) if rest else b""


def detect(data: bytes, path: Path) -> str:
    """The format of a file's content; raises ALError A602 when none or several fit."""
    first = _first_object(data)
    found = [name for name, format_ in FORMATS.items() if format_.claims(data, first)]
    if len(found) != 1:
        raise ALError(Errors.A602.format(path=path, found=", ".join(found) or "none", known=", ".join(FORMATS)))
    return found[0]


def _first_object(data: bytes) -> Optional[Dict[str, object]]:
    if data[:4096].lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        for chunk in containers.split_json(data, Path("detect"))[:20]:
            try:
                return parse_object(chunk.raw, path=chunk.path, line=chunk.line)
            except ALError:
                continue  # a broken record is reported later, with its line; the next one may show the format
    except ALError:
        return None
    return None
