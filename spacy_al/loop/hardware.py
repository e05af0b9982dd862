"""What a run was computed on."""

import os
from typing import Dict, Union

import torch

from ..ml.cpu_speed import processor


def describe_hardware(use_gpu: int) -> Dict[str, Union[str, int]]:
    """Model of the processor, cores this process may use and, where one is used, the GPU's name.

    use_gpu (int): Number of the GPU, -1 for none.
    RETURNS (Dict[str, Union[str, int]]): Keys processor, cores, gpu.
    """
    facts: Dict[str, Union[str, int]] = {"processor": processor(), "cores": _cores()}
    if use_gpu >= 0 and torch.cuda.is_available():
        facts["gpu"] = torch.cuda.get_device_name(use_gpu)
    return facts


def _cores() -> int:
    # A container or a batch system may allow fewer cores than the machine has.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
