"""What Ray costs and brings: efficiency, overhead, the driver's memory, and a plan for a billion sentences; one table.

python scripts/bench_ray.py --output bench_ray
python scripts/bench_ray.py --output bench_ray --only scoring        # in pieces; the table has all that were measured
python scripts/bench_ray.py --output bench_ray_gpu --gpus 2 --encoder FOLDER --only scoring,studies
"""

import json
import math
import multiprocessing
import os
import platform
import resource
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any, Callable, Dict, Iterator, List, Optional, Sequence

import numpy
import torch
import typer
from bench_pool import apart, write_pool
from bench_uncertainty import build
from ray_faults import make_files, make_pipeline
from simulated_ray import SimulatedRay, simulate
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import load_config
from thinc.api import Config

from spacy_al.acquisition.command import ScoreOptions, parts_of, score_file
from spacy_al.acquisition.parts import CHUNK, part_bounds
from spacy_al.engines.cluster import connected
from spacy_al.engines.scheduler import Task, run_tasks
from spacy_al.files import write_json, write_text
from spacy_al.loop.study_plan import Cell
from spacy_al.loop.study_ray import run_cells_on_ray
from spacy_al.loop.study_run import run_cells
from spacy_al.options import StudyOptions

SECTIONS = ("overhead", "scoring", "studies", "memory", "plan")
TRIVIAL = 1000  # tasks that do nothing
PER_FILE = 100_000  # sentences; the files of the pool are links to one, so that so many differ
LINES = 1_000_000  # of a ranking that are written
BILLION = 1_000_000_000
# docs/performance.md, one NVIDIA H200, ELECTRA-base: a pool that nothing is known of, MNLP, tokenising included.
GPU, GPU_SENTENCES, GPU_SECONDS = "NVIDIA H200", 14_041, 1.09
NOTICED = 30.0  # seconds; Ray's defaults find a dead node within these
SMALL = Path(__file__).with_name("small_cnn.cfg")
WIDER = {"width": 96, "depth": 2, "embed_size": 2000, "maxout_pieces": 3}
Rows = Dict[str, Any]


def main(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of results and table")] = Path("bench_ray"),
    only: Annotated[str, typer.Option(help="Sections, with commas")] = ",".join(SECTIONS),
    gpus: Annotated[int, typer.Option(help="Compare 1 with so many GPUs, instead of 1 with 2 processes")] = 0,
    encoder: Annotated[Optional[str], typer.Option(help="Folder of a transformer; else a small CNN scores")] = None,
    sentences: Annotated[int, typer.Option(help="To score; 0: 131,072, with GPUs a million")] = 0,
    cells: Annotated[int, typer.Option(help="Of the study")] = 4,
    rows: Annotated[int, typer.Option(help="Sentences of the memory section")] = 10_000_000,
    price: Annotated[float, typer.Option(help="Dollars for an hour of the plan's GPU; an assumption")] = 4.0,
    kills: Annotated[float, typer.Option(help="Deaths of a worker in an hour, as ray_faults.py made them")] = 150.0,
) -> None:
    """Measure some sections, keep them, and print the table of all that are kept."""
    os.environ["OMP_NUM_THREADS"] = "1"  # of what is started from here
    torch.set_num_threads(1)
    path = output / "results.json"
    results: Rows = json.loads(path.read_text(encoding="utf8")) if path.is_file() else {}
    for name in only.split(","):
        with tempfile.TemporaryDirectory() as folder:
            measured = {
                "overhead": lambda: overhead(gpus),
                "scoring": lambda: scoring(Path(folder), gpus, encoder, sentences or 16 * CHUNK * (8 if gpus else 1)),
                "studies": lambda: studies(Path(folder), gpus, cells),
                "memory": lambda: memory(Path(folder), rows),
                "plan": lambda: plan(results, price, kills),
            }[name]()
        results[name] = {**measured, "load before": os.getloadavg()[2]}
        write_json(path, results)
    text = "\n".join(table(results)) + "\n"
    write_text(output / "table.md", text)
    typer.echo(text)


