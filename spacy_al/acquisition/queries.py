"""What a query strategy may look at: cheap things are there, dear things are computed when first asked for."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Callable, List, Mapping, Optional, Sequence

import numpy
from numpy.typing import NDArray

from ..errors import ALError, Errors
from ..tasks import Question
from .costs import Cost, create_token_cost

Columns = Mapping[str, NDArray[Any]]
Compute = Callable[[Sequence[str]], Columns]


def no_model(names: Sequence[str]) -> Columns:
    """The columns of a query without a model of its own; raises ALError A470."""
    raise ALError(Errors.A470.format(names=", ".join(names)))


@dataclass(frozen=True)
class Query:
    """Sentences that may be asked about in one round, and everything known of them. Not to be changed.

    Columns, computed in one pass over the pool for all names asked for together, kept in the round's folder:
    a measure's name (float64, (sentences,)); "token:NAME", a measure's value of each token (float32, (tokens,));
    "tags", the likeliest tag of each token (int16, (tokens,)); "expected_tags", the expected number of each tag in a
    sentence (float32, (sentences, tags)); "embedding", the mean of the encoder's states (float32, (sentences, width));
    "entity_embedding", the same over tokens that the model sees in entities, or over all where it sees none. Tokens of
    all candidates stand one after the other.

    ids (Sequence[str]): Of the candidates, (sentences,). lengths (NDArray[int64]): Their tokens, (sentences,).
    cost (Cost): What a question costs, in the unit of the budget.
    budget (float): What may be spent. rng (Generator): Decides what is left open.
    round (int): The round that is chosen for. measure (str): The run's measure. tie_measure (Optional[str]): The one
        that decides between equal utilities.
    tags (Sequence[str]): Names of the tags that "tags" counts, "O" first; empty without a model.
    answered (Optional[NDArray[bool]]): Which tokens have been answered, (tokens,); None: none of them.
    words (Callable[[int], List[str]]): The tokens of a candidate.
    count (Callable): Makes `counts`.
    history (Callable[[int], Columns]): What an earlier round kept of these candidates, in their order: the run's
        measures and "tags"; sentences that were not scored then are NaN, their tokens -1. Empty if nothing was kept.
    compute (Callable[[Sequence[str]], Columns]): Makes columns.
    """

    ids: Sequence[str]
    lengths: NDArray[numpy.int64]
    budget: float
    rng: numpy.random.Generator
    cost: Cost = field(default_factory=create_token_cost, repr=False)
    round: int = 0
    measure: str = "random"
    tie_measure: Optional[str] = None
    tags: Sequence[str] = ()
    answered: Optional[NDArray[numpy.bool_]] = None
    words: Callable[[int], List[str]] = field(default=lambda number: [], repr=False)
    count: Callable[[], Optional[NDArray[numpy.float64]]] = field(default=lambda: None, repr=False)
    history: Callable[[int], Columns] = field(default=lambda round_: {}, repr=False)
    compute: Compute = field(default=no_model, repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def has_model(self) -> bool:
        """Whether there is a model of the run's own to ask: not when seed sentences are chosen."""
        return bool(self.tags) and len(self) > 0

    @cached_property
    def counts(self) -> NDArray[numpy.float64]:
        """Tokens that have been labelled with the entity type of each tag, (tags,)."""
        counts = self.count()
        return numpy.zeros(len(self.tags)) if counts is None else counts

    @cached_property
    def starts(self) -> NDArray[numpy.int64]:
        """The first token of each candidate and, last, their number: (sentences + 1,)."""
        return numpy.concatenate([[0], numpy.cumsum(self.lengths)]).astype(numpy.int64)

    @cached_property
    def costs(self) -> NDArray[numpy.float64]:
        """Of labelling each candidate as a whole, in the unit of the budget: (sentences,)."""
        tokens = self.lengths.astype(numpy.float64)
        return self.cost(tokens, tokens, self.entities())

    def entities(self) -> NDArray[numpy.float64]:
        """Entities that the model finds in each candidate; 0 without a model: (sentences,)."""
        if not self.has_model:
            return numpy.zeros(len(self))
        return self.sums(self.begins())

    def begins(self) -> NDArray[numpy.float64]:
        """1 for tokens at which an entity of the model begins, else 0: (tokens,)."""
        marks = numpy.array([0.0 if tag == "O" else (1.0 if tag[0] in "BU" else 0.5) for tag in self.tags])
        tags = self.columns("tags")["tags"]
        value = marks[tags]
        # In IOB1 an entity begins with I- after O or another type.
        previous = numpy.concatenate([[0], tags[:-1]])
        previous[self.starts[:-1][self.lengths > 0]] = 0
        kinds = numpy.array([tag[2:] for tag in self.tags])
        new = (value == 0.5) & (kinds[previous] != kinds[tags])
        return numpy.where(new, 1.0, numpy.floor(value)).astype(numpy.float64)

    def sums(self, values: NDArray[Any]) -> NDArray[numpy.float64]:
        """Values of tokens added up by candidate: (tokens,) -> (sentences,)."""
        owners = numpy.repeat(numpy.arange(len(self)), self.lengths)
        return numpy.bincount(owners, weights=values, minlength=len(self)).astype(numpy.float64)

    def columns(self, *names: str) -> Columns:
        """Columns by name; those that are not there yet are computed together. Raises ALError A470, A471."""
        return self.compute(names)

    def utilities(self, measure: Optional[str] = None) -> NDArray[numpy.float64]:
        """A measure's utility of each candidate, the run's own by default: (sentences,)."""
        name = measure or self.measure
        return self.columns(name)[name]

    def ties(self) -> Optional[NDArray[numpy.float64]]:
        """The utilities that decide between equal ones."""
        return self.utilities(self.tie_measure) if self.tie_measure else None

    def whole(self, number: int) -> Question:
        """All of a candidate as a question."""
        return Question(self.ids[number], 0, int(self.lengths[number]))


def fixed_columns(columns: Columns) -> Compute:
    """A `compute` that knows these columns and no other; raises ALError A471."""

    def compute(names: Sequence[str]) -> Columns:
        missing = [name for name in names if name not in columns]
        if missing:
            raise ALError(Errors.A471.format(name=missing[0], known=", ".join(columns)))
        return {name: columns[name] for name in names}

    return compute
