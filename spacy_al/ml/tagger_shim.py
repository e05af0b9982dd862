"""What a sequence tagger's thinc Model holds in torch: the network, its weights, its updates and its passes."""

import contextlib
import logging
import os
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, TypeVar

import srsly
import torch
from safetensors.torch import load, save
from spacy.tokens import Doc
from thinc.api import Model, Optimizer, Shim, get_torch_default_device
from torch import Tensor

from ..errors import ALError, Errors
from ..ids import token_key
from ..types import TagSamples
from .batching import plan_batches, plan_parts
from .cpu_modes import fast_training
from .dropout import KeyedNoise, key_numbers
from .encoder_shim import native_encoder
from .graph_inputs import graph_inputs
from .graphs import GraphedTraining
from .heads import HeadBuilder
from .network import TaggerNetwork, check_dropout, forked_seed, noise_kinds
from .optimizer import TorchOptimizer
from .stages import Encoder, Prediction, Ragged, Rejected
from .thinc_encoder import ThincEncoder
from .transfer import upload
from .transformer import TransformerEncoder

logger = logging.getLogger("spacy_al")
CPU_BUDGET, GPU_BUDGET = 2048, 32768  # padded wordpieces in one batch of inference
PART_COST = 100  # padded wordpieces that take as long as adding a part's gradients to the others' on a CPU
NO_LIMIT = 1 << 30
KEPT_TABLES = 4  # of masks: ten passes over 768 units take 31 MB
KEPT_SENTENCES = 4096  # states kept for the `uncertainty` component; spaCy's batches are smaller
Result = TypeVar("Result")
NoiseOf = Callable[[List[int]], KeyedNoise]  # for sentences at these places


