"""Arrays to a device and results from it. A GPU copies by itself, and Python does not wait for its other work."""

from collections import deque
from typing import Any, Deque, Iterable, Iterator, List, Optional, Sequence, Tuple, TypeVar

import numpy
import torch
from numpy.typing import NDArray
from torch import Tensor

Item = TypeVar("Item")


def upload(array: NDArray[Any], device: torch.device) -> Tensor:
    """An array as a tensor on a device; on the CPU it may share the array's memory."""
    return pinned(array, device).to(device, non_blocking=True)


def copy_to(tensors: Sequence[Tensor], arrays: Sequence[NDArray[Any]]) -> None:
    """Copy arrays into tensors of their shapes."""
    for tensor, array in zip(tensors, arrays, strict=True):
        tensor.copy_(pinned(array, tensor.device), non_blocking=True)


def pinned(array: NDArray[Any], device: torch.device) -> Tensor:
    """An array as a tensor on the CPU, for a GPU in memory that does not move: from other memory it would copy
    only after all its earlier work."""
    tensor = torch.from_numpy(numpy.ascontiguousarray(array))
    return tensor.pin_memory() if device.type == "cuda" else tensor


class Download:
    """A tensor on its way to the host."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor.to("cpu", non_blocking=True)  # in memory that does not move
        self.arrived: Optional[torch.cuda.Event] = None
        if tensor.is_cuda:
            self.arrived = torch.cuda.current_stream(tensor.device).record_event()

    def array(self) -> NDArray[Any]:
        """The values; waits for them, not for work that the device was given later."""
        if self.arrived is not None:
            self.arrived.synchronize()
        return self.tensor.numpy()


def download(batches: Iterable[Tuple[Item, Sequence[Tensor]]]) -> Iterator[Tuple[Item, List[NDArray[Any]]]]:
    """Tensors of batches as arrays, one batch late: a GPU computes the next while the host takes in the last.

    batches (Iterable[Tuple[Item, Sequence[Tensor]]]): Whatever belongs to a batch, and its tensors.
    """
    waiting: Deque[Tuple[Item, List[Download]]] = deque()
    for item, tensors in batches:
        waiting.append((item, [Download(tensor) for tensor in tensors]))
        if len(waiting) > 1:
            yield _arrived(*waiting.popleft())
    while waiting:
        yield _arrived(*waiting.popleft())


def _arrived(item: Item, downloads: List[Download]) -> Tuple[Item, List[NDArray[Any]]]:
    return item, [one.array() for one in downloads]
