"""F1 with the interval that so few labelled sentences leave, and how many more would make it narrow."""

from dataclasses import dataclass
from typing import AbstractSet, Any, List, Optional, Sequence, Tuple

import numpy
from numpy.typing import NDArray

Counts = NDArray[numpy.int64]  # (..., 3): found, made up, missed
Spans = AbstractSet[Tuple[int, int, str]]
RESAMPLES = 1000
FEW_DOCUMENTS = 20  # fewer cannot stand for all the others


@dataclass(frozen=True)
class Estimate:
    """F1 on a random sample, with the ends of its interval; 0 to 1. entities (int): Gold ones it rests on."""

    f: float
    low: float
    high: float
    entities: int


def count_spans(gold: Sequence[Spans], predicted: Sequence[Spans]) -> Tuple[List[str], Counts]:
    """Entities found, made up and missed in each sentence, by label.

    gold, predicted (Sequence[Spans]): (first token, token after the last, label) of each sentence's entities.
    RETURNS (Tuple[List[str], Counts]): All labels there are, sorted, and counts, (sentences, labels, 3).
    """
    labels = sorted({label for spans in (*gold, *predicted) for _, _, label in spans})
    counts = numpy.zeros((len(gold), len(labels), 3), dtype=numpy.int64)
    place = {label: number for number, label in enumerate(labels)}
    for row, right, said in zip(counts, gold, predicted, strict=True):
        for column, spans in enumerate((right & said, said - right, right - said)):
            for _, _, label in spans:
                row[place[label], column] += 1
    return labels, counts


def f1(counts: NDArray[Any]) -> NDArray[numpy.float64]:
    """2 found / (2 found + made up + missed) of counts (..., 3); 0 where there is nothing to find: (...)."""
    found, made_up, missed = numpy.moveaxis(numpy.asarray(counts, dtype=numpy.float64), -1, 0)
    whole = 2 * found + made_up + missed
    score: NDArray[numpy.float64] = numpy.divide(2 * found, whole, out=numpy.zeros_like(whole), where=whole > 0)
    return score


def weights(units: int, rng: numpy.random.Generator, *, resamples: int = RESAMPLES) -> NDArray[numpy.float64]:
    """How often each of some units is drawn in each bootstrap sample: (resamples, units)."""
    # As floats, for which products of matrices are fast.
    return rng.multinomial(units, numpy.full(units, 1 / units), size=resamples).astype(numpy.float64)


def estimate(counts: Counts, rng: numpy.random.Generator, *, level: float = 0.95) -> Optional[Estimate]:
    """F1 and its percentile bootstrap interval (Efron and Tibshirani 1993, chapter 13).

    Where all n entities are right, or none is, every sample says the same. There the interval goes on to where n
    are all right, or none, with a probability of (1 - level) / 2 (Clopper and Pearson 1934).

    counts (Counts): Of each sentence, or document, drawn as a whole: (units, 3). rng (Generator): Draws them.
    RETURNS (Optional[Estimate]): None without a gold entity.
    """
    counts = numpy.asarray(counts).reshape(len(counts), 3)
    entities = int(counts[:, [0, 2]].sum())
    if not entities:
        return None
    drawn = f1(weights(len(counts), rng) @ counts.astype(numpy.float64))
    low, high = numpy.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    surely = ((1 - level) / 2) ** (1 / entities)
    return Estimate(float(f1(counts.sum(0))), min(float(low), surely), max(float(high), 1 - surely), entities)


def documents(sources: Sequence[Optional[str]]) -> List[int]:
    """A number for each sentence's document; each sentence stands for itself where documents are few or unknown.

    sources (Sequence[Optional[str]]): As `al convert` writes them, FILE:START-END.
    """
    files = [None if source is None else source.rpartition(":")[0] for source in sources]
    known = sorted({file_ for file_ in files if file_ is not None})
    if None in files or len(known) < FEW_DOCUMENTS:
        return list(range(len(files)))
    place = {file_: number for number, file_ in enumerate(known)}
    return [place[file_] for file_ in files if file_ is not None]


def by_document(counts: Counts, units: Sequence[int]) -> Counts:
    """Counts of sentences summed over their documents. units (Sequence[int]): `documents`, (sentences,)."""
    if not len(units):
        return counts
    summed = numpy.zeros((max(units) + 1, *counts.shape[1:]), dtype=numpy.int64)
    numpy.add.at(summed, numpy.asarray(units), counts)
    return summed
