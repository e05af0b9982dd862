"""Sentences that teach most for what they cost to label."""

import numpy

from .queries import Query
from .strategies import Strategy, Utilities, by_utility


def create_per_cost(power: float = 1.0) -> Strategy:
    """Registered as `spacy-al.PerCost.v1`: expected errors per unit of cost (Settles, Craven & Friedland 2008).

    Utility: sum over tokens of -log max_y P(y | token), divided by cost ** power. With a token costing 1 and power 1
    this is MNLP of a softmax tagger; with seconds, a sentence's overhead and its entities count too.

    power (float): 1: by the unit of cost; 0: by the sum alone.
    """

    def per_cost(query: Query) -> Utilities:
        surprise = query.columns("token:mnlp")["token:mnlp"]
        if query.answered is not None:
            surprise = numpy.where(query.answered, 0.0, surprise)
        return query.sums(surprise) / numpy.maximum(query.costs, 1e-9) ** power

    return by_utility(per_cost)
