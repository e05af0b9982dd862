"""Batches to tools' files, and tools' files to answers."""

from dataclasses import replace
from pathlib import Path
from typing import List, Sequence, Tuple

from ..corpus.annotation.chunks import Chunk
from ..corpus.annotation.marks import Record
from ..corpus.annotation.tools import Format, get_format
from ..errors import ALError
from ..files import write_bytes, write_text
from ..jsonl import check_size
from ..tasks import Task
from .reading import Options, Problem, Reading
from .resolve import resolve


def write_tasks(path: Path, tasks: Sequence[Task], name: str, labels: Sequence[str]) -> List[Path]:
    """Write a batch for a tool, and what else the tool needs beside it.

    path (Path): The file to write.
    tasks (Sequence[Task]): The batch; it is written in the order of rank.
    name (str): A key of FORMATS.
    labels (Sequence[str]): The run's labels; Label Studio's labelling config and brat's are made of them.
    RETURNS (List[Path]): The files written.
    RAISES: ALError A601, A620 (Label Studio without labels), A630 (labels that brat cannot hold), A002.
    """
    format_ = get_format(name, write=True)
    tasks = sorted(tasks, key=lambda task: task.rank)
    data, others = format_.dump(tasks), format_.beside(tasks, labels)
    write_bytes(path, data)
    written = [path]
    for ending, text in others.items():
        written.append(path.with_suffix(ending) if ending.startswith(".") else path.with_name(ending))
        write_text(written[-1], text)
    return written


def parse_files(
    files: Sequence[Tuple[bytes, Path, str]], tasks: Sequence[Task], options: Options = Options()
) -> Tuple[Reading, List[bytes]]:
    """Read what people answered, without changing anything.

    files (Sequence[Tuple[bytes, Path, str]]): Content, name (for messages) and format (a key of FORMATS) of each.
    tasks (Sequence[Task]): The tasks that were asked for; of one sentence there may be several, of different rounds.
    options (Options): How to take answers in.
    RETURNS (Tuple[Reading, List[bytes]]): Answers and problems, and for each file one of the same format with the
        records that were not taken; empty if there are none. Where a tool does not say who answered, of several files
        each is taken for one person's.
    RAISES: ALError A601, or A005, A007, A120, A615, A622 for a file whose records cannot be told apart.
    """
    cut: List[List[Chunk]] = []
    records: List[Record] = []
    problems: List[Problem] = []
    for data, path, name in files:
        base = sum(map(len, cut))
        cut.append([replace(one, item=one.item + base, base=base) for one in get_format(name).split(data, path)])
        found, failed = _parse(cut[-1], get_format(name))
        records += [replace(one, annotator=one.annotator or path.stem) for one in found] if len(files) > 1 else found
        problems += failed
    formats = [get_format(name) for _, _, name in files]
    units = {format_.unit for format_ in formats}
    unit, mixed = (units.pop() if len(units) == 1 else None), any(format_.mixed for format_ in formats)
    reading = resolve(records, tasks, options, default_unit=unit, mixed=mixed or len(files) > 1, problems=problems)
    left = set(reading.rest)
    rests = [[chunk for chunk in chunks if chunk.item in left] for chunks in cut]
    return reading, [format_.join(rest) if rest else b"" for format_, rest in zip(formats, rests, strict=True)]


def _parse(chunks: Sequence[Chunk], format_: Format) -> Tuple[List[Record], List[Problem]]:
    records: List[Record] = []
    problems: List[Problem] = []
    for chunk in chunks:
        try:
            check_size(chunk.raw, chunk.path, chunk.line)
            records.extend(format_.parse(chunk))
        except ALError as error:
            problems.append(Problem(chunk.line, str(error), (chunk.item,)))
    return records, problems
