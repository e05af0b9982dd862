"""Temperature scaling: one number, fitted on held-out labels, that makes tag probabilities honest."""

import math
from typing import Callable

import torch
from torch import Tensor

from ..errors import ALError, Errors
from .sequence import TINY

LOWEST, HIGHEST = 0.05, 20.0
GOLDEN = (math.sqrt(5) - 1) / 2


def temper(probs: Tensor, temperature: float) -> Tensor:
    """Soften (temperature > 1) or sharpen (< 1) distributions; the likeliest tag stays so.

    q_c = p_c^(1/T) / sum_k p_k^(1/T), which for a softmax tagger is softmax(logits / T) (Guo, eq. 9).

    probs (Tensor): float (..., tags).
    temperature (float): T, above 0.
    RETURNS (Tensor): Same shape and dtype.
    """
    return torch.softmax(probs.clamp_min(TINY).log() / temperature, dim=-1)


def fit_temperature(probs: Tensor, gold: Tensor) -> float:
    """The temperature with the highest likelihood of held-out labels (Guo et al. 2017, section 4.2).

    The negative log-likelihood is convex in 1 / T, so it has one valley along log T: golden-section search
    finds it. It stays within 0.05..20: a tagger that is never wrong on the held-out labels would
    otherwise be sharpened for ever.

    probs (Tensor): float (tokens, tags), what the tagger says.
    gold (Tensor): int64 (tokens,), the right tags; tokens with a negative number take no part.
    RETURNS (float): T.
    RAISES: ALError A407 when no token has a gold tag.
    """
    known = gold >= 0
    if not bool(known.any()):
        raise ALError(Errors.A407)
    logs = probs[known].double().clamp_min(TINY).log()  # (tokens, tags)
    right = gold[known, None]

    def loss(log_temperature: float) -> float:
        scaled = logs / math.exp(log_temperature)
        return float((scaled.logsumexp(-1) - scaled.gather(-1, right)[:, 0]).mean())

    return math.exp(golden_section(loss, math.log(LOWEST), math.log(HIGHEST), tolerance=1e-5))


def golden_section(function: Callable[[float], float], low: float, high: float, *, tolerance: float) -> float:
    """The place of the minimum of a function with one valley between `low` and `high`, to `tolerance`."""
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    while high - low > tolerance:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - GOLDEN * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + GOLDEN * (high - low)
            at_right = function(right)
    return (low + high) / 2
