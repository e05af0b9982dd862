"""Memory and time of a simulated run over a very large pool of short sentences, with a tagger that costs nothing."""

import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable, Dict, Iterable, Iterator, List, Optional, Sequence

import numpy
import srsly
import torch
import typer
from spacy import attrs as spacy_attrs
from spacy.language import Language
from spacy.strings import hash_string
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from thinc.api import Config

from spacy_al.files import write_text
from spacy_al.loop.session import run
from spacy_al.runs.folder import RunFolder
from spacy_al.types import TagSamples

TAGS = 9
BATCH = 4096  # sentences
CONFIG = """
[nlp]
lang = "en"
pipeline = ["ner"]

[components]

[components.ner]
factory = "stub_tagger"

[active_learning]
unit = "tokens"
seed_budget = 20000
round_budget = 20000
rounds = 1
measure = "mnlp"
"""


class StubTagger:
    """Draws probabilities of tags from the seed and the lengths; learns nothing and finds nothing."""

    is_trainable = True
    trains_in_one_go = True
    dropouts = ("off",)
    tags = ("O", *(f"{prefix}-{label}" for label in ("A", "B", "C", "D") for prefix in ("B", "I")))

    def __call__(self, doc: Doc) -> Doc:
        return doc

    def pipe(self, docs: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """The Docs as they are."""
        yield from docs

    def initialize(self, get_examples: Callable[[], Iterable[Example]], *, nlp: Optional[Language] = None) -> None:
        """Nothing to initialise."""

    def restart(self, seed: int) -> None:
        """Nothing to restart."""

    def fit(self, examples: Sequence[Example], dev: Sequence[Example], seed: int) -> None:
        """Nothing to learn."""

    def to_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> None:
        """Nothing to save."""

    def sample(self, docs: Sequence[Doc], *, passes: int, dropout: str, seed: int) -> Iterator[TagSamples]:
        """Random samples in batches, sorted by length."""
        generator = torch.Generator().manual_seed(seed)
        order = sorted(range(len(docs)), key=lambda number: len(docs[number]))
        for start in range(0, len(order), BATCH):
            places = order[start : start + BATCH]
            lengths = torch.tensor([len(docs[place]) for place in places])
            probs = torch.rand(1, int(lengths.sum()), TAGS, generator=generator).softmax(-1)
            best = probs.max(-1)
            sums = torch.zeros(1, len(places)).index_add_(
                1, torch.arange(len(places)).repeat_interleave(lengths), best.values.log()
            )
            yield TagSamples(probs, best.indices, sums, lengths, places)


@Language.factory("stub_tagger")
def make_stub_tagger(nlp: Language, name: str) -> StubTagger:
    """The stub as a component."""
    return StubTagger()


def main(
    sentences: int = typer.Option(1_000_000, help="Sentences of the pool, 4 to 12 words long"),
    threads: int = typer.Option(2, help="Threads of torch"),
    output: Optional[Path] = typer.Option(None, help="Markdown table of the result"),
) -> None:
    """Measure a run of one round: loading, scoring, selecting, and the peak of its memory."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        pool = Path(folder) / "pool.spacy"
        context = multiprocessing.get_context("spawn")
        # Each in a process of its own: the peak of one must not be counted for the other.
        apart(context.Process(target=write_pool, args=(pool, sentences, 0)))
        apart(context.Process(target=measure, args=(pool, Path(folder) / "run", threads)))
        result = json.loads((Path(folder) / "result.json").read_text(encoding="utf8"))
    lines = table({**result, "others": load}, sentences)
    sys.stdout.write("\n".join(lines) + "\n")
    if output is not None:
        write_text(output, "\n".join(lines) + "\n")


def apart(process: multiprocessing.process.BaseProcess) -> None:
    """Run a process to its end."""
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"the process ended with status {process.exitcode}")


def write_pool(path: Path, sentences: int, seed: int) -> None:
    """A labelled DocBin of random sentences over 20,000 words, a tenth of their tokens names."""
    rng = numpy.random.default_rng(seed)
    words = [f"word{number}" for number in range(20_000)]
    docbin = DocBin(attrs=["ORTH", "TAG", "ENT_IOB", "ENT_TYPE"], store_user_data=True)
    lengths = rng.integers(4, 13, sentences)
    columns: Dict[int, numpy.ndarray] = {
        spacy_attrs.ORTH: numpy.array([hash_string(word) for word in words], dtype=numpy.uint64),
    }
    total, names = int(lengths.sum()), rng.random(int(lengths.sum())) < 0.1
    tokens = numpy.zeros((total, len(docbin.attrs)), dtype=numpy.uint64)
    tokens[:, docbin.attrs.index(spacy_attrs.ORTH)] = columns[spacy_attrs.ORTH][rng.integers(0, len(words), total)]
    tokens[:, docbin.attrs.index(spacy_attrs.ENT_IOB)] = numpy.where(names, 3, 2)
    tokens[:, docbin.attrs.index(spacy_attrs.ENT_TYPE)] = numpy.where(names, hash_string("PER"), 0)
    docbin.tokens = numpy.split(tokens, numpy.cumsum(lengths)[:-1])
    docbin.spaces = numpy.split(numpy.ones((total, 1), dtype=bool), numpy.cumsum(lengths)[:-1])
    docbin.cats = [{}] * sentences
    docbin.flags = [{"has_unknown_spaces": False}] * sentences
    docbin.user_data = [srsly.msgpack_dumps({})] * sentences
    docbin.span_groups = [b""] * sentences
    docbin.strings = {*words, "PER"}
    docbin.to_disk(path)


def measure(pool: Path, folder: Path, threads: int) -> None:
    """Run one round over a pool, and write what it took beside the run's folder."""
    torch.set_num_threads(threads)
    imported = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    config = Config().from_str(CONFIG)
    config["active_learning"]["pool"] = str(pool)
    start, begun = time.perf_counter(), Begun()
    run(config, folder, reporter=begun)
    rows = RunFolder(folder).read_metrics()
    result = {
        "load": begun.times[0] - start,
        "query_cpu": begun.cpu[-1] - begun.cpu[begun.names.index("score")],
        "score": rows[0]["seconds"]["score"],
        "select": rows[0]["seconds"]["select"],
        "whole run": time.perf_counter() - start,
        "imported_mb": imported // 1024,
        "host_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "pool_mb": pool.stat().st_size >> 20,
    }
    write_text(folder.parent / "result.json", json.dumps(result))


class Begun:
    """A Reporter that notes when phases began, by the clock on the wall and in processor time."""

    def __init__(self) -> None:
        self.names: List[str] = []
        self.times: List[float] = []
        self.cpu: List[float] = []

    def phase(self, round_: int, name: str, total: int) -> None:
        """Note it, but for the last evaluation."""
        if (round_, name) != (1, "evaluate"):
            self.names.append(name)
            self.times.append(time.perf_counter())
            self.cpu.append(time.process_time())

    def step(self, done: int, total: int) -> None:
        """Nothing."""

    def row(self, metrics: Dict[str, object]) -> None:
        """Nothing."""


def table(result: Dict[str, float], sentences: int) -> List[str]:
    """The result in Markdown."""
    return [
        f"| {sentences:,} sentences of 8 words | |",
        "|---|---|",
        f"| pool on disk | {result['pool_mb']:.0f} MB |",
        f"| reading the pool, choosing the seed batch | {result['load']:.1f} s |",
        f"| scoring | {result['score']:.1f} s |",
        f"| selecting | {result['select']:.1f} s |",
        f"| processor time of scoring and selecting | {result['query_cpu']:.1f} s |",
        f"| whole run of one query | {result['whole run']:.1f} s |",
        f"| load of the {os.cpu_count()} processors before it began | {result['others']:.1f} |",
        f"| peak memory of the process | {result['host_mb']:.0f} MB ({result['imported_mb']:.0f} MB after imports) |",
    ]


if __name__ == "__main__":
    typer.run(main)
