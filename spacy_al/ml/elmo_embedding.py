"""ELMo's states as the embedding of a BiLSTM: frozen, and computed once per sentence."""

from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import numpy
import torch
from numpy.typing import NDArray
from spacy.tokens import Doc
from thinc.api import get_torch_default_device
from torch import Tensor, nn

from ..errors import ALError, Errors
from ..ids import token_key
from .bilstm import Embedding
from .elmo import BiLM
from .elmo_cache import VectorStore
from .elmo_weights import load_elmo
from .graph_inputs import StateBatch, StateInputs
from .lengths import plan_batches
from .stages import Padded, Ragged
from .transfer import upload

COMBINATIONS = ("concat", "mix")
CPU_BUDGET, GPU_BUDGET = 1024, 16384  # words of a batch, borders and padding included
AT_ONCE = 10_000  # sentences whose different words are embedded at once
Floats = NDArray[numpy.float32]


def create_elmo_embedding(
    options: Optional[str], weights: Optional[str], combine: str, memory_limit: int, cache_folder: Optional[str]
) -> "ELMoEmbedding":
    """Registered as `spacy-al.ELMoEmbedding.v1`.

    options (Optional[str]): Path of the published options.json. weights (Optional[str]): Path of the HDF5 file. Both
        are read at initialisation; a trained pipeline holds the weights itself.
    combine (str): "concat": all layers side by side, as Flair does. "mix": their learned weighted mean.
    memory_limit (int): Megabytes of states to keep in memory; further ones go to a memory-mapped file.
    cache_folder (str): Where that file is; null: the system's temporary folder.
    RETURNS (ELMoEmbedding): For `spacy-al.BiLSTMEncoder.v1`.
    RAISES: ALError A264 for another `combine`; on initialisation A266 without files, and what `load_elmo` raises.
    """
    if combine not in COMBINATIONS:
        raise ALError(Errors.A264.format(combine=combine, known=", ".join(COMBINATIONS)))
    folder = None if cache_folder is None else Path(cache_folder)
    files = [None if path is None else Path(path) for path in (options, weights)]
    return ELMoEmbedding(*files, mix=combine == "mix", memory=memory_limit << 20, folder=folder)


class ELMoEmbedding(Embedding):
    """Meets `spacy_al.ml.bilstm.Embedding`. Every sentence starts from zero state, alone."""

    def __init__(
        self, options: Optional[Path], weights: Optional[Path], *, mix: bool, memory: int, folder: Optional[Path]
    ) -> None:
        self.options, self.weights = options, weights
        self.memory, self.folder = memory, folder
        self.bilm = BiLM()
        self.front: ELMoFront = ELMoFront(mix=mix)
        self._forget()

    def _forget(self) -> None:
        self.loads = self.bilm.loads
        self.store = VectorStore(memory=self.memory, folder=self.folder)

    def __getstate__(self) -> Dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "store"}

    def __setstate__(self, state: Dict[str, Any]) -> None:
        vars(self).update(state)
        self._forget()

    @property
    def width(self) -> int:
        """Width of a token's vector."""
        options = self.bilm.options
        return 2 * options.projection * (1 if self.front.mix else options.layers + 1)

    def initialize(self, docs: Sequence[Doc]) -> None:
        """Load the published weights, unless there are weights already; raises ALError A266 without their files."""
        if self.bilm.options is None:
            if self.options is None or self.weights is None:
                raise ALError(Errors.A266)
            load_elmo(self.bilm, self.options, self.weights)
        self.front.build(self.bilm.options.layers + 1)

    def redraw(self, generator: torch.Generator) -> None:
        """Set the mix to the plain mean; nothing here is drawn."""
        self.front.reset()

    def extra_modules(self) -> Dict[str, nn.Module]:
        """The language model, so that a trained pipeline needs no other files."""
        return {"elmo": self.bilm}

    def featurize(self, docs: Sequence[Doc], keys: Optional[Sequence[bytes]] = None) -> List[Floats]:
        """States of each sentence, (tokens, layers * width); computed for those that are new."""
        if self.loads != self.bilm.loads:
            self._forget()
        keys = [token_key(doc) for doc in docs] if keys is None else keys
        new = {key: doc for key, doc in zip(keys, docs, strict=True) if key not in self.store}
        self._compute(list(new), [[token.text for token in doc] for doc in new.values()])
        return [self.store.get(key) for key in keys]

    def size(self, features: Floats) -> int:
        """Tokens of a sentence."""
        return len(features)

    def collate(self, features: Sequence[Floats], device: torch.device) -> StateBatch:
        """All tokens' states on the device."""
        lengths = numpy.array([len(array) for array in features])
        return StateBatch(upload(numpy.concatenate(features), device), upload(lengths, device))

    def graph_inputs(self) -> StateInputs:
        """States as they are, padded."""
        return StateInputs(2 * self.bilm.options.projection * (self.bilm.options.layers + 1))

    def _compute(self, keys: Sequence[bytes], sentences: Sequence[List[str]]) -> None:
        device = get_torch_default_device()
        self.bilm.to(device)
        budget = GPU_BUDGET if device.type == "cuda" else CPU_BUDGET
        for begin in range(0, len(sentences), AT_ONCE):
            part = sentences[begin : begin + AT_ONCE]
            with torch.inference_mode():
                words = list(dict.fromkeys(word for sentence in part for word in sentence))
                table = WordTable(self.bilm.embed(words), {word: row for row, word in enumerate(words, 2)})
                for order in plan_batches([len(sentence) + 2 for sentence in part], budget):
                    arrays = read_sentences(self.bilm, table, [part[number] for number in order])
                    for number, array in zip(order, arrays, strict=True):
                        self.store.put(keys[begin + number], array)


