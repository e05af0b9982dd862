"""A DocBin as flat arrays, without a Doc, or even an array, for each sentence."""

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy
import srsly
from numpy.typing import NDArray

from ..corpus.reader import unpack_user_data
from ..errors import ALError, Errors
from .inflate import Inflated

BLOCK_ROWS = 65_536  # tokens, or sentences, read at a time


@dataclass(frozen=True)
class Columns:
    """What a DocBin holds.

    groups (List[NDArray[uint64]]): The attributes asked for, (tokens, attributes) each; 0 for those not stored.
    lengths (NDArray[int64]): Tokens of each sentence, (sentences,).
    spaces (NDArray[bool]): Whether a space follows; True where that is unknown, as in a Doc: (tokens,).
    strings (List[str]): Spelling of the hashes.
    sources (List[Optional[str]]): Where each sentence stands in its source document; None if unknown.
    """

    groups: List[NDArray[numpy.uint64]]
    lengths: NDArray[numpy.int64]
    spaces: NDArray[numpy.bool_]
    strings: List[str]
    sources: List[Optional[str]]


def read_columns(path: Path, groups: Sequence[Sequence[int]]) -> Columns:
    """Read attributes of all tokens of a .spacy file.

    path (Path): The file. groups (Sequence[Sequence[int]]): Attributes, as spaCy numbers them, of each array wanted.
    RETURNS (Columns): See there.
    RAISES: ALError A130 when the file is not a whole DocBin.
    """
    try:
        with Inflated(path) as message:
            arrays, left = _read_tokens(message, groups)
            # All else is small, and one call of msgpack takes it apart.
            rest: Dict[str, Any] = srsly.msgpack_loads(b"\xdf" + struct.pack(">I", left) + b"".join(message.rest()))
        return _columns(arrays, rest)
    except (EOFError, zlib.error, struct.error, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ALError(Errors.A130.format(path=path, reason=str(error) or type(error).__name__)) from error


def _read_tokens(message: Inflated, groups: Sequence[Sequence[int]]) -> Tuple[List[NDArray[numpy.uint64]], int]:
    """Read up to and including the tokens; returns them, and how many pairs of the message follow."""
    attrs: List[int] = []
    pairs = message.header("pairs")
    for number in range(pairs):
        key = message.text()
        if key == "attrs":
            attrs = [message.integer() for _ in range(message.header("items"))]
        elif key == "tokens":
            return _select(message, message.header("bytes"), attrs, groups), pairs - number - 1
        else:
            message.skip()
    raise ValueError("it has no tokens")


def _select(
    message: Inflated, size: int, attrs: List[int], groups: Sequence[Sequence[int]]
) -> List[NDArray[numpy.uint64]]:
    tokens, left = divmod(size, 8 * len(attrs)) if attrs else (0, size)
    if left:
        raise ValueError(f"{size} bytes of tokens for {len(attrs)} attributes")
    arrays = [numpy.zeros((tokens, len(group)), dtype=numpy.uint64) for group in groups]
    for start in range(0, tokens, BLOCK_ROWS):
        rows = min(BLOCK_ROWS, tokens - start)
        block = numpy.frombuffer(message.read(rows * 8 * len(attrs)), dtype=numpy.uint64).reshape(rows, -1)
        for array, group in zip(arrays, groups):
            for place, attribute in enumerate(group):
                if attribute in attrs:
                    array[start : start + rows, place] = block[:, attrs.index(attribute)]
    return arrays


def _columns(arrays: List[NDArray[numpy.uint64]], rest: Dict[str, Any]) -> Columns:
    lengths = numpy.frombuffer(rest["lengths"], dtype=numpy.int32).astype(numpy.int64)
    spaces = numpy.frombuffer(rest["spaces"], dtype=bool)
    tokens = int(lengths.sum())
    if (lengths < 0).any() or len(spaces) != tokens or any(len(array) != tokens for array in arrays):
        raise ValueError("its tokens, lengths and spaces do not belong together")
    flags = rest.get("flags", [{}] * len(lengths))
    unknown = numpy.array([flag.get("has_unknown_spaces", False) for flag in flags], dtype=bool)
    sources = _sources(rest.get("user_data", [None] * len(lengths)))
    if len(unknown) != len(lengths) or len(sources) != len(lengths):
        raise ValueError("its flags and user data do not belong to its sentences")
    # A sentence that knows no spaces has one after every token, as in a Doc made of words alone.
    return Columns(arrays, lengths, spaces | numpy.repeat(unknown, lengths), rest["strings"], sources)


def _sources(user_data: Sequence[Optional[bytes]]) -> List[Optional[str]]:
    sources: List[Optional[str]] = []
    for start in range(0, len(user_data), BLOCK_ROWS):
        for values in unpack_user_data(user_data[start : start + BLOCK_ROWS]):
            sources.append(values.get("source") if values else None)
    return sources
