"""What a tagger's parts may ask for beyond `forward`: encoders, heads and inference engines as protocols with defaults.

A class of this project names its protocol as base and inherits the defaults; the rest of the tagger asks every encoder
and head the same questions and never what it is.
"""

import contextlib
from typing import Any, Callable, ClassVar, ContextManager, Dict, List, Optional, Protocol, Sequence, Tuple

import torch
from spacy.tokens import Doc
from torch import Tensor, nn

from .cpu_modes import fast_functions
from .stages import Noise, Prediction, Ragged, Rejected

Shape = Tuple[int, ...]
Batch = object  # what an encoder's `collate` makes; only its own front and body look inside


class GraphInputs(Protocol):
    """Batches of an encoder as tensors of fixed shapes, for CUDA graphs (`spacy_al.ml.graph_inputs`)."""

    @property
    def smallest(self) -> Shape:
        """The smallest shape there is."""

    def shape(self, features: Sequence[Any]) -> Optional[Shape]:
        """The shape a batch fits into, or None."""

    def empty(self, shape: Shape, device: torch.device) -> Tuple[Any, Tensor]:
        """A batch of a shape, of any valid content, and int64 tags of all its places: what a graph reads."""

    def fill(self, batch: Any, tags: Tensor, features: Sequence[Any], values: Tensor) -> None:
        """Copy sentences and the tags of their tokens, `values` (tokens,) on the CPU, into `batch` and `tags`."""


class Passing(nn.Module):
    """A front or body that has nothing to do: the states of encoders that are thinc Models come from outside."""

    def forward(self, states: Any, noise: Optional[Noise] = None) -> Any:
        return states


class Features(Protocol):
    """What sentences are to a network before its front runs: made once for each, and put together into batches."""

    def initialize(self, docs: Sequence[Doc]) -> None:
        """Load or draw weights, once, before training. docs: some of the sentences to train on."""

    def redraw(self, generator: torch.Generator) -> None:
        """Draw anew all weights that are not pretrained."""
        return

    def featurize(self, docs: Sequence[Doc], keys: Optional[Sequence[bytes]] = None) -> List[Any]:
        """What the front needs of each sentence, made once per sentence and kept by `token_key`.

        keys (Optional[Sequence[bytes]]): The sentences' `token_key`s, from a caller that has them.
        """

    def size(self, features: Any) -> int:
        """Length of a sentence in the unit that costs time (wordpieces, tokens), for batching."""

    def collate(self, features: Sequence[Any], device: torch.device) -> Any:
        """Features of several sentences -> one batch on the device, for the front."""

    def graph_inputs(self) -> Optional[GraphInputs]:
        """What CUDA graphs of training steps read; None for an encoder that trains without."""
        return None


class Encoder(Features, Protocol):
    """An encoder inside a tagger: native to torch (in an `EncoderShim`), or any thinc Model (`ThincEncoder`).

    front (nn.Module): batch -> states, run once. `Passing` where there is nothing to run once.
    body (nn.Module): called as body(states, noise) -> Ragged of data (passes, tokens, width).
    seams (Dict[str, str]): Stage where repetition starts, for each kind of dropout: "head", "body", or "input" where
        `repeat` makes the passes.
    folds (bool): True if the body takes `noise` and folds its passes into the first axis; if False, the network
        switches the body's own dropout modules on and runs it once per pass.
    width (int): Width of the states that come out.
    """

    folds: bool = True
    front: nn.Module
    body: nn.Module

    @property
    def seams(self) -> Dict[str, str]: ...

    @property
    def width(self) -> int: ...

    def sync(self) -> None:
        """Called before every use: take over inner models that loading has replaced."""
        return

    def own_modules(self) -> Dict[str, nn.Module]:
        """The torch modules whose weights this encoder saves and, used on its own, trains; by name."""
        return {}

    def set_dropout(self, rate: float) -> None:
        """The rate that `nlp.update` was called with; torch layers have theirs from the config."""
        return

    def begin(self, features: Sequence[Any], device: torch.device) -> Tuple[Any, Callable[[], None]]:
        """A batch to train on, and what has to be done after its backward pass."""
        return self.collate(features, device), _nothing

    def parts(self, features: Sequence[Any], device: torch.device) -> List[List[int]]:
        """Places of the sentences of a training batch that go through together."""
        return [list(range(len(features)))]

    def repeat(self, features: Sequence[Any], device: torch.device, noise: Noise, seed: int) -> Any:
        """The batch that stochastic passes start from; with the seam "input", the passes are in it already."""
        return self.collate(features, device)

    def engine(self) -> "Engine":
        """What computes states in inference."""
        return TorchEngine()


def _nothing() -> None:
    """After backward: autograd did all."""


class Head(Protocol):
    """Turns states into tags; a torch module. Built by functions in the registry `al_heads`."""

    def redraw(self, generator: torch.Generator) -> None:
        """Draw all weights anew."""

    def loss(self, states: Ragged, tags: Tensor) -> Tensor:
        """Mean loss of a batch (scalar). tags (Tensor): int64 (tokens,), IGNORE where the tag is missing.

        That of a head which learns from rejected spans takes `rejected` (Rejected) too; it is given only where a
        span was rejected.
        """

    def weight(self, tags: Sequence[Tensor], rejected: Rejected = ()) -> int:
        """What the loss of some sentences is divided by, so that a batch can be taken in parts; may be 0.

        tags (Sequence[Tensor]): int64 on the CPU, (tokens,) of each sentence. rejected (Rejected): As in `loss`.
        """

    def predict(self, states: Ragged, noise: Optional[Noise] = None) -> Prediction:
        """Probabilities, best tags and log-probability of the best sequence, for every pass in `noise`."""


class HeadBuilder(Protocol):
    """What a function in the registry `al_heads` returns: called once labels and the encoder's width are known.

    learns_from_rejected (bool): Whether `loss` of its heads takes spans known not to be entities.
    """

    learns_from_rejected: ClassVar[bool] = False

    def __call__(self, width: int, tags: Sequence[str], scheme: str) -> nn.Module:
        """Build the head for states of `width`, for the names of `tags` in `scheme`."""


class Engine(Protocol):
    """What computes states in deterministic inference; another runtime than torch can be put in its place."""

    def begin(self, network: Any, size: int, *, lower: bool = False, repeated: bool = False) -> None:
        """States of sentences of `size` together (wordpieces, tokens) will be asked for.

        lower (bool): They may be in lower precision: sentences will be chosen by them, nothing else.
        repeated (bool): torch will run the body for stochastic passes, inside `passes`.
        """
        return

    def lower_pays(self, network: Any, size: int) -> bool:
        """Whether `lower` would make a difference for so many."""
        return False

    def passes(self, network: Any) -> ContextManager[None]:
        """A block in which torch runs the body for stochastic passes, in the precision that has been chosen."""
        return contextlib.nullcontext()

    def states(self, network: Any, batch: Any) -> Ragged:
        """States of a batch's tokens, (1, tokens, width), on the device of the batch.

        network (TaggerNetwork): In inference mode. batch: From the encoder's `collate`.
        """

    def forget(self) -> None:
        """The network's weights have changed, or will."""
        return


def inferred(network: Any, batch: Any) -> Ragged:
    """A network's states of a batch, without gradients, by torch."""
    with torch.inference_mode(), fast_functions(next(network.parameters()).device, network):
        states: Ragged = network.states(batch)
    return states


class TorchEngine(Engine):
    """The network itself."""

    def states(self, network: Any, batch: Any) -> Ragged:
        """See Engine."""
        return inferred(network, batch)
