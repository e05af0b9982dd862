"""The three stages of a tagger in a row, and how stochastic passes go through them from the seam on."""

import contextlib
from typing import Any, Collection, ContextManager, Dict, FrozenSet, Iterator, Mapping

import torch
from torch import Tensor, nn

from ..errors import ALError, Errors
from ..lending import lent
from .cpu_modes import fast_functions
from .dropout import KeyedNoise
from .seam import Batch, Encoder
from .stages import Prediction, Ragged, Rejected


class TaggerNetwork(nn.Module):
    """front -> body -> head. See `spacy_al.ml.stages` for the seam.

    front, body (nn.Module): From the encoder. head (nn.Module): Meets the protocol `Head`.
    """

    def __init__(self, encoder: Encoder, head: nn.Module) -> None:
        super().__init__()
        self.front: nn.Module = encoder.front
        self.body: nn.Module = encoder.body
        # nn.Module has no `loss` or `predict` for a type checker to know; heads meet the protocol `Head`.
        self.head: Any = head
        self.seams: Dict[str, str] = encoder.seams
        self.folds = encoder.folds

    def states(self, batch: Batch) -> Ragged:
        """States of the tokens, (1, tokens, width), by the present training or inference mode."""
        states: Ragged = self.body(self.front(batch), None)
        return states

    def loss(self, batch: Batch, tags: Tensor, rejected: Rejected = ()) -> Tensor:
        """The head's mean loss of a batch. tags (Tensor): int64, (tokens,). rejected (Rejected): See `Head.loss`."""
        states = self.states(batch)
        loss: Tensor = self.head.loss(states, tags, rejected) if any(rejected) else self.head.loss(states, tags)
        return loss

    def _predict(self, states: Ragged, noise: KeyedNoise) -> Prediction:
        prediction: Prediction = self.head.predict(states, noise)
        return prediction

    def sample(self, batch: Batch, *, dropout: str, noise: KeyedNoise) -> Prediction:
        """Stochastic passes: everything before the seam runs once.

        batch (Batch): From the encoder's `collate`.
        dropout (str): A key of `self.seams`.
        noise (KeyedNoise): Masks for this batch.
        RETURNS (Prediction): (passes, ...).
        """
        if self.seams[dropout] in ("head", "input"):  # "input": passes were folded into the states outside
            return self._predict(self.states(batch), noise)
        front = self.front(batch)
        return self._predict(self.body(front, noise) if self.folds else self._repeat_body(front, noise), noise)

    def _repeat_body(self, front: Batch, noise: KeyedNoise) -> Ragged:
        with dropout_on(self.body), fast_functions(noise.keys.device, self.body):
            passes = [self.body(front, None) for _ in range(noise.passes)]
        return Ragged(torch.cat([states.data for states in passes]), passes[0].lengths)


def check_dropout(seams: Collection[str], dropout: str, pipe: str) -> None:
    """Raise ALError A200 when a tagger has no dropout of this kind."""
    if dropout != "off" and dropout not in seams:
        raise ALError(Errors.A200.format(dropout=dropout, pipe=pipe, known=", ".join(["off", *seams])))


def dropout_on(body: nn.Module) -> ContextManager[None]:
    """Make an inference-mode module drop units at random, as in training; put every flag back after.

    Attention drops inside functions that look at the module's own `training`, so all modules are switched,
    except those whose statistics training would change.
    """
    return lent(
        (module, "training", not isinstance(module, nn.modules.batchnorm._NormBase)) for module in body.modules()
    )


@contextlib.contextmanager
def forked_seed(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch's generators inside the block and put their states back after it."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.random.manual_seed(seed)
        yield


def noise_kinds(dropout: str, seams: Mapping[str, str]) -> FrozenSet[str]:
    """The kinds of keyed dropout that a choice switches on: "all" means every kind the tagger has."""
    if dropout != "all":
        return frozenset([dropout])
    return frozenset({"last", "word", "locked"} & ({*seams} | {"last"}))
