"""Dropout of the hidden layer of spaCy's transition-based models, from a seed."""

from typing import Any, Callable, Sequence, Tuple

import numpy
from numpy.typing import NDArray
from spacy.ml.parser_model import ParserStepModel
from spacy.tokens import Doc
from thinc.api import Model

from ..ids import token_key
from ..ml.dropout import TABLE_ROWS, mask_table

HIDDEN_DROPOUT = 0.1  # what spaCy trains with before the upper layer; it is in no config

Floats = NDArray[numpy.float32]


class HiddenMasks:
    """Dropout masks of the layer before the classifier, one row per pass, sentence and token.

    All parses of a beam get the same row, as if each pass were one network with fixed weights at that token.
    """

    def __init__(self, model: Model[Any, Any], passes: int, seed: int, rate: float) -> None:
        """
        model (Model): The parser's model, with an upper layer. passes (int): Stochastic passes.
        seed (int): Root of the masks. rate (float): Share of units that are dropped.
        """
        self.upper = model.get_ref("upper")
        width = self.upper.get_dim("nI")
        table = mask_table(seed, passes, rate, width, stream=0).numpy()
        self.table: Floats = table.astype(numpy.float32) / numpy.float32(1 - rate)
        self.firsts: NDArray[numpy.int64] = numpy.zeros(0, dtype=numpy.int64)
        self.passes: NDArray[numpy.int64] = self.firsts
        self.rows: Floats = self.table[0, :0]

    def attach(self, step: ParserStepModel, docs: Sequence[Doc], passes: Sequence[int]) -> None:
        """Put the masks before the upper layer of a step model, for beams of these passes over these Docs."""
        firsts = [int.from_bytes(token_key(doc)[:8], "little") % TABLE_ROWS for doc in docs]
        self.firsts = numpy.tile(numpy.asarray(firsts, dtype=numpy.int64), len(passes))
        self.passes = numpy.repeat(numpy.asarray(passes, dtype=numpy.int64), len(docs))
        step.vec2scores = Model("masked_upper", self._forward)

    def select(self, sizes: Sequence[int], place: int) -> None:
        """Choose the masks of the next step: `sizes` states of each beam, all of them at token `place`."""
        beams = numpy.repeat(numpy.arange(len(sizes)), sizes)
        self.rows = self.table[self.passes[beams], (self.firsts[beams] + place) % TABLE_ROWS]

    def _forward(
        self, model: Model[Any, Any], hidden: Floats, is_train: bool
    ) -> Tuple[Floats, Callable[[Floats], Floats]]:
        return self.upper(hidden * self.rows, is_train)
