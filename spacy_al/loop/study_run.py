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
from typing import BinaryIO, Deque, Dict, List, Optional, Protocol, Sequence

from ..errors import ALError
from .study import Cell
from .study_cells import LOG, last_line, standing

POLL = 0.2  # seconds between looks at the processes
PATIENCE = 20.0  # seconds that a process has to end before it is killed


class Watcher(Protocol):
    """Is told what a study does; the command line prints it."""

    def started(self, cell: Cell, gpu: int) -> None:
        """A cell's process has started."""
        ...

    def ended(self, cell: Cell, outcome: "Outcome") -> None:
        """A cell's process has ended."""
        ...


@dataclass(frozen=True)
class Outcome:
    """How a cell came out: "finished", "waiting" (for people), "failed" or "stopped", and why if it failed."""

    state: str
    reason: str = ""


@dataclass
class Slot:
    """A place for one process. gpu (int): Its GPU, -1 for none."""

    gpu: int
    cell: Optional[Cell] = None
    process: Optional["subprocess.Popen[bytes]"] = None
    log: Optional[BinaryIO] = None


def run_cells(
    cells: Sequence[Cell],
    output: Path,
    *,
    gpus: Sequence[int],
    watcher: Watcher,
    seconds: Optional[float] = None,
    accept_changes: bool = False,
) -> Dict[str, Outcome]:
    """Run cells until all have ended, as many at a time as there are `gpus`.

    cells (Sequence[Cell]): In the order to start them. output (Path): Cell NAME goes to output/NAME.
    gpus (Sequence[int]): One number for each process side by side; -1 for the CPU. A number may stand twice.
    watcher (Watcher): Is told when cells start and end.
    seconds (Optional[float]): Stop after this time; what runs then is ended and can be resumed.
    accept_changes (bool): Passed on to `al run`.
    RETURNS (Dict[str, Outcome]): By the cells' names. A cell that fails stops no other.
    """
    deadline = time.monotonic() + seconds if seconds is not None else None
    waiting: Deque[Cell] = deque(cells)
    slots = [Slot(gpu) for gpu in gpus]
    outcomes: Dict[str, Outcome] = {}
    threads = max(1, (os.cpu_count() or 1) // len(slots))
    try:
        while waiting or any(slot.cell for slot in slots):
            if deadline is not None and time.monotonic() >= deadline:
                break
            for slot in slots:
                _collect(slot, output, outcomes, watcher)
                if slot.cell is None and waiting:
                    _start(slot, waiting.popleft(), output, threads, accept_changes, watcher)
            time.sleep(POLL)
    finally:
        _stop(slots, output, outcomes, watcher)
    return {**outcomes, **{cell.name: Outcome("stopped") for cell in waiting}}


def cell_command(cell: Cell, output: Path, *, gpu: int, accept_changes: bool = False) -> List[str]:
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
    command += ["--gpu-id", str(gpu), *(["--accept-changes"] if accept_changes else [])]
    for key, value in cell.settings.items():
        command += [f"--{key}", json.dumps(value)]
    return command


def _start(slot: Slot, cell: Cell, output: Path, threads: int, accept_changes: bool, watcher: Watcher) -> None:
    folder = output / cell.name
    folder.mkdir(parents=True, exist_ok=True)
    command = cell_command(cell, output, gpu=slot.gpu, accept_changes=accept_changes)
    # Processes side by side share the cores; the log is for watching, so it is not buffered.
    environment = {"OMP_NUM_THREADS": str(threads), **os.environ, "PYTHONUNBUFFERED": "1"}
    slot.log = (folder / LOG).open("ab")
    slot.log.write(f"\n--- {datetime.now():%Y-%m-%d %H:%M:%S} gpu {slot.gpu}\n".encode())
    slot.log.flush()
    slot.process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=slot.log, stderr=subprocess.STDOUT, env=environment
    )
    slot.cell = cell
    watcher.started(cell, slot.gpu)


def _collect(slot: Slot, output: Path, outcomes: Dict[str, Outcome], watcher: Watcher) -> None:
    if slot.cell is None or slot.process is None or slot.process.poll() is None:
        return
    outcome = _outcome(slot.cell, slot.process.returncode, output)
    _free(slot, outcome, outcomes, watcher)


def _outcome(cell: Cell, code: int, output: Path) -> Outcome:
    if code < 0:
        return Outcome("failed", f"ended by signal {-code} (9 is often a lack of memory)")
    if code:
        return Outcome("failed", last_line(output, cell.name))
    try:
        return Outcome(standing(cell, output).state)
    except ALError as error:
        return Outcome("failed", str(error))


def _free(slot: Slot, outcome: Outcome, outcomes: Dict[str, Outcome], watcher: Watcher) -> None:
    cell, slot.cell, slot.process = slot.cell, None, None
    if slot.log is not None:
        slot.log.close()
    if cell is not None:
        outcomes[cell.name] = outcome
        watcher.ended(cell, outcome)


def _stop(slots: Sequence[Slot], output: Path, outcomes: Dict[str, Outcome], watcher: Watcher) -> None:
    for slot in slots:
        if slot.process is not None and slot.process.poll() is None:
            slot.process.terminate()
    for slot in slots:
        if slot.process is None or slot.cell is None:
            continue
        try:
            slot.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            slot.process.kill()
            slot.process.wait()
        finished = slot.process.returncode == 0
        outcome = _outcome(slot.cell, 0, output) if finished else Outcome("stopped")
        _free(slot, outcome, outcomes, watcher)
