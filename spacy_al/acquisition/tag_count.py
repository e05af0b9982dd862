"""Sentences in which many entities are to be expected."""

import numpy

from .queries import Query
from .strategies import Strategy, Utilities, by_utility


def create_tag_count() -> Strategy:
    """Registered as `spacy-al.TagCount.v1`: expected entity tokens per unit of cost.

    Utility: sum over tokens of P(tag is not O), divided by the sentence's cost (tag count of Kohl et al. 2024, with
    expected instead of predicted counts).
    """
    return by_utility(tag_count)


def tag_count(query: Query) -> Utilities:
    """See `create_tag_count`."""
    expected = query.columns("expected_tags")["expected_tags"].reshape(len(query), -1)[:, 1:].sum(1)
    found: Utilities = expected.astype(numpy.float64) / numpy.maximum(query.costs, 1e-9)
    return found
