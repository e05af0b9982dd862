"""Measures from the probability of the best tag sequence: least confidence and MNLP; and `random`."""

import math

import torch
from torch import Tensor

from ..types import TagSamples
from .measures import Measure

# The smallest normal float32: a tag of probability 0 then has the surprise 87.3 instead of infinity.
TINY = torch.finfo(torch.float32).tiny


def random() -> Measure:
    """Registered as `spacy-al.random.v1`: every sentence has the utility 0.

    Strategies break ties by a seeded permutation, which turns equal utilities into a uniform draw.
    """
    return Measure("random", _random, needs_model=False)


def least_confidence() -> Measure:
    """Registered as `spacy-al.least_confidence.v1` (Lewis and Gale 1994; Culotta and McCallum 2005).

    LC = 1 - max_y P(y | x). Ranked by -log P, which does not saturate at 1 for long sentences in float32, and
    shown as LC = -expm1(log P). With several passes: the mean over passes of each
    pass's -log P.
    """
    return Measure("least_confidence", _sequence_surprise, token_function=token_surprise, display=_probability_of_error)


def mnlp() -> Measure:
    """Registered as `spacy-al.mnlp.v1`: Maximum Normalized Log-Probability (Shen et al. 2018).

    MNLP = -1/n max_y log P(y | x), in nats per token: for a softmax tagger the mean of -max log-softmax, for
    a CRF (log Z - Viterbi score) / n. With several passes: the mean over passes.
    """
    return Measure("mnlp", _mnlp, token_function=token_surprise)


def token_surprise(samples: TagSamples) -> Tensor:
    """-log of the (marginal) probability of each token's best tag, mean over passes: float32 (tokens,).

    At most 87.3. For a softmax tagger the mean of these over a sentence is its MNLP.
    """
    chosen = samples.probs.gather(-1, samples.best[..., None])[..., 0]  # (passes, tokens)
    return -chosen.clamp(TINY, 1.0).log().mean(0)


def _sequence_surprise(samples: TagSamples) -> Tensor:
    # Rounding may lift a log-probability just above 0; -0.0 is avoided for readers of the output.
    return (-samples.log_prob.mean(0)).clamp_min(0.0) + 0.0


def _mnlp(samples: TagSamples) -> Tensor:
    return _sequence_surprise(samples) / samples.lengths.clamp_min(1)


def _random(samples: TagSamples) -> Tensor:
    return torch.zeros(len(samples.lengths), dtype=torch.float32, device=samples.lengths.device)


def _probability_of_error(utility: float) -> float:
    return -math.expm1(-utility)
