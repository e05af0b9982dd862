"""Seconds of each phase of an active learning iteration, beside stock spaCy and bare PyTorch in the same run."""

import json
import multiprocessing
import platform
import random
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple

import numpy
import spacy
import torch
import transformers
import typer
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import load_config
from spacy.vocab import Vocab
from thinc.api import Config, require_gpu, set_gpu_allocator
from transformers import AutoTokenizer, ElectraConfig, ElectraModel

from spacy_al.acquisition.scoring import score_docs
from spacy_al.corpus.reader import make_example, read_docs, without_labels
from spacy_al.loop.evaluation import span_scores
from spacy_al.loop.self_training import Lesson
from spacy_al.loop.session import run
from spacy_al.loop.training import Trainer
from spacy_al.ml.lengths import plan_batches
from spacy_al.ml.transformer import resolve_name
from spacy_al.pipeline.adapters import get_sampler
from spacy_al.schemas import check_active_learning, fill_active_learning
from spacy_al.types import Sampling
from spacy_al.uncertainty.measures import get_measures

ROOT = Path(__file__).parent.parent
LISTENER = {
    "@architectures": "spacy-transformers.TransformerListener.v1",
    "grad_factor": 1.0, "pooling": {"@layers": "reduce_mean.v1"}, "upstream": "*",
}  # fmt: skip


def main(
    pool: Path = typer.Argument(..., help="Training corpus as .spacy (the paper: CoNLL-2003 eng.train)"),
    test: Path = typer.Argument(..., help="Test corpus as .spacy"),
    labels: Path = typer.Argument(..., help="Label list of `al convert`"),
    encoder: str = typer.Option(..., help="Folder of an encoder; its tokenizer only, with --layers"),
    layers: int = typer.Option(0, help="Random ELECTRA of so many layers instead (12: the shape of ELECTRA-base)"),
    hidden: int = typer.Option(768, help="Its width"),
    gpu_id: int = typer.Option(-1, help="GPU number, -1 for the CPU"),
    round_: int = typer.Option(5, "--round", help="Iteration to report"),
    train_sentences: int = typer.Option(1263, help="Sentences to train on; 1263 make 316 updates"),
    limit: int = typer.Option(0, help="Sentences of the pool that are scored, 0 for all"),
    whole: bool = typer.Option(True, help="Run all rounds up to --round too, as `al run` does"),
    baselines: bool = typer.Option(True, help="Measure stock spaCy and bare PyTorch too"),
    output: Path = typer.Option(Path("bench_iteration"), help="Stem of the .json and .md files"),
) -> None:
    """Measure training, scoring, stochastic passes and evaluation of one iteration; seconds unless said."""
    use_device(gpu_id)
    encoder = resolve_name(encoder)
    if layers:
        encoder = random_electra(encoder, layers, hidden)
    config = load_config(ROOT / "configs" / "al-electra.cfg", overrides={
        "paths.pool": str(pool), "paths.test": str(test), "paths.labels": str(labels), "paths.encoder": encoder,
        "active_learning.rounds": round_ + 1, "active_learning.dev_fraction": 0.25,
    }, interpolate=False)  # fmt: skip
    trained, numbers = training(config, pool, train_sentences, gpu_id)
    with tempfile.TemporaryDirectory() as folder:
        trained.to_disk(folder)
        nlp = spacy.load(folder)  # which has seen no sentence yet
    others = [bare_scoring(encoder, pool, limit), stock_predict(encoder, pool, limit)] if baselines else []
    numbers |= scoring(nlp, pool, limit, dict(others)) | evaluation(nlp, test)
    if whole:
        numbers |= iteration(config, round_, gpu_id)
    numbers |= memory()
    if baselines:
        numbers |= apart(stock_spacy, gpu_id, encoder, pool, train_sentences, limit)
        if gpu_id >= 0:
            # What spaCy's documentation advises on a GPU.
            numbers |= apart(stock_spacy, gpu_id, encoder, pool, train_sentences, limit, use_upper=False)
        numbers |= ratios(numbers)
    report(numbers, output)


def use_device(gpu_id: int) -> None:
    """The GPU, with torch's memory; nothing to do for a CPU."""
    if gpu_id >= 0:
        set_gpu_allocator("pytorch")
        require_gpu(gpu_id)


def apart(function: Callable[..., Dict[str, float]], gpu_id: int, *values: object, **named: object) -> Dict[str, float]:
    """What a function measures in a new process, where nothing of ours has been loaded, captured or kept."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=use_device, initargs=(gpu_id,)) as process:
        return process.submit(function, *values, **named).result()


def training(config: Config, pool: Path, sentences: int, gpu_id: int) -> Tuple[Language, Dict[str, float]]:
    """A training phase through spaCy's loop, twice: the first makes features and captures graphs."""
    filled = fill_active_learning(config)
    trainer = Trainer(filled, check_active_learning(filled.interpolate()), use_gpu=gpu_id)
    examples = chosen(pool, trainer.nlp, sentences)
    steps = 0

    def train() -> None:
        nonlocal steps
        steps = trainer.train(Lesson(examples), [], seed=0).steps

    first, warm = timed(train), timed(train)
    return trainer.nlp, {
        f"training phase, {steps} updates, warm": warm,
        "capture, warm-up and features, once": first - warm,
        "training step": warm / steps,
    }


