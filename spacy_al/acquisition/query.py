"""What a query strategy may look at: cheap things are there, dear things are computed when first asked for."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Callable, List, Mapping, Optional, Sequence

import numpy
from numpy.typing import NDArray

from ..errors import ALError, Errors
from ..tasks import Question

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
    "token_embedding" (float16, (tokens, width)). Tokens of all candidates stand one after the other.

    ids (Sequence[str]): Of the candidates, (sentences,). lengths (NDArray[int64]): Their tokens, (sentences,).
    costs (NDArray[float64]): Of labelling each as a whole, in the unit of the budget, (sentences,).
    budget (float): What may be spent. rng (Generator): Decides what is left open.
    round (int): The round that is chosen for. measure (str): The run's measure. tie_measure (Optional[str]): The one
        that decides between equal utilities.
    tags (Sequence[str]): Names of the tags that "tags" counts, "O" first; empty without a model.
    answered (Optional[NDArray[bool]]): Which tokens have been answered, (tokens,); None: none of them.
    words (Callable[[int], List[str]]): The tokens of a candidate.
    history (Callable[[int], Columns]): What an earlier round kept of these candidates, in their order: the run's
        measures and "tags"; sentences that were not scored then are NaN, their tokens -1. Empty if nothing was kept.
    compute (Callable[[Sequence[str]], Columns]): Makes columns.
    """

    ids: Sequence[str]
    lengths: NDArray[numpy.int64]
    costs: NDArray[numpy.float64]
    budget: float
    rng: numpy.random.Generator
    round: int = 0
    measure: str = "random"
    tie_measure: Optional[str] = None
    tags: Sequence[str] = ()
    answered: Optional[NDArray[numpy.bool_]] = None
    words: Callable[[int], List[str]] = field(default=lambda number: [], repr=False)
    history: Callable[[int], Columns] = field(default=lambda round_: {}, repr=False)
    compute: Compute = field(default=no_model, repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def has_model(self) -> bool:
        """Whether there is a model of the run's own to ask: not when seed sentences are chosen."""
        return bool(self.tags)

    @cached_property
    def starts(self) -> NDArray[numpy.int64]:
        """The first token of each candidate and, last, their number: (sentences + 1,)."""
        return numpy.concatenate([[0], numpy.cumsum(self.lengths)]).astype(numpy.int64)

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
