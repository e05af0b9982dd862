"""Utilities of the unlabelled sentences of a pool, from the model of a round."""

from typing import Callable, Dict, List, Sequence

import numpy
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..pipeline.adapters import get_sampler
from ..schemas import ActiveLearningSchema
from ..types import Pool
from ..uncertainty.measures import Measure

CHUNK = 20_000  # sentences whose Docs exist at a time
KEPT_TOKENS = 5_000_000  # a pool up to this size keeps its Docs from round to round


class PoolDocs:
    """Docs of a pool, made when they are first asked for, and kept unless the pool is very large."""

    def __init__(self, pool: Pool, vocab: Vocab) -> None:
        self.pool = pool
        self.vocab = vocab
        self.keep = pool.n_tokens <= KEPT_TOKENS
        self.docs: Dict[int, Doc] = {}

    def get(self, numbers: Sequence[int]) -> List[Doc]:
        """Docs of these sentences, without labels."""
        if not self.keep:
            return list(self.pool.docs(numbers, self.vocab))
        for number in numbers:
            if number not in self.docs:
                self.docs[number] = self.pool.doc(number, self.vocab)
        return [self.docs[number] for number in numbers]


def score_pool(
    nlp: Language,
    settings: ActiveLearningSchema,
    docs_of: "PoolDocs",
    numbers: Sequence[int],
    measures: Sequence[Measure],
    *,
    seed: int,
    progress: Callable[[int, int], None],
) -> Dict[str, NDArray[numpy.float64]]:
    """Ask the target component about sentences of a pool.

    docs_of (PoolDocs): The pool. numbers (Sequence[int]): Which of its sentences. measures (Sequence[Measure]): What to compute of each.
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
    order = numpy.argsort(docs_of.pool.lengths[numbers], kind="stable")[::-1]
    for start in range(0, len(order), CHUNK):
        places = order[start : start + CHUNK]
        docs = docs_of.get([numbers[place] for place in places])
        for samples in sampler.sample(docs, passes=settings.passes, dropout=settings.dropout, seed=seed):
            for measure in asking:
                values = measure.function(samples).double().cpu().numpy()
                utilities[measure.name][places[samples.order]] = values
            done += len(samples.order)
            progress(done, len(order))
    return utilities

