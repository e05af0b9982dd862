"""Kill a run of active learning at many instants, resume it every time, and compare it with an undisturbed one."""

import json
import math
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional

import numpy
import torch
import typer
from spacy.util import load_config
from thinc.api import Config

from spacy_al.files import write_text
from spacy_al.loop.session import run
from spacy_al.runs.folder import RunFolder
from spacy_al.runs.state import load_state

FILE_EVENTS = ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "shutil.rmtree")
COMPARED = ("rounds/*/*.jsonl", "rounds/*/*.npz", "model/**/*", "successor/**/*", "labelled.spacy")
WAITED = 600  # seconds that one attempt may take


@dataclass
class Instant:
    """When a process dies: after so many seconds, or at its so-many-th operation on files of the run."""

    kind: str
    value: float


@dataclass
class Tally:
    """What has happened so far. phases: where a killed run stood. differences: what was not as undisturbed."""

    kills: int = 0
    runs: int = 0
    phases: Counter = field(default_factory=Counter)
    kinds: Counter = field(default_factory=Counter)
    differences: List[str] = field(default_factory=list)


def main(
    config_path: Path = typer.Argument(..., help="Config with an [active_learning] block", exists=True),
    kills: int = typer.Option(200, help="Processes to kill (SIGKILL)"),
    seed: int = typer.Option(0, help="Of the instants"),
    output: Optional[Path] = typer.Option(None, help="Markdown table of the result"),
) -> None:
    """Exit with status 1 if any run that was killed and resumed ends otherwise than the undisturbed one.

    One undisturbed run tells how long a run takes, and how many operations on files it makes. Then processes are
    killed: every other one after a random time, and the others right before a random one of these operations,
    where a file is half-written or a folder half-renamed.
    """
    # Processes are forked from this one, which has imported everything: torch's threads would not survive that.
    torch.set_num_threads(1)
    config = load_config(config_path, interpolate=False)
    with tempfile.TemporaryDirectory() as folder:
        tally = soak(config, Path(folder), kills=kills, seed=seed)
    lines = table(tally, seed)
    sys.stdout.write("\n".join(lines) + "\n")
    if output is not None:
        write_text(output, "\n".join(lines) + "\n")
    raise SystemExit(1 if tally.differences else 0)


def soak(config: Config, folder: Path, *, kills: int, seed: int) -> Tally:
    """Kill and resume runs of a config until so many processes were killed, and finish the last run."""
    rng, tally = numpy.random.default_rng(seed), Tally()
    start = time.monotonic()
    attempt(config, folder / "undisturbed", None)
    seconds = time.monotonic() - start
    operations = count_operations(config, folder / "counted")
    expected = outcome(folder / "undisturbed")
    while tally.kills < kills:
        path = folder / f"run-{tally.runs}"
        while not finished(path):
            instant = draw(rng, tally.kills, seconds, operations) if tally.kills < kills else None
            if attempt(config, path, instant):
                note(tally, path, instant)
        tally.runs += 1
        tally.differences += [f"run {tally.runs}: {key}" for key in different(expected, outcome(path))]
        shutil.rmtree(path)
    return tally


def draw(rng: numpy.random.Generator, number: int, seconds: float, operations: int) -> Instant:
    """The next instant: odd ones by time, even ones by file operation."""
    # Beyond the middle of a run the instants of time lie rarely, as most attempts begin somewhere inside it.
    if number % 2:
        return Instant("time", float(rng.uniform(0, 0.6 * seconds)))
    return Instant("file operation", float(rng.integers(1, max(operations // 2, 2))))


def attempt(config: Config, path: Path, instant: Optional[Instant]) -> bool:
    """Start or resume a run in a process of its own; tell whether it was killed."""
    process = multiprocessing.get_context("fork").Process(target=child, args=(config, path, instant))
    process.start()
    process.join(instant.value if instant is not None and instant.kind == "time" else WAITED)
    if process.is_alive():
        process.kill()
        process.join()
    if process.exitcode not in (0, -signal.SIGKILL):
        raise SystemExit(f"a run in {path} ended with status {process.exitcode}")
    return process.exitcode != 0


def child(config: Config, path: Path, instant: Optional[Instant]) -> None:
    """What a process does: run, and die right before a file operation if it is told one."""
    if instant is not None and instant.kind == "file operation":
        watch(path, instant.value)
    run(config, path)


def watch(path: Path, last: float = math.inf) -> Counter:
    """Count operations of this process on files below a folder, by Python's audit events, and die at `last`."""
    seen: Counter = Counter()

    def hook(event: str, args: tuple) -> None:
        if event in FILE_EVENTS and args and str(path) in str(args[0]):
            seen["operations"] += 1
            if seen["operations"] >= last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    return seen


def count_operations(config: Config, path: Path) -> int:
    """File operations of one undisturbed run."""
    queue: Any = multiprocessing.get_context("fork").SimpleQueue()

    def counted() -> None:
        seen = watch(path)
        run(config, path)
        queue.put(seen["operations"])

    process = multiprocessing.get_context("fork").Process(target=counted)
    process.start()
    process.join(WAITED)
    return int(queue.get())


def finished(path: Path) -> bool:
    """Whether a run is at its end."""
    state = load_state(RunFolder(path).state)
    return state is not None and state.phase == "done"


def outcome(path: Path) -> Dict[str, Any]:
    """All that has to be equal: rows without seconds and memory, chosen sentences, utilities, labels, weights."""
    folder = RunFolder(path)
    rows = [{k: v for k, v in row.items() if k not in ("seconds", "peak_memory")} for row in folder.read_metrics()]
    files = sorted(file_ for pattern in COMPARED for file_ in path.glob(pattern) if file_.is_file())
    left = [str(file_.relative_to(path)) for file_ in path.rglob("*.tmp")]
    return {"metrics": json.dumps(rows), "left behind": left} | {
        str(file_.relative_to(path)): content(file_) for file_ in files
    }


def content(path: Path) -> Any:
    """A file's bytes; of archives, which hold times of writing, what is in them."""
    if path.suffix == ".npz":
        with numpy.load(path, allow_pickle=False) as arrays:
            return {key: arrays[key].tobytes() for key in arrays}
    return path.read_bytes()


def different(expected: Dict[str, Any], found: Dict[str, Any]) -> List[str]:
    """What two outcomes do not share."""
    return sorted(key for key in {*expected, *found} if expected.get(key) != found.get(key))


def note(tally: Tally, path: Path, instant: Optional[Instant]) -> None:
    """Count a kill, and where the run stands after it."""
    state = load_state(RunFolder(path).state)
    tally.kills += 1
    tally.phases[state.phase if state else "seed"] += 1
    tally.kinds[instant.kind if instant else "time"] += 1


def table(tally: Tally, seed: int) -> List[str]:
    """The result in Markdown."""
    phases = ", ".join(f"{name} {number}" for name, number in sorted(tally.phases.items()))
    kinds = ", ".join(f"{number} by {name}" for name, number in sorted(tally.kinds.items()))
    wrong = len({one.split(":")[0] for one in tally.differences})
    return [
        "| | |",
        "|---|---|",
        f"| processes killed (SIGKILL), seed {seed} | {tally.kills} ({kinds}) |",
        f"| runs they belonged to | {tally.runs} |",
        f"| what had to be done next when they died | {phases} |",
        f"| runs that ended otherwise than the undisturbed one | {wrong} |",
        *(f"| difference | {one} |" for one in tally.differences),
    ]


if __name__ == "__main__":
    typer.run(main)
