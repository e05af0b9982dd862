"""A module's weights in bfloat16: cast once for each state of the weights, and put in their place inside a block."""

from typing import Any, ContextManager, Dict, List

from torch import Tensor, nn

from ..lending import lent


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

    def put(self, module: nn.Module) -> ContextManager[None]:
        """Inside the block, which torch's inference mode may not surround, the module's weights are in bfloat16."""
        weights = [one for one in module.parameters() if one.is_floating_point()]
        if not self.copies:
            self.copies = [one.detach().bfloat16() for one in weights]
        return lent((weight, "data", copy) for weight, copy in zip(weights, self.copies, strict=True))
