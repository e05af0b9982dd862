"""DocBins: Docs in and out, and columns of all tokens without a Doc, or even an array, for each sentence."""

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Dict, Iterable, Iterator, List, Optional, Sequence, Union

import numpy
import srsly
from numpy.typing import NDArray
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab
from srsly.msgpack import Packer

from ..errors import ALError, Errors, saying
from ..ids import UNKNOWN, Numbers
from .inflate import Message

NOTHING = b"\xc0"  # None in msgpack
# What decoding a damaged file may raise.
DAMAGE = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError, OverflowError, RecursionError, zlib.error,
    struct.error, srsly.msgpack.exceptions.UnpackException,
)  # fmt: skip
BLOCK_ROWS = 65_536  # tokens, or sentences, read at a time


def spacy_files(path: Path) -> List[Path]:
    """The .spacy files of a corpus: a file, or all in a folder, by name.

    RAISES: ALError A003 when there is nothing, A139 for a folder, such as a project's, in which a run keeps its labels.
    """
    if not path.exists():
        raise ALError(Errors.A003.format(path=path, cure="Make it with `python -m spacy al convert`."))
    if not path.is_dir():
        return [path]
    files = sorted(path.rglob("*.spacy"))
    made = [file_ for file_ in files if _of_a_run(file_, path)]
    if made:
        others = ", ".join(str(file_) for file_ in files if file_ not in made) or "no other is here"
        raise ALError(Errors.A139.format(path=path, n=len(made), example=made[0], others=others))
    return files


def _of_a_run(file_: Path, top: Path) -> bool:
    """Whether a file holds labels that a run at or below a folder has gathered, which stand in its pool as well."""
    inside = file_.parents[: len(file_.relative_to(top).parts)]
    return any(
        file_.relative_to(folder).parts[0] in ("rounds", "labelled.spacy") and (folder / "state.json").is_file()
        for folder in inside
    )


def read_docs(path: Union[str, Path], vocab: Vocab) -> Iterator[Doc]:
    """Yield the Docs of a .spacy file, or of all such files in a folder in order of name.

    RAISES: ALError A003 when there is no such file, A130 when a file is not a DocBin.
    """
    for file_ in spacy_files(Path(path)):
        with saying(Errors.A130, Exception, path=file_):  # zlib, msgpack and DocBin each raise their own
            docs = DocBin(store_user_data=True).from_bytes(file_.read_bytes())
            user_data = unpack_user_data(docs.user_data)
        docs.user_data = []
        for doc, values in zip(docs.get_docs(vocab), user_data):
            doc.user_data.update(values or {})
            yield doc


def unpack_user_data(user_data: Sequence[Optional[bytes]]) -> List[Optional[Dict[Any, Any]]]:
    """The user data of each sentence of a DocBin; None where there is none.

    srsly looks through all installed packages at every call, which takes 0.7 ms: as one array of msgpack maps the
    data of all sentences are one call.
    """
    items = [NOTHING if packed is None else packed for packed in user_data]
    message = b"\xdd" + struct.pack(">I", len(items)) + b"".join(items)
    return list(srsly.msgpack_loads(message, use_list=False))


def write_docs(docs: Iterable[Doc]) -> bytes:
    """A DocBin of Docs with their user data, as bytes."""
    docbin = DocBin(attrs=["ORTH", "SPACY", "TAG", "ENT_IOB", "ENT_TYPE"])
    # One packer for all of them, for the same reason as in `unpack_user_data`; the bytes are those of DocBin's own.
    packer = Packer(use_bin_type=True)
    for doc in docs:
        docbin.add(doc)
        docbin.user_data.append(packer.pack(doc.user_data))
    docbin.store_user_data = True
    return docbin.to_bytes()


@dataclass(frozen=True)
class Columns:
    """What a DocBin holds.

    groups (List[NDArray[uint64]]): The attributes asked for, (tokens, attributes) each; 0 for those not stored.
    lengths (NDArray[int64]): Tokens of each sentence, (sentences,).
    spaces (NDArray[bool]): Whether a space follows; True where that is unknown, as in a Doc: (tokens,).
    strings (List[str]): Spelling of the hashes.
    occurrences (NDArray[int32]): Which of equal sentences of a pool each is (`spacy_al.ids`); UNKNOWN if not said.
    user (Dict[str, List]): What `user_data` has under the keys asked for; None where it has nothing: (sentences,).
    """

    groups: List[NDArray[numpy.uint64]]
    lengths: NDArray[numpy.int64]
    spaces: NDArray[numpy.bool_]
    strings: List[str]
    occurrences: Numbers
    user: Dict[str, List[Any]]