def overhead(gpus: int) -> Rows:
    """What a task and a worker cost when they do nothing."""
    with connected():
        first = seconds(lambda: run_tasks([Task("a", math.sqrt, (4.0,))], gpu=bool(gpus), jobs=1))
        many = [Task(str(number), math.sqrt, (4.0,)) for number in range(TRIVIAL)]
        every = seconds(lambda: run_tasks(many, gpu=bool(gpus), jobs=1))
    return {"worker": first, "task": (every - first) / TRIVIAL}


def seconds(function: Callable[[], Any]) -> float:
    """How long a call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def scoring(folder: Path, gpus: int, encoder: Optional[str], sentences: int) -> Rows:
    """A ranking in one process, by one worker, and by several; the rate counts from when all workers are at work."""
    make_files(folder, sentences, make_pipeline if encoder is None else lambda: encoder_pipeline(encoder))
    how = {"measures": ["bald", "mnlp"], "dropout": "last", "passes": 5}
    result: Rows = {"sentences": sentences, "parts": len(part_bounds(sentences)), "gpus": gpus, "encoder": encoder}
    if not gpus:
        here = score_file(str(folder / "model"), folder / "pool", folder / "here", ScoreOptions(**how))
        result["in one process"] = here.seconds
    with connected():
        for jobs in (1, gpus or 2):
            ends: List[Sequence[float]] = []
            options = ScoreOptions(**how, engine="ray", jobs=jobs, use_gpu=0 if gpus else -1)
            report = score_file(
                str(folder / "model"), folder / "pool", folder / f"on-{jobs}", options,
                watch=lambda done, total: ends.append((time.perf_counter(), done)),  # noqa: B023
            )  # fmt: skip
            # The call at the start and the end of each worker's first part are left out.
            since = ends[jobs]
            result[str(jobs)] = {
                "all": report.seconds,
                "rate": (ends[-1][1] - since[1]) / (ends[-1][0] - since[0]),
                "parts": numpy.diff([at for at, _ in ends[jobs:]]).tolist(),
            }
    same = {(folder / f"on-{jobs}").read_bytes() for jobs in (1, gpus or 2)}
    return {**result, "same bytes": len(same | ({(folder / "here").read_bytes()} if not gpus else set())) == 1}


def encoder_pipeline(encoder: str) -> Any:
    """A tagger over a transformer; speed does not depend on training."""
    nlp = build(encoder)
    words = ["Ann", "saw", "Rome"]
    gold = Doc(nlp.vocab, words=words, ents=["B-PER", "O", "O"])
    nlp.initialize(lambda: [Example(Doc(nlp.vocab, words=words), gold)])
    return nlp


def study_config() -> Config:
    """The small tagger, wider, in a run that takes a while."""
    config = load_config(SMALL)
    config["components"]["ner"]["labels"] = ["PER"]
    config["components"]["ner"]["model"]["encoder"] |= WIDER
    config["training"] = {"max_epochs": 10}
    config["active_learning"] |= {"seed_budget": 100, "round_budget": 50}
    return config


def studies(folder: Path, gpus: int, number: int) -> Rows:
    """A cell without Ray, then a study with it, one cell and several at a time."""
    study_config().to_disk(folder / "cell.cfg")
    settings: Dict[str, Any] = {}
    for name, size in (("pool", 2000), ("test", 500)):
        write_pool(folder / f"{name}.spacy", size, size)
        settings[f"active_learning.{name}"] = str(folder / f"{name}.spacy")
    cells = [
        Cell(f"seed-{n}", "t", folder / "cell.cfg", {**settings, "active_learning.seed": n}) for n in range(number)
    ]
    here = seconds(
        lambda: run_cells(cells[:1], folder / "here", StudyOptions(), gpus=[0 if gpus else -1], watcher=Silent())
    )
    result: Rows = {"cells": number, "gpus": gpus, "a cell": here}
    with connected():
        for jobs in (1, gpus or 2):
            start = time.perf_counter()
            run_cells_on_ray(cells, folder / f"on-{jobs}", StudyOptions(jobs), gpu=bool(gpus), watcher=Silent())
            result[str(jobs)] = time.perf_counter() - start
    return result


class Silent:
    """A watcher that stops at failures."""

    def started(self, cell: Cell, gpu: int) -> None:
        """Nothing."""

    def went_on(self, cell: Cell, row: Rows) -> None:
        """Nothing."""

    def ended(self, cell: Cell, outcome: Any) -> None:
        """A cell that failed would be measured as a quick one."""
        assert outcome.state == "finished", outcome


def memory(folder: Path, rows: int) -> Rows:
    """The peak of the driver of a ranking; the tagger is not asked (measure `random`), all else is as ever."""
    make_pipeline().to_disk(folder / "model")
    (folder / "pool").mkdir()
    write_pool(folder / "some.spacy", PER_FILE, 0)
    for number in range(-(-rows // PER_FILE)):
        os.link(folder / "some.spacy", folder / "pool" / f"{number:05d}.spacy")
    # In a process of its own: the memory of this one must not be counted.
    apart(multiprocessing.get_context("spawn").Process(target=drive, args=(folder,)))
    return json.loads((folder / "result.json").read_text(encoding="utf8"))


def drive(folder: Path) -> None:
    """Be the driver, and write what it took."""
    imported, sizes = peak(), []

    def watch(done: int, total: int) -> None:
        if done == total:
            sizes.extend(path.stat().st_size for path in parts_of(folder / "out").rglob("*.npz"))

    options = ScoreOptions(measures=["random"], engine="ray", limit=LINES)
    whole = time.perf_counter()
    report = score_file(str(folder / "model"), folder / "pool", folder / "out", options, watch=watch)
    result = {
        "sentences": report.sentences, "tokens": report.tokens, "imported": imported, "peak": peak(),
        "scoring": report.seconds, "whole": time.perf_counter() - whole, "parts": len(sizes), "moved": sum(sizes),
        "pool": sum(path.stat().st_size for path in (folder / "pool").iterdir()),
        "ranking": (folder / "out").stat().st_size,
    }  # fmt: skip
    write_json(folder / "result.json", result)


def peak() -> int:
    """The largest memory of this process so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def plan(results: Rows, price: float, kills: float) -> Rows:
    """A billion sentences on GPUs: the real scheduler on a simulated cluster, with the spread of measured times."""
    measured = numpy.array(results["scoring"]["1"]["parts"])
    spread, parts = measured / measured.mean(), len(part_bounds(BILLION))
    one = BILLION / parts / (GPU_SENTENCES / GPU_SECONDS) + results["overhead"]["task"]
    found = []
    for workers in (8, 64, 256):
        for deaths in (0.0, 0.1, kills):
            rng = numpy.random.default_rng(0)
            cluster = SimulatedRay(
                workers, lambda: one * rng.choice(spread), rng,  # noqa: B023
                start=results["overhead"]["worker"], deaths=deaths, noticed=NOTICED,
            )  # fmt: skip
            found.append([workers, deaths, *simulate(parts, cluster)])
    driver = results.get("memory")
    each = {name: driver[name] / driver["sentences"] for name in ("pool", "moved", "peak")} if driver else {}
    million = 1e6 / (GPU_SENTENCES / GPU_SECONDS) / 3600
    return {"parts": parts, "seconds of a part": one, "spread": [spread.min(), spread.max()], "each": each,
            "hours of a million": million, "price": price, "simulated": found}  # fmt: skip


