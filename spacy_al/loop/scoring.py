"""Utilities of the unlabelled sentences of a pool, from the model of a round."""

from typing import Callable, Dict, List, Sequence

import numpy
from numpy.typing import NDArray
from spacy.language import Language

from ..pipeline.adapters import get_sampler
from ..schemas import ActiveLearningSchema
from ..types import Pool
from ..uncertainty.measures import Measure

CHUNK = 20_000  # sentences whose Docs exist at a time


def score_pool(
    nlp: Language,
    settings: ActiveLearningSchema,
    pool: Pool,
    numbers: Sequence[int],
    measures: Sequence[Measure],
    *,
    seed: int,
    progress: Callable[[int, int], None],
) -> Dict[str, NDArray[numpy.float64]]:
    """Ask the target component about sentences of a pool.

    numbers (Sequence[int]): Which sentences. measures (Sequence[Measure]): What to compute of each.
    seed (int): Of the stochastic passes. progress (Callable): Told sentences done and their total.
    RETURNS (Dict[str, NDArray[float64]]): Utilities by measure, in the order of `numbers`.
    RAISES: ALError A411 when the target can tell no probabilities, A413 when it has no such dropout.
    """
    utilities = {measure.name: numpy.zeros(len(numbers)) for measure in measures}
    asking = [measure for measure in measures if measure.needs_model]
    if not asking:
        return utilities
    sampler = get_sampler(nlp, settings.target)
    done = 0
    # Longest first overall: sentences of like length then share batches across the whole pool.
    order = numpy.argsort(pool.lengths[numbers], kind="stable")[::-1]
    for start in range(0, len(order), CHUNK):
        places = order[start : start + CHUNK]
        docs = [pool.doc(numbers[place], nlp.vocab) for place in places]
        for samples in sampler.sample(docs, passes=settings.passes, dropout=settings.dropout, seed=seed):
            for measure in asking:
                values = measure.function(samples).double().cpu().numpy()
                utilities[measure.name][places[samples.order]] = values
            done += len(samples.order)
            progress(done, len(order))
    return utilities

