"""Query strategies: from utilities to the sentences to label, under a budget."""

import hashlib
from dataclasses import dataclass
from typing import Any, List, Optional, Protocol, Sequence

import numpy
from numpy.typing import NDArray

from ..corpus.split import take_budget


@dataclass(frozen=True)
class Candidates:
    """Sentences that may be chosen, as a strategy sees them.

    ids (Sequence[str]): (sentences,).
    utilities (NDArray[float64]): Higher is more useful, (sentences,).
    costs (NDArray[int64]): What each costs to label: tokens, or 1 each, (sentences,).
    ties (Optional[NDArray[float64]]): A second utility that decides between equal ones, (sentences,).
    """

    ids: Sequence[str]
    utilities: NDArray[numpy.float64]
    costs: NDArray[numpy.int64]
    ties: Optional[NDArray[numpy.float64]] = None


class Strategy(Protocol):
    """A query strategy. The order of the candidates must not matter, and they are not changed."""

    def __call__(self, candidates: Candidates, budget: float, rng: numpy.random.Generator) -> List[int]:
        """Numbers of the chosen candidates, best first; the one that crosses the budget is the last.

        budget (float): In the unit of `candidates.costs`. rng: Decides what utilities leave open.
        """
        ...


def create_top_utility() -> Strategy:
    """Registered as `spacy-al.TopUtility.v1`: the most useful sentences, as in the paper."""
    return top_utility


def top_utility(candidates: Candidates, budget: float, rng: numpy.random.Generator) -> List[int]:
    """Take candidates by utility; equal ones by the second utility, then in a random order of their ids."""
    return take_budget(rank(candidates, rng), candidates.costs, budget)


def rank(candidates: Candidates, rng: numpy.random.Generator) -> List[int]:
    """All candidates, most useful first. Equal utilities everywhere make this a uniform permutation."""
    keys: List[NDArray[Any]] = [random_order(candidates.ids, rng)]
    if candidates.ties is not None:
        keys.append(-numpy.asarray(candidates.ties, dtype=numpy.float64))
    keys.append(-numpy.asarray(candidates.utilities, dtype=numpy.float64))
    return numpy.lexsort(keys).tolist()


def random_order(ids: Sequence[str], rng: numpy.random.Generator) -> NDArray[numpy.uint64]:
    """A random number for each id that does not depend on where it stands: (sentences,)."""
    salt = rng.bytes(16)
    digests = b"".join(hashlib.blake2b(id_.encode("ascii"), digest_size=8, key=salt).digest() for id_ in ids)
    return numpy.frombuffer(digests, dtype=numpy.uint64)
