"""A transformer as an encoder of its own: spacy-transformers keeps weights and tokenizer, we run it."""

import importlib.util
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import torch
from spacy.tokens import Doc
from spacy_transformers.layers import TransformerModel
from spacy_transformers.span_getters import get_doc_spans
from thinc.api import Model
from thinc.types import Floats2d
from torch import nn
from transformers import PreTrainedModel

from ..errors import ALError, Errors
from .cache import KEPT_BYTES, SentenceCache
from .encoder_shim import wrap_encoder
from .stages import Noise, Ragged
from .wordpieces import WordpieceBatch, Wordpieces, WordpieceTable, collate

POOLINGS = ("first", "mean")
# These take a mask of three axes as it is; with two they look at its values first, which a CUDA graph cannot.
THREE_AXES = ("bert", "electra", "roberta", "xlm-roberta", "camembert")


def build_transformer_encoder(
    name: str,
    pooling: str,
    window: int,
    mixed_precision: bool,
    tokenizer_config: Dict[str, Any],
    transformer_config: Dict[str, Any],
    memory_limit: int = KEPT_BYTES >> 20,
) -> Model[List[Doc], List[Floats2d]]:
    """Registered as `spacy-al.TransformerEncoder.v1`.

    name (str): Hugging Face model name, a local folder, or `package:PACKAGE/FOLDER` for one inside an installed
        Python package.
    pooling (str): "first" wordpiece of each token, as the paper's code does, or the "mean" of all.
    window (int): Most wordpieces the encoder sees at once; longer sentences are strided with half a window of
        overlap, never truncated. 0: as many as the encoder can take.
    mixed_precision (bool): bfloat16 autocast on a GPU; without effect on a CPU.
    tokenizer_config (Dict[str, Any]): Passed to the tokenizer when it is loaded.
    transformer_config (Dict[str, Any]): Passed to the transformer when it is loaded.
    memory_limit (int): Megabytes of wordpieces to keep, about 1,500 short sentences each; those of further sentences
        are made anew whenever they are needed, which is quick.
    RETURNS (Model[List[Doc], List[Floats2d]]): States of each token, (tokens, width).
    RAISES: ALError A008 for an unknown pooling; A210 on initialisation when the model cannot be loaded.
    """
    if pooling not in POOLINGS:
        problem = f"choose one of {', '.join(POOLINGS)}"
        raise ALError(Errors.A008.format(section="model.encoder", key="pooling", value=pooling, problem=problem))
    hf_model = TransformerModel(name, get_doc_spans, dict(tokenizer_config), dict(transformer_config))
    encoder = TransformerEncoder(
        hf_model,
        mean=pooling == "mean",
        window=window,
        mixed_precision=mixed_precision,
        memory=memory_limit << 20,
    )
    return wrap_encoder("transformer_encoder", encoder, layers=[hf_model])


class TransformerEncoder:
    """Meets `spacy_al.ml.stages.Encoder`. The front is nothing, the body the transformer and the pooling."""

    folds = False

    def __init__(
        self, hf_model: TransformerModel, *, mean: bool, window: int, mixed_precision: bool, memory: int
    ) -> None:
        self.hf_model = hf_model
        self.mean = mean
        self.window_wanted = window
        self.seams = {"last": "head", "all": "body"}
        self.front: nn.Module = nn.Identity()
        self.body = TransformerBody(mixed_precision)
        self.table: Optional[WordpieceTable] = None
        self.cache: SentenceCache[Wordpieces] = SentenceCache(Wordpieces.weigh, memory)

    def initialize(self, docs: Sequence[Doc]) -> None:
        """Load the pretrained model, unless it is there already."""
        if self.hf_model.transformer is not None:
            return
        name = self.hf_model.attrs["name"]
        self.hf_model.attrs["name"] = resolve_name(name)
        try:
            self.hf_model.initialize()
        except (OSError, ValueError) as error:
            raise ALError(Errors.A210.format(name=name, reason=str(error).splitlines()[0])) from error
        finally:
            self.hf_model.attrs["name"] = name

    def sync(self) -> None:
        """Take over the transformer that the inner model holds now; loading replaces it."""
        if self.body.transformer is not self.hf_model.transformer:
            self.body.transformer = self.hf_model.transformer
            self.table = WordpieceTable(self.hf_model.tokenizer)
            self.cache.clear()

    @property
    def width(self) -> int:
        """Width of the states."""
        return int(self.hf_model.transformer.config.hidden_size)

    @property
    def window(self) -> int:
        """Most wordpieces of a row, special ones not counted."""
        assert self.table is not None
        most = self.hf_model.tokenizer.model_max_length  # a huge number where the tokenizer does not know
        most = min(most, getattr(self.hf_model.transformer.config, "max_position_embeddings", None) or most)
        room = int(most) - len(self.table.prefix) - len(self.table.suffix)
        return min(room, self.window_wanted) if self.window_wanted else room

    def featurize(self, docs: Sequence[Doc], keys: Optional[Sequence[bytes]] = None) -> List[Wordpieces]:
        """Wordpieces of each sentence, from the cache where they are known."""
        assert self.table is not None
        return self.cache.get(docs, self.table.split, keys)

    def size(self, features: Wordpieces) -> int:
        """Wordpieces of a sentence."""
        return len(features.ids)

    def collate(self, features: Sequence[Wordpieces], device: torch.device) -> WordpieceBatch:
        """A padded batch on the device."""
        assert self.table is not None
        return collate(features, self.table, window=self.window, mean=self.mean, device=device)

    def own_modules(self) -> Dict[str, nn.Module]:
        """Modules this encoder has to serialise itself: none, spacy-transformers keeps the weights."""
        return {}


class TransformerBody(nn.Module):
    """Runs the transformer over a batch of wordpieces and pools them into tokens."""

    def __init__(self, mixed_precision: bool) -> None:
        super().__init__()
        self.mixed_precision = mixed_precision
        self.transformer: Optional[PreTrainedModel] = None

    def forward(self, batch: WordpieceBatch, noise: Optional[Noise] = None) -> Ragged:
        assert self.transformer is not None
        mask = batch.mask.long()
        if self.transformer.config.model_type in THREE_AXES:
            mask = mask[:, None]  # (rows, 1, width)
        with torch.autocast(
            "cuda", torch.bfloat16, enabled=self.mixed_precision and batch.ids.is_cuda, cache_enabled=False
        ):
            output = self.transformer(input_ids=batch.ids, attention_mask=mask)
        states = output.last_hidden_state.flatten(0, 1)[batch.pieces]  # (pooled, width)
        if batch.owners is not None:
            tokens = int(batch.lengths.sum())
            sums = states.new_zeros(tokens, states.shape[1]).index_add_(0, batch.owners, states)
            states = sums / torch.bincount(batch.owners, minlength=tokens)[:, None]
        return Ragged(states[None].float(), batch.lengths)


def resolve_name(name: str) -> str:
    """The folder that `package:PACKAGE/FOLDER` stands for; other names unchanged.

    RAISES: ALError A212 when the package is not installed or has no such folder.
    """
    if not name.startswith("package:"):
        return name
    package, _, folder = name.removeprefix("package:").partition("/")
    spec = importlib.util.find_spec(package)
    places = [Path(place) / folder for place in (spec.submodule_search_locations or [])] if spec else []
    for place in places:
        if place.is_dir():
            return str(place)
    raise ALError(Errors.A212.format(name=name, package=package))
