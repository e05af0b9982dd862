"""What a run was computed on."""

import os
import platform
from pathlib import Path
from typing import Dict, Union

import torch

CPUINFO = Path("/proc/cpuinfo")


def describe_hardware(use_gpu: int) -> Dict[str, Union[str, int]]:
    """Model of the processor, cores this process may use and, where one is used, the GPU's name.

    use_gpu (int): Number of the GPU, -1 for none.
    RETURNS (Dict[str, Union[str, int]]): Keys processor, cores, gpu.
    """
    facts: Dict[str, Union[str, int]] = {"processor": _processor(), "cores": _cores()}
    if use_gpu >= 0 and torch.cuda.is_available():
        facts["gpu"] = torch.cuda.get_device_name(use_gpu)
    return facts


def _processor() -> str:
    lines = CPUINFO.read_text(encoding="utf8").splitlines() if CPUINFO.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _cores() -> int:
    # A container or a batch system may allow fewer cores than the machine has.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
