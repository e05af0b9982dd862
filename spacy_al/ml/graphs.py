"""Training steps as CUDA graphs: one for each padded shape, captured once and replayed in every round.

A step of a transformer launches over a thousand small kernels, which takes longer than running them. A graph
launches them all at once. Graphs change no result: they run the same kernels in the same order, on batches
padded with pieces that no token reads.
"""

import logging
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy
import torch
from thinc.api import Optimizer
from torch import Tensor, nn

from .network import TaggerNetwork
from .stages import IGNORE
from .transformer import TransformerEncoder
from .wordpieces import WordpieceBatch, Wordpieces, collate

logger = logging.getLogger("spacy_al")
ROWS = (4, 8, 16, 32)
WIDTHS = (16, 32, 48, 64, 96, 128, 192)


@dataclass
class Graph:
    """A captured forward and backward pass, and the tensors it reads and writes."""

    graph: torch.cuda.CUDAGraph
    batch: WordpieceBatch
    tags: Tensor
    loss: Tensor


class GraphedTraining:
    """Forward, backward and optimizer step of one network as graphs.

    Gradients stand in fixed buffers, which parameters hold only between `update` and `step`: another shim that
    looks at them afterwards finds none.
    """

    def __init__(self, network: TaggerNetwork, encoder: TransformerEncoder) -> None:
        self.network = network
        self.encoder = encoder
        self.parameters = reached_parameters(network, encoder)
        self.buffers = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.graphs: Dict[Tuple[int, int], Optional[Graph]] = {}
        self.memory: Any = None
        self.optimizer: Optional[GraphedAdamW] = None

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

    def update(self, features: Sequence[Wordpieces], tags: Tensor) -> Optional[Tensor]:
        """Forward and backward for a batch.

        features (Sequence[Wordpieces]): The sentences. tags (Tensor): int64 on the CPU, (tokens,).
        RETURNS (Optional[Tensor]): The loss, or None for a batch that no graph can take.
        """
        shape = self._shape(features)
        if shape is None:
            return None
        if shape not in self.graphs:
            self.graphs[shape] = self._try_capture(shape)
        graph = self.graphs[shape]
        if graph is None:
            return None
        fill(graph, self.encoder, features, tags)
        graph.graph.replay()
        return graph.loss.clone()

    def _shape(self, features: Sequence[Wordpieces]) -> Optional[Tuple[int, int]]:
        assert self.encoder.table is not None
        special = len(self.encoder.table.prefix) + len(self.encoder.table.suffix)
        longest = max(len(sentence.ids) for sentence in features)
        rows = next((size for size in ROWS if len(features) <= size), None)
        width = next((size for size in WIDTHS if longest + special <= size), None)
        if rows is None or width is None or longest > self.encoder.window or self.encoder.mean:
            return None
        return rows, width

    def _try_capture(self, shape: Tuple[int, int]) -> Optional[Graph]:
        try:
            return self._capture(shape)
        except RuntimeError as error:
            logger.info("batches of %d x %d wordpieces train without a CUDA graph: %s", *shape, error)
            torch.cuda.synchronize()
            return None

    def _capture(self, shape: Tuple[int, int]) -> Graph:
        # Warm-up runs real passes: gradients and random state are put back, weights are not touched.
        saved = [buffer.clone() for buffer in self.buffers]
        state = torch.cuda.get_rng_state()
        batch, tags = static_batch(shape, self.encoder, self.parameters[0].device)
        self.attach()
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        try:
            with torch.cuda.stream(side):
                for _ in range(2):
                    self.network.loss(batch, tags).backward()
            torch.cuda.current_stream().wait_stream(side)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, pool=self.memory):
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
            self.optimizer = GraphedAdamW(self.parameters, self.buffers, optimizer)
        self.attach()
        self.optimizer.step(optimizer)
        self.detach()
        return True


