"""Training steps as CUDA graphs: one for each padded shape, captured once and replayed in every round.

A step launches some thousand small kernels, which takes longer than running them. A graph launches them all at
once. Graphs change no result: they run the same kernels in the same order, on padded batches (`graph_inputs`).
"""

import contextlib
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any, Dict, Iterator, List, Optional, Sequence

import torch
from thinc.api import Optimizer
from torch import Tensor, nn

from .capture import Captured, waiting_forbidden
from .constants import Constants
from .graph_optimizer import GraphedOptimizer, graphable, settings_of
from .network import TaggerNetwork
from .seam import GraphInputs, Shape


@dataclass
class Graph:
    """A captured forward and backward pass, and the tensors it reads."""

    work: Captured[Tensor]  # the loss
    batch: Any
    tags: Tensor
    constants: Constants


class GraphedTraining:
    """Forward, backward and optimizer step of one network as graphs.

    Gradients stand in fixed buffers, which parameters hold only between `update` and `step`: another shim that
    looks at them afterwards finds none. `broken` says why capturing has failed; no graph is replayed from then on.
    """

    def __init__(self, network: TaggerNetwork, inputs: GraphInputs) -> None:
        self.network = network
        self.inputs = inputs
        self.parameters = reached_parameters(network, inputs)
        self.buffers = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.graphs: Dict[Shape, Graph] = {}
        self.memory = torch.cuda.graph_pool_handle()
        self.optimizer: Optional[GraphedOptimizer] = None
        self.broken = ""

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
        if shape is None or self.broken:
            return None
        if shape not in self.graphs:
            try:
                self.graphs[shape] = self._capture(shape)
            except torch.OutOfMemoryError:
                raise
            except RuntimeError as error:
                self.broken = f"a step of the shape {shape} cannot be captured ({str(error).splitlines()[0]})"
                return None
        graph = self.graphs[shape]
        self.inputs.fill(graph.batch, graph.tags, features, tags)
        return graph.work.replay().clone()

    def _capture(self, shape: Shape) -> Graph:
        # Warm-up runs real passes: gradients and random state are put back, weights are not touched.
        saved, state = [buffer.clone() for buffer in self.buffers], torch.cuda.get_rng_state()
        batch, tags = self.inputs.empty(shape, self.parameters[0].device)
        constants = Constants(self.parameters[0].device)

        def work() -> Tensor:
            loss = self.network.loss(batch, tags)
            loss.backward()
            return loss.detach()

        self.attach()
        try:
            with beside(), quiet_cudnn():
                with constants.record():
                    work()
                with constants.replay(), waiting_forbidden():
                    work()
            with quiet_cudnn(), constants.replay():
                return Graph(Captured(work, self.memory), batch, tags, constants)
        finally:
            torch._foreach_copy_(self.buffers, saved)
            torch.cuda.set_rng_state(state)

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


@contextlib.contextmanager
def beside() -> Iterator[None]:
    """On a stream of its own, as work has to run before it is captured."""
    side = side_stream(torch.cuda.current_device())
    side.wait_stream(torch.cuda.current_stream())
    try:
        with torch.cuda.stream(side):
            yield
    finally:
        torch.cuda.current_stream().wait_stream(side)  # also after a failure: it still reads what is freed now


@cache
def side_stream(device: int) -> torch.cuda.Stream:
    """The same for all: each stream that multiplies matrices takes memory of its own, and keeps it."""
    return torch.cuda.Stream(device)


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
