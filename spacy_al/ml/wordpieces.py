"""Wordpieces of sentences, made once per word and once per sentence, and padded into batches."""

from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Tuple

import numpy
import torch
from numpy.typing import NDArray
from spacy.attrs import ORTH
from spacy.strings import StringStore
from spacy.tokens import Doc
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from ..errors import ALError, Errors
from .cache import ARRAY_BYTES
from .transfer import upload
from .word_shapes import shape_of

Ints = NDArray[numpy.int64]
MOST_WORDS = 1_000_000  # a table of more is begun anew, about 150 bytes a word


@dataclass(frozen=True, slots=True)
class Wordpieces:
    """One sentence: ids of its wordpieces without special ones, and how many belong to each token.

    ids (NDArray[int32]): (pieces,). counts (NDArray[int32]): at least 1 each, (tokens,).
    """

    ids: NDArray[numpy.int32]
    counts: NDArray[numpy.int32]

    def weigh(self) -> int:
        """Bytes of it in memory."""
        return 48 + 2 * ARRAY_BYTES + self.ids.nbytes + self.counts.nbytes


@dataclass(frozen=True)
class WordpieceBatch:
    """Several sentences padded to one width; a sentence longer than the window takes several rows.

    ids (Tensor): int64 wordpieces with special ones, (rows, width).
    mask (Tensor): bool, True where a wordpiece stands, (rows, width); of rows with several sentences
        (`spacy_al.ml.packing`), True where one wordpiece sees another, (rows, width, width).
    pieces (Tensor): int64 places in the flattened (rows * width) of the pieces that make tokens, (pooled,).
    owners (Tensor): int64 token each of them belongs to, (pooled,); None where each token has one.
    lengths (Tensor): int64 tokens of each sentence, (sentences,).
    padded (bool): Whether `pieces` and `owners` count the padding of sentences: one sentence a row, as many tokens
        as the row is wide.
    positions (Optional[Tensor]): int64 place of each wordpiece in its sentence, (rows, width); None where it is that in
        its row.
    states (Optional[Tensor]): float32 states of wordpieces from frozen layers, (rows, width, units); None where those
        have to run (`spacy_al.ml.halves`).
    """

    ids: Tensor
    mask: Tensor
    pieces: Tensor
    owners: Optional[Tensor]
    lengths: Tensor
    padded: bool = False
    positions: Optional[Tensor] = None
    states: Optional[Tensor] = None


