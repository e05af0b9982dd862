"""How well a measure finds what the tagger gets wrong: the area under the ROC curve, and ties."""

from typing import Optional

import numpy
from numpy.typing import ArrayLike, NDArray

from ..errors import ALError, Errors


def auroc(utilities: ArrayLike, wrong: ArrayLike) -> Optional[float]:
    """Probability that a wrong prediction has a higher utility than a right one, ties counting half.

    The rank statistic of Mann and Whitney (1947): (R - w (w + 1) / 2) / (w r) for w wrong and r right
    predictions, where R is the sum of the ranks of the wrong ones and equal utilities share their mean rank.

    utilities (ArrayLike): Higher = less sure, (predictions,).
    wrong (ArrayLike): Whether the prediction was wrong, (predictions,).
    RETURNS (Optional[float]): In 0..1, 0.5 for chance; None if none or all are wrong.
    RAISES: ALError A408 when the lengths differ or a utility is not a number.
    """
    values = numpy.asarray(utilities, dtype=numpy.float64)
    bad = numpy.asarray(wrong, dtype=bool)
    if values.shape != bad.shape or numpy.isnan(values).any():
        nans = int(numpy.isnan(values).sum())
        raise ALError(Errors.A408.format(utilities=values.shape, outcomes=bad.shape, nans=nans))
    n_wrong, n_right = int(bad.sum()), int((~bad).sum())
    if not n_wrong or not n_right:
        return None
    _, place, counts = numpy.unique(values, return_inverse=True, return_counts=True)
    ranks = numpy.cumsum(counts) - (counts - 1) / 2  # mean rank of each group of equal values, from 1
    return float((ranks[place][bad].sum() - n_wrong * (n_wrong + 1) / 2) / (n_wrong * n_right))


def tied_share(utilities: ArrayLike) -> float:
    """Share of predictions in the largest group of equal utilities: what a strategy has to break ties among.

    utilities (ArrayLike): (predictions,).
    RETURNS (float): In 0..1; 0 without predictions.
    """
    values = numpy.asarray(utilities, dtype=numpy.float64)
    if not len(values):
        return 0.0
    return float(numpy.unique(values, return_counts=True)[1].max() / len(values))


def broken_ties(utilities: ArrayLike, ties: ArrayLike) -> NDArray[numpy.int64]:
    """Ranks by one utility, and among equal ones by another; equal in both is equal rank.

    utilities (ArrayLike), ties (Sequence[float]): (predictions,).
    RETURNS (NDArray[int64]): From 0, higher = less sure, (predictions,).
    """
    pairs = numpy.stack([numpy.asarray(utilities, dtype=float), numpy.asarray(ties, dtype=float)], axis=1)
    # `unique` sorts rows by their first column, then by the second.
    return numpy.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1)
