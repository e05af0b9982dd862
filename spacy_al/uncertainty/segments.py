"""Sums, means and maxima over the tokens of each sentence, without padding."""

import torch
from torch import Tensor


def segment_sum(values: Tensor, lengths: Tensor) -> Tensor:
    """Sum of each sentence's values; 0 for an empty sentence.

    values (Tensor): float32 (tokens,), sentences one after the other.
    lengths (Tensor): int64 (sentences,), adding up to the number of tokens.
    RETURNS (Tensor): float32 (sentences,).
    """
    return torch.segment_reduce(values, "sum", lengths=lengths, initial=0.0, unsafe=True)


def segment_mean(values: Tensor, lengths: Tensor) -> Tensor:
    """Mean of each sentence's values; 0 for an empty sentence. Shapes as in `segment_sum`."""
    return segment_sum(values, lengths) / lengths.clamp_min(1)


def segment_max(values: Tensor, lengths: Tensor) -> Tensor:
    """Largest of each sentence's values, none of which may be negative; 0 for an empty sentence.

    Shapes as in `segment_sum`.
    """
    return torch.segment_reduce(values, "max", lengths=lengths, initial=0.0, unsafe=True)


def segment_ids(lengths: Tensor) -> Tensor:
    """The number of the sentence that each token stands in: int64 (tokens,)."""
    return torch.arange(len(lengths), device=lengths.device).repeat_interleave(lengths)


REDUCTIONS = {"mean": segment_mean, "sum": segment_sum, "max": segment_max}