def read_columns(path: Path, groups: Sequence[Sequence[int]], user: Sequence[str] = ()) -> Columns:
    """Read attributes of all tokens of a .spacy file.

    path (Path): The file. groups (Sequence[Sequence[int]]): Attributes, as spaCy numbers them, of each array wanted.
    user (Sequence[str]): Keys of `user_data` to read.
    RETURNS (Columns): See there.
    RAISES: ALError A130 when the file is not a whole DocBin.
    """
    with saying(Errors.A130, *DAMAGE, path=path), path.open("rb") as file:
        return parse_columns(file, groups, user)


def parse_columns(file: BinaryIO, groups: Sequence[Sequence[int]], user: Sequence[str] = ()) -> Columns:
    """The same of an open file; what is no whole DocBin raises one of DAMAGE."""
    message = Message(file)
    attrs, numbers, size, left = message.tokens()
    arrays = _select(message, size, attrs, groups)
    # All else is small, and one call of msgpack takes it apart.
    rest: Dict[str, Any] = srsly.msgpack_loads(b"\xdf" + struct.pack(">I", left) + b"".join(message.rest()))
    return _columns(arrays, numbers, rest, user)


def _select(
    message: Message, size: int, attrs: List[int], groups: Sequence[Sequence[int]]
) -> List[NDArray[numpy.uint64]]:
    tokens, left = divmod(size, 8 * len(attrs)) if attrs else (0, size)
    if left:
        raise ValueError(f"{size} bytes of tokens for {len(attrs)} attributes")
    arrays = [numpy.zeros((tokens, len(group)), dtype=numpy.uint64) for group in groups]
    for start in range(0, tokens, BLOCK_ROWS):
        rows = min(BLOCK_ROWS, tokens - start)
        block = numpy.frombuffer(message.exactly(rows * 8 * len(attrs)), dtype=numpy.uint64).reshape(rows, -1)
        for array, group in zip(arrays, groups):
            for place, attribute in enumerate(group):
                if attribute in attrs:
                    array[start : start + rows, place] = block[:, attrs.index(attribute)]
    return arrays


def _columns(arrays: List[NDArray[numpy.uint64]], numbers: bytes, rest: Dict[str, Any], user: Sequence[str]) -> Columns:
    lengths = numpy.frombuffer(rest["lengths"], dtype=numpy.int32).astype(numpy.int64)
    spaces = numpy.frombuffer(rest["spaces"], dtype=bool)
    tokens = int(lengths.sum())
    if (lengths < 0).any() or len(spaces) != tokens or any(len(array) != tokens for array in arrays):
        raise ValueError("its tokens, lengths and spaces do not belong together")
    flags = rest.get("flags", [{}] * len(lengths))
    unknown = numpy.array([flag.get("has_unknown_spaces", False) for flag in flags], dtype=bool)
    values = rest.get("user_data", [None] * len(lengths))
    known = read_numbers(numbers, len(lengths))
    if len(unknown) != len(lengths) or len(values) != len(lengths):
        raise ValueError("its flags and user data do not belong to its sentences")
    # A sentence that knows no spaces has one after every token, as in a Doc made of words alone.
    return Columns(
        arrays, lengths, spaces | numpy.repeat(unknown, lengths), rest["strings"], known, _user(values, user)
    )


def read_numbers(raw: bytes, sentences: int) -> Numbers:
    """The occurrence numbers of a file's sentences from its bytes, which are empty where it has none."""
    if not raw:
        return numpy.full(sentences, UNKNOWN, dtype=numpy.int32)
    known: Numbers = numpy.frombuffer(raw, dtype=numpy.int32)
    if len(known) != sentences or (known < 0).any():
        raise ValueError("its numbers of equal sentences do not belong to its sentences")
    return known


def _user(packed: Sequence[Optional[bytes]], keys: Sequence[str]) -> Dict[str, List[Any]]:
    found: Dict[str, List[Any]] = {key: [] for key in keys}
    for start in range(0, len(packed) if keys else 0, BLOCK_ROWS):
        for values in unpack_user_data(packed[start : start + BLOCK_ROWS]):
            for key, column in found.items():
                column.append(values.get(key) if values else None)
    return found
