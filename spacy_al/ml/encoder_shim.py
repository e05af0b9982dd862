"""Our torch encoders as thinc Models, so that they can stand wherever spaCy expects a tok2vec."""

from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, cast

import srsly
import torch
from safetensors.torch import load, save
from spacy.tokens import Doc
from thinc.api import Model, Optimizer, Shim, get_torch_default_device, torch2xp, xp2torch
from thinc.types import Floats2d

from .optimizer import TorchOptimizer
from .seam import Encoder
from .stages import Ragged

Backprop = Callable[[List[Floats2d]], List[Doc]]
DocsModel = Model[List[Doc], List[Floats2d]]


class EncoderShim(Shim):
    """Holds an `Encoder`; saves the modules it owns, and trains them when the encoder is used on its own.

    Inside `spacy-al.SequenceTagger.v1` the tagger's own shim trains everything; gradients are then gone when
    this one is asked.
    """

    encoder: Encoder

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(encoder)
        self.encoder = encoder
        self.optimizer = TorchOptimizer()

    def own_modules(self) -> Dict[str, torch.nn.Module]:
        """What is saved here: the encoder's."""
        return self.encoder.own_modules()

    def finish_update(self, optimizer: Optimizer) -> None:
        """Step the modules this encoder owns, if they have gradients."""
        for module in self.encoder.own_modules().values():
            self.optimizer.step(module, optimizer)

    def to_device(self, device_type: str, device_id: int) -> None:
        """Move the owned modules."""
        for module in self.encoder.own_modules().values():
            module.to("cpu" if device_type == "cpu" else f"cuda:{device_id}")

    def to_bytes(self) -> bytes:
        """Weights of the owned modules as safetensors."""
        modules = self.encoder.own_modules()
        return bytes(srsly.msgpack_dumps({name: saved(module) for name, module in modules.items()}))

    def from_bytes(self, bytes_data: bytes) -> "EncoderShim":
        """Load weights written by `to_bytes`."""
        states = srsly.msgpack_loads(bytes_data)
        for name, module in self.encoder.own_modules().items():
            module.load_state_dict(load(states[name]))
            module.to(get_torch_default_device())
        return self


def wrap_encoder(name: str, encoder: Encoder, *, layers: Sequence[Model[Any, Any]] = ()) -> DocsModel:
    """Make a thinc Model of a torch encoder.

    name (str): Name of the Model.
    encoder (Encoder): Its `initialize(docs)` is called on initialisation, `sync()` before every use.
    layers (Sequence[Model]): thinc Models inside it that save parameters of their own.
    RETURNS (Model[List[Doc], List[Floats2d]]): States of each token, (tokens, width).
    """
    return Model(name, forward, init=init, layers=list(layers), shims=[EncoderShim(encoder)], dims={"nO": None})


def native_encoder(model: Model[Any, Any]) -> Optional[Encoder]:
    """The torch encoder inside a Model made by `wrap_encoder`; None for any other Model."""
    return next((shim.encoder for shim in model.shims if isinstance(shim, EncoderShim)), None)


def init(model: DocsModel, X: Optional[List[Doc]] = None, Y: Optional[List[Floats2d]] = None) -> DocsModel:
    encoder = native_encoder(model)
    assert encoder is not None
    encoder.initialize(X or [])
    encoder.sync()
    if model.has_dim("nO") is not True:
        model.set_dim("nO", encoder.width)
    return model


def forward(model: DocsModel, docs: List[Doc], is_train: bool) -> Tuple[List[Floats2d], Backprop]:
    encoder = native_encoder(model)
    assert encoder is not None
    encoder.sync()
    device = get_torch_default_device()
    encoder.front.train(is_train)
    encoder.body.train(is_train)
    with torch.set_grad_enabled(is_train):
        features = encoder.featurize(docs)
        batch = encoder.begin(features, device)[0] if is_train else encoder.collate(features, device)
        states: Ragged = encoder.body(encoder.front(batch), None)
    arrays = split_arrays(states)

    def backprop(d_arrays: List[Floats2d]) -> List[Doc]:
        gradient = torch.cat([xp2torch(array, device=device) for array in d_arrays])
        states.data.backward(gradient[None])
        return docs

    return arrays, backprop


def split_arrays(states: Ragged) -> List[Floats2d]:
    """States of each sentence as an array of thinc's current backend, (tokens, width)."""
    return [cast(Floats2d, torch2xp(part)) for part in states.data[0].detach().split(states.lengths.tolist())]


def saved(module: torch.nn.Module) -> bytes:
    """A module's weights as safetensors."""
    return save({name: tensor.contiguous() for name, tensor in module.state_dict().items()})
