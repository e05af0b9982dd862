"""What the processor is, and what it can do."""

import functools
import platform
from pathlib import Path

import torch

CPUINFO = Path("/proc/cpuinfo")


def processor() -> str:
    """The processor's model."""
    return cpu_info("model name") or platform.processor() or platform.machine()


def cpu_info(key: str) -> str:
    """What Linux says of the first processor under a key, or ""."""
    lines = CPUINFO.read_text(encoding="utf8").splitlines() if CPUINFO.is_file() else []
    pairs = [[part.strip() for part in line.split(":", 1)] for line in lines]
    return next((pair[1] for pair in pairs if pair[0] == key), "")


def has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 itself; others take many times as long as in float32.

    oneDNN says yes of any x86 processor with AVX512, and emulates it: OpenVINO takes 30 to 50 times as long then.
    """
    supported = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)  # not there without oneDNN
    asks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    if platform.machine() in ("x86_64", "AMD64") and all(hasattr(torch.cpu, ask) for ask in asks):
        return any(getattr(torch.cpu, ask)() for ask in asks)
    return supported is not None and bool(supported())


@functools.cache
def has_amx() -> bool:
    """Whether the processor has tiles for products in bfloat16, as newer Intel Xeons do."""
    return bool(getattr(torch.cpu, "_is_amx_tile_supported", bool)())


@functools.cache
def onednn_pays() -> bool:
    """Whether oneDNN makes products of float32 faster than MKL: on AMD's processors with AVX-512.

    A rule and not a measurement, so that a machine computes the same bytes each time.
    """
    has = torch.backends.mkl.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    return has and cpu_info("vendor_id") == "AuthenticAMD" and torch.backends.cpu.get_cpu_capability() == "AVX512"
