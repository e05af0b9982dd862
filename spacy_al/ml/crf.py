"""Linear-chain CRF mathematics over padded batches: log-partition, marginals, Viterbi and scores."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import List, Tuple

import torch
from torch import Tensor

from . import crf_cuda
from .crf_recursion import expected_transitions, recur
from .stages import IGNORE

FORBIDDEN = -1e4  # score of what may not be: exp() of it is 0, yet sums of it stay finite


@dataclass(frozen=True)
class Chain:
    """The potentials of a linear-chain CRF (Lafferty et al. 2001) for a batch of sentences.

    A sequence y of a sentence of n tokens has the score
    start[y_1] + sum_t emissions[t, y_t] + sum_t transitions[y_t, y_t+1] + end[y_n], and the probability
    exp(score) / Z. A sentence without tokens has one sequence, the empty one, of score 0.

    emissions (Tensor): float, (batch, longest, tags); what stands after a sentence's end is ignored.
    lengths (Tensor): int64, (batch,), on the device of `emissions`.
    start, end (Tensor): (tags,). transitions (Tensor): (tags, tags), from row to column.
    """

    emissions: Tensor
    lengths: Tensor
    start: Tensor
    transitions: Tensor
    end: Tensor

    @cached_property
    def mask(self) -> Tensor:
        """True where a token stands, (batch, longest)."""
        return torch.arange(self.emissions.shape[1], device=self.lengths.device) < self.lengths[:, None]

    @property
    def last(self) -> Tensor:
        """Position of each sentence's last token, 0 for an empty one: (batch,)."""
        return (self.lengths - 1).clamp(min=0)

    @cached_property
    def at_end(self) -> Tensor:
        """True at each sentence's last token, (batch, longest)."""
        return torch.arange(self.emissions.shape[1], device=self.lengths.device) == self.lengths[:, None] - 1

    @cached_property
    def clean(self) -> Tensor:
        """The emissions with 0 in the padding, without gradient; what was there, NaN too, goes no further."""
        return self.emissions.detach().masked_fill(~self.mask[..., None], 0.0)

    def reversed(self) -> "Chain":
        """The same chain read from right to left; sentences still start at position 0."""
        emissions = flip(self.emissions, self.lengths)
        return Chain(emissions, self.lengths, self.end, self.transitions.T, self.start)


def flip(values: Tensor, lengths: Tensor) -> Tensor:
    """Reverse each sentence of (batch, longest, ...) within its own length; padding stays behind."""
    positions = torch.arange(values.shape[1], device=values.device).expand(len(lengths), -1)
    back = lengths[:, None] - 1 - positions
    index = torch.where(back >= 0, back, positions)
    return values.gather(1, index.view(*index.shape, *[1] * (values.ndim - 2)).expand_as(values))


def restrict(chain: Chain, allowed: Tensor) -> Chain:
    """The chain in which only allowed tags are left: its log-partition is the log of their sequences' sum.

    allowed (Tensor): bool, (batch, longest, tags).
    """
    return replace(chain, emissions=chain.emissions.masked_fill(~allowed, FORBIDDEN))


def allowed_tags(tags: Tensor, n_tags: int) -> Tensor:
    """Only the given tag, or every tag where it is IGNORE: int64 (batch, longest) -> bool (..., n_tags)."""
    return (tags == IGNORE)[..., None] | (tags[..., None] == torch.arange(n_tags, device=tags.device))


def log_partition(chain: Chain) -> Tensor:
    """log Z of each sentence by the forward algorithm, (batch,), differentiable in all potentials.

    Gradients are the expected counts of forward-backward, not autograd through the recursion. The result is
    float64 (except where a device has none): the loss is a small difference of two large numbers.
    """
    log_z: Tensor = _LogPartition.apply(chain.emissions, chain.lengths, chain.start, chain.transitions, chain.end)  # type: ignore[no-untyped-call]
    return log_z


def score(chain: Chain, tags: Tensor) -> Tensor:
    """Unnormalised score of one sequence per sentence, float64 as `log_partition`, (batch,), differentiable.

    tags (Tensor): int64, (batch, longest); what stands after a sentence's end is ignored.
    """
    return _wide(_step_scores(chain, tags)).sum(1)


def viterbi(chain: Chain) -> Tensor:
    """The most probable sequence of each sentence (Viterbi 1967): int64, (batch, longest), 0 in the padding.

    Of equally good sequences it is one, the same in every call on a device.
    """
    with torch.no_grad():
        if crf_cuda.usable(chain.emissions):
            return crf_cuda.viterbi(chain.clean, chain.start, chain.transitions, chain.end, chain.lengths)
        # Sentences are the last axis, which vectorises: a step takes a fifth of the time on a CPU.
        deltas: List[Tensor] = []  # (tags, batch) each
        for emission in chain.clean.permute(1, 2, 0).contiguous().unbind():
            before = chain.start[:, None]
            if deltas:
                before = (deltas[-1][:, None] + chain.transitions[:, :, None]).amax(0)
            delta = before + emission
            deltas.append(delta - delta.amax(0))
        return _trace(chain, deltas)


