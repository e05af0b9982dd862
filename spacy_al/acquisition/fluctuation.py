"""Sentences whose utility has gone up and down over the rounds."""

import numpy

from .queries import Query
from .strategies import Strategy, Utilities, by_utility


def create_fluctuation(weight: float = 1.0, rounds: int = 3) -> Strategy:
    """Registered as `spacy-al.Fluctuation.v1`: fluctuation of historical sequences (Yao et al., TKDE 2020).

    Utility: u_t + weight * standard deviation of u over the last `rounds` rounds, the present one included; the paper
    adds the variance, whose unit is another. Rounds in which a sentence was not scored do not count.
    """

    def fluctuation(query: Query) -> Utilities:
        utilities = query.utilities()
        past = [query.history(query.round - 1 - back).get(query.measure) for back in range(1, rounds)]
        rows = numpy.stack([utilities, *(one for one in past if one is not None)])
        known = numpy.isfinite(rows)
        mean = numpy.where(known, rows, 0.0).sum(0) / known.sum(0)
        spread = numpy.sqrt(numpy.where(known, (rows - mean) ** 2, 0.0).sum(0) / known.sum(0))
        found: Utilities = utilities + weight * spread
        return found

    return by_utility(fluctuation)
