"""Training steps as CUDA graphs: one for each padded shape, captured once and replayed in every round.

A step launches some thousand small kernels, which takes longer than running them. A graph launches them all at
once. Graphs change no result: they run the same kernels in the same order, on padded batches (`graph_inputs`).
"""

import contextlib
import logging
import warnings
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import torch
from thinc.api import Optimizer
from torch import Tensor, nn

from .graph_inputs import GraphInputs, Shape
from .network import TaggerNetwork

logger = logging.getLogger("spacy_al")


@dataclass
class Graph:
    """A captured forward and backward pass, and the tensors it reads and writes."""

    graph: torch.cuda.CUDAGraph
    batch: Any
    tags: Tensor
    loss: Tensor


class GraphedTraining:
    """Forward, backward and optimizer step of one network as graphs.

    Gradients stand in fixed buffers, which parameters hold only between `update` and `step`: another shim that
    looks at them afterwards finds none.
    """

    def __init__(self, network: TaggerNetwork, inputs: GraphInputs) -> None:
        self.network = network
        self.inputs = inputs
        self.parameters = reached_parameters(network, inputs)
        self.buffers = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.graphs: Dict[Shape, Optional[Graph]] = {}
        self.memory: Any = None
        self.optimizer: Optional[GraphedOptimizer] = None

    def clear(self) -> None:
        """Set the gradient buffers to zero."""
        torch._foreach_zero_(self.buffers)

    def attach(self) -> None:
        """Give the parameters their gradient buffers; what is computed now adds to them."""
        for parameter, buffer in zip(self.parameters, self.buffers):
            parameter.grad = buffer

    def detach(self) -> None:
        """Take the buffers away again."""
        for parameter in self.parameters:
            parameter.grad = None

    def update(self, features: Sequence[Any], tags: Tensor) -> Optional[Tensor]:
        """Forward and backward for a batch.

        features (Sequence): The encoder's, of each sentence. tags (Tensor): int64 on the CPU, (tokens,).
        RETURNS (Optional[Tensor]): The loss, or None for a batch that no graph can take.
        """
        shape = self.inputs.shape(features)
        if shape is None:
            return None
        if shape not in self.graphs:
            self.graphs[shape] = self._try_capture(shape)
        graph = self.graphs[shape]
        if graph is None:
            return None
        self.inputs.fill(graph.batch, graph.tags, features, tags)
        graph.graph.replay()
        return graph.loss.clone()

    def _try_capture(self, shape: Shape) -> Optional[Graph]:
        try:
            return self._capture(shape)
        except RuntimeError as error:
            logger.info("batches of shape %s train without a CUDA graph: %s", shape, error)
            torch.cuda.synchronize()
            return None

    def _capture(self, shape: Shape) -> Graph:
        # Warm-up runs real passes: gradients and random state are put back, weights are not touched.
        saved = [buffer.clone() for buffer in self.buffers]
        state = torch.cuda.get_rng_state()
        batch, tags = self.inputs.empty(shape, self.parameters[0].device)
        self.attach()
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        try:
            with torch.cuda.stream(side), quiet_cudnn():
                for _ in range(2):
                    self.network.loss(batch, tags).backward()
            torch.cuda.current_stream().wait_stream(side)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, pool=self.memory), quiet_cudnn():
                loss = self.network.loss(batch, tags)
                loss.backward()
            self.memory = graph.pool()
        finally:
            torch._foreach_copy_(self.buffers, saved)
            torch.cuda.set_rng_state(state)
        return Graph(graph, batch, tags, loss.detach())

    def step(self, optimizer: Optimizer) -> bool:
        """Clip, step and clear the gradients; False for an optimizer that has no graph."""
        if not graphable(optimizer):
            return False
        if self.optimizer is None or self.optimizer.settings != settings_of(optimizer):
            self.optimizer = GraphedOptimizer(self.parameters, self.buffers, optimizer)
        self.attach()
        self.optimizer.step(optimizer)
        self.detach()
        return True


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


def reached_parameters(network: TaggerNetwork, inputs: GraphInputs) -> List[nn.Parameter]:
    """The parameters that a loss sends gradients to; a pooler, say, gets none and must not be decayed."""
    device = next(network.parameters()).device
    state = torch.cuda.get_rng_state()
    with quiet_cudnn():
        network.loss(*inputs.empty(inputs.smallest, device)).backward()
    torch.cuda.set_rng_state(state)
    reached = [parameter for parameter in network.parameters() if parameter.grad is not None]
    for parameter in reached:
        parameter.grad = None
    return reached


@contextlib.contextmanager
def quiet_cudnn() -> Iterator[None]:
    """Without its warning that one direction of an LSTM is read from the middle of a block of weights."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="RNN module weights are not part of single")
        yield


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