def chosen(pool: Path, nlp: Language, sentences: int) -> List[Example]:
    """A seeded choice of the pool's sentences, labelled."""
    docs = list(read_docs(pool, nlp.vocab))
    return [make_example(doc) for doc in random.Random(0).sample(docs, min(sentences, len(docs)))]


def iteration(config: Config, round_: int, gpu_id: int) -> Dict[str, float]:
    """Seconds of a round of a whole run, as it reports them."""
    with tempfile.TemporaryDirectory() as folder:
        run(config, Path(folder) / "run", use_gpu=gpu_id)
        row = json.loads((Path(folder) / "run" / "metrics.jsonl").read_text().splitlines()[round_])
    numbers = {f"iteration {round_}: {phase}": seconds for phase, seconds in row["seconds"].items()}
    numbers[f"iteration {round_}: whole"] = sum(row["seconds"].values())
    numbers[f"iteration {round_}: updates"] = row["steps"]
    return numbers


def ratios(numbers: Dict[str, float]) -> Dict[str, float]:
    """How many times as fast as the baselines."""
    warm = numbers["score pool, MNLP, warm"]
    return {
        "x faster: training step than stock spaCy's": numbers["stock spaCy: training step"] / numbers["training step"],
        "x faster: scoring than spacy-transformers' predict": numbers["spacy-transformers: predict pool"] / warm,
        "x faster: scoring than bare PyTorch": numbers["bare PyTorch: encode pool"] / warm,
        "x dearer: last than MNLP": numbers["score pool, BALD, last x10"] / warm,
        "x dearer: all than MNLP": numbers["score pool, BALD, all x10"] / warm,
    }


def random_electra(tokenizer: str, layers: int, hidden: int) -> str:
    """Save an ELECTRA with random weights; speed does not depend on them."""
    folder = tempfile.mkdtemp()
    shape = ElectraConfig(
        vocab_size=30522, embedding_size=hidden, hidden_size=hidden, num_hidden_layers=layers,
        num_attention_heads=hidden // 64, intermediate_size=4 * hidden,
    )  # fmt: skip
    ElectraModel(shape).save_pretrained(folder)
    AutoTokenizer.from_pretrained(tokenizer).save_pretrained(folder)
    return folder


def in_turn(
    functions: Dict[str, Callable[[], object]], repeats: int, clock: Callable[[], float] = time.perf_counter
) -> Dict[str, float]:
    """Median seconds of several calls, each timed once in every turn: what else the machine does strikes all alike.

    Every turn begins with another of them, so that none always follows the same.
    clock (Callable): `time.process_time` where others use the machine too.
    """
    seconds: Dict[str, List[float]] = {name: [] for name in functions}
    names = list(functions)
    for turn in range(repeats):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            seconds[name].append(timed(functions[name], clock))
    return {name: float(numpy.median(values)) for name, values in seconds.items()}


