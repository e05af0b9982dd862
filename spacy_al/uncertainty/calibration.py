"""How far confidence can be trusted: reliability diagrams and the expected calibration error."""

from dataclasses import dataclass
from typing import Dict, List, Union

import numpy
from numpy.typing import ArrayLike, NDArray

from ..errors import ALError, Errors

Floats = NDArray[numpy.float64]


@dataclass(frozen=True)
class Reliability:
    """A reliability diagram (Guo et al. 2017): what happened against what was promised.

    edges (NDArray): Bin k holds confidences in (edges[k], edges[k + 1]]; the first holds 0 too. (bins + 1,)
    counts (NDArray): int64 predictions in each bin, (bins,).
    confidence (NDArray): Mean confidence of each bin, 0 where it is empty, (bins,).
    accuracy (NDArray): Share of right predictions of each bin, 0 where it is empty, (bins,).
    """

    edges: Floats
    counts: NDArray[numpy.int64]
    confidence: Floats
    accuracy: Floats

    @property
    def ece(self) -> float:
        """Expected calibration error: sum_k counts_k / n * |accuracy_k - confidence_k| (Guo, eq. 3)."""
        return float((self.counts * self._gaps()).sum() / self.counts.sum())

    @property
    def mce(self) -> float:
        """Maximum calibration error: the largest |accuracy_k - confidence_k| (Guo et al. 2017, eq. 5)."""
        return float(self._gaps().max())

    def _gaps(self) -> Floats:
        return numpy.abs(self.accuracy - self.confidence)

    def as_dict(self) -> Dict[str, Union[int, float, List[Dict[str, float]]]]:
        """For JSON: the numbers, and the bins that are not empty."""
        total = int(self.counts.sum())
        bins = [
            {
                "from": float(self.edges[number]),
                "to": float(self.edges[number + 1]),
                "count": int(self.counts[number]),
                "confidence": float(self.confidence[number]),
                "accuracy": float(self.accuracy[number]),
            }
            for number in numpy.flatnonzero(self.counts)
        ]
        means = {
            "accuracy": float((self.counts * self.accuracy).sum() / total),
            "confidence": float((self.counts * self.confidence).sum() / total),
        }
        return {"predictions": total, **means, "ece": self.ece, "mce": self.mce, "bins": bins}


def reliability(confidence: ArrayLike, correct: ArrayLike, *, bins: int = 15) -> Reliability:
    """Sort predictions into equal-width bins of confidence.

    confidence (ArrayLike): Probability that the prediction is right, in 0..1, (predictions,).
    correct (ArrayLike): Whether it was, (predictions,).
    bins (int): Number of bins; Guo et al. use 15.
    RETURNS (Reliability): The diagram.
    RAISES: ALError A405 without predictions, A406 for numbers that are not probabilities.
    """
    promised = numpy.asarray(confidence, dtype=numpy.float64)
    right = numpy.asarray(correct, dtype=numpy.float64)
    if not len(promised):
        raise ALError(Errors.A405)
    if promised.shape != right.shape or not ((promised >= -1e-5) & (promised <= 1 + 1e-5)).all():
        low, high = promised.min(), promised.max()
        raise ALError(Errors.A406.format(predictions=len(promised), outcomes=len(right), low=low, high=high))
    edges = numpy.linspace(0, 1, bins + 1)
    place = numpy.clip(numpy.searchsorted(edges, promised, side="left") - 1, 0, bins - 1)
    counts = numpy.bincount(place, minlength=bins)
    sums = [numpy.bincount(place, weights=values, minlength=bins) for values in (promised, right)]
    means = [total / numpy.maximum(counts, 1) for total in sums]
    return Reliability(edges, counts, *means)
