"""Which sentences come first, before there is a model of the run's own."""

import numpy
import spacy
from numpy.typing import NDArray
from spacy.language import Language

from ..acquisition.score_shard import Column, PoolDocs, score_shard
from ..errors import Errors, saying
from ..pipeline.adapters import find_target, get_sampler
from ..schemas import ActiveLearningSchema
from ..types import Pool, Progress, Sampling
from .checks import chosen_measures

LONGEST_TAIL = "longest-tail"


def seed_utilities(
    pool: Pool, settings: ActiveLearningSchema, *, seed: int, progress: Progress
) -> NDArray[numpy.float64]:
    """How useful each sentence is as a seed sentence; equal everywhere without `start`, so that chance decides.

    pool (Pool): The sentences. settings (ActiveLearningSchema): `start` says who is asked.
    seed (int): Of stochastic passes. progress (Callable): Told sentences done and their total.
    RETURNS (NDArray[float64]): (sentences,), higher is more useful.
    RAISES: ALError A515 when the pipeline cannot be loaded, A413 when it has no such dropout.
    """
    if settings.start is None:
        return numpy.zeros(len(pool))
    if settings.start == LONGEST_TAIL:
        return rarity(pool)
    nlp = load_start(settings.start)
    target = settings.target if settings.target in nlp.pipe_names else find_target(nlp)
    measure = chosen_measures(settings)[0]
    if not measure.needs_model:
        return numpy.zeros(len(pool))
    how = Sampling(settings.passes, settings.dropout if measure.stochastic else "off", seed)
    found = score_shard(
        get_sampler(nlp, target), PoolDocs(pool, nlp.vocab), range(len(pool)), {"": Column(measure.function)},
        how=how, progress=progress,
    )  # fmt: skip
    return found[""]


def rarity(pool: Pool) -> NDArray[numpy.float64]:
    """Mean of -log(share of a token in the pool) over the tokens of each sentence, in nats: (sentences,).

    High where a sentence is made of words from the long tail of the vocabulary; 0 for an empty sentence.
    """
    _, kinds, counts = numpy.unique(pool.attributes[:, 0], return_inverse=True, return_counts=True)
    surprise = -numpy.log(counts / max(pool.n_tokens, 1))[kinds]
    owners = numpy.repeat(numpy.arange(len(pool)), pool.lengths)
    return numpy.bincount(owners, weights=surprise, minlength=len(pool)) / numpy.maximum(pool.lengths, 1)


def load_start(name: str) -> Language:
    """The ready pipeline that `start` names; raises ALError A515."""
    with saying(Errors.A515, OSError, ValueError, ImportError, start=name):
        return spacy.load(name)