class TaggerShim(Shim):
    """The torch side of `spacy-al.SequenceTagger.v1`.

    It trains everything that is torch's, encoder included, in one fused step; weights that spacy-transformers
    keeps are saved by it. `tags` and the head exist once labels are declared and the Model is initialised.
    """

    def __init__(self, encoder_model: Model, build_head: HeadBuilder, *, cuda_graphs: bool = True) -> None:
        super().__init__(None)
        self.cuda_graphs = cuda_graphs
        self.graphs: Optional[GraphedTraining] = None
        native = native_encoder(encoder_model)
        self.encoder: Encoder = ThincEncoder(encoder_model) if native is None else native
        self.build_head = build_head
        self.tags: List[str] = []
        self.scheme = ""
        self.network: Optional[TaggerNetwork] = None
        self.optimizer = TorchOptimizer()
        self.loaded_head: Optional[bytes] = None
        self.kept: Optional[Dict[bytes, Tensor]] = None
        self.most = NO_LIMIT  # sentences of a batch that fit into memory
        self.tables: Dict[Tuple, Tensor] = {}  # masks, which all chunks of a pool share

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
        self._forget_kept()
        generator = torch.Generator().manual_seed(seed)
        if hasattr(self.encoder, "redraw"):
            self.encoder.redraw(generator)
        self._ready().head.redraw(generator)

    def _attach(self, head: torch.nn.Module) -> None:
        native = None if isinstance(self.encoder, ThincEncoder) else self.encoder
        self.network = TaggerNetwork(native, head)
        self.network.seams = self.encoder.seams
        self.network.to(self.device).eval()
        self.graphs = None

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

    def update(self, docs: Sequence[Doc], tags: Tensor, rejected: Rejected = ()) -> Tensor:
        """Forward and backward for one batch; gradients stay until `finish_update`.

        docs (Sequence[Doc]): The batch. tags (Tensor): int64 tag of each token, IGNORE where missing, (tokens,).
        rejected (Rejected): For a head that learns from them.
        RETURNS (Tensor): The mean loss, float32 scalar on the device, detached.
        """
        network = self._ready()
        self._forget_kept()
        self.tables.clear()
        if not network.training:
            network.train()
        loss = self._update_by_graph(docs, tags, rejected)
        return self._update_plainly(docs, tags, rejected) if loss is None else loss

    def _update_plainly(self, docs: Sequence[Doc], tags: Tensor, rejected: Rejected) -> Tensor:
        """Forward and backward; a batch that does not fit into memory goes through in parts from then on."""
        parameters = list(self._ready().parameters())
        fresh = all(parameter.grad is None for parameter in parameters)
        while True:
            try:
                return self._accumulate(docs, tags, rejected)
            except torch.OutOfMemoryError:
                if not fresh or min(self.most, len(docs)) == 1:
                    raise
            for parameter in parameters:
                parameter.grad = None
            self._shrink(min(self.most, len(docs)))

    def _accumulate(self, docs: Sequence[Doc], tags: Tensor, rejected: Rejected) -> Tensor:
        """Gradients and mean loss of a batch, part by part."""
        network = self._ready()
        tags_of = tags.split([len(doc) for doc in docs])
        total = torch.zeros((), device=self.device)
        parts = self._parts(docs)
        whole = network.head.weight(tags_of, rejected) if len(parts) > 1 else 1
        for part in parts:
            some = [tags_of[number] for number in part]
            spans = [rejected[number] for number in part] if rejected else ()
            share = 1.0 if len(parts) == 1 else network.head.weight(some, spans) / max(whole, 1)
            batch, finish = self._begin([docs[number] for number in part])
            with fast_training(self.device, network):
                loss = share * network.loss(batch, torch.cat(some).to(self.device), spans)
            loss.backward()
            finish()
            total += loss.detach()
        return total

    def _parts(self, docs: Sequence[Doc]) -> List[List[int]]:
        """Places of the sentences that go through together: as many as fit, and on a CPU as pays, by length."""
        if self.device.type == "cpu" and isinstance(self.encoder, TransformerEncoder):
            sizes = [self.encoder.size(item) for item in self.encoder.featurize(docs)]
            parts = plan_parts(sizes, PART_COST)
        else:
            parts = [list(range(len(docs)))]
        return [part[start : start + self.most] for part in parts for start in range(0, len(part), self.most)]

    def _shrink(self, size: int) -> None:
        torch.cuda.empty_cache()
        if self.most == NO_LIMIT:
            logger.warning("out of memory with a batch of %d sentences: going on with halves", size)
        self.most = max(size // 2, 1)

    def _update_by_graph(self, docs: Sequence[Doc], tags: Tensor, rejected: Rejected) -> Optional[Tensor]:
        if not self.cuda_graphs or self.device.type != "cuda":
            return None
        inputs = graph_inputs(self.encoder) if self.graphs is None else self.graphs.inputs
        if inputs is None:
            logger.info("this encoder trains without CUDA graphs: its batches have no fixed shapes")
            self.cuda_graphs = False
            return None
        features = self.encoder.featurize(docs)
        if self.graphs is None:
            self.graphs = GraphedTraining(self._ready(), inputs)
        self.graphs.attach()
        # A graph has no place for spans, which are different in every batch.
        return None if any(rejected) else self.graphs.update(features, tags)

    def _begin(self, docs: Sequence[Doc]) -> Tuple[object, Callable[[], None]]:
        features = self.encoder.featurize(docs)
        if isinstance(self.encoder, ThincEncoder):
            return self.encoder.begin(features, self.device)
        return self.encoder.collate(features, self.device), _nothing

    def states(
        self, docs: Sequence[Doc], keys: Sequence[bytes], *, keep: bool = False
    ) -> Iterator[Tuple[List[int], Ragged]]:
        """States of all docs in inference, batch by batch: places in `docs`, and (1, tokens, width).

        keys (Sequence[bytes]): Their `token_key`s, which take long enough to be made once only.
        """
        network = self._ready().eval()
        if self.kept is not None and keys and all(key in self.kept for key in keys):
            yield self._take_kept(docs, keys)
            return
        features = self.encoder.featurize(docs, keys)

        def encode(part: List[int]) -> Ragged:
            with torch.inference_mode():
                return network.states(self.encoder.collate([features[number] for number in part], self.device))

        for order, states in self._in_batches(features, 1, encode):
            if keep:
                self._keep([keys[number] for number in order], states)
            yield order, states

    def _in_batches(
        self, features: Sequence[Any], passes: int, compute: Callable[[List[int]], Result]
    ) -> Iterator[Tuple[List[int], Result]]:
        """Results of batches by length; one that does not fit into memory is halved until it does."""
        budget = max(self.budget // passes, 1) if self.encoder.folds else self.budget
        todo = plan_batches([self.encoder.size(item) for item in features], budget)[::-1]
        while todo:
            order = todo.pop()
            try:
                result = compute(order)
            except torch.OutOfMemoryError:
                if len(order) == 1:
                    raise
                self._shrink(len(order))
                todo += [order[len(order) // 2 :], order[: len(order) // 2]]
                continue
            yield order, result

    def keep_states(self, on: bool) -> None:
        """Keep the states of sentences predicted from now on until they are sampled, so that the encoder need not
        run again; False frees them."""
        self.kept = {} if on else None

    def _forget_kept(self) -> None:
        if self.kept is not None:
            self.kept = {}

    def _keep(self, keys: Sequence[bytes], states: Ragged) -> None:
        if self.kept is not None:
            parts = states.data[0].split(states.lengths.tolist())
            self.kept.update(zip(keys, parts))
            while len(self.kept) > KEPT_SENTENCES:
                del self.kept[next(iter(self.kept))]

    def __getstate__(self) -> Dict[str, Any]:
        # Graphs, masks and kept states belong to this process and its GPU.
        return {**self.__dict__, "graphs": None, "kept": None, "tables": {}}

    def _take_kept(self, docs: Sequence[Doc], keys: Sequence[bytes]) -> Tuple[List[int], Ragged]:
        assert self.kept is not None
        parts = [self.kept[key] for key in keys]
        for key in keys:
            self.kept.pop(key, None)
        lengths = torch.tensor([len(doc) for doc in docs], device=self.device)
        return list(range(len(docs))), Ragged(torch.cat(parts)[None], lengths)

    def predict(self, docs: Sequence[Doc]) -> Iterator[Tuple[List[int], Ragged, Prediction]]:
        """One deterministic pass: places in `docs`, states, and what the head says of them."""
        network = self._ready()
        for order, states in self.states(docs, [token_key(doc) for doc in docs], keep=True):
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
        self._ready()
        check_dropout(self.encoder.seams, dropout, name)
        if len(self.tables) > KEPT_TABLES:
            self.tables.clear()
        tables = self.tables
        kinds = noise_kinds(dropout, self.encoder.seams)

        keys = [token_key(doc) for doc in docs]
        numbers = key_numbers(keys)

        def noise(order: List[int]) -> KeyedNoise:
            some = upload(numbers[order], self.device)
            return KeyedNoise(
                some, passes=passes, seed=seed, kinds=kinds, rates=rates, consistent=consistent, tables=tables
            )

        if dropout == "off" or self.encoder.seams[dropout] == "head":
            yield from self._sample_head(docs, keys, None if dropout == "off" else noise)
        else:
            yield from self._sample_body(docs, keys, dropout, noise, passes, seed)

    def _sample_head(
        self, docs: Sequence[Doc], keys: Sequence[bytes], noise: Optional[NoiseOf]
    ) -> Iterator[TagSamples]:
        head = self._ready().head
        for order, states in self.states(docs, keys):
            with torch.inference_mode():
                prediction = head.predict(states, None if noise is None else noise(order))
            yield samples(order, states.lengths, prediction, stochastic=noise is not None)

    def _sample_body(
        self, docs: Sequence[Doc], keys: Sequence[bytes], dropout: str, noise: NoiseOf, passes: int, seed: int
    ) -> Iterator[TagSamples]:
        network = self._ready().eval()
        features = self.encoder.featurize(docs, keys)

        def repeat(part: List[int]) -> Tuple[Tensor, Prediction]:
            # Numbered by its first sentence, so that halving a batch draws anew and repeats exactly.
            own_seed = seed + part[0]
            if self.encoder.seams[dropout] == "input":
                batch: Any = self._repeat_input([docs[number] for number in part], noise(part), own_seed)
            else:
                batch = self.encoder.collate([features[number] for number in part], self.device)
            with torch.inference_mode(), forked_seed(own_seed, self.device):
                return batch.lengths, network.sample(batch, dropout=dropout, noise=noise(part))

        for order, (lengths, prediction) in self._in_batches(features, passes, repeat):
            yield samples(order, lengths, prediction, stochastic=True)

    def _repeat_input(self, docs: Sequence[Doc], noise: KeyedNoise, seed: int) -> Ragged:
        assert isinstance(self.encoder, ThincEncoder)
        rate = noise.rates.get("all", self.encoder.rate)
        return self.encoder.repeat(docs, self.device, noise.passes, rate, seed)

    def finish_update(self, optimizer: Optimizer) -> None:
        """One fused step over the whole network."""
        if self.network is None or (self.graphs is not None and self.graphs.step(optimizer)):
            return
        self.optimizer.step(self.network, optimizer)
        if self.graphs is not None:
            self.graphs.clear()

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
        self._forget_kept()
        self.loaded_head = message["head"]
        return self


def samples(order: List[int], lengths: Tensor, prediction: Prediction, *, stochastic: bool) -> TagSamples:
    """Wrap a head's prediction for a batch with the places it belongs to."""
    return TagSamples(prediction.probs, prediction.best, prediction.log_prob, lengths, order, stochastic)


def _nothing() -> None:
    """What a native encoder needs after backward: autograd did all."""


def _one_thread() -> None:
    torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):
    # Threads of OpenMP do not survive a fork: a worker process of `nlp.pipe` would wait for them forever.
    os.register_at_fork(after_in_child=_one_thread)


def _contiguous(module: torch.nn.Module) -> Dict[str, Tensor]:
    return {name: tensor.contiguous() for name, tensor in module.state_dict().items()}
