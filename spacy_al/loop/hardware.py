"""What a run is computed on: processor, cores, GPU, and the memory that it takes."""

import os
import resource
from typing import Dict, Union

import torch

from ..errors import Errors, saying
from ..ml.processor import processor

MEGABYTE = 1 << 20


def take_gpu(gpu: int, *, quiet: bool) -> None:
    """Choose the device as spaCy's commands do, and say so unless `quiet`.

    gpu (int): Number of the GPU, -1 for the CPU. RAISES: ALError A014 for a GPU that cannot be used.
    """
    from spacy.cli._util import setup_gpu

    with saying(Errors.A014, Exception, gpu=gpu):  # CuPy's own errors are of many kinds, and CuPy may be missing
        setup_gpu(gpu, silent=quiet)


def check_gpu(gpu: int) -> None:
    """Raise ALError A014 for a GPU that cannot be used, without starting one that can."""
    from thinc.compat import has_cupy_gpu

    if gpu >= 0 and not (has_cupy_gpu and gpu < torch.cuda.device_count()):
        take_gpu(gpu, quiet=True)


def describe_hardware(use_gpu: int) -> Dict[str, Union[str, int]]:
    """Model of the processor, cores this process may use, and the GPU's name or, without one, torch's threads.

    Threads are among it because sums of floats, and with them what is chosen, differ by their number.

    use_gpu (int): Number of the GPU, -1 for none.
    RETURNS (Dict[str, Union[str, int]]): Keys processor, cores, and gpu or threads.
    """
    facts: Dict[str, Union[str, int]] = {"processor": processor(), "cores": usable_cores()}
    if use_gpu >= 0 and torch.cuda.is_available():
        facts["gpu"] = torch.cuda.get_device_name(use_gpu)
    else:
        facts["threads"] = torch.get_num_threads()
    return facts


def usable_cores() -> int:
    """Cores that this process may use: a container or a batch system may allow fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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
