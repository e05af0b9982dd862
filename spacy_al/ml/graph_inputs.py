"""Batches of fixed shapes for CUDA graphs: what a graph reads, and how a batch is copied into it.

A batch is padded to the next shape: rows for sentences, places for their tokens or wordpieces. Padding has no
tag, and no token reads it, so that it changes nothing.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional, Sequence, Tuple

import numpy
import torch
from numpy.typing import NDArray
from torch import Tensor

from .lexicon import FEATURES, WordBatch, Words
from .seam import GraphInputs, Shape
from .stages import IGNORE
from .transfer import copy_to, upload
from .wordpieces import WordpieceBatch, Wordpieces, collate

if TYPE_CHECKING:
    from .transformer import TransformerEncoder
    from .word_embedding import WordEmbedding

ROWS = (4, 8, 16, 32)
WIDTHS = (16, 32, 48, 64, 96, 128, 192)
SPELLINGS = (16, 24, 64)
Floats = NDArray[numpy.float32]


def fitting(*wanted: Tuple[int, Sequence[int]]) -> Optional[Shape]:
    """For each number the smallest of some growing sizes that is large enough; None where one of them has none."""
    found = [next((one for one in sizes if number <= one), 0) for number, sizes in wanted]
    return tuple(found) if all(found) else None


def spread(lengths: Sequence[int], rows: int, size: int) -> Tuple[NDArray[numpy.int64], NDArray[numpy.bool_]]:
    """Lengths of all rows, those without a sentence included, (rows,), and which of `size` places are tokens,
    (rows, width)."""
    whole = numpy.zeros(rows, dtype=numpy.int64)
    whole[: len(lengths)] = lengths
    return whole, numpy.arange(size // rows) < whole[:, None]


def targets_of(inside: NDArray[numpy.bool_], values: Tensor) -> NDArray[numpy.int64]:
    """Tags of all places: those of the tokens, `values`, and IGNORE for padding."""
    targets = numpy.full(inside.shape, IGNORE, dtype=numpy.int64)
    targets[inside] = values.numpy()
    return targets.ravel()


class TransformerInputs(GraphInputs):
    """Wordpieces; a row has as many places for tokens as for wordpieces."""

    def __init__(self, encoder: "TransformerEncoder") -> None:
        self.encoder = encoder

    @property
    def smallest(self) -> Shape:
        """See GraphInputs."""
        return ROWS[0], self.widths()[0]

    def shape(self, features: Sequence[Wordpieces]) -> Optional[Shape]:
        """(rows, wordpieces with special ones); None beyond the window."""
        special = len(self.encoder.table.prefix) + len(self.encoder.table.suffix)
        longest = max(len(sentence.ids) for sentence in features)
        return fitting((len(features), ROWS), (longest + special, self.widths()))

    def widths(self) -> Sequence[int]:
        """Those of WIDTHS that the encoder can take, and all it can take."""
        most = self.encoder.window + len(self.encoder.table.prefix) + len(self.encoder.table.suffix)
        return [*(width for width in WIDTHS if width < most), *([most] if most <= WIDTHS[-1] else [])]

    def empty(self, shape: Shape, device: torch.device) -> Tuple[WordpieceBatch, Tensor]:
        """See GraphInputs."""
        rows, width = shape
        ids = torch.full((rows, width), self.encoder.table.unknown, dtype=torch.long, device=device)
        mask = torch.ones((rows, width), dtype=torch.bool, device=device)
        pieces = torch.zeros(rows * width, dtype=torch.long, device=device)
        owners = torch.zeros_like(pieces) if self.encoder.mean else None
        lengths = torch.full((rows,), width, dtype=torch.long, device=device)
        tags = torch.zeros(rows * width, dtype=torch.long, device=device)
        return WordpieceBatch(ids, mask, pieces, owners, lengths, padded=True), tags

    def fill(self, batch: WordpieceBatch, tags: Tensor, features: Sequence[Wordpieces], values: Tensor) -> None:
        """See GraphInputs; padding rows see one piece."""
        rows, width = batch.ids.shape
        encoder = self.encoder
        small = collate(features, encoder.table, window=encoder.window, mean=encoder.mean, device=torch.device("cpu"))
        height, used = small.ids.shape
        ids = numpy.full((rows, width), encoder.table.padding, dtype=numpy.int64)
        ids[:height, :used] = small.ids.numpy()
        mask = numpy.zeros((rows, width), dtype=bool)
        mask[:height, :used] = small.mask.numpy()
        mask[height:, 0] = True
        lengths, inside = spread([len(sentence.counts) for sentence in features], rows, rows * width)
        places = small.pieces.numpy() // used * width + small.pieces.numpy() % used
        # What is no token reads a place of its own: gradients that meet in one place are added one after the other.
        pieces = numpy.arange(rows * width)
        if batch.owners is None:
            pieces[inside.ravel()] = places
        else:
            # What no token owns goes to a place after the last.
            owners = numpy.full(rows * width, rows * width, dtype=numpy.int64)
            pieces[: len(places)] = places
            assert small.owners is not None
            owners[: len(places)] = inside.ravel().nonzero()[0][small.owners.numpy()]
            copy_to((batch.owners,), (owners,))
        copy_to(
            (batch.ids, batch.mask, batch.pieces, batch.lengths, tags),
            (ids, mask, pieces, lengths, targets_of(inside, values)),
        )


class WordInputs(GraphInputs):
    """Words under a BiLSTM; sentences stay padded, with their lengths on the device."""

    smallest: Shape = (ROWS[0], WIDTHS[0], SPELLINGS[0])

    def __init__(self, embedding: "WordEmbedding") -> None:
        self.embedding = embedding

    def shape(self, features: Sequence[Words]) -> Optional[Shape]:
        """(rows, tokens, bytes of a word)."""
        longest = max(len(words.numbers) for words in features)
        numbers = numpy.concatenate([words.numbers for words in features])
        spelled = features[0].lexicon.spelled(numbers)
        return fitting((len(features), ROWS), (longest, WIDTHS), (spelled, SPELLINGS))

    def empty(self, shape: Shape, device: torch.device) -> Tuple[WordBatch, Tensor]:
        """See GraphInputs."""
        rows, width, spelling = shape
        words = rows * width
        table = self.embedding.table(self.embedding.lexicon, device)
        batch = WordBatch(
            vectors=table.new_zeros(words, table.shape[1]),
            known=torch.ones(words, dtype=torch.bool, device=device),
            spelling=torch.ones(words, spelling, dtype=torch.uint8, device=device),
            capitals=torch.zeros(words, dtype=torch.long, device=device),
            places=torch.zeros(words, dtype=torch.long, device=device),
            lengths=torch.full((rows,), width, dtype=torch.long, device=device),
            padded=True,
        )
        return batch, torch.zeros(words, dtype=torch.long, device=device)

    def fill(self, batch: WordBatch, tags: Tensor, features: Sequence[Words], values: Tensor) -> None:
        """See GraphInputs; rows without a sentence have the length 0."""
        device, size, rows = tags.device, len(tags), len(batch.lengths)
        kinds, places = self.embedding.kinds(features)
        lengths, inside = spread([len(words.numbers) for words in features], rows, size)
        words = numpy.zeros(inside.shape, dtype=numpy.int64)
        words[inside] = places
        lexicon = features[0].lexicon
        found = numpy.zeros(size, dtype=FEATURES)
        found[: len(kinds)] = lexicon.features[kinds]
        spelling = found["spelling"][:, : batch.spelling.shape[1]]
        capitals = found["capitals"].astype(numpy.int64)  # a copy of another type would wait for the GPU
        table = self.embedding.table(lexicon, device)
        index = upload(found["row"].clip(min=0), device)
        torch.index_select(table, 0, index, out=batch.vectors)
        copy_to(
            (batch.known, batch.spelling, batch.capitals, batch.places, batch.lengths, tags),
            (found["row"] >= 0, spelling, capitals, words.ravel(), lengths, targets_of(inside, values)),
        )


@dataclass(frozen=True)
class StateBatch:
    """States of the tokens of a batch, all layers of them.

    states (Tensor): float32, (tokens, layers * width). lengths (Tensor): int64, (sentences,).
    padded (bool): Whether `states` counts the padding of sentences, (sentences * longest, ...).
    """

    states: Tensor
    lengths: Tensor
    padded: bool = False


class StateInputs(GraphInputs):
    """States that were computed before, such as ELMo's."""

    smallest: Shape = (ROWS[0], WIDTHS[0])

    def __init__(self, width: int) -> None:
        self.width = width

    def shape(self, features: Sequence[Floats]) -> Optional[Shape]:
        """(rows, tokens)."""
        return fitting((len(features), ROWS), (max(map(len, features)), WIDTHS))

    def empty(self, shape: Shape, device: torch.device) -> Tuple[StateBatch, Tensor]:
        """See GraphInputs."""
        rows, width = shape
        states = torch.zeros(rows * width, self.width, device=device)
        lengths = torch.full((rows,), width, dtype=torch.long, device=device)
        return StateBatch(states, lengths, padded=True), torch.zeros(rows * width, dtype=torch.long, device=device)

    def fill(self, batch: StateBatch, tags: Tensor, features: Sequence[Floats], values: Tensor) -> None:
        """See GraphInputs; behind a sentence's end stays what was there."""
        lengths, inside = spread([len(states) for states in features], len(batch.lengths), len(tags))
        places = upload(inside.ravel().nonzero()[0], tags.device)
        batch.states.index_copy_(0, places, upload(numpy.concatenate(features), tags.device))
        copy_to((batch.lengths, tags), (lengths, targets_of(inside, values)))
