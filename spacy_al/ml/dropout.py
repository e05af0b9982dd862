"""Dropout in its three kinds, ordinary in training, and drawn from seed, pass and sentence when sampling."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Dict, FrozenSet, Optional, Sequence, Tuple

import numpy
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from .stages import Noise, Ragged

CPU = torch.device("cpu")
TABLE_ROWS = 1024  # rows of masks a sentence starts somewhere in; tokens of one sentence use different rows


@dataclass(eq=False)
class KeyedNoise:
    """Masks of all passes for a batch, independent of how sentences are batched or ordered.

    For each dropout layer a table of masks is drawn once from (seed, layer); a sentence starts at the row its
    key hashes to, its tokens take the following rows. Sampling thereby costs one gather instead of one random
    number per unit. Two tokens of different sentences may share a row of the table, which changes nothing for
    measures of a single sentence.

    keys (Tensor): int64 hash of each sentence's tokens, (sentences,), on the device of the states.
    passes (int): Number of stochastic passes.
    seed (int): Root of all tables.
    kinds (FrozenSet[str]): Kinds of dropout that stay random.
    tables (Dict): Filled with tables by this object, to be handed to the next batch of the same tagger.
    """

    keys: Tensor
    passes: int
    seed: int
    kinds: FrozenSet[str]
    tables: Dict[Tuple[Any, ...], Tensor] = field(default_factory=dict)

    def active(self, kind: str) -> bool:
        """Whether dropout of this kind stays random."""
        return kind in self.kinds

    def per_token(self, states: Ragged, *, rate: float, width: int, stream: int) -> Tensor:
        """0 or 1 for each token: (passes, tokens, width)."""
        rows = (states.expand(self.keys) + states.positions()) % TABLE_ROWS
        return self._table(rate, width, stream, states.data)[:, rows]

    def per_sentence(self, states: Ragged, *, rate: float, width: int, stream: int) -> Tensor:
        """0 or 1 for each sentence: (passes, sentences, width)."""
        return self._table(rate, width, stream, states.data)[:, self.keys % TABLE_ROWS]

    def _table(self, rate: float, width: int, stream: int, like: Tensor) -> Tensor:
        key = (self.seed, self.passes, rate, width, stream, like.device, like.dtype)
        if key not in self.tables:
            table = mask_table(self.seed, self.passes, rate, width, stream, like.device)
            self.tables[key] = table.to(like.dtype)
        return self.tables[key]


def mask_table(seed: int, passes: int, rate: float, width: int, stream: int, device: torch.device = CPU) -> Tensor:
    """Draw a bool table (passes, TABLE_ROWS, width), False with probability `rate`, to 1 in 65536.

    Each entry is a hash of its place, keyed by (seed, layer, pass): a CPU and a GPU use the same masks, pass k is
    the same however many passes there are, and a GPU draws its own instead of waiting for the CPU.
    """
    numbers = torch.arange(TABLE_ROWS * width, device=device)
    draws = [hashed(numbers + pass_key(seed, stream, number)) for number in range(passes)]
    return (torch.stack(draws) >= round(rate * (1 << 16))).view(passes, TABLE_ROWS, width)


def pass_key(seed: int, stream: int, number: int) -> int:
    """A signed 63-bit key for one pass of one layer."""
    words = numpy.random.SeedSequence(seed, spawn_key=(stream, number)).generate_state(1, numpy.uint64)
    return int(words[0] >> 2)


def hashed(numbers: Tensor) -> Tensor:
    """16 mixed bits of each int64: the finaliser of MurmurHash3 (Appleby 2011), products wrapping around."""
    for factor in (-0x00AE502812AA7333, -0x3B314601E57A13AD):
        numbers = (numbers ^ ((numbers >> 33) & 0x7FFFFFFF)) * factor
    return (numbers ^ ((numbers >> 33) & 0x7FFFFFFF)) & 0xFFFF


def key_numbers(keys: Sequence[bytes]) -> NDArray[numpy.int64]:
    """Non-negative hashes of sentences from their `token_key`s: (sentences,)."""
    return numpy.frombuffer(b"".join(key[:8] for key in keys), dtype=numpy.int64) & ((1 << 62) - 1)


class SampledDropout(nn.Module):
    """A dropout layer that can be sampled from. rate (float): Of training. stream (int): Its own in a tagger."""

    kind: ClassVar[str]

    def __init__(self, rate: float, *, stream: int = 0) -> None:
        super().__init__()
        self.rate = rate
        self.stream = stream


class UnitDropout(SampledDropout):
    """Ordinary dropout of single units (Srivastava et al. 2014) before a classifier: the paper's `MC last`."""

    kind = "last"

    def forward(self, states: Ragged, noise: Optional[Noise] = None) -> Ragged:
        if self.training:
            return states.with_data(functional.dropout(states.data, self.rate))
        if noise is None or not noise.active(self.kind):
            return states
        mask = noise.per_token(states, rate=self.rate, width=states.data.shape[-1], stream=self.stream)
        # Scaled before the passes fan out: one pass over the states instead of one over all masks.
        return states.with_data(mask.mul_(states.data / (1 - self.rate)))


class LockedDropout(SampledDropout):
    """Dropout with one mask for all tokens of a sentence (Gal and Ghahramani 2016b), as Flair's: rescaled."""

    kind = "locked"

    def forward(self, states: Ragged, noise: Optional[Noise] = None) -> Ragged:
        if self.training and self.rate > 0:
            shape = (states.data.shape[0], len(states.lengths), states.data.shape[-1])
            mask = states.data.new_empty(shape).bernoulli_(1 - self.rate)
        elif not self.training and noise is not None and noise.active(self.kind):
            mask = noise.per_sentence(states, rate=self.rate, width=states.data.shape[-1], stream=self.stream)
        else:
            return states
        return states.with_data(states.data * states.expand(mask, 1) / (1 - self.rate))


class WordDropout(SampledDropout):
    """Dropout of whole words, as Flair's: a dropped word is all zeros, the others are NOT rescaled."""

    kind = "word"

    def forward(self, states: Ragged, noise: Optional[Noise] = None) -> Ragged:
        if self.training and self.rate > 0:
            mask = states.data.new_empty((*states.data.shape[:2], 1)).bernoulli_(1 - self.rate)
        elif not self.training and noise is not None and noise.active(self.kind):
            mask = noise.per_token(states, rate=self.rate, width=1, stream=self.stream)
        else:
            return states
        return states.with_data(states.data * mask)
