"""Tensors that a forward pass makes on the CPU and copies to its device: made once, and handed out again in a graph.

Numbers of positions, buckets of distances, masks of windows: models build them anew in every pass, and a CUDA graph can
hold no copy from ordinary memory. A pass in which the host never waits for the device cannot have looked at a value, so
that what it makes on the CPU depends on shapes alone, and is the same for every batch of that shape.
"""

import contextlib
from typing import Any, Callable, ContextManager, Dict, Iterator, List, Optional, Sequence, Tuple

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

Function = Callable[..., Any]
MADE_FROM_NUMBERS = (torch.tensor, torch.as_tensor, torch.scalar_tensor, Tensor.new_tensor)


class Constants:
    """What passes of one shape copy to the device, in the order of the copies."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.kept: List[Tensor] = []

    def record(self) -> ContextManager[None]:
        """A context for the first pass."""
        self.kept.clear()
        return passes(self, None)

    def replay(self) -> ContextManager[None]:
        """A context for another pass of the same shape, which copies nothing."""
        return passes(self, iter(self.kept)) if self.kept else contextlib.nullcontext()

    def here(self, value: object) -> bool:
        """Whether a value is a tensor of the device."""
        return isinstance(value, Tensor) and value.device.type == self.device.type


@contextlib.contextmanager
def passes(constants: Constants, ready: Optional[Iterator[Tensor]]) -> Iterator[None]:
    """Both modes that a pass runs under; torch makes a tensor from numbers where only a function mode sees it."""
    with OfCopies(constants, ready), OfNumbers(constants, ready):
        yield


def constant(constants: Constants, ready: Optional[Iterator[Tensor]], make: Callable[[], Tensor]) -> Tensor:
    """The next constant; a copy, since the pass may write into what it gets.

    RAISES: RuntimeError when the pass asks for more than the first did.
    """
    if ready is None:
        constants.kept.append(make().detach().clone())
        return constants.kept[-1].clone()
    known = next(ready, None)
    if known is None:
        raise RuntimeError("the forward pass copies other tensors to the device than before")
    return known.clone()


class OfNumbers(TorchFunctionMode):
    """Tensors made on the device from numbers of Python."""

    def __init__(self, constants: Constants, ready: Optional[Iterator[Tensor]]) -> None:
        super().__init__()
        self.constants, self.ready = constants, ready

    def __torch_function__(
        self, func: Function, types: Sequence[type], args: Tuple[Any, ...] = (), kwargs: Optional[Dict[str, Any]] = None
    ) -> Any:
        """Called by torch for every function inside the block."""
        kwargs = kwargs or {}
        if func not in MADE_FROM_NUMBERS or (isinstance(args[0], Tensor) and func is not Tensor.new_tensor):
            return func(*args, **kwargs)
        where = kwargs.get("device") or (args[0].device if isinstance(args[0], Tensor) else "cpu")
        if torch.device(where).type != self.constants.device.type:
            return func(*args, **kwargs)
        return constant(self.constants, self.ready, lambda: func(*args, **kwargs))


class OfCopies(TorchDispatchMode):
    """Copies to the device, and tensors of the CPU that an operation on the device is given."""

    def __init__(self, constants: Constants, ready: Optional[Iterator[Tensor]]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.constants, self.ready = constants, ready

    def __torch_dispatch__(
        self, func: Function, types: Sequence[type], args: Tuple[Any, ...] = (), kwargs: Optional[Dict[str, Any]] = None
    ) -> Any:
        """Called by torch for every operation inside the block."""
        kwargs = kwargs or {}
        if func is torch.ops.aten._to_copy.default:
            where = kwargs.get("device")
            if self._elsewhere(args[0]) and where and torch.device(where).type == self.constants.device.type:
                return constant(self.constants, self.ready, lambda: func(*args, **kwargs))
        elif any(map(self.constants.here, tree_leaves((args, kwargs)))):
            scalars = func is not torch.ops.aten.copy_.default  # those of an operation go with its launch
            args = tree_map(lambda value: self._here(value, scalars), args)
        return func(*args, **kwargs)

    def _elsewhere(self, value: object) -> bool:
        return isinstance(value, Tensor) and value.device.type == "cpu"

    def _here(self, value: Any, scalars: bool) -> Any:
        if not self._elsewhere(value) or (scalars and value.dim() == 0):
            return value
        return constant(self.constants, self.ready, lambda: value.to(self.constants.device))
