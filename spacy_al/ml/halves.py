"""A transformer whose lowest layers are not trained, in halves: what comes out of those is computed once a sentence."""

import contextlib
from typing import Any, Callable, ContextManager, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import PreTrainedModel

from ..lending import lent
from .freezing import find_layers

ROWS = 8  # of each pass through the lower half
TOLERANCE = 1e-4  # most a state of the halves may differ from the model's, of its largest
STATES = ("hidden_states", "x")  # names of a layer's first argument
Ids = NDArray[numpy.int32]


class Reached(Exception):
    """What goes into the first layer of the upper half. states (Tensor): (rows, width, units)."""

    def __init__(self, states: Tensor) -> None:
        super().__init__()
        self.states = states


class Halves:
    """Runs the layers of a model below a border and those above it, each alone.

    The model is not changed: a hook before the first layer above leaves with what comes in, or puts other states in
    its place while the model's list has the upper layers only. What is frozen has no dropout.
    """

    def __init__(self, model: PreTrainedModel, frozen: int) -> None:
        """frozen (int): Layers below, fewer than there are."""
        path, layers = find_layers(model)
        parent, _, self.name = path.rpartition(".")
        self.model, self.parent, self.border = model, model.get_submodule(parent), layers[frozen]
        self.upper_layers = nn.ModuleList(layers[frozen:])
        self.weights = [weight for weight in model.parameters() if not weight.requires_grad]
        trained = set(self.upper_layers.modules()) | {model, self.parent}
        self.frozen_modules = [module for module in model.modules() if module not in trained]

    def lower(self, **inputs: Any) -> Tensor:
        """States that go into the first trained layer, (rows, width, units). inputs: Of the model."""
        with torch.inference_mode(False), torch.no_grad(), self._without_dropout(), entering(self.border, _leave):
            try:
                self.model(**inputs)
            except Reached as reached:
                return reached.states
        raise ValueError("its layers are not called one after the other")

    def upper(self, states: Tensor, **inputs: Any) -> Tensor:
        """The model's last states. states (Tensor): From `lower`, for the same inputs."""
        layers = self.parent._modules[self.name]
        self.parent._modules[self.name] = self.upper_layers
        try:
            with self._without_dropout(), entering(self.border, lambda found: states.to(found.dtype)):
                result: Tensor = self.model(**inputs)[0]
                return result
        finally:
            self.parent._modules[self.name] = layers

    def differs(self, **inputs: Any) -> str:
        """What is wrong with the halves of this model; "" where nothing is. inputs: Some, of the model."""
        training = self.model.training
        self.model.eval()
        try:
            with torch.no_grad():
                whole = self.model(**inputs)[0]
                halves = self.upper(self.lower(**inputs), **inputs)
        except (ValueError, TypeError, LookupError, AttributeError, RuntimeError) as error:
            return f"{type(error).__name__}: {error}".splitlines()[0]
        finally:
            self.model.train(training)
        difference, scale = float((whole - halves).abs().max()), max(1.0, float(whole.abs().max()))
        return "" if difference <= TOLERANCE * scale else f"they differ by {difference:.2e}"

    def _without_dropout(self) -> ContextManager[None]:
        return lent((module, "training", False) for module in self.frozen_modules)


@contextlib.contextmanager
def entering(layer: nn.Module, change: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Inside the block a layer gets what `change` makes of its states; of nested blocks the inner one changes first."""

    def hook(_: nn.Module, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Tuple[Tuple[Any, ...], Dict[str, Any]]:
        if args:
            return (change(args[0]), *args[1:]), kwargs
        name = next(name for name in STATES if name in kwargs)
        return args, {**kwargs, name: change(kwargs[name])}

    handle = layer.register_forward_pre_hook(hook, with_kwargs=True, prepend=True)
    try:
        yield
    finally:
        handle.remove()


def _leave(states: Tensor) -> Tensor:
    raise Reached(states)


class LowerStates:
    """States from below the border of sentences, computed once and kept in memory up to a limit.

    Every pass has as many rows, of one length and without padding: what is computed of a sentence does not depend on
    the sentences beside it, so that it does not matter what was asked for earlier, or in another process.
    """

    def __init__(self, limit: int) -> None:
        """limit (int): Bytes to keep."""
        self.limit = limit
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.kept: Dict[bytes, Tensor] = {}
        self.used = 0
        self.marks: List[Tuple[int, int]] = []

    def __getstate__(self) -> Dict[str, Any]:
        return {"limit": self.limit}  # another process computes its own

    def __setstate__(self, state: Dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    def get(self, rows: Sequence[Ids], weights: Sequence[Tensor], lower: Callable[[Tensor], Tensor]) -> List[Tensor]:
        """States of each row of wordpieces, float32 (pieces, units).

        weights (Sequence[Tensor]): What they are computed with; where one has changed, so have the states.
        lower (Callable[[Tensor], Tensor]): int64 wordpieces (ROWS, width) -> (ROWS, width, units).
        """
        marks = [(weight.data_ptr(), weight._version) for weight in weights]
        if marks != self.marks:
            self.clear()
            self.marks = marks
        keys = [row.tobytes() for row in rows]
        made = self._make({key: row for key, row in zip(keys, rows) if key not in self.kept}, lower)
        found = [made[key] if key in made else self.kept[key] for key in keys]
        for key, states in made.items():
            size = states.numel() * states.element_size()
            if self.used + size <= self.limit:
                self.kept[key] = states
                self.used += size
        return found

    def _make(self, new: Dict[bytes, Ids], lower: Callable[[Tensor], Tensor]) -> Dict[bytes, Tensor]:
        by_length: Dict[int, List[bytes]] = {}
        for key, row in new.items():
            by_length.setdefault(len(row), []).append(key)
        made: Dict[bytes, Tensor] = {}
        for keys in by_length.values():
            for start in range(0, len(keys), ROWS):
                some = keys[start : start + ROWS]
                ids = numpy.stack([new[key] for key in some] + [new[some[0]]] * (ROWS - len(some)))
                made.update(zip(some, (row.clone() for row in lower(torch.from_numpy(ids).long()))))
        return made


def halves_of(model: PreTrainedModel, frozen: int, **inputs: Any) -> Tuple[Optional[Halves], str]:
    """A model's halves, or None and why it has none. inputs: Some, of the model."""
    _, layers = find_layers(model)
    if not 0 < frozen < len(layers):
        return None, ""
    halves = Halves(model, frozen)
    problem = halves.differs(**inputs)
    return (None, problem) if problem else (halves, "")
