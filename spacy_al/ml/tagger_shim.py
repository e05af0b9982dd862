"""What a sequence tagger's thinc Model holds in torch: its state, how it learns and how it is asked, in one shim."""

import os
from typing import Dict, Sequence

import torch
from spacy.tokens import Doc
from thinc.api import Optimizer, Shim
from torch import Tensor, nn

from .seam import Encoder, HeadBuilder
from .stages import Rejected
from .tagger_sampling import TaggerSampling
from .tagger_state import TaggerState
from .tagger_training import TaggerTraining


class TaggerShim(Shim):
    """The torch side of `spacy-al.SequenceTagger.v1`; weights that spacy-transformers keeps are saved by it."""

    def __init__(self, encoder: Encoder, build_head: HeadBuilder, *, cuda_graphs: bool = True) -> None:
        super().__init__(None)
        self.state = TaggerState(encoder, build_head)
        self.training = TaggerTraining(self.state, cuda_graphs=cuda_graphs)
        self.sampling = TaggerSampling(self.state)

    def initialize(self) -> None:
        """Build the network for the declared tags and draw its weights."""
        self.state.initialize()
        self.redraw(0)

    def redraw(self, seed: int) -> None:
        """Draw anew every weight that is not pretrained."""
        self.sampling.forget()
        self.state.redraw(seed)

    def update(self, docs: Sequence[Doc], tags: Tensor, rejected: Rejected = ()) -> Tensor:
        """See `TaggerTraining.update`."""
        self.sampling.forget()
        return self.training.update(docs, tags, rejected)

    def finish_update(self, optimizer: Optimizer) -> None:
        """One fused step over the whole network."""
        self.training.finish(optimizer)

    def to_device(self, device_type: str, device_id: int) -> None:
        """Move the network."""
        if self.state.network is not None:
            self.state.network.to("cpu" if device_type == "cpu" else f"cuda:{device_id}")

    def own_modules(self) -> Dict[str, nn.Module]:
        """What is saved here."""
        return self.state.own_modules()

    def to_bytes(self) -> bytes:
        """See `TaggerState.to_bytes`."""
        return self.state.to_bytes()

    def from_bytes(self, bytes_data: bytes) -> "TaggerShim":
        """See `TaggerState.from_bytes`."""
        self.state.from_bytes(bytes_data)
        self.sampling.forget()
        return self


def _one_thread() -> None:
    torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):
    # Threads of OpenMP do not survive a fork: a worker process of `nlp.pipe` would wait for them forever.
    os.register_at_fork(after_in_child=_one_thread)
