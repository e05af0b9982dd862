"""Which engine computes the states of a transformer in inference, and in which precision: as set, or as pays here."""

import contextlib
import logging
import warnings
from typing import Any, ContextManager, Dict, List, Set, Tuple

import torch

from ..errors import Warnings
from .cpu_speed import GAIN, cpu_speeds, layer_weights, openvino_version
from .lower_weights import LowerWeights
from .openvino_engine import OpenVinoEngine
from .processor import has_bfloat16
from .seam import Engine, inferred
from .stages import Ragged

logger = logging.getLogger("spacy_al")
INFERENCES = ("auto", "torch", "openvino", "bfloat16")
CPU_TRAININGS = ("auto", "float32", "bfloat16")
# Wordpieces times weights of the layers from which on "auto" looks for something faster: about 40,000 wordpieces with
# MiniLM-L6, 5,000 with a base-size encoder, some seconds in torch.
PAYS = 4e11
Way = Tuple[str, bool]  # engine, and whether in bfloat16
TORCH: Way = ("torch", False)


class ChosenEngine(Engine):
    """torch or OpenVINO on a CPU, torch on a GPU. What it chooses depends on nothing but its setting, the machine, the
    number of wordpieces and whether lower precision is allowed, so that a run that goes on after a death computes the
    same.
    """

    def __init__(self, inference: str) -> None:
        self.inference = inference
        self.openvino = OpenVinoEngine()
        self.lower = LowerWeights()
        self.way = TORCH
        self.marks: List[Tuple[int, int]] = []  # of the weights that states were last computed with
        self.said: Set[str] = set()

    def begin(self, network: Any, size: int, *, lower: bool = False, repeated: bool = False) -> None:
        """See Engine."""
        marks = [(weight.data_ptr(), weight._version) for weight in network.body.parameters()]
        if marks != self.marks:  # also where nobody has said so, as when earlier weights are put back
            self.forget()
            self.marks = marks
        engine, mixed = self.way = self.choose(network.body, size, lower=lower)
        if repeated:
            self.way = ("torch", mixed)
            return
        if engine == "openvino" and not self.openvino.ready(network.body, "bf16" if mixed else "f32"):
            self._warn(Warnings.W230.format(reason=self.openvino.problem))
            self.way = ("torch", mixed)
        self._say()

    def lower_pays(self, network: Any, size: int) -> bool:
        """See Engine."""
        return self.inference == "auto" and self.choose(network.body, size, lower=True)[1]

    def choose(self, body: Any, size: int, *, lower: bool = False) -> Way:
        """The engine and precision for so many wordpieces. lower (bool): "auto" may take bfloat16."""
        setting = self.inference
        if setting == "torch" or next(body.parameters()).is_cuda:
            return TORCH
        if setting == "openvino" and not openvino_version():
            self._warn(Warnings.W230.format(reason="it is not installed (pip install 'spacy_al[cpu]')"))
        if setting == "openvino" and body.border:
            self._warn(Warnings.W230.format(reason="frozen layers are left to torch, which keeps their states"))
        work: float = size * layer_weights(body)
        possible = bool(openvino_version()) and not self.openvino.problem and not body.border
        if setting == "openvino":
            return ("openvino", False) if possible else TORCH
        if setting == "auto" and work < PAYS:
            return TORCH
        ways = self.ways(possible, lower=(lower or setting == "bfloat16") and not body.full_precision)
        if setting == "bfloat16" and not body.full_precision:
            ways = {way: times for way, times in ways.items() if way[1]} or {("torch", True): 1.0}
        speeds, threads = cpu_speeds(), torch.get_num_threads()

        def seconds(way: Way) -> float:
            conversion = speeds.conversion if way[0] == "openvino" else 0.0
            return work / (threads * speeds.rate * 1e9 * ways[way]) + conversion

        return min(ways, key=seconds)

    def ways(self, openvino: bool, *, lower: bool) -> Dict[Way, float]:
        """What there is on this machine, and how many times as fast as torch it is; without what is not worth it."""
        speeds = cpu_speeds()
        found = {TORCH: 1.0}
        if openvino and speeds.openvino >= GAIN:
            found["openvino", False] = speeds.openvino
        best = max(found.values())
        if lower and has_bfloat16() and speeds.bfloat16 >= GAIN * best:
            found["torch", True] = speeds.bfloat16
        if lower and openvino and speeds.openvino_bfloat16 >= GAIN * max(found.values()):
            found["openvino", True] = speeds.openvino_bfloat16
        return found

    def states(self, network: Any, batch: Any) -> Ragged:
        """See Engine."""
        if self.way[0] == "openvino":
            return self.openvino.states(network.body, batch, "bf16" if self.way[1] else "f32")
        with self.passes(network):
            return inferred(network, batch)

    def passes(self, network: Any) -> ContextManager[None]:
        """See Engine."""
        return self.lower.put(network.body) if self.way == ("torch", True) else contextlib.nullcontext()

    def forget(self) -> None:
        """See Engine."""
        self.openvino.forget()
        self.lower.forget()

    def _say(self) -> None:
        message = f"states are computed by {self.way[0]} in {'bfloat16' if self.way[1] else 'float32'}"
        if self.way != TORCH and message not in self.said:
            self.said.add(message)
            logger.info(message)

    def _warn(self, message: str) -> None:
        if message not in self.said:
            self.said.add(message)
            warnings.warn(message, stacklevel=2)
