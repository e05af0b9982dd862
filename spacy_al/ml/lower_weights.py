"""A module's weights in bfloat16: cast once for each state of the weights, and put in their place inside a block."""

import contextlib
from typing import Any, Dict, Iterator, List

from torch import Tensor, nn


class LowerWeights:
    """Copies in bfloat16 of a module's weights, with which it computes inside a block, without gradients.

    Autocast casts every weight in every batch and keeps what it adds and normalises in float32: on a processor that
    multiplies bfloat16 itself that takes longer than the products.
    """

    def __init__(self) -> None:
        self.copies: List[Tensor] = []

    def __getstate__(self) -> Dict[str, Any]:
        return {"copies": []}  # another process makes its own

    def forget(self) -> None:
        """The weights have changed."""
        self.copies.clear()

    @contextlib.contextmanager
    def put(self, module: nn.Module) -> Iterator[None]:
        """Inside the block, which torch's inference mode may not surround, the module's weights are in bfloat16."""
        weights = [one for one in module.parameters() if one.is_floating_point()]
        if not self.copies:
            self.copies = [one.detach().bfloat16() for one in weights]
        exact = [one.data for one in weights]
        try:
            for weight, copy in zip(weights, self.copies, strict=True):
                weight.data = copy
            yield
        finally:
            for weight, values in zip(weights, exact):
                weight.data = values
