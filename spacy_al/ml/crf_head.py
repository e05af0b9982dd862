"""The CRF head: a linear layer and a linear-chain CRF whose transitions obey the tag scheme."""

import math
from dataclasses import dataclass, replace
from typing import ClassVar, List, Optional, Sequence

import torch
from torch import Tensor, nn

from ..corpus.schemes import allowed_transitions
from ..errors import ALError, Errors
from .crf import FORBIDDEN, Chain, allowed_tags, decode, log_partition, restrict, score
from .crf_rejected import without_rejected
from .dropout import UnitDropout
from .seam import HeadBuilder
from .stages import IGNORE, Noise, Padded, Prediction, Ragged, Rejected

AVERAGES = ("sentences", "tokens", "none")


@dataclass(frozen=True)
class CRFHeadBuilder(HeadBuilder):
    """Registered as `spacy-al.CRFHead.v1`: (width, tags, scheme) -> CRFHead.

    A class, because a tagger has to travel to other processes.

    dropout (float): Rate of the dropout of single units before the linear layer, what `MC last` keeps on. 0
        under a BiLSTM, whose own locked dropout comes last, as in Flair.
    constrained (bool): Give sequences that break the tag scheme no probability, in training and decoding.
    average (str): Over what the loss of a batch is averaged. "sentences" is what Flair did when the paper
        used it. "none" is the sum, whose gradient Flair 0.15 follows, clipped to a norm of 5; "tokens" is the
        loss that Flair 0.15 shows.
    RAISES: ALError A250 for another `average`.
    """

    learns_from_rejected: ClassVar[bool] = True
    dropout: float
    constrained: bool
    average: str

    def __post_init__(self) -> None:
        if self.average not in AVERAGES:
            raise ALError(Errors.A250.format(average=self.average, known=", ".join(AVERAGES)))

    def __call__(self, width: int, tags: Sequence[str], scheme: str) -> nn.Module:
        return CRFHead(width, tags, scheme, dropout=self.dropout, constrained=self.constrained, average=self.average)


create_crf_head = CRFHeadBuilder


