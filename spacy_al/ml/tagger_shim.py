"""What a sequence tagger's thinc Model holds in torch: the network, its weights, its updates and its passes."""

import contextlib
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import srsly
import torch
from safetensors.torch import load, save
from spacy.tokens import Doc
from thinc.api import Model, Optimizer, Shim, get_torch_default_device
from torch import Tensor

from ..errors import ALError, Errors
from ..types import TagSamples, token_key
from .batching import plan_batches
from .dropout import KeyedNoise, key_tensor
from .encoder_shim import native_encoder
from .heads import HeadBuilder
from .network import TaggerNetwork, check_dropout, forked_seed, noise_kinds
from .optimizer import TorchOptimizer
from .stages import Encoder, Prediction, Ragged
from .thinc_encoder import ThincEncoder

CPU_BUDGET, GPU_BUDGET = 2048, 32768  # padded wordpieces in one batch of inference


class TaggerShim(Shim):
    """The torch side of `spacy-al.SequenceTagger.v1`.

    It trains everything that is torch's, encoder included, in one fused step; weights that spacy-transformers
    keeps are saved by it. `tags` and the head exist once labels are declared and the Model is initialised.
    """

    def __init__(self, encoder_model: Model, build_head: HeadBuilder) -> None:
        super().__init__(None)
        self.encoder: Encoder = native_encoder(encoder_model) or ThincEncoder(encoder_model)
        self.build_head = build_head
        self.tags: List[str] = []
        self.scheme = ""
        self.network: Optional[TaggerNetwork] = None
        self.optimizer = TorchOptimizer()
        self.loaded_head: Optional[bytes] = None

    def declare(self, tags: Sequence[str], scheme: str) -> None:
        """Fix the names of the tags, before initialisation."""
        self.tags, self.scheme = list(tags), scheme

    def initialize(self) -> None:
        """Build the network for the declared tags; the encoder has been initialised by its own Model."""
        head = self.build_head(self.encoder.width, self.tags, self.scheme)
        self._attach(head)
        self.redraw(0)

    def redraw(self, seed: int) -> None:
        """Draw anew every weight that is not pretrained, from a generator of its own."""
        generator = torch.Generator().manual_seed(seed)
        if hasattr(self.encoder, "redraw"):
            self.encoder.redraw(generator)
        self._ready().head.redraw(generator)

    def _attach(self, head: torch.nn.Module) -> None:
        native = None if isinstance(self.encoder, ThincEncoder) else self.encoder
        self.network = TaggerNetwork(native, head)
        self.network.seams = self.encoder.seams
        self.network.to(self.device).eval()

    def _ready(self) -> TaggerNetwork:
        self.encoder.sync()
        if self.loaded_head is not None:
            head = self.build_head(self.encoder.width, self.tags, self.scheme)
            head.load_state_dict(load(self.loaded_head))
            self.loaded_head = None
            self._attach(head)
        if self.network is None:
            raise ALError(Errors.A201)
        return self.network

    @property
    def device(self) -> torch.device:
        """Where spaCy runs: the CPU, or the GPU chosen by `--gpu-id`."""
        return get_torch_default_device()

    @property
    def budget(self) -> int:
        """Padded units of a batch of inference."""
        return GPU_BUDGET if self.device.type == "cuda" else CPU_BUDGET

    def update(self, docs: Sequence[Doc], tags: Tensor) -> Tensor:
        """Forward and backward for one batch; gradients stay until `finish_update`.

        docs (Sequence[Doc]): The batch. tags (Tensor): int64 tag of each token, IGNORE where missing, (tokens,).
        RETURNS (Tensor): The mean loss, float32 scalar on the device, detached.
        """
        network = self._ready().train()
        try:
            batch, finish = self._begin(docs)
            loss = network.loss(batch, tags.to(self.device))
            loss.backward()
            finish()
        finally:
            network.eval()
        return loss.detach()

    def _begin(self, docs: Sequence[Doc]) -> Tuple[object, Callable[[], None]]:
        features = self.encoder.featurize(docs)
        if isinstance(self.encoder, ThincEncoder):
            return self.encoder.begin(features, self.device)
        return self.encoder.collate(features, self.device), _nothing

    def states(self, docs: Sequence[Doc]) -> Iterator[Tuple[List[int], Ragged]]:
        """States of all docs in inference, batch by batch with the places in `docs` they belong to."""
        network = self._ready()
        for order, _, batch in self._batches(docs, 1):
            with torch.inference_mode():
                states = network.states(batch)
            yield order, states

    def predict(self, docs: Sequence[Doc]) -> Iterator[Tuple[List[int], Ragged, Prediction]]:
        """One deterministic pass: places in `docs`, states, and what the head says of them."""
        network = self._ready()
        for order, states in self.states(docs):
            with torch.inference_mode():
                prediction = network.head.predict(states)
            yield order, states, prediction

    def sample(
        self,
        docs: Sequence[Doc],
        *,
        passes: int,
        dropout: str,
        seed: int,
        rates: Mapping[str, float],
        consistent: bool,
        name: str,
    ) -> Iterator[TagSamples]:
        """See `spacy_al.types.Sampler`; `rates` override trained rates by kind, `consistent` shares masks."""
        network = self._ready()
        check_dropout(self.encoder.seams, dropout, name)
        if dropout == "off":
            for order, states, prediction in self.predict(docs):
                yield samples(order, states.lengths, prediction, stochastic=False)
            return
        tables: Dict[Tuple, Tensor] = {}
        kinds = noise_kinds(dropout, self.encoder.seams)
        # With a seam after the states, passes are folded only in the head, which is small: batches stay as large.
        folded = 1 if self.encoder.seams[dropout] == "head" else passes
        for number, (order, chunk, batch) in enumerate(self._batches(docs, folded)):
            keys = key_tensor([token_key(doc) for doc in chunk], self.device)
            noise = KeyedNoise(
                keys, passes=passes, seed=seed, kinds=kinds, rates=rates, consistent=consistent, tables=tables
            )
            if self.encoder.seams[dropout] == "input":
                batch = self._repeat_input(chunk, noise, seed + number)
            with torch.inference_mode(), forked_seed(seed + number, self.device):
                prediction = network.sample(batch, dropout=dropout, noise=noise)
            yield samples(order, batch.lengths, prediction, stochastic=True)

    def _repeat_input(self, docs: Sequence[Doc], noise: KeyedNoise, seed: int) -> Ragged:
        assert isinstance(self.encoder, ThincEncoder)
        rate = noise.rates.get("all", self.encoder.rate)
        return self.encoder.repeat(docs, self.device, noise.passes, rate, seed)

    def _batches(self, docs: Sequence[Doc], passes: int) -> Iterator[Tuple[List[int], List[Doc], Any]]:
        features = self.encoder.featurize(docs)
        budget = max(self.budget // passes, 1) if self.encoder.folds else self.budget
        for order in plan_batches([self.encoder.size(item) for item in features], budget):
            chunk = [features[number] for number in order]
            yield order, [docs[number] for number in order], self.encoder.collate(chunk, self.device)

    def finish_update(self, optimizer: Optimizer) -> None:
        """One fused step over the whole network."""
        if self.network is not None:
            self.optimizer.step(self.network, optimizer)

    @contextlib.contextmanager
    def use_params(self, params: Any) -> Iterator[None]:
        """Averaged parameters are not used for torch modules."""
        yield

    def to_device(self, device_type: str, device_id: int) -> None:
        """Move the network."""
        if self.network is not None:
            self.network.to("cpu" if device_type == "cpu" else f"cuda:{device_id}")

    def to_bytes(self) -> bytes:
        """Tags, scheme and the head's weights; encoders save theirs."""
        head = self.loaded_head if self.network is None else save(_contiguous(self.network.head))
        return srsly.msgpack_dumps({"tags": self.tags, "scheme": self.scheme, "head": head})

    def from_bytes(self, bytes_data: bytes) -> "TaggerShim":
        """Load what `to_bytes` wrote. The encoder is attached at the first use, when it has been loaded too."""
        message = srsly.msgpack_loads(bytes_data)
        self.declare(message["tags"], message["scheme"])
        self.network = None
        self.loaded_head = message["head"]
        return self


def samples(order: List[int], lengths: Tensor, prediction: Prediction, *, stochastic: bool) -> TagSamples:
    """Wrap a head's prediction for a batch with the places it belongs to."""
    return TagSamples(prediction.probs, prediction.best, prediction.log_prob, lengths, order, stochastic)


def _nothing() -> None:
    """What a native encoder needs after backward: autograd did all."""


def _contiguous(module: torch.nn.Module) -> Dict[str, Tensor]:
    return {name: tensor.contiguous() for name, tensor in module.state_dict().items()}
