"""Sentences with the word that the model is least sure of."""

from typing import List

import numpy

from ..tasks import Question
from .queries import Query
from .strategies import Strategy, take_best, top_utility


def create_least_token() -> Strategy:
    """Registered as `spacy-al.LeastToken.v1`: minimum token probability (Marcheggiani & Artières, EMNLP 2014).

    Utility: max over tokens of -log max_y P(y | token).
    """
    return least_token


def least_token(query: Query) -> List[Question]:
    """See `create_least_token`."""
    if not query.has_model:
        return top_utility(query)
    values = query.columns("token:mnlp")["token:mnlp"].astype(numpy.float64)
    utilities = numpy.zeros(len(query))
    numpy.maximum.at(utilities, numpy.repeat(numpy.arange(len(query)), query.lengths), values)
    return take_best(query, utilities)