def table(results: Rows) -> Iterator[str]:
    """All that was measured, in Markdown."""
    yield f"Measured on {machine()}."
    yield ""
    yield "| what | result |"
    yield "|---|---|"
    for name in SECTIONS:
        if name in results:
            yield from {
                "overhead": overhead_rows, "scoring": scoring_rows, "studies": study_rows, "memory": memory_rows,
                "plan": plan_rows,
            }[name](results[name])  # fmt: skip


def machine() -> str:
    """Processor and versions."""
    import ray

    lines = Path("/proc/cpuinfo").read_text(encoding="utf8").splitlines()
    models = {line.partition(":")[2].strip() for line in lines if line.startswith("model name")}
    cards = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    where = ", ".join([f"{os.cpu_count()} threads of {' and '.join(models)}", *cards])
    return f"{where}; Python {platform.python_version()}, Ray {ray.__version__}, torch {torch.__version__}"


def overhead_rows(row: Rows) -> Iterator[str]:
    """Of `overhead`."""
    yield f"| a task that does nothing, on a worker that is there (mean of {TRIVIAL:,}) | {1000 * row['task']:.1f} ms |"
    yield f"| a worker until it has done its first task | {row['worker']:.1f} s |"


def scoring_rows(row: Rows) -> Iterator[str]:
    """Of `scoring`."""
    many, of = row["gpus"] or 2, "GPUs" if row["gpus"] else "processes"
    one, other = row["1"], row[str(many)]
    what = f"scoring {row['sentences']:,} sentences in {row['parts']} parts: 1, {many} {of}"
    yield f"| {what} | {one['rate']:,.0f}, {other['rate']:,.0f} sentences/s |"
    yield f"| efficiency of {many} {of} once they work | **{other['rate'] / one['rate'] / many:.2f}** |"
    whole = f"{one['all']:.1f}, {other['all']:.1f} s (efficiency {one['all'] / other['all'] / many:.2f})"
    yield f"| the whole call, start of workers and reading of parts included | {whole} |"
    if "in one process" in row:
        here, at_work = row["in one process"], row["sentences"] / one["rate"]
        more = f"{(at_work - here) / row['parts']:.2f} s; {one['all'] - at_work:.1f} s"
        yield f"| the same without Ray; what Ray adds to a part; what its start adds to a call | {here:.1f} s; {more} |"
    yield f"| all rankings have the same bytes | {'yes' if row['same bytes'] else 'no'} |"


