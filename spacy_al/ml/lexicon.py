"""What is known of each kind of word: its row of vectors, its spelling in bytes and its capitalisation."""

from dataclasses import dataclass
from typing import Any, Dict, List, NamedTuple, Sequence

import numpy
from numpy.typing import NDArray
from spacy.vocab import Vocab
from torch import Tensor

from .cache import ARRAY_BYTES
from .word_vectors import find_rows

CAPITALS = ("allCaps", "upperInitial", "lowercase", "mixedCaps", "noinfo")
MAX_BYTES = 64
FEATURES = numpy.dtype([("row", "i8"), ("spelling", "u1", MAX_BYTES), ("size", "u1"), ("capitals", "u1")], align=True)


class Lexicon:
    """Words by number, in the order they were first seen, with their features in an array that grows.

    features (NDArray[FEATURES]): (words,) and more. "row" is that in the vocabulary's vectors, -1 for unknown words;
        "capitals" the place in CAPITALS; "spelling" UTF-8 bytes, 0 after the end, and "size" how many.
    """

    def __init__(self, vocab: Vocab) -> None:
        """vocab (Vocab): Has word vectors; ALError A253 at the first word otherwise."""
        self.vocab = vocab
        self.numbers: Dict[int, int] = {}  # by the hash of the word, spaCy's ORTH
        self.features: NDArray[Any] = numpy.zeros(0, dtype=FEATURES)

    def __len__(self) -> int:
        return len(self.numbers)

    def add(self, orths: Sequence[int]) -> NDArray[numpy.int32]:
        """The number of each word, new ones entered: (words,). orths (Sequence[int]): Hashes of words."""
        first = len(self.numbers)
        unknown = [orth for orth in dict.fromkeys(orths) if orth not in self.numbers]
        if unknown:
            new = [self.vocab.strings[orth] for orth in unknown]
            # Room doubles, so that a stream of new words costs no more than twice its size in copies.
            if first + len(new) > len(self.features):
                self.features = numpy.resize(self.features, max(first + len(new), 2 * len(self.features), 1024))
            features = self.features[first : first + len(new)]
            features["row"] = find_rows(new, self.vocab)
            features["capitals"] = [CAPITALS.index(capitalisation(word)) for word in new]
            features["spelling"] = spell(new)
            features["size"] = (features["spelling"] != 0).sum(1)
            self.numbers.update(zip(unknown, range(first, first + len(new)), strict=True))
        return numpy.array([self.numbers[orth] for orth in orths], dtype=numpy.int32)

    def spelled(self, numbers: NDArray[numpy.int32]) -> int:
        """Bytes of the longest of some words, 1 if there are none."""
        return int(self.features["size"][numbers].max(initial=1))


def capitalisation(word: str) -> str:
    """The word's kind among CAPITALS, the word-level features of Chiu and Nichols (2016), section 2.4.

    A single capital counts as allCaps; a word without letters that have a case as noinfo.
    """
    if word.isupper():
        return "allCaps"
    if word.islower():
        return "lowercase"
    if word[:1].isupper() and word[1:].islower():
        return "upperInitial"
    return "mixedCaps" if word.lower() != word or word.upper() != word else "noinfo"


def spell(words: Sequence[str]) -> NDArray[numpy.uint8]:
    """UTF-8 bytes, (words, MAX_BYTES), 0 after the end. Of longer words the middle is left out."""
    half = MAX_BYTES // 2
    rows: List[bytes] = []
    for word in words:
        raw = word.encode("utf8", errors="replace")
        raw = raw if len(raw) <= MAX_BYTES else raw[:half] + raw[-half:]
        rows.append(raw.ljust(MAX_BYTES, b"\0"))
    return numpy.frombuffer(b"".join(rows), dtype=numpy.uint8).reshape(-1, MAX_BYTES)


class Words(NamedTuple):
    """A sentence as numbers of words in a lexicon. numbers (NDArray): int32, (tokens,)."""

    lexicon: Lexicon
    numbers: NDArray[numpy.int32]

    def weigh(self) -> int:
        """Bytes of it in memory, the lexicon apart."""
        return 56 + ARRAY_BYTES + self.numbers.nbytes


@dataclass(frozen=True)
class WordBatch:
    """The different words of a batch, and where each stands.

    vectors (Tensor): float32, (words, width); any row for the unknown. known (Tensor): bool, (words,).
    spelling (Tensor): uint8, (words, longest). capitals (Tensor): int64, (words,).
    places (Tensor): int64 word of each token, (tokens,). lengths (Tensor): int64, (sentences,).
    padded (bool): Whether `places` counts the padding of sentences, (sentences * longest,).
    """

    vectors: Tensor
    known: Tensor
    spelling: Tensor
    capitals: Tensor
    places: Tensor
    lengths: Tensor
    padded: bool = False