def timed(function: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds of a call, the device awaited."""
    start = clock()
    function()
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
    return clock() - start


def unlabelled(pool: Path, vocab: Vocab, limit: int) -> List[Doc]:
    """The pool's first sentences, or all of them."""
    return [without_labels(doc) for doc in read_docs(pool, vocab)][: limit or None]


def scoring(nlp: Language, pool: Path, limit: int, others: Dict[str, Callable[[], object]]) -> Dict[str, float]:
    """Seconds to score a pool: the first time (tokenising included), again, and with stochastic passes.

    others: What to time in turn with the second and third of these.
    """
    docs = unlabelled(pool, nlp.vocab, limit)
    sampler = get_sampler(nlp, "ner")
    seeds = count()  # a new seed draws new masks, as each round of a run does

    def score(measure: str, dropout: str) -> None:
        measures = get_measures([measure])
        values = score_docs(docs, sampler, measures, Sampling(10, dropout, next(seeds)))
        assert len(values[measure]) == len(docs)

    list(sampler.sample(docs[:64], passes=1, dropout="off", seed=0))  # loads kernels
    numbers = {"score pool, MNLP, cold": timed(lambda: score("mnlp", "off"))}
    score("bald", "last")  # takes memory
    for function in others.values():
        function()
    functions = {
        "score pool, MNLP, warm": lambda: score("mnlp", "off"),
        "score pool, BALD, last x10": lambda: score("bald", "last"),
    }
    numbers |= in_turn(functions | others, repeats=5)
    return numbers | {"score pool, BALD, all x10": timed(lambda: score("bald", "all"))}


def evaluation(nlp: Language, test: Path) -> Dict[str, float]:
    """Seconds to find entities in the test set and score them."""
    examples = [make_example(doc) for doc in read_docs(test, nlp.vocab)]
    return {"evaluate test set": timed(lambda: span_scores(nlp, examples))}


def memory() -> Dict[str, float]:
    """Peak memory of the GPU so far."""
    return {"peak GPU memory, GiB": torch.cuda.max_memory_allocated() / 2**30} if torch.cuda.is_initialized() else {}


def bare_scoring(encoder: str, pool: Path, limit: int) -> Tuple[str, Callable[[], object]]:
    """Bare PyTorch: the same encoder over length-sorted batches, wordpieces made before."""
    device = "cuda" if torch.cuda.is_initialized() else "cpu"
    model = transformers.AutoModel.from_pretrained(encoder).to(device).eval()
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    vocab = spacy.blank("en").vocab
    words = [[token.text for token in doc] for doc in unlabelled(pool, vocab, limit)]
    rows = tokenizer(words, is_split_into_words=True)["input_ids"]
    batches = plan_batches(list(map(len, rows)), 32768 if device == "cuda" else 2048)

    @torch.inference_mode()
    def score() -> None:
        for batch in batches:
            padded = tokenizer.pad({"input_ids": [rows[number] for number in batch]}, return_tensors="pt").to(device)
            with torch.autocast("cuda", torch.bfloat16, enabled=device == "cuda"):
                model(**padded)

    return "bare PyTorch: encode pool", score


def stock_predict(encoder: str, pool: Path, limit: int) -> Tuple[str, Callable[[], object]]:
    """spaCy's own `transformer` over the pool, in its order."""
    nlp = spacy.blank("en")
    transformer = nlp.add_pipe("transformer", config=transformer_config(encoder))
    docs = unlabelled(pool, nlp.vocab, limit)
    nlp.initialize(lambda: [make_example(doc) for doc in docs[:10]])
    parts = [docs[start : start + 512] for start in range(0, len(docs), 512)]
    return "spacy-transformers: predict pool", lambda: [transformer.predict(part) for part in parts]


def transformer_config(encoder: str) -> Dict[str, Dict[str, object]]:
    """Of spaCy's own `transformer`."""
    return {"model": {"name": encoder, "mixed_precision": torch.cuda.is_initialized()}}


def stock_spacy(encoder: str, pool: Path, sentences: int, limit: int, *, use_upper: bool = True) -> Dict[str, float]:
    """spaCy's own `transformer` and `ner`: training steps of 16 of the same sentences, and the whole pool."""
    nlp = spacy.blank("en")
    nlp.add_pipe("transformer", config=transformer_config(encoder))
    nlp.add_pipe("ner", config={"model": {"tok2vec": LISTENER, "use_upper": use_upper}})
    examples = chosen(pool, nlp, max(sentences, 192))
    optimizer = nlp.initialize(lambda: examples)
    batches = [examples[start : start + 16] for start in range(0, len(examples) - 15, 16)]
    warm, timed_ones = (len(batches), len(batches)) if torch.cuda.is_initialized() else (2, 10)
    for batch in batches[:warm]:
        nlp.update(batch, sgd=optimizer)
    step = timed(lambda: [nlp.update(batch, sgd=optimizer) for batch in batches[-timed_ones:]]) / timed_ones
    docs = unlabelled(pool, nlp.vocab, limit)
    if torch.cuda.is_initialized():
        # Kernels for large batches are compiled, and memory is taken, once per process.
        list(nlp.pipe((Doc(doc.vocab, words=[token.text for token in doc]) for doc in docs), batch_size=512))
    name = "stock spaCy" if use_upper else "stock spaCy, use_upper = false"
    return {
        f"{name}: training step": step,
        f"{name}: pool": timed(lambda: list(nlp.pipe(docs, batch_size=512))),
    }


def report(numbers: Dict[str, float], output: Path) -> None:
    """Write the numbers with hardware and versions, as JSON and as a Markdown table."""
    device: Optional[str] = torch.cuda.get_device_name() if torch.cuda.is_initialized() else None
    about = {
        "device": device or f"CPU, {torch.get_num_threads()} threads", "python": platform.python_version(),
        "torch": torch.__version__, "spacy": spacy.__version__, "transformers": transformers.__version__,
    }  # fmt: skip
    output.with_suffix(".json").write_text(json.dumps({"about": about, "numbers": numbers}, indent=2))
    lines = [", ".join(f"{key} {value}" for key, value in about.items()), "", "| | |", "|---|---|"]
    lines += [f"| {name} | {value:.3f} |" for name, value in numbers.items()]
    output.with_suffix(".md").write_text("\n".join(lines) + "\n")
    typer.echo("\n".join(lines))


if __name__ == "__main__":
    typer.run(main)
