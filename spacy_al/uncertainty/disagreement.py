"""Measures of how much stochastic passes disagree: variation ratio and BALD."""

import torch
from torch import Tensor

from ..types import TagSamples
from .measures import Measure, require_passes
from .segments import segment_mean, segment_sum


def variation_ratio() -> Measure:
    """Registered as `spacy-al.variation_ratio.v1` (Freeman 1965; section 4 of the paper).

    VR_i = 1 - votes for the modal tag of token i / M, over the best sequences of M passes; the mean over
    tokens VR = 1/n sum_i VR_i. Computed from whole votes, so that equal sentences tie exactly.
    """
    return Measure("variation_ratio", _variation_ratio, stochastic=True, token_function=_token_ratio)


def bald() -> Measure:
    """Registered as `spacy-al.bald.v1`: Bayesian active learning by disagreement (Houlsby et al. 2011).

    The mutual information of tag and weights by MC dropout (Gal et al. 2017), in nats, 0 log 0 = 0:
    BALD_i = H(1/M sum_m p_m) - 1/M sum_m H(p_m); BALD = 1/n sum_i BALD_i. For a CRF p_m are the marginals.
    """
    return Measure("bald", _bald, stochastic=True, token_function=_token_bald)


def _dissent(samples: TagSamples) -> Tensor:
    """How many passes differ from the modal tag: int64 (tokens,)."""
    require_passes("variation_ratio", samples)
    passes, tokens, tags = samples.probs.shape
    votes = torch.zeros((tokens, tags), dtype=torch.int64, device=samples.best.device)
    votes.scatter_add_(1, samples.best.T, torch.ones_like(samples.best.T))
    return passes - votes.amax(1)


def _variation_ratio(samples: TagSamples) -> Tensor:
    # float32 holds whole numbers exactly up to 2 ** 24; a sentence has fewer votes than that.
    dissent = segment_sum(_dissent(samples).float(), samples.lengths)
    return dissent / (samples.lengths.clamp_min(1) * samples.probs.shape[0])


def _token_ratio(samples: TagSamples) -> Tensor:
    return _dissent(samples).float() / samples.probs.shape[0]


def _token_bald(samples: TagSamples) -> Tensor:
    require_passes("bald", samples)
    total = torch.special.entr(samples.probs.mean(0)).sum(-1)  # (tokens,)
    expected = torch.special.entr(samples.probs).sum(-1).mean(0)
    result: Tensor = (total - expected).clamp_min(0.0)
    return result


def _bald(samples: TagSamples) -> Tensor:
    return segment_mean(_token_bald(samples), samples.lengths)
