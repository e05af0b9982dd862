"""How many times as fast as float32 in torch this machine computes a transformer otherwise: measured once and kept."""

import copy
import functools
import importlib.metadata
import logging
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Callable, Dict, Tuple

import srsly
import torch

from ..files import write_json
from .cpu_modes import FastFunctions
from .processor import cpu_info, has_amx, has_bfloat16, processor

logger = logging.getLogger("spacy_al")
GAIN = 1.2  # what is less than so many times as fast is not worth another precision or another engine
MEASURE = 5  # rises when something else is measured, which makes what was kept void
ROWS, WIDTH = 16, 32  # wordpieces that are timed
TURNS, CALLS = 5, 2


@dataclass(frozen=True)
class Speeds:
    """Times as fast as torch in float32 on one thread; 0 where it cannot be had.

    training_bfloat16 (float): Forward and backward under autocast. bfloat16 (float): Inference with such weights.
    openvino, openvino_bfloat16 (float): Inference by OpenVINO, in float32 and in bfloat16.
    rate (float): What a thread of torch infers with in float32: billions of weights that wordpieces meet in a second.
    conversion (float): Seconds in which OpenVINO converts a model.
    """

    training_bfloat16: float
    bfloat16: float
    openvino: float
    openvino_bfloat16: float
    rate: float
    conversion: float


@functools.cache
def cpu_speeds() -> Speeds:
    """This machine's; measured where nobody has yet, which takes some seconds.

    They are kept in `spacy_al/cpu.json` of the user's cache folder, so that every run on a machine chooses alike.
    """
    known = read_kept()
    name = f"{processor()}, family {cpu_info('cpu family')}, model {cpu_info('model')}{', amx' if has_amx() else ''}"
    name += f", torch {torch.__version__}, openvino {openvino_version() or 'none'}, measure {MEASURE}"
    if name not in known:
        known[name] = asdict(measure())
        try:
            write_json(kept_file(), known)
        except OSError as error:
            logger.info("what was measured of the processor is kept for this process only: %s", error)
        logger.info("measured once, times as fast as float32 in torch: %s", known[name])
    return Speeds(**known[name])


def kept_file() -> Path:
    """Where measurements are kept on this machine."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spacy_al" / "cpu.json"


def read_kept() -> Dict[str, Dict[str, float]]:
    """Measurements by machine; those that cannot be read are made again."""
    try:
        kept = srsly.read_json(kept_file())
        return {name: asdict(Speeds(**values)) for name, values in kept.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        logger.info("%s cannot be read (%s): the processor is measured anew", kept_file(), error)
        return {}


def measure() -> Speeds:
    """Time a small transformer of random weights, each way in turn, on one thread; the fastest call counts.

    The processor's time is counted: where the machine has other things to do, threads that wait for each other take
    many times as long, some ways more so than others, and what is measured is kept.
    """
    # Apart from modes that torch keeps for a thread: one is asked inside a training step too.
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(_measure).result()


def _measure() -> Speeds:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        ways, weights, conversion = make_ways()
        seconds = dict.fromkeys(ways, math.inf)
        for _ in range(TURNS):
            seconds = {name: min(least, _seconds(ways[name])) for name, least in seconds.items()}
    finally:
        torch.set_num_threads(threads)  # what threads to come have

    def times(name: str, other: str) -> float:
        return round(seconds[other] / seconds[name], 2) if name in ways else 0.0

    return Speeds(
        training_bfloat16=times("bfloat16 training", "float32 training"),
        bfloat16=times("bfloat16", "float32"),
        openvino=times("f32", "float32"),
        openvino_bfloat16=times("bf16", "float32"),
        rate=round(ROWS * WIDTH * weights / seconds["float32"] / 1e9, 1),
        conversion=round(conversion, 2),
    )


def make_ways() -> Tuple[Dict[str, Callable[[], Any]], int, float]:
    """What is timed, by name; the weights of the layers, and the seconds of the last conversion."""
    # Loading transformers takes longer than all else that commands do which train nothing.
    from transformers import BertConfig, BertModel

    from .openvino_engine import compile_model  # which asks this file whether it pays

    with torch.random.fork_rng(devices=[]):
        model = BertModel(BertConfig(hidden_size=384, num_hidden_layers=2, intermediate_size=1536, vocab_size=1000))
        ids = torch.randint(1000, (ROWS, WIDTH))
        lower = copy.deepcopy(model).bfloat16().eval()
    mask = torch.ones_like(ids)
    model.eval()  # without dropout, which draws from the generator that training draws from
    ways: Dict[str, Callable[[], Any]] = {"float32": lambda: _infer(model, ids, mask)}
    ways["float32 training"] = lambda: _train(model, ids, mask, False)
    if has_bfloat16():
        ways["bfloat16"] = lambda: _infer(lower, ids, mask)
        ways["bfloat16 training"] = lambda: _train(model, ids, mask, True)
    conversion = 0.0
    for precision in ("f32", "bf16") if openvino_version() else ():
        if precision == "f32" or has_bfloat16():
            start = time.process_time()
            try:
                ways[precision] = functools.partial(compile_model(model, precision), (ids.numpy(), mask.numpy()))
            except Exception as error:  # its converter raises whatever a model makes it raise
                logger.warning("OpenVINO is left out of what is measured in %s: %s", precision, error)
            conversion = time.process_time() - start  # the first one loads OpenVINO too, where there is a second
    return ways, layer_weights(model), conversion


def layer_weights(model: torch.nn.Module) -> int:
    """Weights of the layers, which every wordpiece meets; embeddings are looked up."""
    return sum(layer.weight.numel() for layer in model.modules() if isinstance(layer, torch.nn.Linear))


def _seconds(way: Callable[[], Any]) -> float:
    """The fastest of some calls after a first one, which waits for threads of the other library, which spin."""
    way()
    found = []
    for _ in range(CALLS):
        start = time.process_time()
        way()
        found.append(time.process_time() - start)
    return min(found)


def _infer(model: torch.nn.Module, ids: torch.Tensor, mask: torch.Tensor) -> None:
    with torch.inference_mode(), FastFunctions():
        model(input_ids=ids, attention_mask=mask)


def _train(model: torch.nn.Module, ids: torch.Tensor, mask: torch.Tensor, mixed: bool) -> None:
    with torch.autocast("cpu", torch.bfloat16, enabled=mixed, cache_enabled=False), FastFunctions():
        states = model(input_ids=ids, attention_mask=mask)[0]
    states.float().square().mean().backward()
    model.zero_grad()


def openvino_version() -> str:
    """Of the installed OpenVINO, or ""."""
    try:
        return importlib.metadata.version("openvino")
    except importlib.metadata.PackageNotFoundError:
        return ""
