"""Peak memory of the process and of the GPU."""

import resource
from typing import Dict

import torch

MEGABYTE = 1 << 20


def reset_peak() -> None:
    """Start counting the GPU's peak anew; the host's is of the whole process and cannot be reset."""
    if torch.cuda.is_initialized():
        torch.cuda.reset_peak_memory_stats()


def peak_memory() -> Dict[str, int]:
    """host_mb: peak resident memory of the process so far. gpu_mb: peak allocated on the GPU since the reset."""
    host = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024  # kilobytes on Linux
    gpu = torch.cuda.max_memory_allocated() // MEGABYTE if torch.cuda.is_initialized() else 0
    return {"host_mb": host, "gpu_mb": gpu}
