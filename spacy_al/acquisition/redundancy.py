"""Batches whose sentences do not say the same: a limit on repeated entities, and maximal marginal relevance."""

from collections import Counter
from typing import Dict, List, Tuple

import numpy
from numpy.typing import NDArray

from ..corpus.split import take_budget
from ..tasks import Question
from .queries import Query
from .strategies import Strategy, rank, top_utility
from .windows import segments

Mention = Tuple[Tuple[str, ...], str]


def create_redundancy(most: int = 2, similarity: float = 0.0, pool: int = 4) -> Strategy:
    """Registered as `spacy-al.Redundancy.v1`: the most useful sentences that are not alike.

    A sentence is passed over if it has an entity and all its entities, as the model sees them, were chosen `most` times
    in this batch, by surface and type. With `similarity` above 0 sentences are taken by maximal marginal relevance
    (Carbonell & Goldstein, SIGIR 1998): u - similarity * max cosine to those chosen, u scaled to 0..1, over the mean
    states of their entities, among the `pool` times as many sentences as the budget buys. If sentences run out, those
    that were passed over are taken too.
    """

    def redundancy(query: Query) -> List[Question]:
        if not query.has_model or not len(query):
            return top_utility(query)
        order = rank(query.ids, query.utilities(), query.ties(), query.rng)
        if similarity > 0:
            order = marginal_relevance(query, order, similarity, pool)
        return limited(query, order, most)

    return redundancy


def limited(query: Query, order: List[int], most: int) -> List[Question]:
    """Take sentences in an order until the budget is met, at most `most` with the same entities."""
    mentions, seen = found_mentions(query), Counter[Mention]()
    fresh: List[int] = []
    passed: List[int] = []
    for number in order:
        own = mentions.get(number, [])
        if own and all(seen[one] >= most for one in own):
            passed.append(number)
        else:
            seen.update(own)
            fresh.append(number)
    return [query.whole(number) for number in take_budget([*fresh, *passed], query.costs, query.budget)]


def found_mentions(query: Query) -> Dict[int, List[Mention]]:
    """Entities that the model sees in each candidate that has one."""
    begins = numpy.flatnonzero(query.begins() > 0)
    _, ends = segments(query)
    tags = query.columns("tags")["tags"]
    owners = numpy.searchsorted(query.starts, begins, side="right") - 1
    found: Dict[int, List[Mention]] = {}
    for start, number in zip(begins.tolist(), owners.tolist()):
        words, first = query.words(number), int(query.starts[number])
        surface = tuple(words[start - first : int(ends[start]) - first])
        found.setdefault(number, []).append((surface, query.tags[tags[start]][2:]))
    return found


def marginal_relevance(query: Query, order: List[int], similarity: float, pool: int) -> List[int]:
    """The front of an order, as long as `pool` budgets, by maximal marginal relevance; the rest behind it."""
    spent = numpy.cumsum(query.costs[order])
    front = order[: int(numpy.searchsorted(spent, pool * query.budget)) + 1]
    utilities = query.utilities()[front]
    spread = max(float(numpy.ptp(utilities)), 1e-12)
    left = (utilities - utilities.min()) / spread
    vectors = unit_rows(query.columns("entity_embedding")["entity_embedding"][front].astype(numpy.float32))
    nearest = numpy.zeros(len(front), dtype=numpy.float32)
    chosen: List[int] = []
    open_ = numpy.ones(len(front), dtype=bool)
    for _ in range(len(front)):
        place = int(numpy.argmax(numpy.where(open_, left - similarity * nearest, -numpy.inf)))
        open_[place] = False
        chosen.append(front[place])
        nearest = numpy.maximum(nearest, vectors @ vectors[place])
    return chosen + order[len(front) :]


def unit_rows(rows: NDArray[numpy.float32]) -> NDArray[numpy.float32]:
    """Rows of length 1."""
    length = numpy.linalg.norm(rows, axis=1, keepdims=True)
    unit: NDArray[numpy.float32] = rows / numpy.maximum(length, 1e-12)
    return unit
