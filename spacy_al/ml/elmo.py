"""The bidirectional language model of ELMo (Peters et al. 2018), natively in torch, for inference."""

import json
from dataclasses import asdict
from typing import Annotated, Any, Dict, List, Literal, Optional, Sequence, Tuple

import torch
from pydantic import AliasPath, BeforeValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from .crf import flip

# Numbers of the original's special characters, after its bytes 0 to 255. All are shifted by one in use,
# because row 0 of the table is a padding word's.
BEGIN_SENTENCE, END_SENTENCE, BEGIN_WORD, END_WORD, PAD = 256, 257, 258, 259, 260
N_CHARACTERS = 261
ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh}
State = List[Tuple[Tensor, Tensor]]


Size = Annotated[int, Field(strict=True, gt=0)]
Number = Annotated[float, BeforeValidator(lambda value: value or 0), Field(ge=0)]


def _at(*keys: str, **default: Any) -> Any:
    """A field that stands under these keys of options.json."""
    return Field(validation_alias=AliasPath(*keys), **default)


@dataclass(frozen=True, config=ConfigDict(populate_by_name=True))
class ELMoOptions:
    """What the published options.json says of a model; a clip of 0 means none.

    filters: (window, number) of each convolution over characters. cell, projection: width of the LSTM's
    memory and output, for each direction.
    """

    char_dim: Size = _at("char_cnn", "embedding", "dim")
    filters: Annotated[List[Tuple[Size, Size]], Field(min_length=1)] = _at("char_cnn", "filters")
    activation: Literal["relu", "tanh"] = _at("char_cnn", "activation")
    max_characters: Size = _at("char_cnn", "max_characters_per_token")
    layers: Size = _at("lstm", "n_layers")
    cell: Size = _at("lstm", "dim")
    projection: Size = _at("lstm", "projection_dim")
    highways: Annotated[int, BeforeValidator(lambda value: value or 0), Field(ge=0, strict=True)] = _at(
        "char_cnn", "n_highway", default=0
    )
    cell_clip: Number = _at("lstm", "cell_clip", default=0)
    proj_clip: Number = _at("lstm", "proj_clip", default=0)
    skip: Annotated[bool, BeforeValidator(bool)] = _at("lstm", "use_skip_connections", default=False)

    @property
    def n_filters(self) -> int:
        """Filters of all windows together."""
        return sum(number for _, number in self.filters)


def spell_elmo(words: Sequence[str], longest: int) -> Tensor:
    """Characters of words as ELMo numbers them, int64 (words, longest): begin, UTF-8 bytes, end, padding."""
    rows = []
    for word in words:
        raw = list(word.encode("utf8", errors="replace")[: longest - 2])
        rows.append(_spelled(raw, longest))
    return torch.tensor(rows, dtype=torch.long).view(len(words), longest)


def spell_borders(longest: int) -> Tensor:
    """The words before and after a sentence, int64 (2, longest)."""
    return torch.tensor([_spelled([BEGIN_SENTENCE], longest), _spelled([END_SENTENCE], longest)])


def _spelled(characters: List[int], longest: int) -> List[int]:
    full = [BEGIN_WORD, *characters, END_WORD]
    return [character + 1 for character in full + [PAD] * (longest - len(full))]


class CharEncoder(nn.Module):
    """Convolutions over characters, maximum, highways (Srivastava et al. 2015), projection."""

    def __init__(self, options: ELMoOptions) -> None:
        super().__init__()
        self.widest = max(window for window, _ in options.filters)
        self.activate = ACTIVATIONS[options.activation]
        self.embedding = nn.Embedding(N_CHARACTERS + 1, options.char_dim)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(options.char_dim, number, window) for window, number in options.filters
        )
        size = options.n_filters
        self.carries = nn.ModuleList(nn.Linear(size, size) for _ in range(options.highways))
        self.transforms = nn.ModuleList(nn.Linear(size, size) for _ in range(options.highways))
        self.projection = nn.Linear(size, options.projection)

    def forward(self, characters: Tensor) -> Tensor:
        """(words, max_characters) -> (words, projection)."""
        # Windows of nothing but padding all give the same: past the longest word, one of each is enough.
        used = int((characters != PAD + 1).sum(1).max()) if len(characters) else 0
        characters = characters[:, : used + self.widest]
        states = self.embedding(characters).transpose(1, 2)  # (words, char_dim, characters)
        maxima = [self.activate(convolution(states).amax(2)) for convolution in self.convolutions]
        states = torch.cat(maxima, 1)
        for carry, transform in zip(self.carries, self.transforms, strict=True):
            gate = torch.sigmoid(carry(states))
            states = gate * torch.relu(transform(states)) + (1 - gate) * states
        projected: Tensor = self.projection(states)
        return projected


