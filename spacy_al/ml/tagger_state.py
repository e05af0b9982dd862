"""What a tagger is: its encoder, its tags, the network of both, and the weights that are saved."""

import logging
from typing import Dict, List, Optional, Sequence

import srsly
import torch
from safetensors.torch import load
from thinc.api import get_torch_default_device
from torch import nn

from ..errors import ALError, Errors
from .encoder_shim import saved
from .network import TaggerNetwork
from .seam import Encoder, HeadBuilder

logger = logging.getLogger("spacy_al")
NO_LIMIT = 1 << 30


class TaggerState:
    """`tags` and the network exist once labels are declared and the Model is initialised or loaded."""

    def __init__(self, encoder: Encoder, build_head: HeadBuilder) -> None:
        self.encoder = encoder
        self.build_head = build_head
        self.tags: List[str] = []
        self.scheme = ""
        self.network: Optional[TaggerNetwork] = None
        self.loaded_head: Optional[bytes] = None
        self.most = NO_LIMIT  # sentences of a batch that fit into memory

    @property
    def device(self) -> torch.device:
        """Where spaCy runs: the CPU, or the GPU chosen by `--gpu-id`."""
        return get_torch_default_device()

    def declare(self, tags: Sequence[str], scheme: str) -> None:
        """Fix the names of the tags, before initialisation."""
        self.tags, self.scheme = list(tags), scheme

    def initialize(self) -> None:
        """Build the network for the declared tags; the encoder has been initialised by its own Model."""
        self._join(self._new_head())

    def redraw(self, seed: int) -> None:
        """Draw anew every weight that is not pretrained, from a generator of its own."""
        generator = torch.Generator().manual_seed(seed)
        network = self.attach()
        self.encoder.redraw(generator)
        network.head.redraw(generator)

    def attach(self) -> TaggerNetwork:
        """The network, with a head that was loaded joined to an encoder that may have been loaded after it.

        RAISES: ALError A201 before initialisation.
        """
        self.encoder.sync()
        if self.loaded_head is not None:
            head = self._new_head()
            head.load_state_dict(load(self.loaded_head))
            self.loaded_head = None
            self._join(head)
        if self.network is None:
            raise ALError(Errors.A201)
        return self.network

    def _new_head(self) -> nn.Module:
        return self.build_head(self.encoder.width, self.tags, self.scheme)

    def _join(self, head: nn.Module) -> None:
        self.network = TaggerNetwork(self.encoder, head)
        self.network.to(self.device).eval()

    def shrink(self, size: int) -> None:
        """A batch of `size` sentences did not fit into memory: half of them from now on."""
        torch.cuda.empty_cache()
        if self.most == NO_LIMIT:
            logger.warning("out of memory with a batch of %d sentences: going on with halves", size)
        self.most = max(size // 2, 1)

    def own_modules(self) -> Dict[str, nn.Module]:
        """What is saved here: the head; encoders save their own weights."""
        return {} if self.network is None else {"head": self.network.head}

    def to_bytes(self) -> bytes:
        """Tags, scheme and the head's weights."""
        head = self.loaded_head if self.network is None else saved(self.network.head)
        return bytes(srsly.msgpack_dumps({"tags": self.tags, "scheme": self.scheme, "head": head}))

    def from_bytes(self, bytes_data: bytes) -> None:
        """Load what `to_bytes` wrote; `attach` joins it to the encoder, when that has been loaded too."""
        message = srsly.msgpack_loads(bytes_data)
        self.declare(message["tags"], message["scheme"])
        self.network = None
        self.loaded_head = message["head"]
