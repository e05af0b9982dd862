"""brat standoff: a folder of text files, each with its entities in a file of the same name that ends in .ann."""

import re
from pathlib import Path
from typing import Dict, Iterator, Tuple

from ..errors import ALError, Errors
from ..files import check_file
from ..jsonl import BOM
from .align import CharSpan
from .fields import Record
from .json_corpus import Context
from .lines import read_lines
from .repairs import Repairs

ENTITY = re.compile(r"(?P<label>[^\s;]+) (?P<places>\d+ \d+(?:;\d+ \d+)*)")
OTHERS = frozenset("REAMN#*")  # relations, events, attributes, modifications, links, notes, equivalences


def brat_objects(path: Path, context: Context) -> Iterator[Tuple[int, Record]]:
    """The documents of a folder of .txt and .ann files, or of one such pair, as records.

    path (Path): The folder, or a .ann file.
    context (Context): What reading needs.
    RAISES: ALError A003 (no text beside an .ann file), A136 (no .ann file, a line that cannot be read, an
        entity in pieces).
    """
    if path.is_dir() and not any(path.rglob("*.ann")):
        raise ALError(Errors.A136.format(path=path, line=1, problem="no file in this folder ends in .ann"))
    for text_file in [path.with_suffix(".txt")] if path.is_file() else sorted(path.rglob("*.txt")):
        text = "".join(line.text + line.ending for line in read_lines(text_file, context.repairs))
        record: Record = {"text": text, "id": text_file.with_suffix("").name}
        notes = text_file.with_suffix(".ann")
        if notes.is_file():
            record["spans"] = [list(span) for span in read_entities(notes, text, context.repairs).values()]
        yield 1, record
    for stray in path.rglob("*.ann") if path.is_dir() else []:
        check_file(stray.with_suffix(".txt"), f"It belongs to {stray}.")


def read_entities(path: Path, text: str, repairs: Repairs) -> Dict[str, CharSpan]:
    """The entities of an .ann file by their keys, such as T1.

    path (Path): The file. text (str): The text it is about. repairs (Repairs): What to do about bad lines (A136).
    A byte order mark before the text is a character to brat and none to us.
    """
    mark = int(path.with_suffix(".txt").read_bytes().startswith(BOM))
    spans: Dict[str, CharSpan] = {}
    for line in read_lines(path, repairs):
        if not line.text.strip():
            continue
        if line.text[0] in OTHERS:
            repairs.note("other_results", path=path, line=line.number)
            continue
        key, _, rest = line.text.partition("\t")
        found = ENTITY.fullmatch(rest.split("\t")[0])
        if not key.startswith("T") or not found or key in spans:
            problem = f"{line.text[:60]!r} is no entity such as 'T1<tab>PER 0 3<tab>Ana', or its key is not the first"
            repairs.problem("record", Errors.A136, path=path, line=line.number, problem=problem)
            continue
        places = [int(place) for place in re.split("[ ;]", found["places"])]
        if len(places) > 2:
            problem = f"the entity {key} is in several pieces ({found['places']}); warn takes it from first to last"
            repairs.problem("pieces", Errors.A136, path=path, line=line.number, problem=problem)
        start, end = places[0] - mark, places[-1] - mark
        said = rest.partition("\t")[2]
        if start < 0 or (len(places) == 2 and said and said != text[start:end].replace("\n", " ")):
            problem = f"{key} says {said!r}, the text there is {text[start:end]!r}"
            repairs.problem("record", Errors.A136, path=path, line=line.number, problem=problem)
        else:
            spans[key] = CharSpan(start, end, found["label"])
    return spans
