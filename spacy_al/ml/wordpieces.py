"""Wordpieces of sentences, made once per word and once per sentence, and padded into batches."""

from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Tuple

import numpy
import torch
from numpy.typing import NDArray
from spacy.attrs import ORTH
from spacy.tokens import Doc
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from ..errors import ALError, Errors

Ints = NDArray[numpy.int64]


@dataclass(frozen=True)
class Wordpieces:
    """One sentence: ids of its wordpieces without special ones, and how many belong to each token.

    ids (NDArray[int32]): (pieces,). counts (NDArray[int32]): at least 1 each, (tokens,).
    """

    ids: NDArray[numpy.int32]
    counts: NDArray[numpy.int32]


@dataclass(frozen=True)
class WordpieceBatch:
    """Several sentences padded to one width; a sentence longer than the window takes several rows.

    ids (Tensor): int64 wordpieces with special ones, (rows, width).
    mask (Tensor): bool, True where a wordpiece stands, (rows, width).
    pieces (Tensor): int64 places in the flattened (rows * width) of the pieces that make tokens, (pooled,).
    owners (Tensor): int64 token each of them belongs to, (pooled,); None where each token has one.
    lengths (Tensor): int64 tokens of each sentence, (sentences,).
    """

    ids: Tensor
    mask: Tensor
    pieces: Tensor
    owners: Optional[Tensor]
    lengths: Tensor


class WordpieceTable:
    """Splits words with a Hugging Face tokenizer, each distinct word once.

    A fast tokenizer given pre-split words splits each for itself, so a sentence's pieces are those of its words.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self.tokenizer = tokenizer
        self.unknown = tokenizer.unk_token_id if tokenizer.unk_token_id is not None else 0
        self.padding = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0
        self.prefix, self.suffix = special_pieces(tokenizer)
        self.words: Dict[int, List[int]] = {}

    def split(self, docs: Sequence[Doc]) -> List[Wordpieces]:
        """The wordpieces of each sentence; a token the tokenizer drops (a control character) becomes unknown."""
        orths = [doc.to_array([ORTH]).tolist() for doc in docs]
        strings = docs[0].vocab.strings if docs else None
        new = sorted({orth for row in orths for orth in row if orth not in self.words})
        if new and strings is not None:
            self._learn(new, [strings[orth] for orth in new])
        return [self._sentence(row) for row in orths]

    def _learn(self, orths: List[int], words: List[str]) -> None:
        if self.tokenizer.is_fast:
            try:
                encoded = self.tokenizer([[word] for word in words], is_split_into_words=True, add_special_tokens=False)
            except AssertionError as error:
                raise ALError(Errors.A211.format(tokenizer=type(self.tokenizer).__name__)) from error
            pieces = encoded["input_ids"]
        else:
            split = [self.tokenizer.tokenize(word) for word in words]
            pieces = [self.tokenizer.convert_tokens_to_ids(parts) for parts in split]
        for orth, ids in zip(orths, pieces):
            self.words[orth] = ids or [self.unknown]

    def _sentence(self, orths: List[int]) -> Wordpieces:
        parts = [self.words[orth] for orth in orths]
        ids = numpy.array([piece for part in parts for piece in part], dtype=numpy.int32)
        return Wordpieces(ids, numpy.array([len(part) for part in parts], dtype=numpy.int32))


def special_pieces(tokenizer: PreTrainedTokenizerBase) -> Tuple[List[int], List[int]]:
    """Ids of the special wordpieces a tokenizer puts before and after a text."""
    marker = [tokenizer.unk_token_id if tokenizer.unk_token_id is not None else 0]
    whole = tokenizer.build_inputs_with_special_tokens(marker)
    place = whole.index(marker[0])
    return whole[:place], whole[place + 1 :]


def windows(n_pieces: int, window: int) -> List[Tuple[int, int]]:
    """Start and end of the windows over a sentence, overlapping by half; one window if it fits."""
    if n_pieces <= window:
        return [(0, n_pieces)]
    step = max(1, window // 2)
    starts = [*range(0, n_pieces - window, step), n_pieces - window]
    return [(start, start + window) for start in starts]


def best_windows(n_pieces: int, spans: Sequence[Tuple[int, int]]) -> Ints:
    """The window in which each wordpiece has the most context on its poorer side: (pieces,)."""
    places = numpy.arange(n_pieces)
    left = numpy.stack([places - start for start, _ in spans])  # (windows, pieces)
    right = numpy.stack([end - 1 - places for _, end in spans])
    # A sentence's own edge is no lack of context, so it counts as far away.
    left[:1] = numpy.where(left[:1] >= 0, left[:1] + n_pieces, left[:1])
    right[-1:] = numpy.where(right[-1:] >= 0, right[-1:] + n_pieces, right[-1:])
    return numpy.minimum(left, right).argmax(0)


def collate(
    sentences: Sequence[Wordpieces], table: WordpieceTable, *, window: int, mean: bool, device: torch.device
) -> WordpieceBatch:
    """Pad sentences into a batch on a device.

    sentences (Sequence[Wordpieces]): In the order of the batch.
    table (WordpieceTable): Knows padding and special wordpieces.
    window (int): Most wordpieces of a row, special ones not counted.
    mean (bool): Pool all pieces of a token, not only the first.
    RETURNS (WordpieceBatch): See there.
    """
    rows: List[NDArray[numpy.int32]] = []
    places: List[Tuple[int, Ints, Ints]] = []  # first row of a sentence, window of each piece, place in it
    for sentence in sentences:
        n_pieces = len(sentence.ids)
        spans = windows(n_pieces, window)
        if len(spans) == 1:
            places.append((len(rows), numpy.zeros(n_pieces, dtype=numpy.int64), numpy.arange(n_pieces)))
        else:
            chosen = best_windows(n_pieces, spans)
            starts = numpy.array([start for start, _ in spans])
            places.append((len(rows), chosen, numpy.arange(n_pieces) - starts[chosen]))
        rows.extend(sentence.ids[start:end] for start, end in spans)
    width = max((len(row) for row in rows), default=0) + len(table.prefix) + len(table.suffix)
    ids = numpy.full((len(rows), width), table.padding, dtype=numpy.int64)
    mask = numpy.zeros((len(rows), width), dtype=bool)
    for number, row in enumerate(rows):
        whole = [*table.prefix, *row.tolist(), *table.suffix]
        ids[number, : len(whole)] = whole
        mask[number, : len(whole)] = True
    flat = [(first + chosen) * width + len(table.prefix) + place for first, chosen, place in places]
    pieces, owners = _pooled(sentences, flat, mean)
    lengths = numpy.array([len(sentence.counts) for sentence in sentences], dtype=numpy.int64)
    return WordpieceBatch(
        *(_tensor(array, device) for array in (ids, mask, pieces)),
        None if owners is None else _tensor(owners, device),
        _tensor(lengths, device),
    )


def _pooled(sentences: Sequence[Wordpieces], flat: List[Ints], mean: bool) -> Tuple[Ints, Optional[Ints]]:
    if not flat:
        return numpy.zeros(0, dtype=numpy.int64), None
    if mean:
        counts = numpy.concatenate([sentence.counts for sentence in sentences])
        return numpy.concatenate(flat), numpy.repeat(numpy.arange(len(counts)), counts)
    firsts = [numpy.cumsum(sentence.counts) - sentence.counts for sentence in sentences]
    return numpy.concatenate([places[first] for places, first in zip(flat, firsts)]), None


def _tensor(array: numpy.ndarray, device: torch.device) -> Tensor:
    tensor = torch.from_numpy(numpy.ascontiguousarray(array))
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor
