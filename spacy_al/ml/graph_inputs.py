"""Batches of fixed shapes for CUDA graphs: what a graph reads, and how a batch is copied into it.

A batch is padded to the next shape: rows for sentences, places for their tokens or wordpieces. Padding has no
tag, and no token reads it, so that it changes nothing.
"""

from typing import Any, Optional, Protocol, Sequence, Tuple

import numpy
import torch
from torch import Tensor

from .bilstm import BiLSTMEncoder
from .stages import IGNORE, Encoder
from .transfer import copy_to, upload
from .transformer import TransformerEncoder
from .word_embedding import WordBatch, WordEmbedding, Words
from .wordpieces import WordpieceBatch, Wordpieces, collate

ROWS = (4, 8, 16, 32)
WIDTHS = (16, 32, 48, 64, 96, 128, 192)
SPELLINGS = (16, 24, 64)
Shape = Tuple[int, ...]


class GraphInputs(Protocol):
    """Batches of an encoder as tensors of fixed shapes."""

    @property
    def smallest(self) -> Shape:
        """The smallest shape there is."""
        ...

    def shape(self, features: Sequence[Any]) -> Optional[Shape]:
        """The shape a batch fits into, or None."""
        ...

    def empty(self, shape: Shape, device: torch.device) -> Tuple[Any, Tensor]:
        """A batch of a shape, of any valid content, and int64 tags of all its places: what a graph reads."""
        ...

    def fill(self, batch: Any, tags: Tensor, features: Sequence[Any], values: Tensor) -> None:
        """Copy sentences and the tags of their tokens, `values` (tokens,) on the CPU, into `batch` and `tags`."""
        ...


def graph_inputs(encoder: Encoder) -> Optional[GraphInputs]:
    """What an encoder's graphs read, or None for an encoder that trains without."""
    if isinstance(encoder, TransformerEncoder):
        return TransformerInputs(encoder)
    if isinstance(encoder, BiLSTMEncoder) and isinstance(encoder.embedding, WordEmbedding):
        return WordInputs(encoder.embedding)
    return None


def fitting(size: int, sizes: Sequence[int]) -> Optional[int]:
    """The smallest of some growing sizes that is large enough."""
    return next((one for one in sizes if size <= one), None)


class TransformerInputs:
    """Meets GraphInputs for wordpieces; each place of a row is a token, so that all have a tag."""

    smallest: Shape = (ROWS[0], WIDTHS[0])

    def __init__(self, encoder: TransformerEncoder) -> None:
        self.encoder = encoder

    def shape(self, features: Sequence[Wordpieces]) -> Optional[Shape]:
        """(rows, wordpieces with special ones); None beyond the window, or where wordpieces are averaged."""
        assert self.encoder.table is not None
        special = len(self.encoder.table.prefix) + len(self.encoder.table.suffix)
        longest = max(len(sentence.ids) for sentence in features)
        rows, width = fitting(len(features), ROWS), fitting(longest + special, WIDTHS)
        if rows is None or width is None or longest > self.encoder.window or self.encoder.mean:
            return None
        return rows, width

    def empty(self, shape: Shape, device: torch.device) -> Tuple[WordpieceBatch, Tensor]:
        """See GraphInputs."""
        rows, width = shape
        assert self.encoder.table is not None
        ids = torch.full((rows, width), self.encoder.table.padding, dtype=torch.long, device=device)
        mask = torch.ones((rows, width), dtype=torch.bool, device=device)
        pieces = torch.zeros(rows * width, dtype=torch.long, device=device)
        lengths = torch.full((rows,), width, dtype=torch.long, device=device)
        tags = torch.zeros(rows * width, dtype=torch.long, device=device)
        return WordpieceBatch(ids, mask, pieces, None, lengths), tags

    def fill(self, batch: WordpieceBatch, tags: Tensor, features: Sequence[Wordpieces], values: Tensor) -> None:
        """See GraphInputs; padding rows see one piece."""
        rows, width = batch.ids.shape
        table = self.encoder.table
        assert table is not None
        small = collate(features, table, window=self.encoder.window, mean=False, device=torch.device("cpu"))
        height, used = small.ids.shape
        ids = numpy.full((rows, width), table.padding, dtype=numpy.int64)
        ids[:height, :used] = small.ids.numpy()
        mask = numpy.zeros((rows, width), dtype=bool)
        mask[:height, :used] = small.mask.numpy()
        mask[height:, 0] = True
        pieces = numpy.zeros(rows * width, dtype=numpy.int64)
        places = small.pieces.numpy()
        pieces[: len(places)] = places // used * width + places % used
        targets = numpy.full(rows * width, IGNORE, dtype=numpy.int64)
        targets[: len(values)] = values.numpy()
        copy_to((batch.ids, batch.mask, batch.pieces, tags), (ids, mask, pieces, targets))


class WordInputs:
    """Meets GraphInputs for words under a BiLSTM; sentences stay padded, with their lengths on the device."""

    smallest: Shape = (ROWS[0], WIDTHS[0], SPELLINGS[0])

    def __init__(self, embedding: WordEmbedding) -> None:
        self.embedding = embedding

    def shape(self, features: Sequence[Words]) -> Optional[Shape]:
        """(rows, tokens, bytes of a word)."""
        rows = fitting(len(features), ROWS)
        width = fitting(max(len(words.numbers) for words in features), WIDTHS)
        numbers = numpy.concatenate([words.numbers for words in features])
        longest = features[0].lexicon.spelled(numbers)
        spelling = fitting(longest, SPELLINGS)
        return None if rows is None or width is None or spelling is None else (rows, width, spelling)

    def empty(self, shape: Shape, device: torch.device) -> Tuple[WordBatch, Tensor]:
        """See GraphInputs."""
        rows, width, spelling = shape
        words = rows * width
        assert self.embedding.lexicon is not None
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
        lengths = numpy.zeros(rows, dtype=numpy.int64)
        lengths[: len(features)] = [len(words.numbers) for words in features]
        inside = numpy.arange(size // rows) < lengths[:, None]  # (rows, width)
        words, targets = numpy.zeros((2, *inside.shape), dtype=numpy.int64)
        words[inside], targets[~inside] = places, IGNORE
        targets[inside] = values.numpy()
        lexicon, found = features[0].lexicon, numpy.zeros(size, dtype=numpy.int64)
        found[: len(kinds)] = lexicon.rows[kinds]
        spelling = numpy.zeros((size, batch.spelling.shape[1]), dtype=numpy.uint8)
        spelling[: len(kinds)] = lexicon.spelling[kinds, : spelling.shape[1]]
        capitals = numpy.zeros(size, dtype=numpy.int64)
        capitals[: len(kinds)] = lexicon.capitals[kinds]
        table = self.embedding.table(lexicon, device)
        index = upload(found.clip(min=0), device)
        torch.index_select(table, 0, index, out=batch.vectors)
        copy_to(
            (batch.known, batch.spelling, batch.capitals, batch.places, batch.lengths, tags),
            (found >= 0, spelling, capitals, words.ravel(), lengths, targets.ravel()),
        )
