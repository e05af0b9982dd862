"""Random parts of a corpus by a budget of tokens or sentences."""

from typing import Any, List, Sequence, Tuple

import numpy
from numpy.typing import NDArray
from spacy.training import Example


def take_budget(order: Sequence[int], costs: NDArray[Any], budget: float) -> List[int]:
    """Take from the front of an order until a budget is met; the one that crosses it is taken too.

    order (Sequence[int]): Numbers of sentences, best first.
    costs (NDArray): Cost of every sentence, (sentences,), indexed by number.
    budget (float): What to spend; 0 takes nothing.
    RETURNS (List[int]): The numbers taken, in their order.
    """
    numbers = numpy.asarray(order, dtype=numpy.int64)
    spent = numpy.cumsum(costs[numbers]) - costs[numbers]  # before each one
    taken: List[int] = numbers[: int(numpy.searchsorted(spent, budget, side="left"))].tolist()
    return taken


def split_dev(
    examples: Sequence[Example], fraction: float, rng: numpy.random.Generator
) -> Tuple[List[Example], List[Example]]:
    """Hold out a random part of labelled sentences as development set.

    examples (Sequence[Example]): The labelled sentences. fraction (float): Share of tokens held out, 0 to below 1.
    rng (numpy.random.Generator): Draws the part.
    RETURNS (Tuple[List[Example], List[Example]]): Sentences to train on and those held out; training keeps at least
        one.
    """
    lengths = numpy.array([len(eg.y) for eg in examples], dtype=numpy.int64)
    shuffled = rng.permutation(len(examples)).tolist()
    dev = take_budget(shuffled, lengths, fraction * lengths.sum())[: max(len(shuffled) - 1, 0)]
    held_out = set(dev)
    train = [eg for number, eg in enumerate(examples) if number not in held_out]
    return train, [examples[number] for number in dev]
