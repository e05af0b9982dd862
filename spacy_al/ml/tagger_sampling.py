"""What a tagger says of sentences: states in inference, one deterministic pass, or several stochastic ones."""

from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple, TypeVar

import torch
from spacy.tokens import Doc
from torch import Tensor

from ..ids import token_key
from ..types import TagSamples
from .dropout import KeyedNoise, key_numbers
from .lengths import plan_batches
from .network import check_dropout, forked_seed, noise_kinds
from .seam import Engine
from .stages import Prediction, Ragged
from .tagger_state import TaggerState
from .transfer import upload

CPU_BUDGET, GPU_BUDGET = 2048, 32768  # padded wordpieces in one batch of inference
KEPT_TABLES = 4  # of masks: ten passes over 768 units take 31 MB
KEPT_SENTENCES = 4096  # states kept for the `uncertainty` component; spaCy's batches are smaller
Result = TypeVar("Result")
NoiseOf = Callable[[List[int]], KeyedNoise]  # for sentences at these places


class TaggerSampling:
    """Batches by length; `engine` computes their deterministic states and may be replaced."""

    def __init__(self, state: TaggerState) -> None:
        self.state = state
        self.engine: Engine = state.encoder.engine()
        self.lower = False  # whether sentences are chosen by states in lower precision, where that is faster
        self.kept: Optional[Dict[bytes, Tensor]] = None
        self.tables: Dict[Tuple[Any, ...], Tensor] = {}  # masks, which all chunks of a pool share

    def __getstate__(self) -> Dict[str, Any]:
        # Masks and kept states belong to this process and its GPU.
        return {**self.__dict__, "kept": None, "tables": {}}

    def keep_states(self, on: bool) -> None:
        """Keep the states of sentences predicted from now on until they are sampled, so that the encoder need not
        run again; False frees them."""
        self.kept = {} if on else None

    def lower_pays(self, size: int) -> bool:
        """Whether `lower` would make sampling so many tokens faster."""
        return self.engine.lower_pays(self.state.attach(), size)

    def forget(self) -> None:
        """The weights are about to change: nothing that was computed with them is kept."""
        self.engine.forget()
        self.tables.clear()
        if self.kept is not None:
            self.kept = {}

    def states(
        self, docs: Sequence[Doc], keys: Sequence[bytes], *, keep: bool = False, lower: bool = False
    ) -> Iterator[Tuple[List[int], Ragged]]:
        """States of all docs in inference, batch by batch: places in `docs`, and (1, tokens, width).

        keys (Sequence[bytes]): Their `token_key`s, which take long enough to be made once only.
        keep (bool): For `sample` (`keep_states`). lower (bool): See `Engine.begin`.
        """
        network, encoder = self.state.attach().eval(), self.state.encoder
        if self.kept is not None and keys and all(key in self.kept for key in keys):
            yield self._take_kept(docs, keys)
            return
        features = encoder.featurize(docs, keys)
        self.engine.begin(network, sum(map(encoder.size, features)), lower=lower)

        def encode(part: List[int]) -> Ragged:
            batch = encoder.collate([features[number] for number in part], self.state.device)
            return self.engine.states(network, batch)

        for order, states in self._in_batches(features, 1, encode):
            if keep:
                self._keep([keys[number] for number in order], states)
            yield order, states

    def _in_batches(
        self, features: Sequence[Any], passes: int, compute: Callable[[List[int]], Result]
    ) -> Iterator[Tuple[List[int], Result]]:
        """Results of batches by length; one that does not fit into memory is halved until it does."""
        budget = GPU_BUDGET if self.state.device.type == "cuda" else CPU_BUDGET
        budget = max(budget // passes, 1) if self.state.encoder.folds else budget
        todo = plan_batches([self.state.encoder.size(item) for item in features], budget)[::-1]
        while todo:
            order = todo.pop()
            try:
                result = compute(order)
            except torch.OutOfMemoryError:
                if len(order) == 1:
                    raise
                self.state.shrink(len(order))
                todo += [order[len(order) // 2 :], order[: len(order) // 2]]
                continue
            yield order, result

    def _keep(self, keys: Sequence[bytes], states: Ragged) -> None:
        if self.kept is not None:
            parts = states.data[0].split(states.lengths.tolist())
            self.kept.update(zip(keys, parts))
            while len(self.kept) > KEPT_SENTENCES:
                del self.kept[next(iter(self.kept))]

    def _take_kept(self, docs: Sequence[Doc], keys: Sequence[bytes]) -> Tuple[List[int], Ragged]:
        assert self.kept is not None
        parts = [self.kept[key] for key in keys]
        for key in keys:
            self.kept.pop(key, None)
        lengths = torch.tensor([len(doc) for doc in docs], device=self.state.device)
        return list(range(len(docs))), Ragged(torch.cat(parts)[None], lengths)

    def predict(self, docs: Sequence[Doc]) -> Iterator[Tuple[List[int], Ragged, Prediction]]:
        """One deterministic pass: places in `docs`, states, and what the head says of them."""
        network = self.state.attach()
        for order, states in self.states(docs, [token_key(doc) for doc in docs], keep=True):
            with torch.inference_mode():
                prediction = network.head.predict(states)
            yield order, states, prediction

    def sample(self, docs: Sequence[Doc], *, passes: int, dropout: str, seed: int, name: str) -> Iterator[TagSamples]:
        """See `spacy_al.types.Sampler`. name (str): Of the component, for messages."""
        self.state.attach()
        seams, device = self.state.encoder.seams, self.state.device
        check_dropout(seams, dropout, name)
        if len(self.tables) > KEPT_TABLES:
            self.tables.clear()
        tables, kinds = self.tables, noise_kinds(dropout, seams)
        keys = [token_key(doc) for doc in docs]
        numbers = key_numbers(keys)

        def noise(order: List[int]) -> KeyedNoise:
            return KeyedNoise(upload(numbers[order], device), passes, seed, kinds, tables)

        if dropout == "off" or seams[dropout] == "head":
            yield from self._sample_head(docs, keys, None if dropout == "off" else noise)
        else:
            yield from self._sample_body(docs, keys, dropout, noise, passes, seed)

    def _sample_head(
        self, docs: Sequence[Doc], keys: Sequence[bytes], noise: Optional[NoiseOf]
    ) -> Iterator[TagSamples]:
        head = self.state.attach().head
        for order, states in self.states(docs, keys, lower=self.lower):
            with torch.inference_mode():
                prediction = head.predict(states, None if noise is None else noise(order))
            yield samples(order, states.lengths, prediction, stochastic=noise is not None)

    def _sample_body(
        self, docs: Sequence[Doc], keys: Sequence[bytes], dropout: str, noise: NoiseOf, passes: int, seed: int
    ) -> Iterator[TagSamples]:
        network, encoder, device = self.state.attach().eval(), self.state.encoder, self.state.device
        features = encoder.featurize(docs, keys)
        size = passes * sum(map(encoder.size, features))
        self.engine.begin(network, size, lower=self.lower, repeated=True)

        def repeat(part: List[int]) -> Tuple[Tensor, Prediction]:
            # Numbered by its first sentence, so that halving a batch draws anew and repeats exactly.
            own_seed, masks = seed + part[0], noise(part)
            batch = encoder.repeat([features[number] for number in part], device, masks, own_seed)
            with self.engine.passes(network), torch.inference_mode(), forked_seed(own_seed, device):
                return batch.lengths, network.sample(batch, dropout=dropout, noise=masks)

        for order, (lengths, prediction) in self._in_batches(features, passes, repeat):
            yield samples(order, lengths, prediction, stochastic=True)


def samples(order: List[int], lengths: Tensor, prediction: Prediction, *, stochastic: bool) -> TagSamples:
    """Wrap a head's prediction for a batch with the places it belongs to."""
    return TagSamples(prediction.probs, prediction.best, prediction.log_prob, lengths, order, stochastic)