def study_rows(row: Rows) -> Iterator[str]:
    """Of `studies`."""
    many, of = row["gpus"] or 2, "GPUs" if row["gpus"] else "processes"
    here, one, other = row["a cell"], row["1"], row[str(many)]
    yield f"| a study of {row['cells']} cells on Ray: 1, {many} at a time | {one:.1f}, {other:.1f} s |"
    yield f"| efficiency of {many} {of}, start of workers included | **{one / other / many:.2f}** |"
    yield f"| a cell without Ray; what Ray adds to it | {here:.1f} s; {one / row['cells'] - here:.2f} s |"


def memory_rows(row: Rows) -> Iterator[str]:
    """Of `memory`."""
    what = f"driver of a ranking of {row['sentences']:,} sentences of 8 words in {row['parts']} parts: peak memory"
    yield f"| {what} | **{row['peak'] / 2**20:,.0f} MB** ({row['imported'] / 2**20:,.0f} MB after imports) |"
    sizes = ", ".join(f"{row[name] / 1e6:,.0f}" for name in ("pool", "moved", "ranking"))
    yield f"| its pool, its parts and its ranking on disk | {sizes} MB |"
    times = f"{row['scoring']:.0f} s; {row['whole'] - row['scoring']:.0f} s"
    yield f"| parts, joining and sorting; loading, and writing {LINES:,} lines | {times} |"


def plan_rows(row: Rows) -> Iterator[str]:
    """Of `plan`."""
    each, hours = row["each"], row["hours of a million"]
    what = f"plan for a billion sentences: parts, and one of them on an {GPU} (ELECTRA-base, MNLP)"
    yield f"| {what} | {row['parts']:,}, {row['seconds of a part']:.1f} s |"
    if each:
        sizes = ", ".join(f"{each[name] * BILLION / 1e9:,.0f}" for name in ("pool", "moved", "peak"))
        yield f"| its pool, its parts, and the memory of one driver for all, as above | {sizes} GB |"
    cost = f"${row['price'] * hours:.3f} at ${row['price']:g} an hour (assumed)"
    yield f"| a million sentences on an {GPU} | {hours:.4f} hours, {cost} |"
    low, high = row["spread"]
    yield f"| times of parts in the simulation, drawn from those measured | {low:.2f} to {high:.2f} of their mean |"
    for workers, deaths, whole, share, died, failed in row["simulated"]:
        what = f"simulated: {workers} GPUs, {deaths:g} deaths of a worker an hour"
        yield f"| {what} | {whole:.2f} hours, efficiency {share:.2f}; {died:,} deaths, {failed} parts given up |"


if __name__ == "__main__":
    typer.run(main)
