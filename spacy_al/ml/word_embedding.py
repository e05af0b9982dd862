"""Words as vectors for a BiLSTM: pretrained word vectors, a character CNN and capitalisation."""

import math
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy
import torch
from numpy.typing import NDArray
from spacy.attrs import ORTH
from spacy.tokens import Doc
from spacy.vectors import Vectors
from thinc.api import to_numpy
from torch import Tensor, nn

from ..errors import ALError, Errors
from .bilstm import Embedding
from .cache import SentenceCache
from .char_cnn import CharCNN, draw_uniform
from .graph_inputs import WordInputs
from .lexicon import CAPITALS, Lexicon, WordBatch, Words
from .stages import Padded, Ragged
from .transfer import upload
from .word_vectors import find_rows

MOST_WORDS = 2_000_000  # a lexicon of more is given up for a new one, about 75 bytes a word


def create_word_embedding(
    char_width: int, char_filters: int, char_window: int, char_dropout: float, capitals: bool
) -> "WordEmbedding":
    """Registered as `spacy-al.WordEmbedding.v1`. Word vectors are the vocabulary's, and are not trained.

    char_width, char_filters, char_window (int): See `CharCNN`; char_filters = 0 leaves characters out.
    char_dropout (float): See `CharCNN`. In training only: it is no part of stochastic passes.
    capitals (bool): Add the capitalisation features of Chiu and Nichols (2016), as an embedding.
    RETURNS (WordEmbedding): For `spacy-al.BiLSTMEncoder.v1`.
    """
    chars = None
    if char_filters:
        chars = CharCNN(width=char_width, filters=char_filters, window=char_window, dropout=char_dropout)
    return WordEmbedding(chars, capitals=capitals)


class WordEmbedding(Embedding):
    """Meets `spacy_al.ml.bilstm.Embedding`."""

    def __init__(self, chars: Optional[CharCNN], *, capitals: bool) -> None:
        self.front: WordFront = WordFront(chars, capitals=capitals)
        self.cache: SentenceCache[Words] = SentenceCache(Words.weigh)
        self.source: Optional[Vectors] = None
        self.lexicon: Lexicon = None  # type: ignore[assignment]  # until a Doc is seen
        self.tables: Dict[torch.device, Tensor] = {}

    def __getstate__(self) -> Dict[str, Any]:
        # Another process makes its own of what is kept here only for speed.
        return {"front": self.front}

    def __setstate__(self, state: Dict[str, Any]) -> None:
        self.__init__(None, capitals=False)  # type: ignore[misc]
        self.front = state["front"]

    @property
    def width(self) -> int:
        """Width of a word's vector, of all its parts; known once vectors have been seen or weights loaded."""
        return self.front.width

    def initialize(self, docs: Sequence[Doc]) -> None:
        """Take the width of the vocabulary's vectors; ALError A253 if there are none."""
        if docs:
            self._bind(docs[0])

    def redraw(self, generator: torch.Generator) -> None:
        """Draw the trained parts anew."""
        self.front.redraw(generator)

    def featurize(self, docs: Sequence[Doc], keys: Optional[Sequence[bytes]] = None) -> List[Words]:
        """Numbers of words, from the cache where they are known."""
        if not docs:
            return []
        self._bind(docs[0])
        return self.cache.get(docs, self._number, keys)

    def size(self, features: Words) -> int:
        """Tokens of a sentence."""
        return len(features.numbers)

    def collate(self, features: Sequence[Words], device: torch.device) -> WordBatch:
        """Each different word once, on the device."""
        lexicon = features[0].lexicon
        kinds, places = self.kinds(features)
        found = lexicon.features[kinds]
        rows = upload(found["row"], device)
        spelling = found["spelling"][:, : lexicon.spelled(kinds)]
        return WordBatch(
            vectors=self.table(lexicon, device)[rows.clamp(min=0)],
            known=rows >= 0,
            spelling=upload(spelling, device),
            capitals=upload(found["capitals"], device).long(),
            places=upload(places, device),
            lengths=upload(numpy.array([len(words.numbers) for words in features]), device),
        )

    def graph_inputs(self) -> WordInputs:
        """Padded words."""
        return WordInputs(self)

    def kinds(self, features: Sequence[Words]) -> Tuple[NDArray[numpy.int32], NDArray[numpy.int64]]:
        """Numbers of the different words of a batch, (words,), and which of them each token is, (tokens,)."""
        numbers = numpy.concatenate([words.numbers for words in features])
        return numpy.unique(numbers, return_inverse=True)

    def _number(self, docs: List[Doc]) -> List[Words]:
        orths = numpy.concatenate([doc.to_array(ORTH).reshape(-1) for doc in docs])
        numbers = self.lexicon.add(orths.tolist())
        ends = numpy.cumsum([len(doc) for doc in docs])
        return [Words(self.lexicon, numbers[end - len(doc) : end]) for doc, end in zip(docs, ends, strict=True)]

    def _bind(self, doc: Doc) -> None:
        """Start anew when the vocabulary's vectors are others than before, or the lexicon is too large."""
        vectors = doc.vocab.vectors
        if vectors is not self.source or (self.lexicon is not None and len(self.lexicon) > MOST_WORDS):
            self.lexicon = Lexicon(doc.vocab)
            find_rows([], doc.vocab)  # fails here, rather than later, where there are no vectors
            self.source = vectors
            self.cache.clear()
            self.tables.clear()
        width = int(vectors.shape[1])
        if not self.front.built:
            self.front.build(width)
        if self.front.unknown.shape[0] != width:
            raise ALError(Errors.A255.format(width=width, expected=self.front.unknown.shape[0]))

    def table(self, lexicon: Lexicon, device: torch.device) -> Tensor:
        """The vocabulary's vectors on a device, (rows, width)."""
        if device not in self.tables:
            # Loaded vocabularies are read-only, which torch does not know.
            data = torch.from_numpy(numpy.require(to_numpy(lexicon.vocab.vectors.data), numpy.float32, ["W"]))
            self.tables[device] = data.to(device)
        return self.tables[device]


