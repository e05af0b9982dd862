"""The weights of a thinc Model at one moment, to be put back in place for the next round."""

from typing import Any, Dict, Protocol, Tuple, runtime_checkable

import torch
from thinc.api import Model, Shim
from thinc.types import FloatsXd
from torch import Tensor, nn

from ..errors import ALError, Errors


@runtime_checkable
class HoldsModules(Protocol):
    """A shim of this project: says itself which torch modules it holds."""

    def own_modules(self) -> Dict[str, nn.Module]:
        """Modules whose weights it saves, by name."""


class Snapshot:
    """Copies of all parameters of a Model, thinc's and torch's, held on their device.

    Restoring writes into the tensors that are there, so whatever points at them (an optimizer, a CUDA graph)
    stays valid. One that holds what it held is not written to: its version tells what was computed from it.
    """

    def __init__(self, model: Model[Any, Any]) -> None:
        """model (Model): Initialised; its layers may not change afterwards."""
        self.model = model
        self.params: Dict[Tuple[int, str], FloatsXd] = {
            (number, name): node.get_param(name).copy()
            for number, node in enumerate(model.walk())
            for name in node.param_names
            if node.has_param(name)
        }
        self.tensors: Dict[str, Dict[str, Tensor]] = {
            place: {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}
            for place, module in torch_modules(model).items()
        }

    def restore(self) -> None:
        """Put all parameters back. RAISES: ALError A221 when the Model holds other modules than it did."""
        modules = torch_modules(self.model)
        if modules.keys() != self.tensors.keys():
            raise ALError(Errors.A221.format(before=", ".join(self.tensors), now=", ".join(modules)))
        for number, node in enumerate(self.model.walk()):
            for name in node.param_names:
                if (number, name) in self.params:
                    node.set_param(name, self.params[number, name].copy())
        for place, module in modules.items():
            with torch.no_grad():
                for name, tensor in module.state_dict().items():
                    kept = self.tensors[place][name].to(tensor.device)  # a module may have moved to a GPU since
                    if not torch.equal(tensor, kept):
                        tensor.copy_(kept)


def torch_modules(model: Model[Any, Any]) -> Dict[str, nn.Module]:
    """Every torch module that a Model's shims hold, by the place and name of its layer and its own name."""
    return {
        f"{number}.{node.name}.{name}": module
        for number, node in enumerate(model.walk())
        for shim in node.shims
        for name, module in _modules(shim).items()
    }


def _modules(shim: Shim) -> Dict[str, nn.Module]:
    if isinstance(shim, HoldsModules):
        return shim.own_modules()
    return {"model": shim._model} if isinstance(shim._model, nn.Module) else {}
