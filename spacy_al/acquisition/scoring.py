"""Sentences of any number -> utilities in their own order, a bounded part of them in memory at a time."""

from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

import numpy
from numpy.typing import NDArray
from spacy.tokens import Doc
from spacy.util import minibatch

from ..types import Sampler, Sampling
from ..uncertainty.measures import Measure, check_measures
from .score_shard import check_finite, sampled

CHUNK = 8192  # sentences that exist as Docs at a time; sorting by length works within a chunk
Utilities = Dict[str, NDArray[numpy.float32]]


def score_docs(
    docs: Iterable[Doc],
    sampler: Sampler,
    measures: Sequence[Measure],
    how: Sampling,
    *,
    chunk: int = CHUNK,
    progress: Optional[Callable[[int], None]] = None,
) -> Utilities:
    """Compute measures of sentences, all from the same passes.

    docs (Iterable[Doc]): Sentences, of which two times `chunk` exist at a time; not changed.
    sampler (Sampler): The tagger to ask, where a measure needs one.
    measures (Sequence[Measure]): What to compute.
    chunk (int): Sentences that are taken, and sorted by length, at a time.
    progress (Optional[Callable[[int], None]]): Told how many sentences are done, after each batch.
    RETURNS (Dict[str, NDArray[float32]]): Utilities by measure, in the order of `docs`.
    RAISES: ALError A401 and A404 before any work (`check_measures`), A409 for a utility that is not finite.
    """
    check_measures(measures, passes=how.passes, dropout=how.dropout)
    asking = [measure for measure in measures if measure.needs_model]
    total = 0  # sentences taken so far

    def chunks() -> Iterator[Tuple[int, List[Doc]]]:
        nonlocal total
        for some in minibatch(docs, chunk):
            first, total = total, total + len(some)
            if asking:
                yield first, some

    functions = [measure.function for measure in asking]
    order: List[NDArray[numpy.int64]] = [numpy.zeros(0, dtype=numpy.int64)]
    parts: Dict[str, List[NDArray[Any]]] = {measure.name: [numpy.zeros(0)] for measure in asking}
    done = 0
    for (first, places, some), arrays in sampled(chunks(), sampler, functions, how):
        for measure, values in zip(asking, arrays, strict=True):
            check_finite(measure.name, values, places, some)
            parts[measure.name].append(values)
        order.append(first + numpy.array(places, dtype=numpy.int64))
        done += len(places)
        if progress is not None:
            progress(done)
    result = {measure.name: numpy.zeros(total, dtype=numpy.float32) for measure in measures}
    for name, found in parts.items():
        result[name][numpy.concatenate(order)] = numpy.concatenate(found)
    return result