class CRFHead(nn.Module):
    """Dropout, a linear layer, and a linear-chain CRF (Lample et al. 2016) over the tags of a scheme."""

    start_allowed: Tensor
    allowed: Tensor
    end_allowed: Tensor

    def __init__(
        self,
        width: int,
        tags: Sequence[str],
        scheme: str,
        *,
        dropout: float = 0.0,
        constrained: bool = True,
        average: str = "sentences",
    ) -> None:
        super().__init__()
        self.tags, self.scheme, self.constrained = list(tags), scheme, constrained
        self.average = average
        self.dropout = UnitDropout(dropout)
        self.output = nn.Linear(width, len(tags))
        self.start = nn.Parameter(torch.zeros(len(tags)))
        self.transitions = nn.Parameter(torch.zeros(len(tags), len(tags)))
        self.end = nn.Parameter(torch.zeros(len(tags)))
        # Not saved with the weights: tags and scheme, which are, say it all.
        names = ("start_allowed", "allowed", "end_allowed")
        for name, rule in zip(names, allowed_transitions(tags, scheme), strict=True):
            self.register_buffer(name, torch.from_numpy(rule | (not constrained)), persistent=False)

    def redraw(self, generator: torch.Generator) -> None:
        """Draw new weights: the linear layer's as torch does by default, transitions within 0.1 of 0."""
        bound = 1 / math.sqrt(max(1, self.output.in_features))
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                drawn = 2 * torch.rand(parameter.shape, generator=generator) - 1
                parameter.copy_(drawn * (bound if name.startswith("output") else 0.1))

    def chain(self, states: Ragged) -> Chain:
        """The potentials of every pass and sentence: (passes * sentences, longest, tags), in float32."""
        logits = self.output(states.data).float()
        passes = logits.shape[0]
        return Chain(
            states.with_data(logits).to_padded(),
            states.lengths.repeat(passes),
            self.start.float().masked_fill(~self.start_allowed, FORBIDDEN),
            self.transitions.float().masked_fill(~self.allowed, FORBIDDEN),
            self.end.float().masked_fill(~self.end_allowed, FORBIDDEN),
        )

    def loss(self, states: Ragged, tags: Tensor, rejected: Rejected = ()) -> Tensor:
        """Negative log-likelihood of what is known of the tags, averaged as `average` says; 0 if nothing is.

        Where tags are missing, it is the likelihood of all sequences that agree with the tags that are there and
        in which no rejected span is an entity (`spacy_al.ml.crf_rejected`).

        states (Ragged): (1, tokens, width). tags (Tensor): int64, (tokens,), IGNORE where a tag is missing.
        rejected (Rejected): Of each sentence, spans that are not entities; () if there are
            none at all. Of a sentence without a missing tag they say nothing new.
        RETURNS (Tensor): float32 scalar.
        """
        chain = self.chain(self.dropout(states))
        padded = states.with_data(tags[None, :, None]).to_padded()[..., 0]  # (sentences, longest)
        missing = padded == IGNORE
        if isinstance(states, Padded) or bool(missing.any()):  # a graph cannot look before it decides
            gold = self._log_agreeing(restrict(chain, allowed_tags(padded, len(self.start))), rejected)
        else:
            gold = score(chain, padded)
        known = chain.mask & ~missing
        total = (log_partition(chain) - gold).sum()
        return (total / self._count(known, rejected)).float()

    def _log_agreeing(self, chain: Chain, rejected: Rejected) -> Tensor:
        """Log of the sum over a chain's sequences without a rejected span, (batch,)."""
        log_sums, rows = log_partition(chain), told(rejected)
        if not rows:
            return log_sums
        index = torch.tensor(rows, device=log_sums.device)
        some = replace(chain, emissions=chain.emissions[index], lengths=chain.lengths[index])
        spans = [rejected[row] for row in rows]
        fewer = without_rejected(some, spans, self.tags, self.scheme, constrained=self.constrained)
        return log_sums.index_copy(0, index, log_partition(fewer))

    def _count(self, known: Tensor, rejected: Rejected) -> Tensor:
        """What the loss is divided by; a rejected span counts as one token.

        known (Tensor): bool, (sentences, longest), where a tag is given. rejected: As in `loss`.
        """
        if self.average == "sentences":
            some, rows = known.any(1), told(rejected)
            if rows:
                some[rows] = True
            return some.sum().clamp(min=1)
        tokens = known.sum() + sum(map(len, rejected))
        return tokens.clamp(min=1) if self.average == "tokens" else torch.ones_like(tokens)

    def weight(self, tags: Sequence[Tensor], rejected: Rejected = ()) -> int:
        """What the loss of these sentences is divided by: `_count` before its least of 1, without asking a GPU."""
        if self.average == "none":
            return 1
        told_of = set(told(rejected))
        known = [int((part != IGNORE).sum()) for part in tags]
        if self.average == "sentences":
            return sum(bool(count) or number in told_of for number, count in enumerate(known))
        return sum(known) + sum(map(len, rejected))

    def predict(self, states: Ragged, noise: Optional[Noise] = None) -> Prediction:
        """Forward-backward marginals, the Viterbi sequence and its log-probability, for every pass.

        states (Ragged): (passes, tokens, width), passes 1 where the head itself is what is repeated.
        RETURNS (Prediction): For every pass.
        """
        probs, best, log_prob = decode(self.chain(self.dropout(states, noise)))
        return Prediction(
            states.from_padded(probs).data,
            states.from_padded(best[..., None]).data[..., 0],
            log_prob.unflatten(0, (-1, len(states.lengths))),
        )


def told(rejected: Rejected) -> List[int]:
    """Numbers of the sentences of which spans were rejected."""
    return [row for row, spans in enumerate(rejected) if spans]
