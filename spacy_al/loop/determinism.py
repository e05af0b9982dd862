"""The same bytes every time, on a GPU too."""

import contextlib
import os
from typing import Iterator

import torch

from ..errors import ALError, Errors
from .hardware import gpu_is_used

VARIABLE = "CUBLAS_WORKSPACE_CONFIG"
WORKSPACES = (":4096:8", ":16:8")  # the two that give cuBLAS fixed workspaces, and so the same sums


def prepare_cublas() -> None:
    """Set what cuBLAS reads when CUDA starts, and has to have read for the same bytes every time.

    RAISES: ALError A517 when CUDA has started without it.
    """
    if os.environ.get(VARIABLE) in WORKSPACES:
        return
    if gpu_is_used():
        raise ALError(Errors.A517)
    os.environ[VARIABLE] = WORKSPACES[0]


@contextlib.contextmanager
def deterministic(wanted: bool) -> Iterator[None]:
    """Make torch use only algorithms that give the same bytes every time, inside the block."""
    before = torch.are_deterministic_algorithms_enabled()
    benchmark = torch.backends.cudnn.benchmark
    torch.use_deterministic_algorithms(wanted or before)
    # Choosing kernels by their speed of the moment may choose others next time.
    torch.backends.cudnn.benchmark = benchmark and not wanted
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
        torch.backends.cudnn.benchmark = benchmark
