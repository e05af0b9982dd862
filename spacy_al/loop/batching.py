"""Batches and epochs of one training phase, from a seed."""

from itertools import count
from typing import Callable, Iterable, Iterator, List, Sequence, Tuple, TypeVar

import numpy
from spacy.training import Example

Item = TypeVar("Item")
Batcher = Callable[[Iterable[Item]], Iterable[List[Item]]]


def create_paper_batcher(
    size: int, min_size: int, min_batches: int
) -> Callable[[Iterable[Item]], Iterator[List[Item]]]:
    """Registered as `spacy-al.paper_batch.v1`: smaller batches while there is little data (paper, section C.3).

    size (int): Items of a batch when there is enough data (16 in the paper).
    min_size (int): The batch never shrinks below this (4).
    min_batches (int): The batch shrinks to keep at least this many per epoch (50).
    RETURNS (Callable): Batches a finite sequence.
    """

    def batch(items: Iterable[Item]) -> Iterator[List[Item]]:
        everything = list(items)
        number = paper_batch_size(len(everything), size, min_size, min_batches)
        for start in range(0, len(everything), number):
            yield everything[start : start + number]

    return batch


def paper_batch_size(n_items: int, size: int, min_size: int, min_batches: int) -> int:
    """The largest batch size up to `size` that gives `min_batches` batches; at least `min_size`."""
    return max(min(size, n_items // min_batches), min_size)


def create_warmup_linear(initial_rate: float, warmup: float, total_steps: int) -> Iterator[float]:
    """Registered as `spacy-al.WarmupLinear.v1`: a learning rate that rises over a share of the steps and falls to 0.

    initial_rate (float): The highest rate. warmup (float): Share of the steps, 0 to 1.
    total_steps (int): Of a training; the loop sets it anew in every round.
    YIELDS (float): The rate of each step.
    """
    rising = warmup * total_steps
    for step in count():
        if step < rising:
            yield initial_rate * (step + 1) / (rising + 1)
        else:
            yield initial_rate * max(total_steps - step, 0) / max(total_steps - rising, 1)


def seeded_epochs(
    examples: Sequence[Example], batcher: Batcher[Example], epochs: int, rng: numpy.random.Generator
) -> Iterator[Tuple[int, List[Example]]]:
    """Yield (epoch, batch) as spaCy's training loop takes them, shuffled by a generator of our own."""
    for epoch in range(epochs):
        shuffled = [examples[number] for number in rng.permutation(len(examples))]
        for batch in batcher(shuffled):
            yield epoch, list(batch)


def count_batches(examples: Sequence[Example], batcher: Batcher[Example]) -> int:
    """Batches of one epoch."""
    return sum(1 for _ in batcher(examples))
