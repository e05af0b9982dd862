"""What a model says of a shard of the pool, as columns: the one scorer of the loop and of cold starts."""

from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Sequence, Tuple

import numpy
import torch
from numpy.typing import NDArray
from spacy.tokens import Doc
from spacy.vocab import Vocab
from torch import Tensor

from ..errors import ALError, Errors
from ..ml.transfer import download
from ..types import Pool, Progress, Sampler, Sampling, TagSamples
from ..uncertainty.measures import Measure
from ..uncertainty.sequence import token_surprise

CHUNK = 20_000  # sentences whose Docs exist at a time
KEPT_DOCS = 100_000  # Docs kept from round to round, at 4 kB each
Batch = Tuple[Any, List[int], Sequence[Doc]]  # a chunk's mark, places in it, its Docs


@dataclass(frozen=True)
class Column:
    """What is computed of each sentence or token in one pass over a pool.

    function (Callable): TagSamples -> (sentences, ...) or (tokens, ...) on its device.
    of_tokens (bool): Which of the two. dtype (str): It is kept as.
    """

    function: Callable[[TagSamples], Tensor]
    of_tokens: bool = False
    dtype: str = "float64"


class PoolDocs:
    """Docs of a pool, made when they are first asked for, and kept unless the pool is very large."""

    def __init__(self, pool: Pool, vocab: Vocab) -> None:
        self.pool = pool
        self.vocab = vocab
        self.keep = len(pool) <= KEPT_DOCS
        self.docs: Dict[int, Doc] = {}

    def get(self, numbers: Sequence[int]) -> List[Doc]:
        """Docs of these sentences, without labels."""
        if not self.keep:
            return list(self.pool.docs(numbers, self.vocab))
        new = [number for number in numbers if number not in self.docs]
        self.docs.update(zip(new, self.pool.docs(new, self.vocab)))
        return [self.docs[number] for number in numbers]


def best_tags(samples: TagSamples) -> Tensor:
    """A tag for each token: the best sequence of a single pass, or the likeliest over several; int16 (tokens,)."""
    tags = samples.best[0] if len(samples.best) == 1 else samples.probs.mean(0).argmax(-1)
    return tags.short()


def expected_tags(samples: TagSamples) -> Tensor:
    """The expected number of each tag in a sentence, the sum of its tokens' mean marginals: (sentences, tags)."""
    marginals = samples.probs.mean(0)
    owners = torch.arange(len(samples.lengths), device=marginals.device).repeat_interleave(samples.lengths)
    return marginals.new_zeros(len(samples.lengths), marginals.shape[-1]).index_add_(0, owners, marginals)


def measure_columns(measures: Sequence[Measure]) -> Dict[str, Column]:
    """The columns that some measures and the model itself can give, by name (`query.Query`)."""
    columns = {measure.name: Column(measure.function) for measure in measures if measure.needs_model}
    for measure in measures:
        if measure.token_function is not None:
            columns[f"token:{measure.name}"] = Column(measure.token_function, of_tokens=True, dtype="float32")
    columns.setdefault("token:mnlp", Column(token_surprise, of_tokens=True, dtype="float32"))
    columns["tags"] = Column(best_tags, of_tokens=True, dtype="int16")
    columns["expected_tags"] = Column(expected_tags, dtype="float32")
    return columns


def score_shard(
    sampler: Sampler,
    shard: PoolDocs,
    numbers: Sequence[int],
    columns: Mapping[str, Column],
    *,
    how: Sampling,
    progress: Progress = lambda done, total: None,
) -> Dict[str, NDArray[Any]]:
    """Ask a model about sentences of a pool.

    sampler (Sampler): The model. shard (PoolDocs): The pool. numbers (Sequence[int]): Which of its sentences.
    columns (Mapping[str, Column]): What to compute.
    how (Sampling): Masks go by the sentences' tokens, so that for every dropout
        but a transformer's "all" the numbers do not depend on what else is asked about.
    progress (Callable): Told sentences done and their total.
    RETURNS (Dict[str, NDArray]): Columns by name, in the order of `numbers`.
    RAISES: ALError A413 when the model has no such dropout, A409 for a value of a measure that is not finite.
    """
    lengths = shard.pool.lengths[numpy.asarray(numbers, dtype=numpy.int64)]
    result = Columns(columns, lengths)
    # Longest first overall: sentences of like length then share batches across the whole pool.
    order = numpy.argsort(lengths, kind="stable")[::-1]

    def chunks() -> Iterator[Tuple[NDArray[numpy.int64], List[Doc]]]:
        for start in range(0, len(order), CHUNK):
            places = order[start : start + CHUNK]
            yield places, shard.get([numbers[place] for place in places])

    done = 0
    functions = [column.function for column in columns.values()]
    for (places, some, docs), arrays in sampled(chunks(), sampler, functions, how):
        for name, values in zip(columns, arrays):
            if not columns[name].of_tokens:
                check_finite(name, values, some, docs)
        result.keep(places[some], arrays)
        done += len(some)
        progress(done, len(order))
    return result.arrays


