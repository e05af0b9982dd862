"""How stable predictions on the pool have become from one round to the next."""

from typing import Any, Mapping, Optional

import numpy
from numpy.typing import NDArray

from ..acquisition.score_shard import token_places

NO_TAG = -1


def stability(
    starts: NDArray[numpy.int64],
    before: Mapping[str, NDArray[Any]],
    now: Mapping[str, NDArray[Any]],
) -> Optional[float]:
    """Share of tokens that get the same tag in two rounds, among sentences that were scored in both.

    starts (NDArray[int64]): First token of each sentence of the pool and, last, their number: (sentences + 1,).
    before, now (Mapping[str, NDArray[Any]]): "numbers" of the sentences scored in a round and "tags" of their tokens.
    RETURNS (Optional[float]): 0 to 1; None where a round kept no tags or no sentence was scored in both.
    """
    if "tags" not in before or "tags" not in now:
        return None
    old, new = _spread(starts, before), _spread(starts, now)
    both = (old != NO_TAG) & (new != NO_TAG)
    return float((old[both] == new[both]).mean()) if both.any() else None


def _spread(starts: NDArray[numpy.int64], arrays: Mapping[str, NDArray[Any]]) -> NDArray[numpy.int16]:
    spread = numpy.full(int(starts[-1]), NO_TAG, dtype=numpy.int16)
    numbers = arrays["numbers"]
    spread[token_places(starts[numbers], starts[numbers + 1] - starts[numbers])] = arrays["tags"]
    return spread
