"""Measures from each token's tag distribution: entropy and margin, as mean, sum or maximum."""

import torch
from torch import Tensor

from ..types import TagSamples
from .measures import Measure, SampleFunction
from .segments import REDUCTIONS


def entropy() -> Measure:
    """Registered as `spacy-al.entropy.v1`: mean token entropy (Settles and Craven 2008).

    TE = 1/n sum_i H(p_i), in nats, 0 log 0 = 0. With several passes p_i is the mean distribution.
    """
    return _over_tokens("entropy", token_entropy, "mean")


def entropy_sum() -> Measure:
    """Registered as `spacy-al.entropy_sum.v1`: total token entropy; see `entropy`."""
    return _over_tokens("entropy_sum", token_entropy, "sum")


def entropy_max() -> Measure:
    """Registered as `spacy-al.entropy_max.v1`: entropy of the most uncertain token; see `entropy`."""
    return _over_tokens("entropy_max", token_entropy, "max")


def margin() -> Measure:
    """Registered as `spacy-al.margin.v1` (Scheffer et al. 2001): mean closeness of the two likeliest tags.

    M = 1/n sum_i 1 - (p_i1 - p_i2), in 0..1. With several passes p_i is the mean distribution.
    """
    return _over_tokens("margin", token_margin, "mean")


def margin_sum() -> Measure:
    """Registered as `spacy-al.margin_sum.v1`: sum over tokens; see `margin`."""
    return _over_tokens("margin_sum", token_margin, "sum")


def margin_max() -> Measure:
    """Registered as `spacy-al.margin_max.v1`: the token with the closest two tags; see `margin`."""
    return _over_tokens("margin_max", token_margin, "max")


def token_entropy(samples: TagSamples) -> Tensor:
    """Entropy of each token's mean tag distribution, in nats: float32 (tokens,)."""
    result: Tensor = torch.special.entr(samples.probs.mean(0)).sum(-1).clamp_min(0.0)
    return result


def token_margin(samples: TagSamples) -> Tensor:
    """1 - (likeliest - second) of each token's mean tag distribution, in 0..1: float32 (tokens,).

    0 everywhere for a tagger with a single tag.
    """
    mean = samples.probs.mean(0)
    if mean.shape[1] < 2:
        return mean.new_zeros(mean.shape[0])
    first, second = mean.topk(2, dim=-1).values.unbind(-1)
    return (1.0 - (first - second)).clamp(0.0, 1.0)


def _over_tokens(name: str, token_function: SampleFunction, reduction: str) -> Measure:
    reduce = REDUCTIONS[reduction]

    def function(samples: TagSamples) -> Tensor:
        return reduce(token_function(samples), samples.lengths)

    return Measure(name, function, token_function=token_function)
