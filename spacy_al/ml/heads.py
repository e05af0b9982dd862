"""The softmax head: dropout, one linear layer, a softmax per token; the classifier of the paper's transformers."""

from dataclasses import dataclass
from typing import Optional, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from .dropout import UnitDropout
from .seam import HeadBuilder
from .stages import IGNORE, Noise, Prediction, Ragged, Rejected


@dataclass(frozen=True)
class SoftmaxHeadBuilder(HeadBuilder):
    """Registered as `spacy-al.SoftmaxHead.v1`: (width, tags, scheme) -> SoftmaxHead.

    A class, because a tagger has to travel to other processes.

    dropout (float): Rate of the dropout before the linear layer, 0 to 1; the one that `MC last` keeps on.
    """

    dropout: float

    def __call__(self, width: int, tags: Sequence[str], scheme: str) -> nn.Module:
        return SoftmaxHead(width, len(tags), self.dropout)


create_softmax_head = SoftmaxHeadBuilder


class SoftmaxHead(nn.Module):
    """Dropout, a linear layer and a softmax over tags, each token for itself."""

    def __init__(self, width: int, n_tags: int, dropout: float) -> None:
        super().__init__()
        self.dropout = UnitDropout(dropout)
        self.output = nn.Linear(width, n_tags)

    def redraw(self, generator: torch.Generator) -> None:
        """Draw new weights: normal with standard deviation 0.02 and no bias, as BERT's classifiers start."""
        weight = torch.empty(self.output.weight.shape).normal_(0.0, 0.02, generator=generator)
        with torch.no_grad():
            self.output.weight.copy_(weight)
            self.output.bias.zero_()

    def loss(self, states: Ragged, tags: Tensor) -> Tensor:
        """Cross-entropy, the mean over tokens that have a tag; 0 if none has.

        states (Ragged): (1, tokens, width). tags (Tensor): int64, (tokens,), IGNORE where a tag is missing.
        RETURNS (Tensor): float32 scalar.
        """
        logits = self.output(self.dropout(states).data)[0].float()  # (tokens, tags)
        total = functional.cross_entropy(logits, tags, ignore_index=IGNORE, reduction="sum")
        return total / (tags != IGNORE).sum().clamp(min=1)

    def weight(self, tags: Sequence[Tensor], rejected: Rejected = ()) -> int:
        """What the loss of these sentences is divided by: tokens that have a tag."""
        return sum(int((part != IGNORE).sum()) for part in tags)

    def predict(self, states: Ragged, noise: Optional[Noise] = None) -> Prediction:
        """Softmax probabilities and their argmax; the best sequence's log-probability is the sum over its tokens.

        states (Ragged): (passes, tokens, width), passes 1 where the head itself is what is repeated.
        RETURNS (Prediction): For every pass.
        """
        dropped = self.dropout(states, noise)
        log_probs = self.output(dropped.data).float().log_softmax(-1)  # (passes, tokens, tags)
        best_log_prob, best = log_probs.max(-1)  # (passes, tokens)
        log_prob = best_log_prob.new_zeros(best.shape[0], len(states.lengths))
        sentence = states.expand(torch.arange(len(states.lengths), device=states.lengths.device))
        log_prob.index_add_(1, sentence, best_log_prob)
        return Prediction(log_probs.exp(), best, log_prob)
