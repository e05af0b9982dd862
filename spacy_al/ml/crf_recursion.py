"""The recursion over tokens that all sums over tag sequences rest on: as matrix products, or in log space."""

import math
from typing import Callable, Tuple

import torch
from torch import Tensor

from . import crf_cuda

Step = Callable[[Tensor], Tensor]
CHUNK = 1 << 22  # pair probabilities held at once when transitions are counted in log space


def recur(emissions: Tensor, start: Tensor, transitions: Tensor, lengths: Tensor) -> Tuple[Tensor, Tensor]:
    """alpha_t(j) = emission_t(j) + logsumexp_i(alpha_t-1(i) + transition(i, j)), shifted to a maximum of 0.

    Each step is one small matrix product of exp(alpha) and exp(transitions), 2 to 15 times as fast on a CPU
    as logsumexp. Where such a product falls near the smallest float (a tag reachable only through tags 70
    nats behind the best), the whole call is repeated in log space, which has no such limit.
    A loop over tokens: a parallel scan over matrices would cost tags times as much work. A CUDA GPU has the
    loop inside one kernel (`crf_cuda`), in log space throughout.

    emissions (Tensor): (ways, batch, longest, tags), finite.
    start, transitions (Tensor): (ways, tags); (ways, tags, tags), from row to column.
    lengths (Tensor): int64, (batch,). What is returned for the padding is finite, and means nothing.
    RETURNS (Tuple[Tensor, Tensor]): (ways, batch, longest, tags); the shifts, (ways, batch, longest).
    """
    if crf_cuda.usable(emissions):
        return crf_cuda.recur(emissions, start, transitions, lengths)
    with torch.autocast(emissions.device.type, enabled=False):
        steps = emissions.permute(2, 0, 1, 3).contiguous()  # (longest, ways, batch, tags)
        alphas, shifts = _loop(steps, start, _product(transitions))
        arrived = alphas[1:] + shifts[1:] - steps[1:]  # what the products gave
        if arrived.numel() and not bool(arrived.min() > _floor(emissions.dtype)):  # NaN compares False
            alphas, shifts = _loop(steps, start, _log_sum(transitions))
        return alphas.permute(1, 2, 0, 3), shifts[..., 0].permute(1, 2, 0)


def expected_transitions(
    alphas: Tensor, transitions: Tensor, gammas: Tensor, lengths: Tensor, weights: Tensor
) -> Tensor:
    """Expected number of each transition, summed over sentences, each weighted: (tags, tags).

    P(i, j) of the transition after token t is proportional to exp(alpha_t(i) + transition(i, j) + gamma_t+1(j)).

    alphas, gammas (Tensor): Forward and backward variables, (batch, longest, tags).
    transitions (Tensor): (tags, tags). lengths (Tensor): int64, (batch,). weights (Tensor): (batch,).
    """
    if crf_cuda.usable(alphas):
        return crf_cuda.count_transitions(alphas, transitions, gammas, lengths, weights)
    positions = torch.arange(1, max(alphas.shape[1], 1), device=lengths.device)
    rows, places = (positions < lengths[:, None]).nonzero(as_tuple=True)
    return _count(alphas[rows, places], transitions, gammas[rows, places + 1], weights[rows])


def _count(alphas: Tensor, transitions: Tensor, gammas: Tensor, weights: Tensor) -> Tensor:
    """The same from the variables before and after each place, (places, tags). weights (Tensor): (places,)."""
    with torch.autocast(alphas.device.type, enabled=False):
        one, two = _shifted(alphas).exp(), _shifted(gammas).exp()
        between = (transitions - transitions.max()).exp()
        norms = ((one @ between) * two).sum(-1)
        if norms.numel() and bool(norms.min() > math.exp(_floor(alphas.dtype))):
            return between * (one.T @ (two * (weights / norms)[:, None]))
        return _count_in_log_space(alphas, transitions, gammas, weights)


def _floor(dtype: torch.dtype) -> float:
    # Terms lost below the smallest normal number stay 1e-8 (float32) of any sum above this.
    return math.log(torch.finfo(dtype).tiny) + 18


def _shifted(values: Tensor) -> Tensor:
    return values - values.amax(-1, keepdim=True)


def _product(transitions: Tensor) -> Step:
    top = transitions.amax((1, 2), keepdim=True)
    weights = (transitions - top).exp()  # (ways, from, to)
    return lambda alpha: torch.bmm(alpha.exp(), weights).log_().add_(top)


def _log_sum(transitions: Tensor) -> Step:
    into = transitions.transpose(1, 2)[:, None].contiguous()  # (ways, 1, to, from)
    return lambda alpha: torch.logsumexp(alpha[:, :, None, :] + into, -1)


def _loop(steps: Tensor, start: Tensor, advance: Step) -> Tuple[Tensor, Tensor]:
    alphas, shifts = torch.empty_like(steps), steps.new_empty((*steps.shape[:3], 1))
    before = start[:, None]
    for emission, alpha, shift in zip(steps.unbind(), alphas.unbind(), shifts.unbind(), strict=True):
        before = emission + before
        torch.amax(before, -1, keepdim=True, out=shift)
        torch.sub(before, shift, out=alpha)
        before = advance(alpha)
    return alphas, shifts


def _count_in_log_space(alphas: Tensor, transitions: Tensor, gammas: Tensor, weights: Tensor) -> Tensor:
    n_tags = len(transitions)
    counts = torch.zeros_like(transitions)
    for part in torch.arange(len(alphas), device=alphas.device).split(max(1, CHUNK // n_tags**2)):
        joint = alphas[part][:, :, None] + transitions + gammas[part][:, None, :]
        counts += (joint.flatten(1).softmax(-1) * weights[part, None]).sum(0).view(n_tags, n_tags)
    return counts
