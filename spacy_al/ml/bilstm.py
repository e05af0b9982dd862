"""A BiLSTM encoder over embedded words, its dropouts and reprojection in Flair's places."""

import math
from typing import Any, Dict, List, Optional, Protocol, Sequence

import torch
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from .char_cnn import draw_uniform
from .dropout import LockedDropout, WordDropout
from .encoder_shim import wrap_encoder
from .lstm import pack, run_lstm, run_padded_lstm
from .seam import Encoder, Features, GraphInputs
from .stages import Noise, Padded, Ragged


class Embedding(Features, Protocol):
    """What stands before the BiLSTM and runs once: words as vectors (`WordEmbedding`, `ELMoEmbedding`).

    front (nn.Module): batch -> Ragged states, its parameters trained. See `seam.Features` for the rest.
    """

    front: nn.Module

    @property
    def width(self) -> int:
        """Width of a token's vector; known after `initialize`."""

    def extra_modules(self) -> Dict[str, nn.Module]:
        """Modules to be saved beside the front, such as a frozen language model."""
        return {}


def build_bilstm_encoder(
    embedding: Embedding,
    hidden: int,
    layers: int,
    reproject: bool,
    word_dropout: float,
    locked_dropout: float,
) -> Model[List[Doc], List[Floats2d]]:
    """Registered as `spacy-al.BiLSTMEncoder.v1`.

    embedding (Embedding): `spacy-al.WordEmbedding.v1` or `spacy-al.ELMoEmbedding.v1`.
    hidden (int): Units of each direction; the paper's taggers have 128.
    layers (int): LSTM layers; 1 in the paper.
    reproject (bool): Pass the embeddings through a square linear layer first, as Flair does.
    word_dropout (float): Rate at which whole words are dropped; 0.05 in Flair.
    locked_dropout (float): Rate of the dropout with one mask per sentence, before the reprojection and after
        the LSTM; 0.5 in Flair.
    RETURNS (Model[List[Doc], List[Floats2d]]): States of each token, (tokens, 2 * hidden).
    """
    body = BiLSTMBody(
        hidden, layers=layers, reproject=reproject, word_dropout=word_dropout, locked_dropout=locked_dropout
    )
    return wrap_encoder("bilstm_encoder", BiLSTMEncoder(embedding, body))


class BiLSTMEncoder(Encoder):
    """Meets `spacy_al.ml.seam.Encoder`: the front is the embedding, the body dropouts and BiLSTM."""

    def __init__(self, embedding: Embedding, body: "BiLSTMBody") -> None:
        self.embedding = embedding
        self.front: nn.Module = embedding.front
        self.body: nn.Module = body
        self.bilstm = body
        # One module, so that a tagger made of this encoder alone keeps one optimizer for it.
        self.whole = nn.ModuleDict({"front": self.front, "body": body, **embedding.extra_modules()})

    @property
    def seams(self) -> Dict[str, str]:
        """Kinds of dropout that are there; all of them come after the embedding."""
        rates = {"word": self.bilstm.word.rate, "locked": self.bilstm.before.rate}
        kinds = [kind for kind, rate in rates.items() if rate]
        return dict.fromkeys([*kinds, *(["all"] if kinds else [])], "body")

    @property
    def width(self) -> int:
        """Width of the states, both directions."""
        return 2 * self.bilstm.hidden

    def initialize(self, docs: Sequence[Doc]) -> None:
        """Load what is pretrained, and build the BiLSTM for its width."""
        self.embedding.initialize(docs)
        if not self.bilstm.built:
            self.bilstm.build(self.embedding.width)

    def redraw(self, generator: torch.Generator) -> None:
        """Draw anew all weights that are not pretrained."""
        self.embedding.redraw(generator)
        self.bilstm.redraw(generator)

    def own_modules(self) -> Dict[str, nn.Module]:
        """Everything this encoder saves."""
        return {"encoder": self.whole}

    def featurize(self, docs: Sequence[Doc], keys: Optional[Sequence[bytes]] = None) -> List[Any]:
        """The embedding's features."""
        return self.embedding.featurize(docs, keys)

    def size(self, features: Any) -> int:
        """Tokens of a sentence."""
        return self.embedding.size(features)

    def collate(self, features: Sequence[Any], device: torch.device) -> Any:
        """The embedding's batch."""
        return self.embedding.collate(features, device)

    def graph_inputs(self) -> Optional[GraphInputs]:
        """The embedding's."""
        return self.embedding.graph_inputs()


class BiLSTMBody(nn.Module):
    """Word dropout, locked dropout, reprojection, BiLSTM, locked dropout: Flair's order."""

    lstm: nn.LSTM

    def __init__(
        self, hidden: int, *, layers: int, reproject: bool, word_dropout: float, locked_dropout: float
    ) -> None:
        super().__init__()
        self.hidden = hidden
        self.layers = layers
        self.reproject = reproject
        self.word = WordDropout(word_dropout, stream=1)
        self.before = LockedDropout(locked_dropout, stream=2)
        self.after = LockedDropout(locked_dropout, stream=3)

    @property
    def built(self) -> bool:
        """Whether the width of the embeddings is known."""
        return hasattr(self, "lstm")

    def build(self, width: int) -> None:
        """Make the layers for embeddings of this width."""
        self.projection = nn.Linear(width, width) if self.reproject else nn.Identity()
        self.lstm = nn.LSTM(width, self.hidden, self.layers, batch_first=True, bidirectional=True)

    def redraw(self, generator: torch.Generator) -> None:
        """Draw all weights anew, within the bounds that torch and Flair use."""
        draw_uniform(self.projection, 1 / math.sqrt(self.lstm.input_size), generator)
        draw_uniform(self.lstm, 1 / math.sqrt(self.hidden), generator)

    def forward(self, states: Ragged, noise: Optional[Noise] = None) -> Ragged:
        """(1, tokens, width) -> (passes, tokens, 2 * hidden); passes is 1 without `noise`."""
        states = self.before(self.word(states, noise), noise)
        states = states.with_data(self.projection(states.data))
        outputs: Ragged = self.after(self._run(states), noise)
        return outputs

    def _run(self, states: Ragged) -> Ragged:
        passes, tokens, _ = states.data.shape
        padded = isinstance(states, Padded)
        if not tokens and not padded:
            return Ragged(states.data.new_zeros(passes, 0, 2 * self.hidden), states.lengths)
        if states.data.is_cuda and not padded:
            return states.from_padded(self._run_packed(states))
        lengths = states.lengths.repeat(passes)
        if padded or not torch.is_grad_enabled():
            return states.from_padded(run_padded_lstm(self.lstm, states.to_padded(), lengths))
        outputs = run_lstm(self.lstm, states.data.flatten(0, 1), pack(lengths))
        return Ragged(outputs.unflatten(0, (passes, tokens)), states.lengths)

    def _run_packed(self, states: Ragged) -> Tensor:
        # An empty sentence counts as one of a single padding token: packing knows no length 0.
        lengths = states.lengths.cpu().clamp(min=1).repeat(states.data.shape[0])
        packed = pack_padded_sequence(states.to_padded(), lengths, batch_first=True, enforce_sorted=False)
        return pad_packed_sequence(self.lstm(packed)[0], batch_first=True)[0]

    def _load_from_state_dict(self, state_dict: Dict[str, Tensor], prefix: str, *rest: Any) -> None:
        if not self.built:
            self.build(state_dict[prefix + "lstm.weight_ih_l0"].shape[1])
        super()._load_from_state_dict(state_dict, prefix, *rest)
