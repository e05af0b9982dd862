"""Any thinc encoder, HashEmbedCNN or a transformer listener, as the source of a tagger's states."""

import contextlib
import random
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple, cast

import numpy
import torch
from spacy.tokens import Doc
from thinc.api import Model, fix_random_seed, set_dropout_rate, torch2xp, xp2torch
from thinc.compat import has_cupy_gpu
from thinc.types import Floats2d
from torch import nn

from .seam import Encoder, Passing
from .stages import Noise, Ragged


class ThincEncoder(Encoder):
    """Gives a thinc Model[List[Doc], List[Floats2d]] the shape of an `Encoder`; its batches are states already.

    A listener's states come from another pipe, so its own `all` is not to be had here: see the adapters in
    `spacy_al.pipeline.adapters` for a `transformer` and `sequence_tagger` pair.
    """

    def __init__(self, model: Model[List[Doc], List[Floats2d]]) -> None:
        self.model = model
        self.front: nn.Module = Passing()
        self.body: nn.Module = Passing()
        self.rate = 0.0  # the dropout that `update` trained with last

    @property
    def seams(self) -> Dict[str, str]:
        """ "input": the thinc Model itself is repeated."""
        return {"last": "head"} if is_listening(self.model) else {"last": "head", "all": "input"}

    @property
    def width(self) -> int:
        """Width of the states."""
        return self.model.get_dim("nO")

    def initialize(self, docs: Sequence[Doc]) -> None:
        """Initialise the thinc Model with some Docs."""
        self.model.initialize(X=list(docs))

    def featurize(self, docs: Sequence[Doc], keys: Optional[Sequence[bytes]] = None) -> List[Doc]:
        """The Docs themselves: the thinc Model reads them."""
        return list(docs)

    def size(self, features: Doc) -> int:
        """Tokens of a sentence."""
        return len(features)

    def collate(self, features: Sequence[Doc], device: torch.device) -> Ragged:
        """States without gradients, (1, tokens, width)."""
        if not any(len(doc) for doc in features):  # a listener has nothing to say of Docs without tokens
            lengths = torch.zeros(len(features), dtype=torch.long, device=device)
            return Ragged(torch.zeros(1, 0, self.width, device=device), lengths)
        return _ragged(self.model.predict(list(features)), features, device)

    def begin(self, features: Sequence[Doc], device: torch.device) -> Tuple[Ragged, Callable[[], None]]:
        """States to train on, and what carries their gradient back into the thinc Model."""
        arrays, backprop = self.model.begin_update(list(features))
        states = _ragged(arrays, features, device)
        states.data.requires_grad_()

        def finish() -> None:
            gradient = states.data.grad
            assert gradient is not None
            backprop([cast(Floats2d, torch2xp(part)) for part in gradient[0].split(states.lengths.tolist())])

        return states, finish

    def repeat(self, features: Sequence[Doc], device: torch.device, noise: Noise, seed: int) -> Ragged:
        """States of several stochastic passes of the thinc Model, (passes, tokens, width)."""
        with thinc_dropout(self.model, self.rate), thinc_seed(seed):
            made = [self.model.begin_update(list(features))[0] for _ in range(noise.passes)]
        states = [_ragged(arrays, features, device) for arrays in made]
        return Ragged(torch.cat([one.data for one in states]), states[0].lengths)

    def set_dropout(self, rate: float) -> None:
        """Train the thinc Model's dropout layers with this rate, and repeat them with it."""
        set_dropout_rate(self.model, rate)
        self.rate = rate


def is_listening(model: Model[Any, Any]) -> bool:
    """Whether a Model takes its states from another pipe."""
    return any("listener" in node.name for node in model.walk())


@contextlib.contextmanager
def thinc_dropout(model: Model[Any, Any], rate: float) -> Iterator[None]:
    """Set the rate of a thinc Model's dropout layers inside the block, and put each back."""
    nodes = [(node, node.attrs["dropout_rate"]) for node in model.walk() if "dropout_rate" in node.attrs]
    try:
        for node, _ in nodes:
            node.attrs["dropout_rate"] = rate
        yield
    finally:
        for node, old in nodes:
            node.attrs["dropout_rate"] = old


@contextlib.contextmanager
def thinc_seed(seed: int) -> Iterator[None]:
    """Seed the global generators that thinc's dropout uses inside the block, and put all their states back."""
    python_state, numpy_state = random.getstate(), numpy.random.get_state()
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []
    with torch.random.fork_rng(devices=devices):
        try:
            with cupy_state_kept():
                fix_random_seed(seed % (1 << 32))
                yield
        finally:
            random.setstate(python_state)
            numpy.random.set_state(numpy_state)


@contextlib.contextmanager
def cupy_state_kept() -> Iterator[None]:
    """Set cupy's generator aside during the block, where cupy runs: seeding changes it in place."""
    if not has_cupy_gpu:
        yield
        return
    import cupy

    before = cupy.random.get_random_state()
    cupy.random.set_random_state(cupy.random.RandomState())
    try:
        yield
    finally:
        cupy.random.set_random_state(before)


def _ragged(arrays: List[Floats2d], docs: Sequence[Doc], device: torch.device) -> Ragged:
    lengths = torch.tensor([len(doc) for doc in docs], device=device)
    # Of a Doc without tokens a listener to a transformer knows not even the width.
    full = [array for array in arrays if len(array)] or arrays[:1]
    data = torch.cat([xp2torch(array, device=device) for array in full]) if full else torch.zeros(0, 0)
    return Ragged(data[None].float(), lengths)
