"""A pool of any size as JSONL, most useful sentence first."""

import tempfile
from array import array
from itertools import islice
from pathlib import Path
from typing import IO, Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence

import numpy
from numpy.typing import NDArray
from spacy.tokens import Doc

from ..files import write_chunks
from ..ids import Numbers, make_id, occurrences, token_key
from ..jsonl import dump_line
from ..uncertainty.measures import Measure, as_is

MIX = numpy.uint64(0xBF58476D1CE4E5B9)


class Ranking:
    """Scored sentences: 16 bytes of id, 16 of places and 4 for each measure in memory, the texts on disk."""

    def __init__(self, measures: Sequence[Measure], known: Optional[Numbers] = None) -> None:
        """
        measures (Sequence[Measure]): The first ranks, the following ones break its ties.
        known (Optional[NDArray[int32]]): Occurrence numbers that the sentences' files carry (`spacy_al.ids`).
        """
        self.measures = list(measures)
        self.known = known
        self.utilities: Dict[str, NDArray[numpy.float32]] = {}
        self.n_tokens = 0
        self.order: NDArray[numpy.int64] = numpy.zeros(0, dtype=numpy.int64)
        self._texts: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._ends = array("q", [0])
        self._keys = bytearray()
        self._sizes = array("i")
        self._parts: List[List[NDArray[numpy.float32]]] = []

    def __len__(self) -> int:
        return len(self._sizes)

    def __enter__(self) -> "Ranking":
        return self

    def __exit__(self, *error: object) -> None:
        self._texts.close()

    def watch(self, docs: Iterable[Doc]) -> Iterator[Doc]:
        """Pass Docs on, remembering of each its id, text and number of tokens."""
        for doc in docs:
            self._texts.write(doc.text.encode("utf8", "replace"))
            self._ends.append(self._texts.tell())
            self._keys += token_key(doc)
            self._sizes.append(len(doc))
            self.n_tokens += len(doc)
            yield doc

    def to_arrays(self) -> Dict[str, NDArray[Any]]:
        """All of a part of a ranking, for a file; see `take`."""
        self._texts.seek(0)
        return {
            "keys": numpy.frombuffer(bytes(self._keys), dtype=numpy.uint8),
            "sizes": numpy.array(self._sizes, dtype=numpy.int32),
            "ends": numpy.array(self._ends[1:], dtype=numpy.int64),
            "texts": numpy.frombuffer(self._texts.read(), dtype=numpy.uint8),
            **{f"measure:{name}": values for name, values in self.utilities.items()},
        }

    def take(self, part: Mapping[str, NDArray[Any]]) -> None:
        """Add the sentences of a part (`to_arrays`); after the last one comes `join`."""
        start = self._ends[-1]
        self._texts.write(part["texts"].data)
        self._ends.frombytes((part["ends"] + start).tobytes())
        self._keys += part["keys"].tobytes()
        self._sizes.frombytes(part["sizes"].tobytes())
        self.n_tokens += int(part["sizes"].sum())
        self._parts.append([part[f"measure:{measure.name}"] for measure in self.measures])

    def join(self) -> None:
        """Put the utilities of all parts that were taken together."""
        columns = list(zip(*self._parts)) or [() for _ in self.measures]
        for measure, values in zip(self.measures, columns):
            self.utilities[measure.name] = numpy.concatenate([numpy.zeros(0, dtype=numpy.float32), *values])
        self._parts.clear()

    def sort(self, seed: int) -> None:
        """Order the sentences by utility; what no measure decides, the seed and the sentences' ids do."""
        utilities: List[NDArray[Any]] = [-self.utilities[measure.name] for measure in reversed(self.measures)]
        keys = self.keys()
        self.order = numpy.lexsort([scattered(keys, occurrences(keys, self.known), seed), *utilities])

    def keys(self) -> NDArray[numpy.uint64]:
        """The `token_key`s of all sentences: (sentences, 2)."""
        return numpy.frombuffer(bytes(self._keys), dtype=numpy.uint64).reshape(-1, 2)

    def rows(self) -> Iterator[Dict[str, Any]]:
        """What is written of each sentence, most useful first; see `write_ranking`."""
        keys = self.keys()
        seen = occurrences(keys, self.known)
        for rank, number in enumerate(map(int, self.order)):  # not as a list: it would be larger than the rest
            values = {measure: float(self.utilities[measure.name][number]) for measure in self.measures}
            row: Dict[str, Any] = {"id": make_id(keys[number].tobytes(), seen[number]), "rank": rank}
            row["utilities"] = {measure.name: _short(value) for measure, value in values.items()}
            shown = {one.name: _short(one.display(v)) for one, v in values.items() if one.display is not as_is}
            row |= {"shown": shown} if shown else {}
            yield row | {"n_tokens": self._sizes[number], "text": self._text(number)}

    def _text(self, number: int) -> str:
        self._texts.seek(self._ends[number])
        return self._texts.read(self._ends[number + 1] - self._ends[number]).decode("utf8")


def write_ranking(path: Path, ranking: Ranking, *, limit: Optional[int] = None) -> int:
    """Write a ranking as JSONL in one step.

    Each row has `id` (as in `spacy_al.types.Pool`), `rank` from 0, `utilities` by measure as ranked, `shown`
    for measures that people read in another unit, `n_tokens` and `text`.

    path (Path): The file. limit (Optional[int]): Write only so many of the most useful.
    RETURNS (int): Rows written.
    RAISES: ALError A002 when the file cannot be written.
    """
    write_chunks(path, (f"{dump_line(row)}\n".encode() for row in islice(ranking.rows(), limit)))
    return len(ranking.order[:limit])


def scattered(keys: NDArray[numpy.uint64], seen: NDArray[numpy.int64], seed: int) -> NDArray[numpy.uint64]:
    """A random number for each sentence that depends on its tokens, its occurrence and the seed, not on its place.

    keys (NDArray[uint64]): (sentences, 2). seen (NDArray[int64]): (sentences,).
    RETURNS (NDArray[uint64]): (sentences,).
    """
    first, second, third = numpy.random.SeedSequence(seed).generate_state(3, numpy.uint64)
    mixed: NDArray[numpy.uint64] = keys[:, 0] ^ first
    mixed += (keys[:, 1] ^ second) * MIX
    mixed += seen.astype(numpy.uint64) ^ third
    for shift in (30, 27, 31):  # splitmix64's finaliser
        mixed ^= mixed >> numpy.uint64(shift)
        mixed *= MIX
    return mixed


def top_docs(docs: Iterable[Doc], ranking: Ranking, count: int) -> List[Doc]:
    """The Docs of the most useful sentences, from another reading of the stream that was ranked."""
    wanted = {number: rank for rank, number in enumerate(ranking.order[:count].tolist())}
    found = {wanted[number]: doc for number, doc in enumerate(docs) if number in wanted}
    return [found[rank] for rank in sorted(found)]


def _short(value: float) -> float:
    """As many digits as a float32 has."""
    return float(f"{value:.8g}")
