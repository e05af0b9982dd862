"""Dividing a corpus that comes in one piece into two parts, by whole documents or by sentences."""

from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional, Sequence

import numpy

from ..errors import ALError, Errors
from .split import take_budget

UNITS = ("documents", "sentences")


@dataclass(frozen=True)
class Division:
    """How to divide a corpus.

    share (float): Share of the sentences that goes to the first part, between 0 and 1.
    rest (Path): Where the second part is written.
    unit (str): "documents" keeps each document in one part; "sentences" does not.
    seed (int): Seed of the draw.
    """

    share: float
    rest: Path
    unit: str = "documents"
    seed: int = 0


def make_division(
    share: Optional[float], rest: Optional[Path], *, unit: str = "documents", seed: int = 0
) -> Optional[Division]:
    """The division that a command line asks for; None if it asks for none.

    share (Optional[float]): `--split`. rest (Optional[Path]): `--rest`.
    unit (str): `--split-by`. seed (int): `--seed`.
    RETURNS (Optional[Division]): The division.
    RAISES: ALError A128 when only one of share and rest is given.
    """
    if (share is None) != (rest is None):
        raise ALError(Errors.A128)
    return None if share is None or rest is None else Division(share, rest, unit, seed)


def divide(documents: Sequence[str], division: Division) -> List[bool]:
    """Draw documents or sentences at random until the first part has its share, the crossing one included.

    documents (Sequence[str]): The document of each sentence.
    division (Division): How.
    RETURNS (List[bool]): For each sentence, whether it is in the first part.
    RAISES: ALError A104 for an unknown unit, A125 when the share is not between 0 and 1 or a part is empty.
    """
    if division.unit not in UNITS:
        raise ALError(Errors.A104.format(option="--split-by", value=division.unit, known=", ".join(UNITS)))
    units = list(documents) if division.unit == "documents" else [str(i) for i in range(len(documents))]
    names, sizes = numpy.unique(units, return_counts=True)
    order = numpy.random.default_rng(division.seed).permutation(len(names))
    first = set(names[take_budget(order.tolist(), sizes, division.share * len(units))].tolist())
    if not 0 < division.share < 1 or len(first) == len(names):
        raise ALError(Errors.A125.format(share=division.share, count=len(names), unit=division.unit))
    return [unit in first for unit in units]
