"""Inference of a transformer by OpenVINO, whose kernels are faster than torch's on some processors."""

import logging
import sys
import warnings
from typing import Any, Callable, Dict, Optional, Tuple

import numpy
import torch
from torch import Tensor, nn

from ..lending import lent
from .stages import Ragged
from .transformer_body import TransformerBody, inputs_of, some_wordpieces, values_unseen
from .word_shapes import WordShapes

TOLERANCE = 1e-4  # most a state in float32 may differ from torch's
Compiled = Callable[[Tuple[Any, Any]], Any]


class OpenVinoEngine:
    """States of a `TransformerBody` with its present weights; what was compiled is forgotten when they change."""

    def __init__(self) -> None:
        self.compiled: Dict[str, Compiled] = {}
        self.problem = ""

    def __getstate__(self) -> Dict[str, Any]:
        return {"compiled": {}, "problem": self.problem}  # compiled models belong to this process

    def ready(self, body: TransformerBody, precision: str) -> bool:
        """Compile for "f32" or "bf16" unless that is done; `problem` says why that cannot be, also later on."""
        if precision not in self.compiled and not self.problem:
            try:
                self.compiled[precision] = compile_model(body.transformer, precision, body.shapes)
                self.problem = "" if precision == "bf16" else differs(body, self.compiled[precision])
            except Exception as error:  # its converter raises whatever a model makes it raise
                self.problem = f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200]}"
        return not self.problem

    def states(self, body: TransformerBody, batch: Any, precision: str) -> Ragged:
        """As the body gives them. batch (WordpieceBatch): On the CPU."""
        return body.pool(run(self.compiled[precision], batch.ids, batch.mask.long()), batch)

    def forget(self) -> None:
        """The weights have changed."""
        self.compiled.clear()


class Exported(nn.Module):
    """A transformer as a function of tensors: wordpieces and mask -> states."""

    def __init__(self, model: Any, shapes: Optional[WordShapes]) -> None:
        super().__init__()
        self.model = model
        self.shapes = shapes

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        states: Tensor = self.model(**inputs_of(self.model, self.shapes, ids), attention_mask=mask)[0]
        return states


def compile_model(model: Any, precision: str, shapes: Optional[WordShapes] = None) -> Compiled:
    """Convert and compile a transformer for torch's number of threads.

    precision (str): "f32" or "bf16". shapes (Optional[WordShapes]): What stands beside its embeddings of words.
    """
    # With this package OpenVINO reports imports and conversions to its makers, unasked, each in a process of its own.
    # Without it, it takes a stand-in of its own that reports nothing.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    ids = torch.zeros(2, 8, dtype=torch.int64)
    training = model.training
    # torch.jit looks up every attribute, also the model's loss, of which transformers then warns.
    silent = lent([(logging.getLogger("transformers.modeling_utils"), "disabled", True)])
    with torch.inference_mode(False), torch.no_grad(), values_unseen(model), silent, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of torch.jit, by which OpenVINO converts
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # of constants in masks; `differs` finds wrong ones
        converted = openvino.convert_model(Exported(model, shapes).eval(), example_input=(ids, torch.ones_like(ids)))
    model.train(training)
    settings = {
        "INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1,
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
    }  # fmt: skip
    compiled: Compiled = openvino.Core().compile_model(converted, "CPU", settings)
    return compiled


def run(compiled: Compiled, ids: Tensor, mask: Tensor) -> Tensor:
    """States, float32 (rows, width, units)."""
    found = compiled((ids.numpy(), mask.numpy()))[0]
    return torch.from_numpy(numpy.array(found, dtype=numpy.float32))  # its memory is written again by the next call


def differs(body: TransformerBody, compiled: Compiled) -> str:
    """What is wrong with compiled states of a batch of another shape than was exported; "" where nothing is."""
    ids, mask = some_wordpieces(body.transformer.config.vocab_size)
    with torch.inference_mode():
        expected = body.encode(ids, mask)
    difference = float((run(compiled, ids, mask.long()) - expected)[mask].abs().max())
    scale = max(1.0, float(expected[mask].abs().max()))
    return "" if difference <= TOLERANCE * scale else f"its states differ from torch's by {difference:.2e}"
