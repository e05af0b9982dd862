"""Sentences with the word that the model is least sure of."""

import numpy

from .queries import Query
from .strategies import Strategy, Utilities, by_utility


def create_least_token() -> Strategy:
    """Registered as `spacy-al.LeastToken.v1`: minimum token probability (Marcheggiani & Artières, EMNLP 2014).

    Utility: max over tokens of -log max_y P(y | token).
    """
    return by_utility(least_token)


def least_token(query: Query) -> Utilities:
    """See `create_least_token`."""
    values = query.columns("token:mnlp")["token:mnlp"].astype(numpy.float64)
    utilities = numpy.zeros(len(query))
    numpy.maximum.at(utilities, numpy.repeat(numpy.arange(len(query)), query.lengths), values)
    return utilities
