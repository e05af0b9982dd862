"""What labelling a sentence costs: tokens, sentences, or an annotator's seconds."""

from typing import Protocol

import numpy
from numpy.typing import NDArray

from .query import Query


class Cost(Protocol):
    """A cost model: positive, additive over questions."""

    def __call__(self, query: Query) -> NDArray[numpy.float64]:
        """The cost of labelling each candidate as a whole: (sentences,). `query.costs` is not known yet."""
        ...


def create_token_cost() -> Cost:
    """Registered as `spacy-al.Tokens.v1`: a token costs 1, as in the paper; a sentence without any costs nothing."""
    return token_cost


def create_sentence_cost() -> Cost:
    """Registered as `spacy-al.Sentences.v1`: a sentence costs 1."""
    return sentence_cost


def token_cost(query: Query) -> NDArray[numpy.float64]:
    """Tokens of each candidate."""
    return query.lengths.astype(numpy.float64)


def sentence_cost(query: Query) -> NDArray[numpy.float64]:
    """1 for each candidate."""
    return numpy.ones(len(query), dtype=numpy.float64)
