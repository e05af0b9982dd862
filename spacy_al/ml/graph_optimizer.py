"""The optimizer's step as a CUDA graph: clipping, AdamW or SGD, and the clearing of gradients."""

from typing import List, Sequence, Tuple

import torch
from thinc.api import Optimizer
from torch import Tensor, nn


class GraphedOptimizer:
    """Clipping, a step of AdamW or SGD and the clearing of gradients as one graph; the rate is a tensor."""

    def __init__(self, parameters: List[nn.Parameter], buffers: List[Tensor], optimizer: Optimizer) -> None:
        self.settings = settings_of(optimizer)
        self.source = optimizer
        self.buffers = buffers
        self.rate = torch.zeros((), device=parameters[0].device)
        self.parameters = parameters
        self.adamw = self._make_adamw(optimizer) if is_adamw(optimizer) else None
        self.decay = 0.0 if self.adamw is not None else optimizer.L2
        self.graph = self._capture(optimizer.grad_clip)

    def _make_adamw(self, optimizer: Optimizer) -> torch.optim.AdamW:
        matrices, vectors = self._by_rank(self.parameters)
        groups = [
            {"params": matrices, "weight_decay": optimizer.L2},
            {"params": vectors, "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(
            [group for group in groups if group["params"]],
            lr=self.rate, betas=(optimizer.b1, optimizer.b2), eps=optimizer.eps, fused=True, capturable=True,
        )  # fmt: skip

    def _by_rank(self, values: Sequence[Tensor]) -> Tuple[List[Tensor], List[Tensor]]:
        """Those of the matrices, which decay, and those of the vectors, which do not."""
        ranks = [parameter.ndim >= 2 for parameter in self.parameters]
        return (
            [value for value, rank in zip(values, ranks) if rank],
            [value for value, rank in zip(values, ranks) if not rank],
        )

    def _capture(self, clip: float) -> torch.cuda.CUDAGraph:
        saved = [buffer.clone() for buffer in self.buffers]
        for parameter, buffer in zip(self.parameters, self.buffers):
            parameter.grad = buffer
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            self._once(clip)  # at rate 0: makes the moments, moves no weight
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._once(clip)
        torch._foreach_copy_(self.buffers, saved)
        self.reset()
        return graph

    def _once(self, clip: float) -> None:
        if clip:
            nn.utils.clip_grad_norm_(self.parameters, clip, foreach=True)
        if self.adamw is not None:
            self.adamw.step()
        else:
            self._descend()
        torch._foreach_zero_(self.buffers)

    @torch.no_grad()
    def _descend(self) -> None:
        """torch.optim.SGD's step; that takes no rate from a tensor inside a graph."""
        if self.decay:
            matrices, slopes = self._by_rank(self.parameters)[0], self._by_rank(self.buffers)[0]
            torch._foreach_add_(slopes, matrices, alpha=self.decay)
        torch._foreach_mul_(self.buffers, self.rate)
        torch._foreach_add_([*self.parameters], self.buffers, alpha=-1)

    def reset(self) -> None:
        """Start a new optimisation: moments and step counts to zero, in place."""
        for state in self.adamw.state.values() if self.adamw is not None else ():
            for tensor in state.values():
                tensor.zero_()

    def step(self, optimizer: Optimizer) -> None:
        """One step at the thinc optimizer's present rate; a new optimizer object starts anew."""
        if optimizer is not self.source:
            self.source = optimizer
            self.reset()
        self.rate.fill_(optimizer.learn_rate)
        self.graph.replay()


def graphable(optimizer: Optimizer) -> bool:
    """Whether a thinc optimizer is a plain AdamW or a plain SGD."""
    sgd = not optimizer.b1 and not optimizer.b2  # with or without L2, which is the same thing to it
    return (is_adamw(optimizer) or sgd) and not optimizer.use_radam and optimizer.averages is None


def is_adamw(optimizer: Optimizer) -> bool:
    """Whether a thinc optimizer is Adam with decoupled weight decay."""
    return optimizer.b1 > 0.0 and optimizer.b2 > 0.0 and optimizer.L2_is_weight_decay


def settings_of(optimizer: Optimizer) -> Tuple[float, ...]:
    """What a captured step has fixed."""
    return (optimizer.b1, optimizer.b2, optimizer.eps, optimizer.L2, optimizer.grad_clip)
