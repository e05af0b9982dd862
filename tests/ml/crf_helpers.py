"""What tests ask of a CRF and no tagger does: marginals alone, and the probability of any sequence."""

from torch import Tensor

from spacy_al.ml.crf import Chain, decode, log_partition, score


def marginals(chain: Chain) -> Tensor:
    """Probability of each tag at each token, (batch, longest, tags)."""
    return decode(chain)[0]


def log_prob(chain: Chain, tags: Tensor) -> Tensor:
    """log P of one sequence per sentence, (batch,)."""
    return score(chain, tags) - log_partition(chain)