class WordTable(NamedTuple):
    """Vectors of words apart from any sentence, what begins a sentence in row 0, what ends it in row 1."""

    vectors: Tensor
    rows: Dict[str, int]


def read_sentences(bilm: BiLM, table: WordTable, sentences: Sequence[List[str]]) -> List[Floats]:
    """States of one batch of sentences, each from zero state: (tokens, layers * width), borders left out."""
    longest = max(len(words) for words in sentences)
    rows = [[0, *(table.rows[word] for word in words), 1] + [0] * (longest - len(words)) for words in sentences]
    device = table.vectors.device
    lengths = torch.tensor([len(words) + 2 for words in sentences], device=device)
    states, _ = bilm(table.vectors[torch.tensor(rows, device=device)], lengths)
    arrays = states.flatten(2).cpu().numpy()  # (batch, longest, layers * width)
    # Copies, so that no view keeps the padding of a whole batch alive.
    return [arrays[row, 1 : len(words) + 1].copy() for row, words in enumerate(sentences)]


class ELMoFront(nn.Module):
    """All layers side by side, or gamma * sum_j softmax(s)_j layer_j (Peters et al. 2018, equation 1)."""

    scores: nn.Parameter
    gamma: nn.Parameter

    def __init__(self, *, mix: bool) -> None:
        super().__init__()
        self.mix = mix
        self.register_parameter("scores", None)
        self.register_parameter("gamma", None)

    def build(self, layers: int) -> None:
        """Make room for the mix of this many layers."""
        if self.mix and self.scores is None:
            self.scores = nn.Parameter(torch.zeros(layers))
            self.gamma = nn.Parameter(torch.ones(1))

    def reset(self) -> None:
        """Back to the mean of all layers."""
        if self.mix:
            with torch.no_grad():
                self.scores.zero_()
                self.gamma.fill_(1.0)

    def forward(self, batch: StateBatch) -> Ragged:
        states = batch.states
        if self.mix:
            layers = states.unflatten(1, (len(self.scores), -1))  # (tokens, layers, width)
            states = self.gamma * (self.scores.softmax(0)[:, None] * layers).sum(1)
        return (Padded if batch.padded else Ragged)(states[None], batch.lengths)

    def _load_from_state_dict(self, state_dict: Dict[str, Tensor], prefix: str, *rest: Any) -> None:
        if self.mix:
            self.build(len(state_dict[prefix + "scores"]))
        super()._load_from_state_dict(state_dict, prefix, *rest)
