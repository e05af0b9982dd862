"""Sentences with entities of types that have few labels yet."""

import numpy

from .queries import Query
from .strategies import Strategy, Utilities, by_utility


def create_rare_types(smoothing: float = 0.1) -> Strategy:
    """Registered as `spacy-al.RareTypes.v1`: tokens weighted by inverse class frequency (Luo et al.,
    Findings of EMNLP 2023).

    Utility: mean over tokens of w(y) * -log max_y P(y | token), where y is the likeliest tag, m_y the tokens labelled
    with it so far, m their sum, and w(y) = 1 / (m_y + smoothing * m), scaled to a mean of 1 over tags.

    smoothing (float): Above 0; the larger, the more alike all tags are.
    """

    def rare_types(query: Query) -> Utilities:
        weights = 1.0 / (query.counts + smoothing * max(query.counts.sum(), 1.0))
        weights /= weights.mean()
        columns = query.columns("token:mnlp", "tags")
        weighted = weights[columns["tags"]] * columns["token:mnlp"]
        return query.sums(weighted) / numpy.maximum(query.lengths, 1)

    return by_utility(rare_types)
