"""Peak memory of the process and of the GPU."""

import resource
from typing import Dict

import torch

MEGABYTE = 1 << 20


def gpu_is_used() -> bool:
    """Whether CUDA has started in this process; asking does not start it."""
    return bool(torch.cuda.is_initialized())


def reset_peak() -> None:
    """Start counting the GPU's peak anew; the host's is of the whole process and cannot be reset."""
    if gpu_is_used():
        torch.cuda.reset_peak_memory_stats()


def peak_memory() -> Dict[str, int]:
    """host_mb: peak resident memory of the process so far. gpu_mb: peak allocated on the GPU since the reset."""
    host = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024  # kilobytes on Linux
    gpu = torch.cuda.max_memory_allocated() // MEGABYTE if gpu_is_used() else 0
    return {"host_mb": host, "gpu_mb": gpu}
