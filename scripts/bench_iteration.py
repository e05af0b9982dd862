"""Seconds of each phase of an active learning iteration, beside stock spaCy and bare PyTorch in the same process."""

import json
import platform
import tempfile
import time
from pathlib import Path
from typing import Callable, Dict, List, Optional

import numpy
import spacy
import torch
import transformers
import typer
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import load_config
from thinc.api import require_gpu, set_gpu_allocator
from transformers import AutoTokenizer, ElectraConfig, ElectraModel

from spacy_al.corpus.reader import make_example, read_docs, without_labels
from spacy_al.loop.evaluation import span_scores
from spacy_al.loop.run import run
from spacy_al.ml.batching import plan_batches
from spacy_al.pipeline.adapters import get_sampler
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
    baselines: bool = typer.Option(True, help="Measure stock spaCy and bare PyTorch too"),
    output: Path = typer.Option(Path("bench_iteration"), help="Stem of the .json and .md files"),
) -> None:
    """Measure training, scoring, stochastic passes and evaluation of one iteration."""
    if gpu_id >= 0:
        set_gpu_allocator("pytorch")
        require_gpu(gpu_id)
    if layers:
        encoder = random_electra(encoder, layers, hidden)
    numbers: Dict[str, float] = {}
    config = load_config(ROOT / "configs" / "al-electra.cfg", overrides={
        "paths.pool": str(pool), "paths.test": str(test), "paths.labels": str(labels), "paths.encoder": encoder,
        "active_learning.rounds": round_ + 1, "active_learning.dev_fraction": 0.25,
    }, interpolate=False)  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        run(config, Path(folder) / "run", use_gpu=gpu_id)
        row = json.loads((Path(folder) / "run" / "metrics.jsonl").read_text().splitlines()[round_])
        numbers |= {f"iteration {round_}: {phase}": seconds for phase, seconds in row["seconds"].items()}
        numbers[f"iteration {round_}: whole"] = sum(row["seconds"].values())
        numbers[f"iteration {round_}: training steps"] = row["steps"]
        nlp = spacy.load(Path(folder) / "run" / "model")
    numbers |= scoring(nlp, pool) | {"evaluate test set": timed(lambda: evaluate(nlp, test))}
    numbers |= memory()
    if baselines:
        numbers |= bare_scoring(encoder, pool) | stock_spacy(encoder, pool)
    report(numbers, output)


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


def timed(function: Callable[[], object], *, repeats: int = 1) -> float:
    """Median seconds of a call, the device awaited."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        if torch.cuda.is_initialized():
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    return float(numpy.median(seconds))


def scoring(nlp: Language, pool: Path) -> Dict[str, float]:
    """Seconds to score a pool: the first time (tokenising included), again, and with stochastic passes."""
    docs = [without_labels(doc) for doc in read_docs(pool, nlp.vocab)]
    sampler = get_sampler(nlp, "ner")

    def score(measure: str, dropout: str) -> None:
        (function,) = get_measures([measure])
        values = [function.function(samples).cpu() for samples in sampler.sample(docs, passes=10, dropout=dropout, seed=0)]
        assert sum(map(len, values)) == len(docs)

    list(sampler.sample(docs[:64], passes=1, dropout="off", seed=0))  # loads kernels
    numbers = {"score pool, MNLP, cold": timed(lambda: score("mnlp", "off"))}
    numbers["score pool, MNLP, warm"] = timed(lambda: score("mnlp", "off"), repeats=3)
    numbers["score pool, BALD, last x10"] = timed(lambda: score("bald", "last"), repeats=3)
    numbers["score pool, BALD, all x10"] = timed(lambda: score("bald", "all"))
    return numbers


def evaluate(nlp: Language, test: Path) -> float:
    """F1 on the test set, Docs and Examples made before the clock."""
    return span_scores(nlp, [make_example(doc) for doc in read_docs(test, nlp.vocab)])["ents_f"]


def memory() -> Dict[str, float]:
    """Peak memory of the GPU so far."""
    return {"peak GPU memory (GiB)": torch.cuda.max_memory_allocated() / 2**30} if torch.cuda.is_initialized() else {}


def bare_scoring(encoder: str, pool: Path) -> Dict[str, float]:
    """Bare PyTorch: the same encoder over length-sorted batches, wordpieces made before the clock."""
    device = "cuda" if torch.cuda.is_initialized() else "cpu"
    model = transformers.AutoModel.from_pretrained(encoder).to(device).eval()
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    vocab = spacy.blank("en").vocab
    words = [[token.text for token in doc] for doc in read_docs(pool, vocab)]
    rows = tokenizer(words, is_split_into_words=True)["input_ids"]
    batches = plan_batches(list(map(len, rows)), 32768 if device == "cuda" else 2048)

    @torch.inference_mode()
    def score() -> None:
        for batch in batches:
            padded = tokenizer.pad({"input_ids": [rows[number] for number in batch]}, return_tensors="pt").to(device)
            with torch.autocast("cuda", torch.bfloat16, enabled=device == "cuda"):
                model(**padded)

    return {"bare PyTorch: encode pool": timed(score, repeats=3 if device == "cuda" else 1)}


def stock_spacy(encoder: str, pool: Path) -> Dict[str, float]:
    """spaCy's own `transformer` and `ner`: one training step of 16 sentences, and the whole pool."""
    nlp = spacy.blank("en")
    nlp.add_pipe("transformer", config={"model": {"name": encoder, "mixed_precision": torch.cuda.is_initialized()}})
    nlp.add_pipe("ner", config={"model": {"tok2vec": LISTENER}})
    examples: List[Example] = [make_example(doc) for doc in read_docs(pool, nlp.vocab)]
    optimizer = nlp.initialize(lambda: examples[:1500])
    batches = [examples[start : start + 16] for start in range(0, 16 * 12, 16)]
    for batch in batches[:2]:
        nlp.update(batch, sgd=optimizer)
    step = timed(lambda: [nlp.update(batch, sgd=optimizer) for batch in batches[2:]]) / 10
    docs: List[Doc] = [without_labels(eg.y) for eg in examples]
    return {"stock spaCy: training step": step, "stock spaCy: pool": timed(lambda: list(nlp.pipe(docs, batch_size=512)))}


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