def embed_shard(
    pipe: Any, shard: PoolDocs, numbers: Sequence[int], inside: NDArray[numpy.bool_]
) -> Dict[str, NDArray[Any]]:
    """Mean states of sentences of a pool, and of their tokens that the model sees in entities.

    pipe (Any): A component with `embed(docs)`, which yields batches of places in `docs`, tokens of each sentence, and
        states of the tokens, (tokens, width).
    shard (PoolDocs), numbers (Sequence[int]): As in `score_shard`.
    inside (NDArray[bool]): Tokens in entities, (tokens,); a sentence without any counts as a whole.
    RETURNS (Dict[str, NDArray]): "embedding" and "entity_embedding", float32 (sentences, width).
    RAISES: ALError A472 for a component that shows no states.
    """
    if not hasattr(pipe, "embed"):
        raise ALError(Errors.A472.format(name=getattr(pipe, "name", "?"), column="embedding"))
    lengths = shard.pool.lengths[numpy.asarray(numbers, dtype=numpy.int64)]
    starts = numpy.cumsum(lengths) - lengths
    result: Dict[str, NDArray[Any]] = {}
    for first in range(0, len(numbers), CHUNK):
        docs = shard.get(list(numbers[first : first + CHUNK]))
        for order, sizes, states in pipe.embed(docs):
            places = numpy.array(order) + first
            mask = inside[token_places(starts[places], lengths[places])]
            for name, some in (("embedding", numpy.ones_like(mask)), ("entity_embedding", mask)):
                mean = mean_states(states, sizes, torch.from_numpy(some))
                room = result.setdefault(name, numpy.zeros((len(numbers), mean.shape[1]), dtype=numpy.float32))
                room[places] = mean.float().cpu().numpy()
    return result or {name: numpy.zeros((0, 1), dtype=numpy.float32) for name in ("embedding", "entity_embedding")}


def mean_states(states: Tensor, lengths: Tensor, mask: Tensor) -> Tensor:
    """The mean state of each sentence, over the tokens in `mask` where it has any: (sentences, width)."""
    owners = torch.arange(len(lengths), device=states.device).repeat_interleave(lengths)
    weight = mask.to(states.device, torch.float32)
    none = weight.new_zeros(len(lengths)).index_add_(0, owners, weight) == 0
    weight = torch.where(none[owners], torch.ones_like(weight), weight)
    total = states.new_zeros(len(lengths), states.shape[1]).index_add_(0, owners, states * weight[:, None].to(states))
    count = weight.new_zeros(len(lengths)).index_add_(0, owners, weight).clamp_min(1)
    return total / count[:, None]


def sampled(
    chunks: Iterable[Tuple[Any, List[Doc]]],
    sampler: Sampler,
    functions: Sequence[Callable[[TagSamples], Tensor]],
    how: Sampling,
) -> Iterator[Tuple[Batch, List[NDArray[Any]]]]:
    """Functions of what a model says of chunks of sentences, batch by batch, while the next one is computed.

    chunks (Iterable[Tuple[Any, List[Doc]]]): Any mark, and Docs; one chunk exists at a time, one more while it changes.
    YIELDS (Tuple[Batch, List[NDArray]]): The chunk's mark, places in it and its Docs; an array for each function.
    """

    def batches() -> Iterator[Tuple[Batch, List[Tensor]]]:
        for mark, docs in chunks:
            for samples in how.of(sampler, docs):
                yield (mark, samples.order, docs), [function(samples) for function in functions]

    return download(batches())


class Columns:
    """Room for the columns of some sentences; arrays are made when the first values show their width."""

    def __init__(self, columns: Mapping[str, Column], lengths: NDArray[numpy.int64]) -> None:
        """columns (Mapping[str, Column]): What comes. lengths (NDArray[int64]): Tokens of the sentences."""
        self.columns = columns
        self.lengths = lengths
        self.starts = numpy.cumsum(lengths) - lengths
        self.arrays: Dict[str, NDArray[Any]] = {}
        for name in columns:
            self._room(name, ())

    def _room(self, name: str, width: Tuple[int, ...]) -> NDArray[Any]:
        column = self.columns[name]
        rows = int(self.lengths.sum()) if column.of_tokens else len(self.lengths)
        if name not in self.arrays or self.arrays[name].shape[1:] != width:
            self.arrays[name] = numpy.zeros((rows, *width), dtype=column.dtype)
        return self.arrays[name]

    def keep(self, sentences: NDArray[numpy.int64], arrays: Sequence[NDArray[Any]]) -> None:
        """Take over the values of a batch. sentences (NDArray[int64]): Its places among all, (sentences,)."""
        tokens = None
        for name, values in zip(self.columns, arrays):
            room = self._room(name, values.shape[1:])
            if self.columns[name].of_tokens:
                tokens = token_places(self.starts[sentences], self.lengths[sentences]) if tokens is None else tokens
                room[tokens] = values
            else:
                room[sentences] = values


def token_places(starts: NDArray[numpy.int64], lengths: NDArray[numpy.int64]) -> NDArray[numpy.int64]:
    """Numbers of all tokens of some sentences.

    starts, lengths (NDArray[int64]): First token and number of tokens of each sentence, (sentences,).
    RETURNS (NDArray[int64]): (tokens,), sentence after sentence.
    """
    before = numpy.cumsum(lengths) - lengths
    places: NDArray[numpy.int64] = numpy.arange(int(lengths.sum())) + numpy.repeat(starts - before, lengths)
    return places


def check_finite(name: str, values: NDArray[Any], places: Sequence[int], docs: Sequence[Doc]) -> None:
    """Raise ALError A409 for the first value that is not finite. values (NDArray): Those of docs at `places`."""
    bad = numpy.flatnonzero(~numpy.isfinite(values.reshape(len(values), -1)).all(1))
    if len(bad):
        text = docs[places[bad[0]]].text[:60]
        raise ALError(Errors.A409.format(name=name, value=values[bad[0]], text=text))