class ProjectedLSTM(nn.Module):
    """One LSTM layer of both directions, with projection (Sak et al. 2014) and both values clipped.

    TensorFlow's LSTMCell: gates in the order input, candidate, forget, output; 1 is added to the forget gate.
    Both directions advance in one loop, each with weights of its own.
    """

    def __init__(self, width: int, options: ELMoOptions) -> None:
        super().__init__()
        self.cell_clip, self.proj_clip = options.cell_clip, options.proj_clip
        cell, projection = options.cell, options.projection
        self.input = nn.Parameter(torch.zeros(2, width, 4 * cell))
        self.recurrent = nn.Parameter(torch.zeros(2, projection, 4 * cell))
        self.bias = nn.Parameter(torch.zeros(2, 1, 4 * cell))
        self.projection = nn.Parameter(torch.zeros(2, cell, projection))

    def forward(
        self, states: Tensor, mask: Tensor, start: Optional[Tuple[Tensor, Tensor]]
    ) -> Tuple[Tensor, Tuple[Tensor, Tensor]]:
        """Outputs (2, batch, longest, projection) and, where a start is given, output and memory at the end.

        states (Tensor): (2, batch, longest, width), the second direction turned round.
        mask (Tensor): bool, (batch, longest), True where a token stands.
        start (Tuple[Tensor, Tensor]): (2, batch, projection) and (2, batch, cell) to start from; None: zeros,
            and nothing is kept for sentences that have ended.
        """
        _, batch, longest, _ = states.shape
        gates = torch.baddbmm(self.bias, states.flatten(1, 2), self.input).unflatten(1, (batch, longest))
        output = states.new_zeros(2, batch, self.projection.shape[2]) if start is None else start[0]
        memory = states.new_zeros(2, batch, self.projection.shape[1]) if start is None else start[1]
        outputs = []
        for place in range(longest):
            new_output, new_memory = self._step(gates[:, :, place], output, memory)
            outputs.append(new_output)
            if start is not None:
                here = mask[:, place, None]
                new_output = torch.where(here, new_output, output)
                new_memory = torch.where(here, new_memory, memory)
            output, memory = new_output, new_memory
        return torch.stack(outputs, 2), (output, memory)

    def _step(self, gates: Tensor, output: Tensor, memory: Tensor) -> Tuple[Tensor, Tensor]:
        into, candidate, forget, out = torch.baddbmm(gates, output, self.recurrent).chunk(4, -1)
        memory = torch.sigmoid(forget + 1) * memory + torch.sigmoid(into) * torch.tanh(candidate)
        if self.cell_clip:
            memory = memory.clamp(-self.cell_clip, self.cell_clip)
        output = torch.bmm(torch.sigmoid(out) * torch.tanh(memory), self.projection)
        if self.proj_clip:
            output = output.clamp(-self.proj_clip, self.proj_clip)
        return output, memory


class BiLM(nn.Module):
    """Character encoder and LSTM layers; frozen. Empty until built from options or from saved weights.

    loads (int): How often weights have been loaded; what was computed before the last time is stale.
    """

    options: ELMoOptions

    def __init__(self) -> None:
        super().__init__()
        self.options = None  # type: ignore[assignment]  # until `build`
        self.loads = 0

    def build(self, options: ELMoOptions) -> None:
        """Make the layers, all weights zero or random."""
        self.options = options
        self.chars = CharEncoder(options)
        self.lstms = nn.ModuleList(ProjectedLSTM(options.projection, options) for _ in range(options.layers))
        self.requires_grad_(False)
        self.eval()

    def embed(self, words: Sequence[str]) -> Tensor:
        """Vectors of words apart from any sentence, of the border words first: (2 + words, projection)."""
        longest = self.options.max_characters
        characters = torch.cat([spell_borders(longest), spell_elmo(words, longest)])
        device = self.chars.embedding.weight.device
        return torch.cat([self.chars(part.to(device)) for part in characters.split(2048)])

    def forward(self, vectors: Tensor, lengths: Tensor, start: Optional[State] = None) -> Tuple[Tensor, State]:
        """All layers' states, those of the borders included, and the LSTMs' own at the end.

        vectors (Tensor): Words' vectors, borders included, (batch, longest, projection).
        lengths (Tensor): int64 words of each sentence with its borders, (batch,).
        start (State): For each layer, what the last batch ended with, to read on where it stopped, as the
            original does. None, as always in a tagger: from zero.
        RETURNS (Tuple[Tensor, State]): (batch, longest, layers + 1, 2 * projection), forward direction first;
            the word's vector twice is the first layer.
        """
        mask = torch.arange(vectors.shape[1], device=lengths.device) < lengths[:, None]
        states = torch.stack([vectors, flip(vectors, lengths)])
        layers, ends = [torch.cat([vectors, vectors], -1)], []
        for number, lstm in enumerate(self.lstms):
            outputs, end = lstm(states, mask, None if start is None else start[number])
            states = outputs + states if self.options.skip and number else outputs
            layers.append(torch.cat([states[0], flip(states[1], lengths)], -1))
            ends.append(end)
        return torch.stack(layers, 2), ends

    def zero_state(self, batch: int) -> State:
        """A start of zeros for `forward`, so that it keeps what each sentence ends with."""
        zeros = self.chars.embedding.weight.new_zeros
        output, memory = self.options.projection, self.options.cell
        return [(zeros(2, batch, output), zeros(2, batch, memory)) for _ in self.lstms]

    def get_extra_state(self) -> Tensor:
        """The options as bytes of JSON, saved with the weights; empty before `build`."""
        text = "" if self.options is None else json.dumps(asdict(self.options))
        return torch.tensor(list(text.encode("ascii")), dtype=torch.uint8)

    def set_extra_state(self, state: Tensor) -> None:
        """Taken care of by `_load_from_state_dict`."""

    def _load_from_state_dict(self, state_dict: Dict[str, Tensor], prefix: str, *rest: Any) -> None:
        text = bytes(state_dict[prefix + "_extra_state"].tolist())
        if text:
            options = ELMoOptions(**json.loads(text))
            if self.options != options:
                self.build(options)
        self.loads += 1
        super()._load_from_state_dict(state_dict, prefix, *rest)
