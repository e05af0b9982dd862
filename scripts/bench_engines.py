"""`bench_scoring.py --compare`: engines and precisions of a CPU, bare PyTorch, spacy-transformers and stock spaCy."""

import contextlib
import platform
import time
from itertools import count
from pathlib import Path
from typing import Callable, Dict, List, Sequence, Tuple
from unittest.mock import patch

import spacy
import torch
import typer
from bench_iteration import LISTENER, bare_scoring, chosen, in_turn, stock_predict, transformer_config, unlabelled
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import load_config
from thinc.api import Adam, Optimizer
from torch import Tensor
from torch.nn import functional

from spacy_al.acquisition.scoring import score_docs
from spacy_al.corpus.reader import make_example, read_docs
from spacy_al.ml import cpu_modes
from spacy_al.ml.cpu_speed import openvino_version
from spacy_al.ml.processor import onednn_pays, processor
from spacy_al.ml.transformer import resolve_name
from spacy_al.pipeline.adapters import get_sampler
from spacy_al.types import Sampling
from spacy_al.uncertainty.measures import get_measures

MEASURES = {"off": "mnlp", "last": "bald", "all": "bald"}
STEPS, BATCH = 5, 16  # a turn of training
PARTS = ("scoring", "passes", "training")
BARE, PREDICT, EIGHTH = "bare PyTorch, float32", "predict of spacy-transformers", ", an eighth"
Work = Dict[str, Callable[[], object]]


