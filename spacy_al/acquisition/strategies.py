"""Query strategies: from a query to the questions that people are asked, under a budget."""

import hashlib
from typing import Any, Callable, List, Optional, Protocol, Sequence

import numpy
from numpy.typing import NDArray

from ..corpus.split import take_budget
from ..tasks import Question
from .queries import Query

Utilities = NDArray[numpy.float64]  # (sentences,)


class Strategy(Protocol):
    """A query strategy. The order of the candidates must not matter, and the query is not changed."""

    def __call__(self, query: Query) -> List[Question]:
        """Questions, best first, none of them touching another; the one that crosses the budget is the last.

        query (Query): `query.has_model` is False where seed sentences are chosen, and only utilities are known.
        """


def create_top_utility() -> Strategy:
    """Registered as `spacy-al.TopUtility.v1`: the most useful sentences, as in the paper."""
    return top_utility


def top_utility(query: Query) -> List[Question]:
    """Take sentences by utility; equal ones by the second utility, then in a random order of their ids."""
    return take_best(query, query.utilities())


def take_best(query: Query, utilities: Utilities) -> List[Question]:
    """Whole sentences by utility (sentences,), until the budget is met; ValueError for NaN or another shape."""
    if numpy.shape(utilities) != (len(query),) or numpy.isnan(utilities).any():
        nans = int(numpy.isnan(utilities).sum())
        raise ValueError(f"one utility for each of {len(query)} candidates: {numpy.shape(utilities)}, {nans} NaN")
    order = rank(query.ids, utilities, query.ties(), query.rng)
    return [query.whole(number) for number in take_budget(order, query.costs, query.budget)]


def by_utility(utilities: Callable[[Query], Utilities]) -> Strategy:
    """A strategy of whole sentences by utilities of its own, (sentences,); the run's where there is no model yet."""
    return lambda query: take_best(query, utilities(query) if query.has_model else query.utilities())


def rank(
    ids: Sequence[str],
    utilities: Utilities,
    ties: Optional[NDArray[numpy.float64]],
    rng: numpy.random.Generator,
) -> List[int]:
    """All candidates, most useful first. Equal utilities everywhere make this a uniform permutation.

    ids (Sequence[str]): (sentences,). utilities (NDArray): Higher is more useful, (sentences,).
    ties (Optional[NDArray]): A second utility that decides between equal ones, (sentences,).
    rng (Generator): Decides the rest, by id and not by place.
    """
    keys: List[NDArray[Any]] = [random_order(ids, rng)]
    if ties is not None:
        keys.append(-numpy.asarray(ties, dtype=numpy.float64))
    keys.append(-numpy.asarray(utilities, dtype=numpy.float64))
    order: List[int] = numpy.lexsort(keys).tolist()
    return order


def random_order(ids: Sequence[str], rng: numpy.random.Generator) -> NDArray[numpy.uint64]:
    """A random number for each id that does not depend on where it stands: (sentences,)."""
    salt = rng.bytes(16)
    digests = b"".join(hashlib.blake2b(id_.encode("ascii"), digest_size=8, key=salt).digest() for id_ in ids)
    return numpy.frombuffer(digests, dtype=numpy.uint64)
