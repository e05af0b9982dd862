"""Sentences of any number -> utilities in their own order, a bounded part of them in memory at a time."""

from itertools import islice
from typing import Callable, Dict, Iterable, Iterator, List, Optional, Sequence, TypeVar

import numpy
import torch
from numpy.typing import NDArray
from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..errors import ALError, Errors
from ..types import Pool, Sampler
from ..uncertainty.measures import Measure, check_measures

CHUNK = 8192  # sentences that exist as Docs at a time; sorting by length works within a chunk
Utilities = Dict[str, NDArray[numpy.float32]]
Item = TypeVar("Item")


def score_docs(
    docs: Iterable[Doc],
    sampler: Optional[Sampler],
    measures: Sequence[Measure],
    *,
    passes: int,
    dropout: str,
    seed: int,
    chunk: int = CHUNK,
    progress: Optional[Callable[[int], None]] = None,
) -> Utilities:
    """Compute measures of sentences, all from the same passes.

    docs (Iterable[Doc]): Sentences, of which `chunk` exist at a time; not changed.
    sampler (Optional[Sampler]): The tagger to ask; may be None if no measure needs a model.
    measures (Sequence[Measure]): What to compute.
    passes (int), dropout (str), seed (int): See `spacy_al.types.Sampler`.
    chunk (int): Sentences in memory at a time.
    progress (Optional[Callable[[int], None]]): Told how many sentences are done, after each batch.
    RETURNS (Dict[str, NDArray[float32]]): Utilities by measure, in the order of `docs`.
    RAISES: ALError A401 and A404 before any work (`check_measures`), A409 for a utility that is not finite.
    """
    check_measures(measures, passes=passes, dropout=dropout)
    parts: Dict[str, List[NDArray[numpy.float32]]] = {measure.name: [] for measure in measures}
    done = 0
    for batch in batched(docs, chunk):
        tell = None if progress is None else _offset(progress, done)
        found = _score_chunk(batch, sampler, measures, passes, dropout, seed, tell)
        for name, values in found.items():
            parts[name].append(values)
        done += len(batch)
    empty = numpy.zeros(0, dtype=numpy.float32)
    return {name: numpy.concatenate([empty, *arrays]) for name, arrays in parts.items()}


def score_pool(
    pool: Pool,
    numbers: Sequence[int],
    vocab: Vocab,
    sampler: Optional[Sampler],
    measures: Sequence[Measure],
    *,
    passes: int,
    dropout: str,
    seed: int,
    progress: Optional[Callable[[int], None]] = None,
) -> Utilities:
    """`score_docs` for some sentences of a pool, longest first, so that what does not fit fails early.

    pool (Pool): Sentences without labels. numbers (Sequence[int]): Which of them.
    vocab (Vocab): For their Docs. The rest as in `score_docs`.
    RETURNS (Dict[str, NDArray[float32]]): Utilities by measure, in the order of `numbers`.
    """
    places = numpy.argsort(-pool.lengths[numpy.asarray(numbers, dtype=numpy.int64)], kind="stable")
    docs = pool.docs((numbers[place] for place in places), vocab)
    found = score_docs(docs, sampler, measures, passes=passes, dropout=dropout, seed=seed, progress=progress)
    result: Utilities = {}
    for name, values in found.items():
        result[name] = numpy.empty_like(values)
        result[name][places] = values
    return result


def batched(items: Iterable[Item], size: int) -> Iterator[List[Item]]:
    """Lists of at most `size` items, in order."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _score_chunk(
    docs: List[Doc],
    sampler: Optional[Sampler],
    measures: Sequence[Measure],
    passes: int,
    dropout: str,
    seed: int,
    progress: Optional[Callable[[int], None]],
) -> Utilities:
    result = {measure.name: numpy.zeros(len(docs), dtype=numpy.float32) for measure in measures}
    asking = [measure for measure in measures if measure.needs_model]
    if not asking:
        return result
    assert sampler is not None, "a measure that asks a model needs a sampler"
    order: List[int] = []
    rows: List[torch.Tensor] = []
    for samples in sampler.sample(docs, passes=passes, dropout=dropout, seed=seed):
        # Results stay on the device, so that the next batch does not wait for them.
        rows.append(torch.stack([measure.function(samples) for measure in asking]))
        order += samples.order
        if progress is not None:
            progress(len(order))
    values = torch.cat(rows, dim=1).cpu().numpy()  # (measures, sentences)
    for measure, row in zip(asking, values, strict=True):
        result[measure.name][order] = row
        _check_finite(measure, result[measure.name], docs)
    return result


def _check_finite(measure: Measure, values: NDArray[numpy.float32], docs: Sequence[Doc]) -> None:
    bad = numpy.flatnonzero(~numpy.isfinite(values))
    if len(bad):
        text = docs[bad[0]].text[:60]
        raise ALError(Errors.A409.format(name=measure.name, value=values[bad[0]], text=text))


def _offset(progress: Callable[[int], None], done: int) -> Callable[[int], None]:
    return lambda number: progress(done + number)
