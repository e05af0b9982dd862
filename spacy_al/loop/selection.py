"""What a query sees of a run: sentences that are open, what has been answered, and what earlier rounds kept."""

from typing import Any, Callable, Dict, Optional, Sequence

import numpy
from numpy.typing import NDArray

from ..acquisition.queries import Columns
from ..acquisition.score_shard import token_places
from ..acquisition.strategies import random_order
from ..runs.folder import RunFolder, read_npz
from ..runs.labelled import Labels, answered
from ..schemas import ActiveLearningSchema
from ..types import Pool
from .seeds import phase_rng


def open_numbers(
    pool: Pool, labels: Labels, labelled: Sequence[str], settings: ActiveLearningSchema, round_: int
) -> NDArray[numpy.int64]:
    """The sentences that may be asked about in a round, by number in the pool, rising.

    Whole sentences are asked about once; with word windows a sentence comes back until all of it is answered.
    """
    done = set(labelled)
    if settings.questions == "windows":
        done = {id_ for id_ in done if answered(labels.docs[id_]).all()}
    numbers = [number for number, id_ in enumerate(pool.ids) if id_ not in done]
    if settings.pool_fraction < 1:
        rng = phase_rng(settings.seed, round_, "subsample")
        order = numpy.argsort(random_order([pool.ids[number] for number in numbers], rng), kind="stable")
        # One at least: a round without any would learn nothing, and people would be asked nothing.
        amount = max(round(settings.pool_fraction * len(numbers)), 1)
        numbers = sorted(numbers[place] for place in order[:amount])
    return numpy.array(numbers, dtype=numpy.int64)


def count_tags(labels: Labels, tags: Sequence[str]) -> NDArray[numpy.float64]:
    """Tokens that have been labelled with the entity type of each tag, whatever its prefix: (tags,)."""
    counts: Dict[str, float] = {}
    for doc in labels.docs.values():
        counts[""] = counts.get("", 0.0) + int(answered(doc).sum()) - sum(len(ent) for ent in doc.ents)
        for ent in doc.ents:
            counts[ent.label_] = counts.get(ent.label_, 0.0) + len(ent)
    return numpy.array([counts.get(tag[2:], 0.0) for tag in tags])


def answered_tokens(pool: Pool, numbers: NDArray[numpy.int64], labels: Labels) -> Optional[NDArray[numpy.bool_]]:
    """Which tokens of some sentences have an answer, (tokens,); None if none of them has."""
    lengths = pool.lengths[numbers]
    starts = numpy.cumsum(lengths) - lengths
    mask = numpy.zeros(int(lengths.sum()), dtype=bool)
    for place, number in enumerate(numbers.tolist()):
        doc = labels.docs.get(pool.ids[number])
        if doc is not None:
            mask[starts[place] : starts[place] + lengths[place]] = answered(doc)
    return mask if mask.any() else None


def history_of(pool: Pool, numbers: NDArray[numpy.int64], folder: RunFolder) -> Callable[[int], Columns]:
    """What earlier rounds kept of some sentences, in their order."""

    def history(round_: int) -> Columns:
        kept = read_npz(folder.utilities(round_))
        if "numbers" not in kept:
            return {}
        place = numpy.full(len(pool), -1)
        place[kept["numbers"]] = numpy.arange(len(kept["numbers"]))
        places = place[numbers]
        return {name: _realign(pool, kept, name, places, numbers) for name in kept if name != "numbers"}

    return history


def _realign(
    pool: Pool, kept: Columns, name: str, places: NDArray[numpy.int64], numbers: NDArray[numpy.int64]
) -> NDArray[Any]:
    """A kept column for other sentences: -1 or NaN where they were not scored."""
    values, lengths = kept[name], pool.lengths[kept["numbers"]]
    gap: Any = -1 if values.dtype.kind == "i" else numpy.nan
    known = places >= 0
    if len(values) == len(lengths) and name not in ("tags", "token_uncertainty") and not name.startswith("token"):
        result = numpy.full((len(numbers), *values.shape[1:]), gap, dtype=values.dtype)
        result[known] = values[places[known]]
        return result
    own = pool.lengths[numbers]
    result = numpy.full((int(own.sum()), *values.shape[1:]), gap, dtype=values.dtype)
    from_ = token_places((numpy.cumsum(lengths) - lengths)[places[known]], own[known])
    result[token_places((numpy.cumsum(own) - own)[known], own[known])] = values[from_]
    return result
