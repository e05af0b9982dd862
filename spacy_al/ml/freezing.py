"""Which weights of a transformer keep their pretrained values: those below the layers that are trained."""

from typing import Iterator, List, Tuple

from torch import nn
from transformers import PreTrainedModel

from ..errors import ALError, Errors


def freeze(model: PreTrainedModel, frozen: int) -> None:
    """Train only the layers above the `frozen` lowest ones, and what a model has after its layers; with 0 everything.

    Embeddings, and tables that all layers share (relative positions), lie below the layers. torch computes no gradient
    of what is not trained, and none through it either.

    RAISES: ALError A008 for a model without so many layers of its own, or whose layers share their weights.
    """
    if not frozen:
        return
    path, layers = find_layers(model)
    if not 0 < frozen <= len(layers):
        problem = f"{type(model).__name__} has {len(layers)} layers with weights of their own"
        raise ALError(Errors.A008.format(section="model.encoder", key="frozen", value=frozen, problem=problem))
    model.requires_grad_(False)
    for module in (*layers[frozen:], *after(model, path)):
        module.requires_grad_(True)


def find_layers(model: PreTrainedModel) -> Tuple[str, List[nn.Module]]:
    """Where a model's list of layers is, and the layers; nothing where there is no list of as many as it says."""
    wanted = model.config.num_hidden_layers
    for name, module in model.named_modules():
        if isinstance(module, nn.ModuleList) and len(module) == wanted:
            return name, list(module)
    return "", []


def after(model: PreTrainedModel, path: str) -> Iterator[nn.Module]:
    """What a model itself has after the part its layers are in, such as a last norm."""
    children = list(model.named_children())
    names = [name for name, _ in children]
    return (module for _, module in children[names.index(path.split(".")[0]) + 1 :])