class WordpieceTable:
    """Splits words with a Hugging Face tokenizer, each distinct word once.

    A fast tokenizer given pre-split words splits each for itself, so a sentence's pieces are those of its words.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, padding: Optional[int] = None, vocabulary: int = 0) -> None:
        """tokenizer (PreTrainedTokenizerBase): The model's. padding (Optional[int]): Its model's padding id.

        vocabulary (int): What the kind of a word's spelling is multiplied by and added to its ids; 0: no spellings.
        """
        self.vocabulary = vocabulary
        self.tokenizer = tokenizer
        self.unknown = tokenizer.unk_token_id if tokenizer.unk_token_id is not None else 0
        known = (padding, tokenizer.pad_token_id, 0)
        self.padding: int = next(number for number in known if number is not None)
        self.prefix, self.suffix = special_pieces(tokenizer)
        self._forget()

    def _forget(self) -> None:
        self.words: Dict[int, int] = {}  # number of a word by its hash
        self.pieces: NDArray[numpy.int32] = numpy.zeros(0, dtype=numpy.int32)  # of all words, one after the other
        self.counts: NDArray[numpy.int32] = numpy.zeros(0, dtype=numpy.int32)  # pieces of each word
        self.starts: Ints = numpy.zeros(0, dtype=numpy.int64)  # first piece of each word

    def split(self, docs: Sequence[Doc]) -> List[Wordpieces]:
        """The wordpieces of each sentence; a token the tokenizer drops (a control character) becomes unknown."""
        arrays = [doc.to_array(ORTH) for doc in docs]
        orths = numpy.concatenate(arrays).tolist() if docs else []
        if any(orth not in self.words for orth in orths):
            self._learn(orths, docs[0].vocab.strings)
        numbers = numpy.array([self.words[orth] for orth in orths], dtype=numpy.int64)
        counts = self.counts[numbers]
        ends = numpy.cumsum(counts, dtype=numpy.int64)  # of the pieces of each token
        places = numpy.arange(counts.sum()) + numpy.repeat(self.starts[numbers] - (ends - counts), counts)
        ids = self.pieces[places]
        lasts = numpy.cumsum([len(array) for array in arrays], dtype=numpy.int64)  # tokens of the sentences so far
        cuts = numpy.append(0, ends)[lasts].tolist()
        pairs = zip([0, *cuts], cuts, [0, *lasts.tolist()], lasts.tolist())
        return [Wordpieces(ids[start:end], counts[first:last]) for start, end, first, last in pairs]

    def unknown_share(self, docs: Sequence[Doc]) -> float:
        """Share of the words of which a wordpiece is unknown to the tokenizer, 0..1; 0 where there are no words."""
        words = sorted({token.text for doc in docs for token in doc})
        pieces = self._encode(words) if words else []
        return sum(not ids or self.tokenizer.unk_token_id in ids for ids in pieces) / max(len(words), 1)

    def _learn(self, orths: List[int], strings: StringStore) -> None:
        """Split the words that are new; `strings` spells them."""
        if len(self.words) > MOST_WORDS:
            self._forget()
        new = sorted({orth for orth in orths if orth not in self.words})
        words = [strings[orth] for orth in new]
        split = [ids or [self.unknown] for ids in self._encode(words)]
        if self.vocabulary:
            kinds = [self.vocabulary * shape_of(word) for word in words]
            split = [[kind + number for number in ids] for kind, ids in zip(kinds, split)]
        counts = numpy.array([len(ids) for ids in split], dtype=numpy.int32)
        self.words.update(zip(new, range(len(self.words), len(self.words) + len(new))))
        starts = len(self.pieces) + numpy.cumsum(counts, dtype=numpy.int64) - counts
        self.pieces = numpy.append(
            self.pieces, numpy.array([piece for ids in split for piece in ids], dtype=numpy.int32)
        )
        self.counts, self.starts = numpy.append(self.counts, counts), numpy.append(self.starts, starts)

    def _encode(self, words: List[str]) -> List[List[int]]:
        if self.tokenizer.is_fast:
            try:
                encoded = self.tokenizer([[word] for word in words], is_split_into_words=True, add_special_tokens=False)
            except AssertionError as error:
                raise ALError(Errors.A211.format(tokenizer=type(self.tokenizer).__name__)) from error
            ids: List[List[int]] = encoded["input_ids"]
            return ids
        return [self.tokenizer.convert_tokens_to_ids(self.tokenizer.tokenize(word)) for word in words]


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
    best: Ints = numpy.minimum(left, right).argmax(0)
    return best


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
    rows, places = _rows(sentences, window)
    before, extra = len(table.prefix), len(table.prefix) + len(table.suffix)
    lengths = numpy.array([len(row) for row in rows], dtype=numpy.int64)
    width = int(lengths.max(initial=0)) + extra
    row_of_piece = numpy.repeat(numpy.arange(len(rows)), lengths)
    place = numpy.arange(lengths.sum()) - numpy.repeat(numpy.cumsum(lengths) - lengths, lengths) + before
    ids = numpy.full((len(rows), width), table.padding, dtype=numpy.int64)
    ids[row_of_piece, place] = numpy.concatenate(rows) if rows else 0
    ids[:, :before] = table.prefix
    for number, piece in enumerate(table.suffix):
        ids[numpy.arange(len(rows)), lengths + before + number] = piece
    mask = numpy.arange(width) < (lengths + extra)[:, None]
    flat = row_of_piece * width + place if places is None else places[0] * width + places[1] + before
    pieces, owners = _pooled(sentences, flat, mean)
    tokens = numpy.array([len(sentence.counts) for sentence in sentences], dtype=numpy.int64)
    return WordpieceBatch(
        ids=upload(ids, device),
        mask=upload(mask, device),
        pieces=upload(pieces, device),
        owners=None if owners is None else upload(owners, device),
        lengths=upload(tokens, device),
    )


def _rows(
    sentences: Sequence[Wordpieces], window: int
) -> Tuple[List[NDArray[numpy.int32]], Optional[Tuple[Ints, Ints]]]:
    """Rows of a batch, and for each piece the row and place to read it from; None where each fits in one row."""
    if all(len(sentence.ids) <= window for sentence in sentences):
        return [sentence.ids for sentence in sentences], None
    rows: List[NDArray[numpy.int32]] = []
    where: List[Tuple[Ints, Ints]] = []
    for sentence in sentences:
        spans = windows(len(sentence.ids), window)
        chosen = best_windows(len(sentence.ids), spans)
        starts = numpy.array([start for start, _ in spans])
        where.append((len(rows) + chosen, numpy.arange(len(sentence.ids)) - starts[chosen]))
        rows.extend(sentence.ids[start:end] for start, end in spans)
    return rows, (numpy.concatenate([row for row, _ in where]), numpy.concatenate([place for _, place in where]))


def _pooled(sentences: Sequence[Wordpieces], flat: Ints, mean: bool) -> Tuple[Ints, Optional[Ints]]:
    counts = numpy.concatenate([sentence.counts for sentence in sentences] or [numpy.zeros(0, dtype=numpy.int64)])
    if mean:
        return flat, numpy.repeat(numpy.arange(len(counts)), counts)
    return flat[numpy.cumsum(counts, dtype=numpy.int64) - counts], None
