"""The weights of a thinc Model at one moment, to be put back in place for the next round."""

from typing import Dict, List, Tuple

import torch
from thinc.api import Model, Shim
from thinc.types import FloatsXd
from torch import Tensor, nn

from .encoder_shim import EncoderShim
from .tagger_shim import TaggerShim


class Snapshot:
    """Copies of all parameters of a Model, thinc's and torch's, held on their device.

    Restoring writes into the tensors that are there, so whatever points at them (an optimizer, a CUDA graph)
    stays valid.
    """

    def __init__(self, model: Model) -> None:
        """model (Model): Initialised; its layers may not change afterwards."""
        self.model = model
        self.params: Dict[Tuple[int, str], FloatsXd] = {
            (number, name): node.get_param(name).copy()
            for number, node in enumerate(model.walk())
            for name in node.param_names
            if node.has_param(name)
        }
        self.tensors: List[Dict[str, Tensor]] = [
            {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}
            for module in torch_modules(model)
        ]

    def restore(self) -> None:
        """Put all parameters back."""
        for number, node in enumerate(self.model.walk()):
            for name in node.param_names:
                if (number, name) in self.params:
                    node.set_param(name, self.params[number, name].copy())
        for module, state in zip(torch_modules(self.model), self.tensors):
            with torch.no_grad():
                for name, tensor in module.state_dict().items():
                    tensor.copy_(state[name])


def torch_modules(model: Model) -> List[nn.Module]:
    """Every torch module that a Model's shims hold, in the order of its layers."""
    return [module for node in model.walk() for shim in node.shims for module in _modules(shim)]


def _modules(shim: Shim) -> List[nn.Module]:
    if isinstance(shim, TaggerShim):
        return [] if shim.network is None else [shim.network.head]
    if isinstance(shim, EncoderShim):
        return list(shim.encoder.own_modules().values())
    return [shim._model] if isinstance(shim._model, nn.Module) else []
