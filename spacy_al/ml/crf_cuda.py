"""The CRF's recursions on a CUDA GPU, one launch each instead of half a dozen per token.

The kernels (crf_kernels.cu) are compiled by cupy, which spaCy needs on a GPU anyway; its compiler comes with
CUDA's runtime, so that no toolkit has to be installed.
"""

import logging
import warnings
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from typing import Any, ContextManager, Optional, Tuple

import torch
from torch import Tensor

logger = logging.getLogger("spacy_al")
MOST_TAGS = 77  # two float matrices of tags x tags fit into the 48 kB that every GPU gives a block
SCRATCH = 33  # floats that a block's reductions use


def usable(values: Tensor) -> bool:
    """Whether kernels can take these potentials, (..., tags): on CUDA, float32, and not too many tags."""
    fits = values.is_cuda and values.dtype == torch.float32 and values.shape[-1] <= MOST_TAGS
    return fits and _kernels() is not None


def recur(emissions: Tensor, start: Tensor, transitions: Tensor, lengths: Tensor) -> Tuple[Tensor, Tensor]:
    """See `crf_recursion.recur`; zeros in the padding."""
    ways, batch, longest, tags = emissions.shape
    alphas, shifts = emissions.new_zeros(emissions.shape), emissions.new_zeros(ways, batch, longest)
    arrays = (emissions, start, transitions, lengths, alphas, shifts)
    _launch("crf_recur", (batch, ways), tags, 1, *arrays, batch, longest, tags)
    return alphas, shifts


def count_transitions(alphas: Tensor, transitions: Tensor, gammas: Tensor, lengths: Tensor, weights: Tensor) -> Tensor:
    """See `crf_recursion.expected_transitions`. Each sentence is counted alone, so sums have a fixed order."""
    batch, longest, tags = alphas.shape
    counts = alphas.new_zeros(batch, tags, tags)
    arrays = (alphas, gammas, transitions, lengths, weights, counts)
    _launch("crf_count", (batch,), tags, 2, *arrays, longest, tags)
    return counts.sum(0)


def viterbi(emissions: Tensor, start: Tensor, transitions: Tensor, end: Tensor, lengths: Tensor) -> Tensor:
    """See `crf.viterbi`."""
    batch, longest, tags = emissions.shape
    ways_back = emissions.new_empty(emissions.shape, dtype=torch.int16)
    best = lengths.new_zeros(batch, longest)
    arrays = (emissions, start, transitions, end, lengths, ways_back, best)
    _launch("crf_viterbi", (batch,), tags, 1, *arrays, longest, tags)
    return best


def _launch(name: str, grid: Tuple[int, ...], tags: int, matrices: int, *arguments: Any) -> None:
    """Run a kernel on torch's stream, a block of a thread per tag for each place of the grid.

    matrices (int): Matrices of tags x tags that a block holds. arguments: Tensors and int32 numbers, in order.
    """
    if not all(grid):
        return
    import cupy

    # Copies live until the launch is queued; torch gives their memory to later work of this stream only.
    tensors = [value.contiguous() if isinstance(value, Tensor) else value for value in arguments]
    passed = tuple(value.data_ptr() if isinstance(value, Tensor) else cupy.int32(value) for value in tensors)
    device = next(value.device for value in tensors if isinstance(value, Tensor))
    memory = 4 * (SCRATCH + tags + matrices * tags * tags)
    kernels = _kernels()
    assert kernels is not None
    with cupy.cuda.Device(device.index), _stream_of_torch(device):
        kernels.get_function(name)(grid, (-(-tags // 32) * 32,), passed, shared_mem=memory)


def _stream_of_torch(device: torch.device) -> ContextManager[object]:
    stream = torch.cuda.current_stream(device).cuda_stream
    if not stream:
        return nullcontext()  # the default stream is cupy's as well
    import cupy

    with warnings.catch_warnings():
        # cupy 14 has another name for it, which cupy 13 does not know.
        warnings.simplefilter("ignore", DeprecationWarning)
        ours: ContextManager[object] = cupy.cuda.ExternalStream(stream)
        return ours


@cache
def _kernels() -> Optional[Any]:
    """The compiled module, or None, with the reason logged once."""
    try:
        import cupy

        module = cupy.RawModule(code=Path(__file__).with_name("crf_kernels.cu").read_text("utf8"))
        module.get_function("crf_recur")  # compiles, or fails here
        return module
    except Exception as error:  # cupy raises errors of its own, of its compiler's, and of the driver's
        logger.warning("the CRF runs without CUDA kernels, several times slower: %s", error)
        return None