def decode(chain: Chain) -> Tuple[Tensor, Tensor, Tensor]:
    """Probability of each tag at each token, (batch, longest, tags), 0 in the padding; `viterbi`; its log P, (batch,).

    Both ways through the tokens serve the first and the last.
    """
    with torch.no_grad():
        alphas, norms, gammas = _both_ways(chain)
        best = viterbi(chain)
        return _posterior(chain, alphas, gammas), best, _log_prob(chain, best, alphas, norms)


def _wide(values: Tensor) -> Tensor:
    return values if values.device.type == "mps" else values.double()


def _step_scores(chain: Chain, tags: Tensor) -> Tensor:
    """What each token adds to a sequence's score, (batch, longest): emission, way in, end at the last."""
    mask = chain.mask
    tags = tags.masked_fill(~mask, 0)
    steps = chain.emissions.gather(2, tags[..., None])[..., 0]
    steps = steps + torch.cat([chain.start[tags[:, :1]], chain.transitions[tags[:, :-1], tags[:, 1:]]], 1)
    return torch.where(mask, steps, 0.0) + chain.end[tags] * chain.at_end


def _scan(chain: Chain) -> Tuple[Tensor, Tensor]:
    """Forward variables of every position, each made 0 at its largest, and what was taken away for that.

    RETURNS (Tuple[Tensor, Tensor]): (batch, longest, tags); (batch, longest), 0 in the padding.
    """
    alphas, norms = recur(chain.clean[None], chain.start[None], chain.transitions[None], chain.lengths)
    return alphas[0], norms[0] * chain.mask


def _both_ways(chain: Chain) -> Tuple[Tensor, Tensor, Tensor]:
    """Forward variables, their norms, and backward variables that include their own token's emission.

    The two directions are independent, so they share one loop: half the kernels of two loops.
    """
    other = chain.reversed()
    alphas, norms = recur(
        torch.stack([chain.clean, other.clean]),
        torch.stack([chain.start, other.start]),
        torch.stack([chain.transitions, other.transitions]),
        chain.lengths,
    )
    return alphas[0], norms[0] * chain.mask, flip(alphas[1], chain.lengths)


def _finish(chain: Chain, alphas: Tensor) -> Tensor:
    """What is left of log Z after the shifts, (batch,); 0 for an empty sentence."""
    if not alphas.shape[1]:
        return alphas.new_zeros(len(alphas))
    last = alphas[torch.arange(len(alphas), device=alphas.device), chain.last]
    return torch.logsumexp(last + chain.end, -1) * (chain.lengths > 0)


def _log_prob(chain: Chain, tags: Tensor, alphas: Tensor, norms: Tensor) -> Tensor:
    # Subtracting token by token, and adding up in float64, keeps the digits of float32 whatever the length.
    steps = _wide(_step_scores(chain, tags) - norms).sum(1)
    return (steps - _wide(_finish(chain, alphas))).to(chain.emissions.dtype)


def _posterior(chain: Chain, alphas: Tensor, gammas: Tensor) -> Tensor:
    # Both variables hold the token's own emission. The softmax normalises each token by itself, so that
    # rounding does not add up along the sentence.
    joint = (alphas + gammas - chain.clean).softmax(-1)
    return joint * chain.mask[..., None]


def _trace(chain: Chain, deltas: List[Tensor]) -> Tensor:
    """The way back; where it came from is found for the tags on the way only. deltas: (tags, batch) each."""
    tags = chain.lengths.new_zeros(chain.emissions.shape[:2])
    for position in range(len(deltas) - 1, -1, -1):
        ways_on = chain.end[:, None]
        if position + 1 < len(deltas):
            ways_on = torch.where(position >= chain.last, ways_on, chain.transitions[:, tags[:, position + 1]])
        tags[:, position] = (deltas[position] + ways_on).argmax(0)
    return tags * chain.mask


class _LogPartition(torch.autograd.Function):
    """log Z whose gradient is the expected number of times each potential is used."""

    @staticmethod
    def forward(ctx, emissions, lengths, start, transitions, end):  # type: ignore[no-untyped-def]
        chain = Chain(emissions, lengths, start, transitions, end)
        if any(ctx.needs_input_grad):
            alphas, norms, gammas = _both_ways(chain)
            ctx.save_for_backward(emissions, lengths, start, transitions, end, alphas, gammas)
        else:
            alphas, norms = _scan(chain)
        return _wide(norms).sum(1) + _wide(_finish(chain, alphas))

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad):  # type: ignore[no-untyped-def]
        *potentials, alphas, gammas = ctx.saved_tensors
        chain = Chain(*potentials)
        grad = grad.to(alphas.dtype)
        tokens = _posterior(chain, alphas, gammas) * grad[:, None, None]  # (batch, longest, tags)
        pairs = expected_transitions(alphas, chain.transitions, gammas, chain.lengths, grad)
        last = tokens * chain.at_end[..., None]
        return tokens, None, tokens[:, :1].sum((0, 1)), pairs, last.sum((0, 1))
