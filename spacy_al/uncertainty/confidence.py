"""How sure a tagger is of given entities."""

from typing import Dict, List, Optional, Sequence, Tuple

import numpy
from numpy.typing import NDArray

from ..corpus.schemes import Span, encode
from ..types import TagSamples


def tag_numbers(spans: Sequence[Span], length: int, tags: Dict[str, int], scheme: str) -> NDArray[numpy.int64]:
    """The tags that spell out entities, by number; -1 for a tag that the tagger does not have.

    spans (Sequence[Tuple[int, int, str]]): First token, token after the last, label; sorted, without overlap.
    length (int): Tokens. tags (Dict[str, int]): Number of each tag. scheme (str): Their scheme.
    RETURNS (NDArray[int64]): (tokens,).
    """
    names = encode(spans, length, scheme)
    return numpy.array([tags.get(name, -1) for name in names], dtype=numpy.int64)


def span_confidences(
    probs: NDArray[numpy.float32], spans: Sequence[Span], tags: Dict[str, int], scheme: str
) -> List[Optional[float]]:
    """The probability that all tokens of an entity carry exactly its tags, for each entity.

    The product of the tokens' (marginal) probabilities, which is exact where tokens are independent given the
    text, as under softmax, and an approximation for a CRF; mean over passes.

    probs (NDArray[float32]): Of one sentence, (passes, tokens, tags). The rest as in `tag_numbers`.
    RETURNS (List[Optional[float]]): In 0..1; None for an entity whose label the tagger does not have.
    """
    numbers = tag_numbers(spans, probs.shape[1], tags, scheme)
    result: List[Optional[float]] = []
    for start, end, _ in spans:
        own = numbers[start:end]
        chosen = probs[:, numpy.arange(start, end), own]  # (passes, tokens of the entity)
        known = bool((own >= 0).all())
        # Marginals are sums in float32, and may end a little above 1.
        result.append(min(float(chosen.astype(numpy.float64).prod(1).mean()), 1.0) if known else None)
    return result


def token_slices(samples: TagSamples) -> List[Tuple[int, slice]]:
    """For each sentence of a batch its place in what was sampled, and its tokens in the batch."""
    lengths = samples.lengths.tolist()
    ends = numpy.cumsum(lengths).tolist()
    return [(place, slice(end - size, end)) for place, size, end in zip(samples.order, lengths, ends, strict=True)]
