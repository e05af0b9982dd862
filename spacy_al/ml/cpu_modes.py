"""What torch computes slowly on a CPU, computed otherwise inside a block: products, dropout, attention in bfloat16 and
with dropout, and gradients of large embeddings.

Nothing of a module is changed: while `FastFunctions` are active, torch hands them the functions that modules call.
"""

import contextlib
from typing import Any, Callable, ContextManager, Dict, Optional, Sequence, Tuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from .processor import has_amx, onednn_pays

Function = Callable[..., Any]
LARGE = 1 << 20  # weights of an embedding from which its gradient is kept by rows
STEPS = 1 << 16  # a rate is kept to one part in so many
WRITTEN_OUT = 512  # wordpieces of a row up to which attention in bfloat16 is: its scores take the square of them


def fast_functions(device: torch.device, module: nn.Module) -> ContextManager[Any]:
    """`FastFunctions` for a CPU; nothing for a GPU, whose own kernels are fast.

    Nor for a module with gradient checkpointing: its backward pass draws the masks of the forward pass once more, and
    torch leaves the block for that.
    """
    if device.type != "cpu" or any(getattr(one, "gradient_checkpointing", False) for one in module.modules()):
        return contextlib.nullcontext()
    return FastFunctions()


class FastFunctions(TorchFunctionMode):
    """Inside a `with` block, on a CPU: products of float32 are oneDNN's where that is faster, attention in bfloat16 is
    written out, dropout draws four masks from one random number, attention drops its weights in the same way, and
    gradients of large embeddings are sparse.

    torch makes float32 products by MKL, which computes as for processors without AVX-512 on AMD's: oneDNN, which is in
    torch too and makes those of bfloat16, is twice as fast there (docs/performance.md).

    torch draws a random number for each unit, one after the other: a fifth of a pass with MiniLM. A dense gradient
    of an embedding takes memory for its whole vocabulary in every backward pass, whose pages the operating system
    then brings in. `spacy_al.ml.optimizer.RowGradients` makes it dense again, once per step.
    Random numbers come from torch's generator. Only the masks drawn differ from torch's.
    """

    def __torch_function__(
        self, func: Function, types: Sequence[type], args: Tuple[Any, ...] = (), kwargs: Optional[Dict[str, Any]] = None
    ) -> Any:
        """Called by torch for every function inside the block."""
        own = OWN.get(func)
        return (func if own is None else own)(*args, **(kwargs or {}))


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """As `torch.nn.functional.dropout`, with a rate to one part in 65,536."""
    if not training or not 0 < p <= 1 or input.device.type != "cpu":
        return functional.dropout(input, p, training, inplace)
    mask = keep_mask(input, p)
    return input.mul_(mask) if inplace else input * mask


def keep_mask(like: Tensor, rate: float) -> Tensor:
    """0 with the probability `rate`, else 1 / (1 - rate): of the shape and type of `like`."""
    least = round(rate * STEPS) - STEPS // 2
    if least >= STEPS // 2:
        return torch.zeros_like(like)
    size = like.numel()
    draws = torch.empty((size + 3) // 4, dtype=torch.int64).random_(-(1 << 63), None)  # 64 bits each
    kept = draws.view(torch.int16)[:size].view(like.shape) >= least
    return kept.to(like.dtype).mul_(1 / (1 - rate))


def linear(input: Tensor, weight: Tensor, bias: Optional[Tensor] = None) -> Tensor:
    """As `torch.nn.functional.linear`; products of float32 by oneDNN where that is faster than MKL."""
    plain = input.ndim > 1 and input.numel() and weight.ndim == 2 and input.dtype == weight.dtype == torch.float32
    if not plain or input.device.type != "cpu" or torch.is_autocast_enabled("cpu") or not onednn_pays():
        return functional.linear(input, weight, bias)
    # Rows outside of the function: what is a view of its result could not be changed in place.
    rows: Tensor = OneDnnLinear.apply(input.flatten(0, -2), weight, bias)  # type: ignore[no-untyped-call]
    return rows.view(*input.shape[:-1], -1)


class OneDnnLinear(torch.autograd.Function):
    """input (rows, units), weight (results, units), bias (results,) or None, float32 -> (rows, results)."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, weight: Tensor, bias: Optional[Tensor]) -> Tensor:
        ctx.save_for_backward(input, weight)
        return product(input, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor) -> Tuple[Optional[Tensor], ...]:
        input, weight = ctx.saved_tensors
        needed = ctx.needs_input_grad
        of_input = product(slope, weight.t()) if needed[0] else None
        of_weight = product(slope.t(), input.t()) if needed[1] else None
        return of_input, of_weight, slope.sum(0) if needed[2] else None


def product(input: Tensor, weight: Tensor, bias: Optional[Tensor] = None) -> Tensor:
    """input (rows, units) times the transpose of weight (results, units), and a bias (results,), by oneDNN: torch's
    compiler calls it so, and torch has no public name for a choice of library."""
    result: Tensor = torch.ops.mkldnn._linear_pointwise(input, weight, bias, "none", [], "")
    return result


def attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Optional[Tensor] = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: Optional[float] = None,
    **other: Any,
) -> Tensor:
    """As `torch.nn.functional.scaled_dot_product_attention`, of which torch has a fast form without dropout only, and
    none in bfloat16 without AMX."""
    fast = dropout_p == 0 and (query.dtype != torch.bfloat16 or has_amx() or query.shape[-2] > WRITTEN_OUT)
    if fast or is_causal or any(other.values()) or not _plain(query, attn_mask):
        return functional.scaled_dot_product_attention(
            query, key, value, attn_mask, dropout_p, is_causal, scale=scale, **other
        )
    factor = query.shape[-1] ** -0.5 if scale is None else scale
    scores = (query * factor) @ key.transpose(-2, -1)  # (rows, heads, queries, keys)
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        scores = scores.masked_fill(~attn_mask, torch.finfo(scores.dtype).min)
    elif attn_mask is not None:
        scores = scores + attn_mask
    weights = scores.softmax(-1, dtype=torch.float32).to(value.dtype)
    return (weights * keep_mask(weights, dropout_p) if dropout_p else weights) @ value


def _plain(query: Tensor, mask: Optional[Tensor]) -> bool:
    """Whether a softmax over all of a query's scores is right: torch gives a query that may look at nothing zeros."""
    if query.device.type != "cpu" or query.dtype not in (torch.float32, torch.bfloat16):
        return False
    if mask is None or not mask.numel():
        return True
    if mask.dtype == torch.bool:
        return bool(mask.any(-1).all())
    return mask.dtype in (query.dtype, torch.float32) and bool(mask.amax(-1).amin() > -torch.inf)


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: Optional[int] = None,
    max_norm: Optional[float] = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """As `torch.nn.functional.embedding`; the gradient of a large `weight` that is a parameter is sparse."""
    by_rows = weight.is_leaf and weight.numel() >= LARGE and weight.device.type == "cpu" and not scale_grad_by_freq
    return functional.embedding(input, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse or by_rows)


OWN: Dict[Function, Function] = {
    functional.linear: linear,
    functional.dropout: dropout,
    functional.scaled_dot_product_attention: attention,
    functional.embedding: embedding,
}
