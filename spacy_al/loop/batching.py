"""Batches and epochs of one training phase, from a seed."""

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


def seeded_epochs(
    draw: Callable[[numpy.random.Generator], Sequence[Example]],
    batcher: Batcher[Example],
    epochs: int,
    rng: numpy.random.Generator,
) -> Iterator[Tuple[int, List[Example]]]:
    """Yield (epoch, batch) as spaCy's training loop takes them.

    draw (Callable): The Examples of an epoch, in an order from the generator.
    """
    for epoch in range(epochs):
        for batch in batcher(draw(rng)):
            yield epoch, list(batch)