def compare(
    pool: Path, config: Path, encoder: str, *, sentences: int, repeats: int, processor_time: bool, parts: Sequence[str]
) -> List[str]:
    """Lines of tables of everything timed in turn; medians count.

    sentences (int): Of the pool. `predict` of spacy-transformers gets half of them and "all" an eighth, at 10 passes.
    processor_time (bool): Count what the processor spends here instead of seconds that pass, so that other programs
        matter less; for one thread, since threads that wait for each other count too.
    parts (Sequence[str]): Some of PARTS, on a machine that is too slow for all.
    """
    engines = ["torch", *(["openvino"] if openvino_version() else []), "bfloat16"]
    taggers = {engine: build(config, encoder, pool, inference=engine) for engine in engines}
    docs = unlabelled(pool, taggers["torch"].vocab, sentences)
    work, words = others(resolve_name(encoder), pool, docs) if "scoring" in parts else ({}, {})
    kinds = [("off", docs, ""), ("last", docs, "")] if "scoring" in parts else []
    few = docs[: sentences // 8]
    for engine, nlp in taggers.items():
        # OpenVINO has no passes: torch makes them.
        more = [(kind, few, EIGHTH) for kind in ("off", "all")] if "passes" in parts and engine != "openvino" else []
        for dropout, some, name in [*kinds, *more]:
            words[f"{engine}, {dropout}{name}"] = len_of(some)
            work[f"{engine}, {dropout}{name}"] = scoring(nlp, some, dropout)
    steps = training(pool, config, encoder) if "training" in parts else {}
    for function in (work | steps).values():
        function()  # splits words, compiles, takes memory
    seconds = in_turn(work | steps, repeats, time.process_time if processor_time else time.perf_counter)
    lines = [*about(repeats, processor_time), *scoring_table(seconds, words), *ratios(seconds)]
    return [*lines, *training_table(seconds, list(steps)), *errors(taggers, docs)]


def others(encoder: str, pool: Path, docs: Sequence[Doc]) -> Tuple[Work, Dict[str, int]]:
    """What engines are compared with, and how many words it gets."""
    half = docs[: len(docs) // 2]
    work: Work = {
        BARE: bare_scoring(encoder, pool, len(docs))[1],
        PREDICT: stock_predict(encoder, pool, len(half))[1],
    }
    return work, {BARE: len_of(docs), PREDICT: len_of(half)}


def build(config: Path, encoder: str, pool: Path, **settings: str) -> Language:
    """The config's tagger with settings of its encoder, initialised on sentences of the pool."""
    block = load_config(config, overrides={"paths.encoder": encoder}, interpolate=True)["components"]["ner"]
    block["model"]["encoder"] |= settings
    nlp = spacy.blank("en")
    nlp.add_pipe(block.pop("factory"), name="ner", config=block)
    examples: List[Example] = [make_example(doc) for doc in read_docs(pool, nlp.vocab)][:500]
    nlp.initialize(lambda: examples)
    return nlp


def len_of(docs: Sequence[Doc]) -> int:
    """Words of sentences."""
    return sum(map(len, docs))


def scoring(nlp: Language, docs: Sequence[Doc], dropout: str) -> Callable[[], object]:
    """Utilities of all sentences; a new seed each time, as in each round of a run."""
    sampler, measures, seeds = get_sampler(nlp, "ner"), get_measures([MEASURES[dropout]]), count()
    return lambda: score_docs(docs, sampler, measures, Sampling(10, dropout, next(seeds)))


def training(pool: Path, config: Path, encoder: str) -> Work:
    """Steps of 16 sentences, the same for all: ours in both precisions, and stock spaCy's `transformer` and `ner`."""
    taggers = {
        f"step, {precision}": build(config, encoder, pool, cpu_training=precision)
        for precision in ("float32", "bfloat16")
    }
    stock = spacy.blank("en")
    stock.add_pipe("transformer", config=transformer_config(resolve_name(encoder)))
    stock.add_pipe("ner", config={"model": {"tok2vec": LISTENER}})
    examples = chosen(pool, stock, 200)
    stock.initialize(lambda: examples)
    work = {name: steps(nlp, chosen(pool, nlp, 200), adam()) for name, nlp in taggers.items()}
    if onednn_pays():
        plain = build(config, encoder, pool, cpu_training="float32")
        work["step, float32 by MKL"] = by_mkl(steps(plain, chosen(pool, plain, 200), adam()))
    return work | {"step, stock spaCy": steps(stock, examples, adam())}


def by_mkl(work: Callable[[], object]) -> Callable[[], object]:
    """Some work with torch's own products of float32, as on a processor where oneDNN makes them no faster."""

    def run() -> None:
        with patch.object(cpu_modes, "onednn_pays", lambda: False):
            work()

    return run


def adam() -> Optimizer:
    """That of configs/al-minilm.cfg."""
    return Adam(1e-4, L2=0.01, L2_is_weight_decay=True, grad_clip=1.0, use_averages=False)


def steps(nlp: Language, examples: Sequence[Example], optimizer: Optimizer) -> Callable[[], object]:
    """STEPS updates with the sentences that follow those of the last call."""
    starts = count(0, STEPS * BATCH)

    def train() -> None:
        first = next(starts)
        for start in range(first, first + STEPS * BATCH, BATCH):
            batch = [examples[number % len(examples)] for number in range(start, start + BATCH)]
            nlp.update(batch, sgd=optimizer)

    return train


def scoring_table(seconds: Dict[str, float], words: Dict[str, int]) -> List[str]:
    """Words a second of what scores the pool, and against the others."""
    speed = {name: words[name] / seconds[name] for name in words}
    lines = ["", "| scoring | seconds | words/s | x bare PyTorch | x predict |", "|---|---:|---:|---:|---:|"]
    for name, value in speed.items():
        times = [f"{value / speed[other]:.2f}" if other in speed else "" for other in (BARE, PREDICT)]
        lines.append(f"| {name} | {seconds[name]:.2f} | {value:,.0f} | {times[0]} | {times[1]} |")
    return lines


def ratios(seconds: Dict[str, float]) -> List[str]:
    """What ten passes cost beside MNLP on the same sentences, where both were timed."""
    lines = ["", "| ten passes beside MNLP | times as long |", "|---|---:|"]
    pairs = [(f"{engine}, {dropout}{some}", f"{engine}, off{some}") for engine in ("torch", "openvino", "bfloat16")
             for dropout, some in (("last", ""), ("all", EIGHTH))]  # fmt: skip
    pairs.append((f"bfloat16, all{EIGHTH}", f"torch, off{EIGHTH}"))
    for name, base in pairs:
        if name in seconds:
            lines.append(f"| {name} / {base} | {seconds[name] / seconds[base]:.2f} |")
    return lines


def training_table(seconds: Dict[str, float], names: Sequence[str]) -> List[str]:
    """Seconds of a step, where steps were timed."""
    lines = ["", "| training | s a step | x ours in float32 | x that by MKL | x stock |"]
    lines += ["|---|---:|---:|---:|---:|"]
    for name in names:
        times = [f"{seconds[other] / seconds[name]:.2f}" if other in seconds else ""
                 for other in ("step, float32", "step, float32 by MKL", "step, stock spaCy")]  # fmt: skip
        lines.append(f"| {name} | {seconds[name] / STEPS:.3f} | {' | '.join(times)} |")
    return lines


def errors(taggers: Dict[str, Language], docs: Sequence[Doc]) -> List[str]:
    """How far engines are from torch in float32; heads are not trained, encoders are the pretrained one."""
    lines = ["", "| | relative error of states | largest difference of a log-probability |", "|---|---:|---:|"]
    exact = outputs(taggers["torch"], docs)
    for engine, nlp in taggers.items():
        states, logs = outputs(nlp, docs)
        error = float((states - exact[0]).norm() / exact[0].norm())
        differences = (logs - exact[1])[exact[1].isfinite()]  # tags that a CRF forbids have no probability
        lines.append(f"| {engine} | {error:.1e} | {float(differences.abs().max()):.1e} |")
    return lines


def outputs(nlp: Language, docs: Sequence[Doc]) -> Tuple[Tensor, Tensor]:
    """States (tokens, width) and log-probabilities (tokens, tags) of all tokens, in the order of batches by length."""
    pipe = nlp.get_pipe("ner")
    states = [part for _, _, part in pipe.embed(docs)]  # type: ignore[attr-defined]
    logs = [one.probs[0].log() for one in get_sampler(nlp, "ner").sample(docs, passes=1, dropout="off", seed=0)]
    return torch.cat(states), torch.cat(logs)


def about(repeats: int, processor_time: bool) -> List[str]:
    """The machine, versions, and what fast its products are: a bound of every engine."""
    text = f"{processor()}, {torch.get_num_threads()} threads, Python {platform.python_version()}, "
    text += f"torch {torch.__version__}, OpenVINO {openvino_version() or 'none'}; medians of {repeats} in turn"
    text += ", processor time" if processor_time else ""
    return [text, "", f"Products of MiniLM's shapes, {products()}; attention in bfloat16, {attention()}"]


def products() -> str:
    """Billions of operations a second with 1,024 states of 384 units: of torch, and of torch as taggers ask it."""
    found = []
    for precision in (torch.float32, torch.bfloat16):
        states, weights = torch.randn(1024, 384).to(precision), torch.randn(384, 384).to(precision)
        plain, own = (2 * 1024 * 384 * 384 / least / 1e9 for least in fastest(functional.linear, states, weights))
        found.append(f"{plain:,.0f} GFLOP/s, as taggers ask {own:,.0f}, in {precision}".replace("torch.", ""))
    return "; ".join(found)


def attention() -> str:
    """Milliseconds of attention without dropout, 64 rows of 32 wordpieces, 12 heads: both ways as well."""
    states = torch.randn(64, 12, 32, 32).bfloat16()
    plain, own = (1000 * least for least in fastest(functional.scaled_dot_product_attention, states, states, states))
    return f"{plain:.2f} ms, as taggers ask {own:.2f}"


def fastest(function: Callable[..., Tensor], *values: Tensor) -> Tuple[float, float]:
    """Seconds of the fastest of 30 calls, as torch has it and inside `FastFunctions`."""
    found = []
    for block in (contextlib.nullcontext(), cpu_modes.FastFunctions()):
        with torch.inference_mode(), block:
            found.append(min(in_turn({"": lambda: function(*values)}, 1)[""] for _ in range(30)))
    return found[0], found[1]


def write(lines: Sequence[str], output: Path) -> None:
    """Write and print a report."""
    text = "\n".join(lines) + "\n"
    output.with_suffix(".md").write_text(text, encoding="utf8")
    typer.echo(text)
