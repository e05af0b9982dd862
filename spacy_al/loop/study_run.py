"""Running the cells of a study side by side, each in a process of its own that can be ended and resumed."""

import json
import os
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Callable, Deque, Dict, List, Optional, Protocol, Sequence, Tuple

from ..errors import ALError
from ..files import writing
from ..options import StudyOptions
from ..runs.folder import RunFolder
from ..runs.lock import held
from .hardware import usable_cores
from .study_cells import LOG, last_line, standing
from .study_plan import Cell

POLL = 0.2  # seconds between looks at the processes
PATIENCE = 20.0  # seconds that a process has to end before it is killed


class Watcher(Protocol):
    """Is told what a study does; the command line prints it."""

    def started(self, cell: Cell, gpu: int) -> None:
        """A cell's process has started."""

    def went_on(self, cell: Cell, row: Dict[str, Any]) -> None:
        """A cell has finished a round; row: of its metrics.jsonl."""

    def ended(self, cell: Cell, outcome: "Outcome") -> None:
        """A cell's process has ended."""


@dataclass(frozen=True)
class Outcome:
    """How a cell came out: "finished", "waiting" (for people), "failed" or "stopped", and why if it failed."""

    state: str
    reason: str = ""


@dataclass(eq=False)
class Job:
    """A cell whose process runs. gpu (int): Its GPU, -1 for none. told (int): Rounds that the watcher knows of."""

    cell: Cell
    gpu: int
    process: "subprocess.Popen[bytes]"
    log: BinaryIO
    told: int


def run_cells(
    cells: Sequence[Cell], output: Path, options: StudyOptions, *, gpus: Sequence[int], watcher: Watcher
) -> Dict[str, Outcome]:
    """Run cells until all have ended, as many at a time as there are `gpus`.

    cells (Sequence[Cell]): In the order to start them. output (Path): Cell NAME goes to output/NAME.
    options (StudyOptions): When to stop, and whether cells go on with other settings.
    gpus (Sequence[int]): One number for each process side by side; -1 for the CPU. A number may stand twice.
    watcher (Watcher): Is told when cells start and end.
    RETURNS (Dict[str, Outcome]): By the cells' names. A cell that fails stops no other.
    """
    deadline = time.monotonic() + options.seconds if options.seconds is not None else None
    waiting: Deque[Cell] = deque(cells)
    free: Deque[int] = deque(gpus)
    running: List[Job] = []
    outcomes: Dict[str, Outcome] = {}
    threads = max(1, usable_cores() // len(gpus))

    def tell(job: Job) -> None:
        rows = _rows(output / job.cell.name)
        for row in rows[job.told :]:
            watcher.went_on(job.cell, row)
        job.told = len(rows)

    def end(job: Job, outcome: Outcome) -> None:
        job.log.close()
        running.remove(job)
        free.append(job.gpu)
        outcomes[job.cell.name] = outcome
        watcher.ended(job.cell, outcome)

    try:
        while waiting or running:
            if deadline is not None and time.monotonic() >= deadline:
                break
            for job in running[:]:
                code = job.process.poll()
                tell(job)
                if code is not None:
                    end(job, outcome_of(job.cell, code, output, again=options.accept_changes))
            while waiting and free:
                cell = waiting.popleft()
                if elsewhere := made_elsewhere(cell, output, again=options.accept_changes):
                    outcomes[cell.name] = elsewhere
                    watcher.ended(cell, elsewhere)
                    continue
                gpu = free.popleft()
                command = cell_command(cell, output, options, gpu=gpu)
                told = len(_rows(output / cell.name))
                running.append(Job(cell, gpu, *open_cell(command, output / cell.name, gpu=gpu, threads=threads), told))
                watcher.started(cell, gpu)
            time.sleep(POLL)
    finally:
        for job in running:
            job.process.terminate()
        for job in running[:]:
            end(job, outcome_of(job.cell, 0, output) if _ended_well(job.process) else Outcome("stopped"))
    return {**outcomes, **{cell.name: Outcome("stopped") for cell in waiting}}


def _rows(folder: Path) -> List[Dict[str, Any]]:
    """Finished rounds of a cell; of a damaged file its own process tells."""
    try:
        return RunFolder(folder).read_metrics()
    except ALError:
        return []


def _ended_well(process: "subprocess.Popen[bytes]") -> bool:
    """Whether a process that was told to end has come to its own end; one that goes on is killed."""
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return process.returncode == 0


def cell_command(cell: Cell, output: Path, options: StudyOptions, *, gpu: int) -> List[str]:
    """The command line of a cell, as a person would type it."""
    command = [
        sys.executable,
        "-m",
        "spacy",
        "al",
        "run",
        str(cell.config),
        "--output",
        str(output / cell.name),
    ]
    command += ["--gpu-id", str(gpu), *(["--accept-changes"] if options.accept_changes else [])]
    command += ["--code", str(options.code)] if options.code else []
    for key, value in cell.settings.items():
        command += [f"--{key}", json.dumps(value)]
    return command


def open_cell(
    command: Sequence[str], folder: Path, *, gpu: int, threads: int, before: Optional[Callable[[], None]] = None
) -> Tuple["subprocess.Popen[bytes]", BinaryIO]:
    """Start the process of a cell, under every engine.

    command (Sequence[str]): See `cell_command`. folder (Path): The cell's. gpu (int): For its log.
    threads (int): Processes side by side share the cores. before (Optional[Callable]): Called in the new process.
    RETURNS (Tuple[Popen, BinaryIO]): The process, and its log, to be closed.
    """
    # The log is for watching, so it is not buffered.
    environment = {"OMP_NUM_THREADS": str(threads), **os.environ, "PYTHONUNBUFFERED": "1"}
    with writing(folder / LOG):
        log = (folder / LOG).open("ab", buffering=0)
        log.write(f"\n--- {datetime.now():%Y-%m-%d %H:%M:%S} gpu {gpu}\n".encode())
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=environment, preexec_fn=before
    )
    return process, log


def made_elsewhere(cell: Cell, output: Path, *, again: bool) -> Optional[Outcome]:
    """How a cell stands that another process has finished or works on, such as one of a second study; else None.

    again (bool): Whether one that is finished may be to go on with other settings.
    """
    if standing(cell, output).state == "finished" and not again:
        return Outcome("finished")
    if held(RunFolder(output / cell.name).lock):
        return Outcome("stopped", "another process works on it")
    return None


def outcome_of(cell: Cell, code: int, output: Path, *, again: bool = False) -> Outcome:
    """How a cell came out, from the exit status of its process and its folder. again: see `made_elsewhere`."""
    if code > 0 and (elsewhere := made_elsewhere(cell, output, again=again)):
        return elsewhere
    if code < 0:
        return Outcome("failed", f"ended by signal {-code} (9 is often a lack of memory)")
    if code:
        return Outcome("failed", last_line(output, cell.name))
    now = standing(cell, output)
    return Outcome("failed", now.problem) if now.problem else Outcome(now.state)
