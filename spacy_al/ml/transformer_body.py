"""Any text encoder of transformers over a batch of wordpieces: its arguments, mask, positions, and the pooling."""

import contextlib
import inspect
import sys
import warnings
from typing import Any, ContextManager, Dict, List, Optional, Tuple, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from ..errors import ALError, Errors, Warnings
from ..lending import lent
from .cpu_modes import fast_functions
from .cpu_speed import GAIN, cpu_speeds
from .freezing import find_layers, freeze
from .halves import Halves, entering, halves_of
from .processor import has_bfloat16
from .stages import Noise, Padded, Ragged
from .word_shapes import WordShapes
from .wordpieces import WordpieceBatch

# These take a mask of three axes as it is, and broadcast it; one of two they first write out for every query.
THREE_AXES = ("bert", "electra", "roberta", "xlm-roberta", "camembert")

# These fill masked places of attention with the least float32, which bfloat16 has no place for.
FULL_PRECISION = ("deberta",)


class TransformerBody(nn.Module):
    """Runs the transformer over a batch of wordpieces and pools them into tokens."""

    def __init__(
        self, mixed_precision: bool, cpu_training: str = "float32", shapes: bool = False, frozen: int = 0
    ) -> None:
        super().__init__()
        self.mixed_precision = mixed_precision
        self.cpu_training = cpu_training
        self.shapes = WordShapes() if shapes else None
        self.frozen = frozen
        self.halves: Optional[Halves] = None
        self.border: List[nn.Module] = []  # in a list, so that the layer is no module of this one too
        self.transformer: PreTrainedModel = None  # type: ignore[assignment]  # until `take`
        self.first = 0

    def take(self, model: PreTrainedModel) -> None:
        """Run this model from now on. RAISES: ALError A220 when it is no encoder of masked wordpieces."""
        self.border = find_layers(model)[1][self.frozen :][:1] if self.frozen else []
        needed = ("inputs_embeds" if self.shapes is not None and not self.border else "input_ids", "attention_mask")
        missing = [name for name in needed if name not in arguments_of(model)]
        if missing:
            problem = f"its forward pass has no {missing[0]}"
            raise ALError(Errors.A220.format(name=type(model).__name__, problem=problem))
        mend_epsilon(model)
        freeze(model, self.frozen)
        self.transformer = model
        self.first = first_position(model)
        if self.shapes is not None:
            embedding = word_embedding(model)
            self.shapes.fit(embedding, model.config.hidden_size if self.border else embedding.embedding_dim)
        self.halves = self._cut(model) if self.frozen else None

    def _cut(self, model: PreTrainedModel) -> Optional[Halves]:
        """Its halves below and above the border of what is trained, where that has been found to work.

        On a GPU a pass is whole.
        """
        if next(model.parameters()).is_cuda:
            return None
        ids, mask = some_wordpieces(model.config.vocab_size)
        with values_unseen(model):
            halves, problem = halves_of(model, self.frozen, **self._inputs(ids, mask))
        if problem:
            warnings.warn(Warnings.W232.format(name=type(model).__name__, reason=problem), stacklevel=2)
        return halves

    @property
    def vocabulary(self) -> int:
        """By how much the id of a wordpiece is larger for each kind of spelling; 0 without spellings."""
        return 0 if self.shapes is None else word_embedding(self.transformer).num_embeddings

    def forward(self, batch: WordpieceBatch, noise: Optional[Noise] = None) -> Ragged:
        return self.pool(self.encode(batch.ids, batch.mask, batch.positions, batch.states), batch)

    def encode(
        self, ids: Tensor, mask: Tensor, positions: Optional[Tensor] = None, states: Optional[Tensor] = None
    ) -> Tensor:
        """States of wordpieces, (rows, width, units). ids, mask, positions, states (Tensor): See `WordpieceBatch`."""
        inputs = self._inputs(ids, mask, positions)
        device = "cuda" if ids.is_cuda else "cpu"
        precision = torch.autocast(device, torch.bfloat16, enabled=self._mixed(ids.is_cuda), cache_enabled=False)
        with values_unseen(self.transformer), self._spelled(ids):
            if self.halves is None or ids.is_cuda:
                with precision:
                    whole: Tensor = self.transformer(**inputs)[0]
                    return whole
            states = self.halves.lower(**inputs) if states is None else states
            with precision:
                return self.halves.upper(states, **inputs)

    def below(self, ids: Tensor) -> Tensor:
        """What comes out of the frozen layers for rows without padding. ids (Tensor): int64, (rows, width)."""
        assert self.halves is not None
        with values_unseen(self.transformer), fast_functions(ids.device, self.transformer):
            return self.halves.lower(**self._inputs(ids, torch.ones_like(ids)))

    def _inputs(self, ids: Tensor, mask: Tensor, positions: Optional[Tensor] = None) -> Dict[str, Tensor]:
        mask = mask.long()
        if mask.ndim == 2 and self.transformer.config.model_type in THREE_AXES:
            mask = mask[:, None]  # (rows, 1, width)
        shapes = self.shapes
        if shapes is not None and self.border:  # see `_spelled`
            shapes, ids = None, ids % self.vocabulary
        inputs = {"attention_mask": mask, **inputs_of(self.transformer, shapes, ids)}
        if positions is not None:
            inputs["position_ids"] = positions + self.first
        return inputs

    def _spelled(self, ids: Tensor) -> ContextManager[None]:
        """Inside the block vectors of spellings are added above the frozen layers, where there are both."""
        if self.shapes is None or not self.border:
            return contextlib.nullcontext()
        vectors = self.shapes(ids // self.vocabulary)
        return entering(self.border[0], lambda states: states + vectors.to(states.dtype))

    def _mixed(self, cuda: bool) -> bool:
        if self.full_precision:
            return False
        if cuda:
            return self.mixed_precision
        return torch.is_grad_enabled() and self.training and trains_mixed(self.cpu_training)

    def pool(self, output: Tensor, batch: WordpieceBatch) -> Ragged:
        """States of tokens from those of wordpieces."""
        states = output.flatten(0, 1)[batch.pieces]  # (pooled, width)
        if batch.owners is not None:
            states = means(states, batch.owners, len(states) if batch.padded else int(batch.lengths.sum()))
        return (Padded if batch.padded else Ragged)(states[None].float(), batch.lengths)

    @property
    def full_precision(self) -> bool:
        """Whether its model cannot compute in bfloat16."""
        return self.transformer.config.model_type in FULL_PRECISION


def some_wordpieces(vocabulary: int) -> Tuple[Tensor, Tensor]:
    """Five rows of any wordpieces, int64, and their mask, with padding: to compare two ways of computing."""
    return torch.arange(60).view(5, 12) % vocabulary, torch.arange(12) < torch.tensor([[12], [1], [7], [12], [3]])


def trains_mixed(setting: str) -> bool:
    """Whether a step on a CPU runs under bfloat16 autocast: as is said, or with "auto" where it is faster."""
    if setting != "auto":
        return setting == "bfloat16"
    return has_bfloat16() and cpu_speeds().training_bfloat16 >= GAIN


def word_embedding(model: PreTrainedModel) -> nn.Embedding:
    """The table of a model's wordpieces."""
    return cast(nn.Embedding, model.get_input_embeddings())


def inputs_of(model: PreTrainedModel, shapes: Optional[WordShapes], ids: Tensor) -> Dict[str, Tensor]:
    """What a transformer is given for wordpieces: their ids, or with spellings their embeddings."""
    if shapes is None:
        return {"input_ids": ids}
    embedding = word_embedding(model)
    words = embedding.num_embeddings
    return {"inputs_embeds": embedding(ids % words) + shapes(ids // words)}


def means(states: Tensor, owners: Tensor, tokens: int) -> Tensor:
    """The mean of the pieces of each token, (tokens, width); what has the owner `tokens` belongs to none.

    states (Tensor): (pieces, width). owners (Tensor): int64, (pieces,).
    """
    sums = states.new_zeros(tokens + 1, states.shape[1]).index_add_(0, owners, states)
    counts = states.new_zeros(tokens + 1).index_add_(0, owners, states.new_ones(len(owners)))
    return (sums / counts.clamp(min=1)[:, None])[:tokens]


def mend_epsilon(model: PreTrainedModel) -> None:
    """Put back what a layer norm adds to a variance: spacy-transformers reads a saved config from JSON of ten decimals,
    in which 1e-12 is 0, and a row without variance is not a number then."""
    if model.config.to_dict().get("layer_norm_eps") == 0:
        model.config.layer_norm_eps = type(model.config)().layer_norm_eps
        for module in model.modules():
            if getattr(module, "eps", None) == 0:
                vars(module)["eps"] = model.config.layer_norm_eps


def arguments_of(model: PreTrainedModel) -> Tuple[str, ...]:
    """Names of what a model's forward pass takes."""
    return tuple(inspect.signature(model.forward).parameters)


def positions_of(model: PreTrainedModel) -> Optional[int]:
    """Most wordpieces of a row, special ones counted, that a model has positions for; None where any number goes.

    RoBERTa and those after it have rows for fewer than they say.
    """
    most = model.config.to_dict().get("max_position_embeddings")
    found: List[int] = [most] if isinstance(most, int) and most > 0 else []
    found += [table.num_embeddings - first_position(model) for table in position_embeddings(model)]
    return min(found, default=None)


def first_position(model: PreTrainedModel) -> int:
    """The number of a row's first position: RoBERTa and those after it begin behind the padding id."""
    return max((0 if one.padding_idx is None else one.padding_idx + 1 for one in position_embeddings(model)), default=0)


def position_embeddings(model: PreTrainedModel) -> List[nn.Embedding]:
    """A model's tables of positions."""
    found = [module for name, module in model.named_modules() if name.endswith("position_embeddings")]
    return [module for module in found if isinstance(module, nn.Embedding)]


def values_unseen(model: PreTrainedModel) -> ContextManager[None]:
    """Inside the block a model takes the paths that transformers keeps for tracing, which look at no value of a mask
    (a GPU would have to be waited for, and a CUDA graph cannot wait), and scripted functions run as plain Python."""
    module = sys.modules[type(model).__module__]
    scripted = {name: one for name, one in vars(module).items() if isinstance(one, torch.jit.ScriptFunction)}
    plain = [(module, name, cast(Any, one)._torchdynamo_inline) for name, one in scripted.items()]
    return lent([(torch.jit, "is_tracing", _yes), *plain])


def _yes() -> bool:
    return True
