"""Measures of how sure a tagger is of the entities it predicts."""

from typing import Tuple

import torch
from torch import Tensor

from ..types import TagSamples
from .measures import Measure
from .segments import REDUCTIONS, segment_ids, segment_sum
from .sequence import TINY

OUTSIDE = 0  # every tagger of this project puts "O" first (`spacy_al.corpus.schemes.tag_names`)


def entity_confidence() -> Measure:
    """Registered as `spacy-al.entity_confidence.v1`: mean over predicted entities of 1 - confidence.

    The confidence of an entity is the product of the (marginal) probabilities of its tokens' best tags, the
    probability that all of them are right where tokens are independent given the text, as under softmax. An
    entity is a run of tokens whose best tag is not O; entities that touch count as one. 0 for a sentence
    without any. With several passes: the mean over passes.
    """
    return _over_mentions("entity_confidence", "mean")


def entity_confidence_sum() -> Measure:
    """Registered as `spacy-al.entity_confidence_sum.v1`: expected number of wrong entities."""
    return _over_mentions("entity_confidence_sum", "sum")


def entity_confidence_max() -> Measure:
    """Registered as `spacy-al.entity_confidence_max.v1`: the least confident entity."""
    return _over_mentions("entity_confidence_max", "max")


def mention_runs(inside: Tensor, lengths: Tensor) -> Tuple[Tensor, Tensor]:
    """Runs of tokens that are inside an entity; a run never crosses a sentence's end.

    inside (Tensor): bool (tokens,). lengths (Tensor): int64 (sentences,).
    RETURNS (Tuple[Tensor, Tensor]): Tokens of each run (runs,), runs of each sentence (sentences,).
    """
    owners = segment_ids(lengths)
    before = inside.roll(1) & (owners == owners.roll(1))
    if len(inside):
        before[0] = False  # roll wraps the last token round to the first
    starts = inside & ~before
    sizes = torch.bincount((starts.cumsum(0) - 1)[inside], minlength=int(starts.sum()))
    return sizes, torch.bincount(owners[starts], minlength=len(lengths))


def _over_mentions(name: str, reduction: str) -> Measure:
    def function(samples: TagSamples) -> Tensor:
        passes = [_one_pass(samples, number, reduction) for number in range(samples.probs.shape[0])]
        return torch.stack(passes).mean(0)

    return Measure(name, function, token_function=_token_doubt)


def _one_pass(samples: TagSamples, number: int, reduction: str) -> Tensor:
    best = samples.best[number]
    inside = best != OUTSIDE
    sizes, counts = mention_runs(inside, samples.lengths)
    chosen = samples.probs[number].gather(-1, best[:, None])[:, 0]
    logs = segment_sum(chosen.clamp(TINY, 1.0).log()[inside], sizes)  # (mentions,)
    return REDUCTIONS[reduction](-torch.expm1(logs), counts)


def _token_doubt(samples: TagSamples) -> Tensor:
    """1 - probability of the best tag inside predicted entities, 0 outside, mean over passes: (tokens,)."""
    chosen = samples.probs.gather(-1, samples.best[..., None])[..., 0]  # (passes, tokens)
    return ((1.0 - chosen).clamp_min(0.0) * (samples.best != OUTSIDE)).mean(0)
