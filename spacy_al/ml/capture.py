"""Capturing work as a CUDA graph so that a capture which fails leaves nothing behind."""

import contextlib
import warnings
from typing import Callable, Generic, Iterator, Tuple, TypeVar

import torch

Result = TypeVar("Result")
Pool = Tuple[int, int]


class Captured(Generic[Result]):
    """Captured work, and what it returned, whose tensors every replay writes anew.

    The graph draws random numbers from a generator state of its own, which a replay sets to where the device's
    generator stands and carries back from: the numbers are those that the work would have drawn uncaptured. A
    capture that fails leaves the state it was given in the middle of capturing, for good; so it is given this one.
    """

    def __init__(self, work: Callable[[], Result], pool: Pool) -> None:
        """work (Callable): Only work for the current device, and nothing the host would wait for.

        pool (Pool): Of `torch.cuda.graph_pool_handle`; graphs that are not replayed at once may share one.
        RAISES: RuntimeError when the work cannot be captured.
        """
        device = torch.cuda.current_device()
        self.default = torch.cuda.default_generators[device]
        before, self.generator = self.default.graphsafe_get_state(), self.default.clone_state()
        stream, self.graph = torch.cuda.current_stream(), torch.cuda.CUDAGraph()
        self.default.graphsafe_set_state(self.generator)
        try:
            with torch.cuda.graph(self.graph, pool=pool):  # type: ignore[arg-type]
                self.result = work()
        except BaseException:
            torch.cuda.set_stream(stream)  # torch leaves its own stream current
            abandon(self.graph, device, pool)
            raise
        finally:
            self.default.graphsafe_set_state(before)

    def replay(self) -> Result:
        """Do the work again."""
        self.generator.manual_seed(self.default.initial_seed())
        self.generator.set_offset(self.default.get_offset())
        self.graph.replay()
        self.default.set_offset(self.generator.get_offset())
        return self.result


def abandon(graph: torch.cuda.CUDAGraph, device: int, pool: Pool) -> None:
    """Give back what a failed capture holds of the allocator, unless torch came so far as to do it itself."""
    with contextlib.suppress(RuntimeError):
        torch._C._cuda_endAllocateToPool(device, pool)
    try:
        graph.pool()  # known only of a capture that came to its end; its graph gives the pool back
    except RuntimeError:
        with contextlib.suppress(RuntimeError):
            torch._C._cuda_releasePool(device, pool)
    with contextlib.suppress(RuntimeError):
        torch.cuda.synchronize(device)  # takes the error that CUDA keeps


@contextlib.contextmanager
def waiting_forbidden() -> Iterator[None]:
    """Inside the block, work that makes the host wait for the device raises RuntimeError: no graph could hold it."""
    before = torch.cuda.get_sync_debug_mode()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Synchronization debug mode is a prototype")
        torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode(before)
