"""How a tagger learns: a batch forward and backward, by a CUDA graph where it can, and one fused step."""

import warnings
from typing import Any, Dict, List, Optional, Sequence, Set

import torch
from spacy.tokens import Doc
from thinc.api import Optimizer
from torch import Tensor

from ..errors import Warnings
from .cpu_modes import fast_functions
from .graphs import GraphedTraining
from .network import TaggerNetwork
from .optimizer import TorchOptimizer
from .stages import Rejected
from .tagger_state import TaggerState


class TaggerTraining:
    """Trains everything that is torch's, encoder included, in one fused step."""

    def __init__(self, state: TaggerState, *, cuda_graphs: bool) -> None:
        self.state = state
        self.cuda_graphs = cuda_graphs
        self.graphs: Optional[GraphedTraining] = None
        self.optimizer = TorchOptimizer()
        self.said: Set[str] = set()

    def __getstate__(self) -> Dict[str, Any]:
        return {**self.__dict__, "graphs": None}  # graphs belong to this process and its GPU

    def update(self, docs: Sequence[Doc], tags: Tensor, rejected: Rejected = ()) -> Tensor:
        """Forward and backward for one batch; gradients stay until `finish`.

        docs (Sequence[Doc]): The batch. tags (Tensor): int64 tag of each token, IGNORE where missing, (tokens,).
        rejected (Rejected): For a head that learns from them.
        RETURNS (Tensor): The mean loss, float32 scalar on the device, detached.
        """
        network = self.state.attach()
        if not network.training:
            network.train()
        features = self.state.encoder.featurize(docs)
        loss = self._by_graph(network, features, tags, rejected)
        if loss is not None:
            return loss
        return self._plainly(network, features, tags.split([len(doc) for doc in docs]), rejected)

    def _by_graph(
        self, network: TaggerNetwork, features: Sequence[Any], tags: Tensor, rejected: Rejected
    ) -> Optional[Tensor]:
        if not self.cuda_graphs or self.state.device.type != "cuda":
            return None
        if self.graphs is None or self.graphs.network is not network:
            inputs = self.state.encoder.graph_inputs()
            if inputs is None:
                self._give_up("the batches of this encoder, a thinc Model, have no fixed shapes")
                return None
            self.graphs = GraphedTraining(network, inputs)
        self.graphs.attach()
        if any(rejected):  # a graph has no place for spans, which are different in every batch
            return None
        loss = self.graphs.update(features, tags)
        if self.graphs.broken:
            self._give_up(self.graphs.broken)
        elif loss is None:
            self._say(Warnings.W221)
        return loss

    def _say(self, message: str) -> None:
        """Warn of a slower path, once."""
        if message not in self.said:
            self.said.add(message)
            warnings.warn(message, stacklevel=2)

    def _give_up(self, reason: str) -> None:
        """Train plainly from now on, and say why."""
        self._say(Warnings.W220.format(reason=reason))
        self.cuda_graphs = False
        if self.graphs is not None:
            self.graphs.detach()
            self.graphs = None

    def _plainly(
        self, network: TaggerNetwork, features: Sequence[Any], tags: Sequence[Tensor], rejected: Rejected
    ) -> Tensor:
        """Forward and backward; a batch that does not fit into memory goes through in parts from then on."""
        parameters = list(network.parameters())
        fresh = all(parameter.grad is None for parameter in parameters)
        while True:
            try:
                return self._accumulate(network, features, tags, rejected)
            except torch.OutOfMemoryError:
                if not fresh or min(self.state.most, len(features)) == 1:
                    raise
            for parameter in parameters:
                parameter.grad = None
            self.state.shrink(min(self.state.most, len(features)))

    def _accumulate(
        self, network: TaggerNetwork, features: Sequence[Any], tags: Sequence[Tensor], rejected: Rejected
    ) -> Tensor:
        """Gradients and mean loss of a batch, part by part."""
        encoder, device = self.state.encoder, self.state.device
        total = torch.zeros((), device=device)
        parts = self.parts(features)
        whole = network.head.weight(tags, rejected) if len(parts) > 1 else 1
        for part in parts:
            some = [tags[number] for number in part]
            spans = [rejected[number] for number in part] if rejected else ()
            share = 1.0 if len(parts) == 1 else network.head.weight(some, spans) / max(whole, 1)
            batch, finish = encoder.begin([features[number] for number in part], device)
            with fast_functions(device, network):
                loss = share * network.loss(batch, torch.cat(some).to(device), spans)
            loss.backward()
            finish()
            total += loss.detach()
        return total

    def parts(self, features: Sequence[Any]) -> List[List[int]]:
        """Places of the sentences that go through together: as the encoder has them, and as many as fit."""
        parts, most = self.state.encoder.parts(features, self.state.device), self.state.most
        return [part[start : start + most] for part in parts for start in range(0, len(part), most)]

    def finish(self, optimizer: Optimizer) -> None:
        """One fused step over the whole network."""
        network = self.state.network
        if network is None or (self.graphs is not None and self.graphs.step(optimizer)):
            return
        self.optimizer.step(network, optimizer)
        if self.graphs is not None:
            self._say(Warnings.W222)
            self.graphs.clear()
