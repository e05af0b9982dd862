"""A transformer as an encoder of its own: spacy-transformers keeps weights and tokenizer, we run it."""

import importlib.util
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import torch
from spacy.tokens import Doc
from spacy_transformers.layers import TransformerModel
from spacy_transformers.layers.transformer_model import huggingface_from_pretrained
from spacy_transformers.span_getters import get_doc_spans
from thinc.api import Model
from thinc.types import Floats2d
from torch import nn

from ..errors import ALError, Errors, Warnings
from .cache import KEPT_BYTES, SentenceCache
from .encoder_shim import wrap_encoder
from .graph_inputs import TransformerInputs
from .halves import LowerStates
from .inference import CPU_TRAININGS, INFERENCES, ChosenEngine
from .lengths import plan_batches, plan_parts
from .packing import MOST, PACKED, pack
from .seam import Encoder, Passing
from .transformer_body import TransformerBody, positions_of, trains_mixed
from .wordpieces import WordpieceBatch, Wordpieces, WordpieceTable, collate

POOLINGS = ("first", "mean")
# Share of words. MiniLM, which is English, has 0 in Latin scripts, Greek and Cyrillic, and 0.56 in Chinese.
MOST_UNKNOWN = 0.1
# Padded wordpieces that take as long as adding a part's gradients to the others' on a CPU, in float32 and in bfloat16,
# where the weights are cast for every part too.
PART_COST, MIXED_PART_COST = 100, 500


