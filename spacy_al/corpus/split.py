"""Random parts of a corpus by a budget of tokens or sentences."""

from typing import Any, List, Sequence, Tuple, TypeVar

import numpy
from numpy.typing import NDArray

Item = TypeVar("Item")


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
    items: Sequence[Item], lengths: NDArray[numpy.int64], fraction: float, rng: numpy.random.Generator
) -> Tuple[List[Item], List[Item]]:
    """Hold out a random part of labelled sentences as development set.

    items (Sequence[Item]): The labelled sentences. lengths (NDArray[int64]): Their tokens, (sentences,).
    fraction (float): Share of tokens held out, 0 to below 1.
    rng (numpy.random.Generator): Draws the part.
    RETURNS (Tuple[List[Item], List[Item]]): Sentences to train on and those held out; training keeps at least one.
    """
    shuffled = rng.permutation(len(items)).tolist()
    total = float(lengths[shuffled].sum()) if shuffled else 0.0
    dev = take_budget(shuffled, lengths, fraction * total)[: max(len(shuffled) - 1, 0)]
    held_out = set(dev)
    train = [item for number, item in enumerate(items) if number not in held_out]
    return train, [items[number] for number in dev]