class GraphedAdamW:
    """Clipping, a fused AdamW step and the clearing of gradients as one graph; the rate is a tensor."""

    def __init__(self, parameters: List[nn.Parameter], buffers: List[Tensor], optimizer: Optimizer) -> None:
        self.settings = settings_of(optimizer)
        self.source = optimizer
        self.buffers = buffers
        self.rate = torch.zeros((), device=parameters[0].device)
        groups = [
            {"params": [one for one in parameters if one.ndim >= 2], "weight_decay": optimizer.L2},
            {"params": [one for one in parameters if one.ndim < 2], "weight_decay": 0.0},
        ]
        self.adamw = torch.optim.AdamW(
            [group for group in groups if group["params"]],
            lr=self.rate, betas=(optimizer.b1, optimizer.b2), eps=optimizer.eps, fused=True, capturable=True,
        )  # fmt: skip
        self.parameters = parameters
        self.graph = self._capture(optimizer.grad_clip)

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
        self.adamw.step()
        torch._foreach_zero_(self.buffers)

    def reset(self) -> None:
        """Start a new optimisation: moments and step counts to zero, in place."""
        for state in self.adamw.state.values():
            for tensor in state.values():
                tensor.zero_()

    def step(self, optimizer: Optimizer) -> None:
        """One step at the thinc optimizer's present rate; a new optimizer object starts anew."""
        if optimizer is not self.source:
            self.source = optimizer
            self.reset()
        self.rate.fill_(optimizer.learn_rate)
        self.graph.replay()


def reached_parameters(network: TaggerNetwork, encoder: TransformerEncoder) -> List[nn.Parameter]:
    """The parameters that a loss sends gradients to; a pooler, say, gets none and must not be decayed."""
    device = next(network.parameters()).device
    state = torch.cuda.get_rng_state()
    network.loss(*static_batch((ROWS[0], WIDTHS[0]), encoder, device)).backward()
    torch.cuda.set_rng_state(state)
    reached = [parameter for parameter in network.parameters() if parameter.grad is not None]
    for parameter in reached:
        parameter.grad = None
    return reached


def graphable(optimizer: Optimizer) -> bool:
    """Whether a thinc optimizer is a plain AdamW."""
    adam = optimizer.b1 > 0.0 and optimizer.b2 > 0.0 and not optimizer.use_radam
    return adam and optimizer.L2_is_weight_decay and optimizer.averages is None


def settings_of(optimizer: Optimizer) -> Tuple[float, ...]:
    """What a captured step has fixed."""
    return (optimizer.b1, optimizer.b2, optimizer.eps, optimizer.L2, optimizer.grad_clip)


def static_batch(
    shape: Tuple[int, int], encoder: TransformerEncoder, device: torch.device
) -> Tuple[WordpieceBatch, Tensor]:
    """Tensors of a padded shape that a graph reads from; any valid content will do."""
    rows, width = shape
    assert encoder.table is not None
    ids = torch.full((rows, width), encoder.table.padding, dtype=torch.long, device=device)
    mask = torch.ones((rows, width), dtype=torch.bool, device=device)
    pieces = torch.zeros(rows * width, dtype=torch.long, device=device)
    lengths = torch.full((rows,), width, dtype=torch.long, device=device)
    tags = torch.zeros(rows * width, dtype=torch.long, device=device)
    return WordpieceBatch(ids, mask, pieces, None, lengths), tags


def fill(graph: Graph, encoder: TransformerEncoder, features: Sequence[Wordpieces], tags: Tensor) -> None:
    """Copy a batch into a graph's tensors; padding rows see one piece, and no token reads padding."""
    rows, width = graph.batch.ids.shape
    assert encoder.table is not None
    small = collate(features, encoder.table, window=encoder.window, mean=False, device=torch.device("cpu"))
    height, used = small.ids.shape
    ids = numpy.full((rows, width), encoder.table.padding, dtype=numpy.int64)
    ids[:height, :used] = small.ids.numpy()
    mask = numpy.zeros((rows, width), dtype=bool)
    mask[:height, :used] = small.mask.numpy()
    mask[height:, 0] = True
    pieces = numpy.zeros(rows * width, dtype=numpy.int64)
    places = small.pieces.numpy()
    pieces[: len(places)] = places // used * width + places % used
    targets = numpy.full(rows * width, IGNORE, dtype=numpy.int64)
    targets[: len(tags)] = tags.numpy()
    static = (graph.batch.ids, graph.batch.mask, graph.batch.pieces, graph.tags)
    for target, array in zip(static, (ids, mask, pieces, targets)):
        target.copy_(torch.from_numpy(array).pin_memory(), non_blocking=True)
