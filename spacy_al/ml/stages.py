"""What flows through a tagger's network, and the seam between what runs once and what stochastic passes repeat.

A network is three stages in a row (`spacy_al.ml.network`):

    front   features of a batch -> states     runs once per batch, whatever the number of passes
    body    states -> states                  the encoder proper
    head    states -> probabilities of tags

An encoder says in `seams` where repetition starts for each kind of dropout it knows. For a transformer,
{"last": "head", "all": "body"}: with `last` the encoder runs once and only the head is repeated. For a
BiLSTM-CRF, {"word": "body", "locked": "body", "all": "body"}: embeddings are the front and run once.
`spacy_al.ml.seam` says what encoders and heads are asked.
"""

from dataclasses import dataclass, replace
from typing import Protocol, Sequence

import torch
from torch import Tensor

from ..tasks import TokenSpan

Rejected = Sequence[Sequence[TokenSpan]]  # of each sentence, spans known not to be entities; () if there are none
IGNORE = -100  # a token whose tag is missing: it takes no part in the loss


@dataclass
class Ragged:
    """States of the tokens of a batch of sentences, one after the other, without padding.

    data (Tensor): (passes, tokens, width); passes is 1 unless stochastic passes are folded in.
    lengths (Tensor): int64 tokens of each sentence, (sentences,), on the device of `data`.
    """

    data: Tensor
    lengths: Tensor

    def to_padded(self) -> Tensor:
        """(passes * sentences, longest, width), zeros after a sentence's end; passes vary slowest."""
        passes, _, width = self.data.shape
        longest = int(self.lengths.max()) if len(self.lengths) else 0
        padded = self.data.new_zeros(passes, len(self.lengths), longest, width)
        padded[:, self.mask(longest)] = self.data
        return padded.flatten(0, 1)

    def from_padded(self, padded: Tensor) -> "Ragged":
        """The tokens of a padded result for the same sentences, ragged again; undoes `to_padded`."""
        sentences = len(self.lengths)
        folded = padded.unflatten(0, (-1, sentences))  # (passes, sentences, longest, width)
        return Ragged(folded[:, self.mask(padded.shape[1])], self.lengths)

    def with_data(self, data: Tensor) -> "Ragged":
        """Other states of the same tokens."""
        return replace(self, data=data)

    def mask(self, longest: int) -> Tensor:
        """(sentences, longest), True where a token stands."""
        return torch.arange(longest, device=self.lengths.device) < self.lengths[:, None]

    def positions(self) -> Tensor:
        """The number of each token in its sentence, from 0: (tokens,)."""
        starts = self.lengths.cumsum(0) - self.lengths
        return torch.arange(self.data.shape[1], device=self.lengths.device) - self.expand(starts)

    def expand(self, values: Tensor, dim: int = 0) -> Tensor:
        """Repeat a value per sentence for each of its tokens, along an axis: (sentences, ...) -> (tokens, ...)."""
        return values.repeat_interleave(self.lengths, dim=dim, output_size=self.data.shape[1])


@dataclass
class Padded(Ragged):
    """The same with all sentences as long as the longest: no shape depends on lengths, as CUDA graphs ask for.

    data (Tensor): (passes, sentences * longest, width); anything finite after a sentence's end.
    """

    def to_padded(self) -> Tensor:
        """(passes * sentences, longest, width)."""
        padded: Tensor = self.data.unflatten(1, (len(self.lengths), -1)).flatten(0, 1)
        return padded

    def from_padded(self, padded: Tensor) -> "Padded":
        """Undoes `to_padded`."""
        return Padded(padded.unflatten(0, (-1, len(self.lengths))).flatten(1, 2), self.lengths)

    def positions(self) -> Tensor:
        """The number of each place in its sentence, from 0: (sentences * longest,)."""
        rows = len(self.lengths)
        return torch.arange(self.data.shape[1] // rows, device=self.data.device).repeat(rows)

    def expand(self, values: Tensor, dim: int = 0) -> Tensor:
        """Repeat a value per sentence for each of its places, along an axis."""
        return values.repeat_interleave(self.data.shape[1] // len(self.lengths), dim=dim)


class Noise(Protocol):
    """The masks of several stochastic passes, drawn from seed, pass and sentence (`spacy_al.ml.dropout`)."""

    passes: int

    def active(self, kind: str) -> bool:
        """Whether dropout of this kind ("last", "word", "locked") stays random in this sampling."""

    def per_token(self, states: Ragged, *, rate: float, width: int, stream: int) -> Tensor:
        """0 or 1 for each token, independent: (passes, tokens, width). Not rescaled."""

    def per_sentence(self, states: Ragged, *, rate: float, width: int, stream: int) -> Tensor:
        """0 or 1, the same for all tokens of a sentence: (passes, sentences, width). Not rescaled."""


@dataclass(frozen=True)
class Prediction:
    """What a head says of a batch: see `spacy_al.types.TagSamples` for the shapes.

    probs (Tensor): (passes, tokens, tags). best (Tensor): (passes, tokens). log_prob (Tensor): (passes, sentences).
    """

    probs: Tensor
    best: Tensor
    log_prob: Tensor
