"""Numbers of equal sentences, written into the files of a pool, so that each file alone has the ids of the whole."""

import re
import warnings
import zlib
from pathlib import Path
from typing import Any, Dict, List, Sequence

import numpy
import srsly
from spacy.attrs import ORTH

from ..errors import Warnings
from ..files import write_bytes
from ..ids import UNKNOWN, Numbers, occurrences, token_keys
from .docbin import read_columns
from .inflate import OCCURRENCES


def number_files(paths: Sequence[Path]) -> int:
    """Write into DocBins that are one pool which of its equal sentences each is; files that say so stay as they are.

    spaCy reads such a file as before, and loses the numbers when it writes it again. Other content does not change.

    paths (Sequence[Path]): All files of the pool, in the order in which they are read: that of their names.
    RETURNS (int): Files written. RAISES: ALError A130 for one that is no DocBin, A444 when files were numbered apart.
    """
    columns = [read_columns(path, [(ORTH,)]) for path in paths]
    keys = numpy.concatenate([token_keys(one.groups[0][:, 0], one.lengths) for one in columns])
    numbers = occurrences(keys, numpy.concatenate([one.occurrences for one in columns]))
    parts = numpy.split(numbers, numpy.cumsum([len(one.lengths) for one in columns])[:-1])
    bare = [
        (path, part) for path, one, part in zip(paths, columns, parts, strict=True) if not is_numbered(one.occurrences)
    ]
    for path, part in bare:
        message: Dict[str, Any] = srsly.msgpack_loads(zlib.decompress(path.read_bytes()))
        # Before the tokens, so that who reads forwards knows them in time.
        rest = {key: value for key, value in message.items() if key != "attrs"}
        changed = {"attrs": message["attrs"], OCCURRENCES: part.astype(numpy.int32).tobytes(), **rest}
        write_bytes(path, zlib.compress(srsly.msgpack_dumps(changed)))
    return len(bare)


def is_numbered(known: Numbers) -> bool:
    """Whether a file carries the number of each of its sentences."""
    return not (known == UNKNOWN).any()


def warn_of_shards(path: Path, known: Numbers) -> None:
    """Warning W441 where one file of several is read alone and does not say which of equal sentences it holds."""
    others = shards(path)
    if others and not is_numbered(known):
        warnings.warn(Warnings.W441.format(path=path, others=len(others), folder=path.parent), stacklevel=2)


def shards(path: Path) -> List[Path]:
    """Files beside a file whose names differ from its own in numbers only, such as pool-1.spacy and pool-2.spacy."""
    if not path.is_file() or not re.search(r"\d", path.stem):
        return []
    shape = re.sub(r"\d+", "0", path.stem)
    return [
        one for one in sorted(path.parent.glob("*.spacy")) if one != path and re.sub(r"\d+", "0", one.stem) == shape
    ]
