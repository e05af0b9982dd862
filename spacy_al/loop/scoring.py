"""Utilities of the unlabelled sentences of a pool, from the model of a round."""

from dataclasses import dataclass
from typing import Callable, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc
from spacy.vocab import Vocab
from torch import Tensor

from ..acquisition.scoring import check_finite
from ..ml.transfer import download
from ..pipeline.adapters import get_sampler
from ..schemas import ActiveLearningSchema
from ..types import Pool
from ..uncertainty.measures import Measure
from .stability import best_tags, token_places

CHUNK = 20_000  # sentences whose Docs exist at a time
KEPT_DOCS = 100_000  # Docs kept from round to round, at 4 kB each
KEPT_TOKENS = 5_000_000  # a pool up to this size keeps tags of its tokens from round to round


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


@dataclass(frozen=True)
class TokenScores:
    """What is kept of each token of the scored sentences, one sentence after the other.

    starts (NDArray[int64]): First token of each sentence, (sentences,).
    tags (NDArray[int16]): Number of the predicted tag, (tokens,).
    values (Optional[NDArray[float16]]): The first measure's value of each token, (tokens,); float16 holds three
        digits, enough for people to look at. None where a token has no value of its own.
    """

    starts: NDArray[numpy.int64]
    tags: NDArray[numpy.int16]
    values: Optional[NDArray[numpy.float16]]

    def keep(self, places: NDArray[numpy.int64], arrays: Sequence[NDArray]) -> None:
        """Take over tags and, if they are kept, values of a batch.

        places (NDArray[int64]): Of its tokens among those of all, (tokens,).
        """
        self.tags[places] = arrays[0]
        if self.values is not None:
            self.values[places] = arrays[1]


def score_pool(
    nlp: Language,
    settings: ActiveLearningSchema,
    docs_of: "PoolDocs",
    numbers: Sequence[int],
    measures: Sequence[Measure],
    *,
    seed: int,
    progress: Callable[[int, int], None],
) -> Dict[str, NDArray]:
    """Ask the target component about sentences of a pool.

    docs_of (PoolDocs): The pool. numbers (Sequence[int]): Which of its sentences. measures (Sequence[Measure]):
        What to compute of each.
    seed (int): Of the stochastic passes. progress (Callable): Told sentences done and their total.
    RETURNS (Dict[str, NDArray]): Utilities by measure (float64), in the order of `numbers`; of the tokens of these
        sentences, in pools up to KEPT_TOKENS, "tags" (int16) and "token_uncertainty" (float16) if there is any.
    RAISES: ALError A411 when the target can tell no probabilities, A413 when it has no such dropout, A409 for a
        utility that is not finite.
    """
    result: Dict[str, NDArray] = {measure.name: numpy.zeros(len(numbers)) for measure in measures}
    asking = [measure for measure in measures if measure.needs_model]
    if not asking:
        return result
    sampler = get_sampler(nlp, settings.target)
    lengths = docs_of.pool.lengths[numpy.asarray(numbers, dtype=numpy.int64)]
    tokens = token_scores(lengths, asking[0]) if docs_of.pool.n_tokens <= KEPT_TOKENS else None
    functions = [measure.function for measure in asking]
    if tokens is not None:
        of_tokens = asking[0].token_function
        functions += [best_tags] if of_tokens is None else [best_tags, of_tokens]
    # Longest first overall: sentences of like length then share batches across the whole pool.
    order = numpy.argsort(lengths, kind="stable")[::-1]

    def batches() -> Iterator[Tuple[Tuple[NDArray, List[int], List[Doc]], List[Tensor]]]:
        for start in range(0, len(order), CHUNK):
            places = order[start : start + CHUNK]
            docs = docs_of.get([numbers[place] for place in places])
            for samples in sampler.sample(docs, passes=settings.passes, dropout=settings.dropout, seed=seed):
                yield (places, samples.order, docs), [function(samples) for function in functions]

    done = 0
    for (places, some, docs), arrays in download(batches()):
        sentences = places[some]
        for measure, values in zip(asking, arrays):
            check_finite(measure, values, some, docs)
            result[measure.name][sentences] = values
        if tokens is not None:
            tokens.keep(token_places(tokens.starts[sentences], lengths[sentences]), arrays[len(asking) :])
        done += len(sentences)
        progress(done, len(order))
    return result | (token_arrays(tokens) if tokens is not None else {})


def token_scores(lengths: NDArray[numpy.int64], measure: Measure) -> TokenScores:
    """Room for the tokens of sentences of these lengths."""
    total = int(lengths.sum())
    values = numpy.zeros(total, dtype=numpy.float16) if measure.token_function else None
    return TokenScores(numpy.cumsum(lengths) - lengths, numpy.zeros(total, dtype=numpy.int16), values)


def token_arrays(tokens: TokenScores) -> Dict[str, NDArray]:
    """TokenScores under the names they are stored with."""
    values = {} if tokens.values is None else {"token_uncertainty": tokens.values}
    return {"tags": tokens.tags, **values}