def build_transformer_encoder(
    name: str,
    pooling: str,
    window: int,
    mixed_precision: bool,
    tokenizer_config: Dict[str, Any],
    transformer_config: Dict[str, Any],
    memory_limit: int = KEPT_BYTES >> 20,
    inference: str = "torch",
    cpu_training: str = "float32",
    shapes: bool = False,
    frozen: int = 0,
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
    inference (str): What computes states on a CPU without gradients. "torch"; "openvino" (the extra `cpu`), also in
        float32 and equal to 1e-4; "bfloat16", in the faster of both, also where it is evaluated and used in the end;
        "auto", the faster one of those in float32 on this machine, where the sentences asked about together are
        enough for a conversion to pay, and bfloat16 where a run chooses sentences, if it chooses the same ones
        (`spacy_al.loop.precision`).
    cpu_training (str): Precision of training steps on a CPU, "float32", "bfloat16" (autocast; weights stay float32), or
        "auto", which takes the faster one on this machine. Both are measured once and kept (`spacy_al.ml.cpu_speed`).
    shapes (bool): Add an embedding of each word's spelling (capitals, digits) to those of its wordpieces, or to what
        comes out of frozen layers, for encoders that see lower case only (`spacy_al.ml.word_shapes`).
    frozen (int): The embeddings and so many of the lowest layers keep their pretrained weights, which makes training
        steps faster, on a CPU above all (`spacy_al.ml.freezing`): there they have no dropout either, and run once for a
        sentence (`spacy_al.ml.halves`), whose states are kept up to `memory_limit` too. 0: everything is trained.
    RETURNS (Model[List[Doc], List[Floats2d]]): States of each token, (tokens, width).
    RAISES: ALError A008 for an unknown choice; A210 on initialisation when the model cannot be loaded.
    """
    check_choice("pooling", pooling, POOLINGS)
    check_choice("inference", inference, INFERENCES)
    check_choice("cpu_training", cpu_training, CPU_TRAININGS)
    hf_model = TransformerModel(name, get_doc_spans, dict(tokenizer_config), dict(transformer_config))
    encoder = TransformerEncoder(
        hf_model,
        mean=pooling == "mean",
        window=window,
        runner=TransformerBody(mixed_precision, cpu_training, shapes, frozen),
        memory=memory_limit << 20,
        inference=inference,
    )
    return wrap_encoder("transformer_encoder", encoder, layers=[hf_model])


class TransformerEncoder(Encoder):
    """The front is nothing, the body the transformer and the pooling."""

    folds = False
    table: WordpieceTable  # of the transformer that `sync` has found
    positions: Optional[int]  # see `positions_of`

    def __init__(
        self,
        hf_model: TransformerModel,
        *,
        mean: bool,
        window: int,
        runner: TransformerBody,
        memory: int,
        inference: str,
    ) -> None:
        self.hf_model = hf_model
        self.mean = mean
        self.window_wanted = window
        self.front: nn.Module = Passing()
        self.runner = runner
        self.inference = inference
        self.body: nn.Module = self.runner
        self.cache: SentenceCache[Wordpieces] = SentenceCache(Wordpieces.weigh, memory)
        self.lower = LowerStates(memory)

    def initialize(self, docs: Sequence[Doc]) -> None:
        """Load the pretrained model, unless it is there already."""
        if self.hf_model.transformer is not None:
            return
        name = self.hf_model.attrs["name"]
        settings = self.hf_model._init_tokenizer_config, self.hf_model._init_transformer_config
        try:
            loaded = huggingface_from_pretrained(resolve_name(name), *settings)
        except (OSError, ValueError) as error:
            raise ALError(Errors.A210.format(name=name, reason=str(error).splitlines()[0])) from error
        # Its own `initialize` runs a sentence through the model, with whatever the tokenizer makes.
        self.hf_model.attrs["set_transformer"](self.hf_model, loaded)
        share = WordpieceTable(loaded.tokenizer).unknown_share(docs)
        if share > MOST_UNKNOWN:
            warnings.warn(Warnings.W233.format(name=name, share=share), stacklevel=2)

    def sync(self) -> None:
        """Take over the transformer that the inner model holds now; loading replaces it."""
        model = self.hf_model.transformer
        if self.runner.transformer is not model:
            self.runner.take(model)
            padding = getattr(model.config, "pad_token_id", None)
            self.table = WordpieceTable(self.hf_model.tokenizer, padding, self.runner.vocabulary)
            self.positions = positions_of(model)
            self.cache.clear()
            self.lower.clear()

    def own_modules(self) -> Dict[str, nn.Module]:
        """The embedding of spellings; spacy-transformers saves the rest."""
        return {} if self.runner.shapes is None else {"shapes": self.runner.shapes}

    def redraw(self, generator: torch.Generator) -> None:
        """Spellings mean nothing again."""
        if self.runner.shapes is not None:
            nn.init.zeros_(self.runner.shapes.weight)

    @property
    def seams(self) -> Dict[str, str]:
        """`last` repeats the head alone."""
        return {"last": "head", "all": "body"}

    @property
    def width(self) -> int:
        """Width of the states."""
        return int(self.hf_model.transformer.config.hidden_size)

    @property
    def window(self) -> int:
        """Most wordpieces of a row, special ones not counted."""
        most = self.hf_model.tokenizer.model_max_length  # a huge number where the tokenizer does not know
        most = min(most, self.positions or most)
        room = int(most) - len(self.table.prefix) - len(self.table.suffix)
        return min(room, self.window_wanted) if self.window_wanted else room

    def featurize(self, docs: Sequence[Doc], keys: Optional[Sequence[bytes]] = None) -> List[Wordpieces]:
        """Wordpieces of each sentence, from the cache where they are known."""
        return self.cache.get(docs, self.table.split, keys)

    def size(self, features: Wordpieces) -> int:
        """Wordpieces of a sentence."""
        return len(features.ids)

    def collate(self, features: Sequence[Wordpieces], device: torch.device) -> WordpieceBatch:
        """A padded batch on the device; on a CPU with the states from frozen layers."""
        batch = collate(features, self.table, window=self.window, mean=self.mean, device=device)
        halves = self.runner.halves
        if halves is None or device.type != "cpu" or len(batch.ids) != len(features):  # rows are windows
            return batch
        rows = [ids[mask] for ids, mask in zip(batch.ids.numpy(), batch.mask.numpy())]
        found = self.lower.get(rows, halves.weights, self.runner.below)
        states = found[0].new_zeros(*batch.ids.shape, found[0].shape[-1])
        states[batch.mask] = torch.cat(found)
        return replace(batch, states=states)

    def packs(self, device: torch.device) -> bool:
        """Whether rows of a training batch hold several sentences: on a CPU, where padding takes time."""
        return device.type == "cpu" and self.hf_model.transformer.config.model_type in PACKED

    def begin(self, features: Sequence[Wordpieces], device: torch.device) -> Tuple[WordpieceBatch, Callable[[], None]]:
        """See Encoder."""
        batch, finish = super().begin(features, device)
        if self.packs(device):
            batch = pack(batch, self.table.padding, self.positions)
        return batch, finish

    def parts(self, features: Sequence[Wordpieces], device: torch.device) -> List[List[int]]:
        """On a CPU by length, as pays; on a GPU all together."""
        if device.type != "cpu":
            return super().parts(features, device)
        if self.packs(device):
            return plan_batches([self.size(item) for item in features], MOST)
        cost = MIXED_PART_COST if trains_mixed(self.runner.cpu_training) else PART_COST
        return plan_parts([self.size(item) for item in features], cost)

    def engine(self) -> ChosenEngine:
        """torch or OpenVINO."""
        return ChosenEngine(self.inference)

    def graph_inputs(self) -> TransformerInputs:
        """Padded wordpieces."""
        return TransformerInputs(self)


def check_choice(key: str, value: str, known: Sequence[str]) -> None:
    """Raise ALError A008 for a value that is none of those known."""
    if value not in known:
        problem = f"choose one of {', '.join(known)}"
        raise ALError(Errors.A008.format(section="model.encoder", key=key, value=value, problem=problem))


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