class WordFront(nn.Module):
    """Word vector or the learned vector of unknown words, character CNN, capitalisation: concatenated."""

    unknown: nn.Parameter

    def __init__(self, chars: Optional[CharCNN], *, capitals: bool) -> None:
        super().__init__()
        self.chars = chars
        self.capitals = nn.Embedding(len(CAPITALS), len(CAPITALS)) if capitals else None
        self.register_parameter("unknown", None)

    @property
    def built(self) -> bool:
        """Whether the width of word vectors is known."""
        return self.unknown is not None

    @property
    def width(self) -> int:
        """Width of all parts together."""
        chars = 0 if self.chars is None else self.chars.convolution.out_channels
        return self.unknown.shape[0] + chars + (0 if self.capitals is None else len(CAPITALS))

    def build(self, width: int) -> None:
        """Make room for word vectors of this width."""
        self.unknown = nn.Parameter(torch.zeros(width))

    def redraw(self, generator: torch.Generator) -> None:
        """Draw all parameters anew: embeddings uniformly within sqrt(3 / width) of 0 (Ma and Hovy 2016)."""
        if self.chars is not None:
            self.chars.redraw(generator)
        if self.capitals is not None:
            draw_uniform(self.capitals, math.sqrt(3 / len(CAPITALS)), generator)
        bound = math.sqrt(3 / len(self.unknown))
        with torch.no_grad():
            self.unknown.copy_((2 * torch.rand(self.unknown.shape, generator=generator) - 1) * bound)

    def forward(self, batch: WordBatch) -> Ragged:
        parts = [torch.where(batch.known[:, None], batch.vectors, self.unknown)]
        if self.chars is not None:
            parts.append(self.chars(batch.spelling))
        if self.capitals is not None:
            parts.append(self.capitals(batch.capitals))
        states = torch.cat(parts, 1)[batch.places][None]
        return Padded(states, batch.lengths) if batch.padded else Ragged(states, batch.lengths)

    def _load_from_state_dict(self, state_dict: Dict[str, Tensor], prefix: str, *rest: Any) -> None:
        if not self.built:
            self.build(state_dict[prefix + "unknown"].shape[0])
        super()._load_from_state_dict(state_dict, prefix, *rest)
