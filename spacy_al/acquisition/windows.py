"""Asking for words instead of sentences: windows of tokens that the model is unsure of."""

from itertools import pairwise
from typing import Dict, List

import numpy
from numpy.typing import NDArray

from ..tasks import Question
from .queries import Query
from .strategies import Strategy, random_order, top_utility


def create_windows(margin: int = 0, column: str = "token:mnlp") -> Strategy:
    """Registered as `spacy-al.Windows.v1`, for `questions = "windows"`.

    Greedy form of asking for subsequences (Radmard, Fathullah & Lipani, ACL 2021, enumerate all windows): tokens by
    falling uncertainty, each widened to the entity that the model sees there and by a margin, until the budget is
    spent; windows that meet become one. What has been answered is not asked again.

    margin (int): Tokens to the left and right; 0 needed the fewest labels (docs/results.md).
    column (str): The uncertainty of tokens, see `Query`.
    """

    def windows(query: Query) -> List[Question]:
        if not query.has_model or not len(query):
            return top_utility(query)
        first, last = segments(query)
        picks = Picks(query)
        for token in order_tokens(query, query.columns(column)[column]):
            if picks.spent >= query.budget:
                break
            if picks.free[token]:
                picks.take(token, first[token] - margin, last[token] + margin)
        return picks.questions()

    return windows


class Picks:
    """Tokens taken so far and what they cost."""

    def __init__(self, query: Query) -> None:
        """query (Query): Whose tokens may be taken, those without an answer."""
        self.query = query
        tokens = int(query.starts[-1])
        self.free = numpy.ones(tokens, dtype=bool) if query.answered is None else ~query.answered
        self.turn = numpy.full(tokens, -1)  # when a token was taken
        self.owners = numpy.repeat(numpy.arange(len(query)), query.lengths)
        self.begins = query.begins()
        self.paid: Dict[int, float] = {}
        self.asked: Dict[int, NDArray[numpy.float64]] = {}
        self.spent, self.turns = 0.0, 0

    def take(self, token: int, start: int, end: int) -> None:
        """Take what is free of the tokens `start` to `end`, within the sentence of a token."""
        number = int(self.owners[token])
        places = numpy.arange(max(start, self.query.starts[number]), min(end, self.query.starts[number + 1]))
        places = places[self.free[places]]
        self.free[places] = False
        self.turn[places] = self.turns
        self.turns += 1
        before = self.asked.get(number, numpy.zeros(2))
        self.asked[number] = now = before + numpy.array([len(places), self.begins[places].sum()])
        shown = numpy.array([float(self.query.lengths[number])])
        cost = float(self.query.cost(now[:1], shown, now[1:])[0])
        self.spent += cost - self.paid.get(number, 0.0)
        self.paid[number] = cost

    def questions(self) -> List[Question]:
        """Runs of taken tokens, in the order in which they were completed."""
        taken = numpy.flatnonzero(self.turn >= 0)
        if not len(taken):
            return []
        new = (numpy.diff(taken) > 1) | (numpy.diff(self.owners[taken]) > 0)
        bounds = [0, *(numpy.flatnonzero(new) + 1).tolist(), len(taken)]
        found = []
        for start, end in pairwise(bounds):
            number = int(self.owners[taken[start]])
            offset = int(taken[start] - self.query.starts[number])
            question = Question(self.query.ids[number], offset, offset + end - start)
            found.append((int(self.turn[taken[start:end]].max()), question))
        return [question for _, question in sorted(found)]


def segments(query: Query) -> "tuple[NDArray[numpy.int64], NDArray[numpy.int64]]":
    """First token and token after the last of the entity that the model sees around each token; O stands alone."""
    tags = query.columns("tags")["tags"]
    edge = (query.begins() > 0) | (tags == 0)
    edge[query.starts[:-1][query.lengths > 0]] = True
    owner = numpy.cumsum(edge) - 1
    starts = numpy.flatnonzero(edge)
    ends = numpy.append(starts[1:], len(tags))
    return starts[owner], ends[owner]


def order_tokens(query: Query, values: NDArray[numpy.float32]) -> List[int]:
    """All tokens by falling value; equal ones by a random order of sentences, then by place."""
    chance = numpy.repeat(random_order(query.ids, query.rng), query.lengths)
    places = numpy.arange(len(values)) - numpy.repeat(query.starts[:-1], query.lengths)
    order: List[int] = numpy.lexsort([places, chance, -values.astype(numpy.float64)]).tolist()
    return order
