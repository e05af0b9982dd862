"""The cells of a study on Ray: a task each, which runs the same process as on one machine."""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path
from typing import Dict, List, Sequence

from ..engines.scheduler import Hooks, Result, Task, lacks_memory, run_tasks
from ..errors import ALError, Errors
from ..options import StudyOptions
from ..runs.folder import RunFolder
from ..runs.lock import held
from .study_cells import last_line
from .study_plan import Cell
from .study_run import Outcome, Watcher, cell_command, open_cell, outcome_of

PR_SET_PDEATHSIG = 1  # <sys/prctl.h>
POLL = 0.5  # seconds between looks at a cell's lock
# Seconds that a cell's former process may live on: a node that has lost its cluster ends within 60, and a server of
# files gives the locks of a dead machine away after 90.
PATIENCE = 120.0


def run_cells_on_ray(
    cells: Sequence[Cell], output: Path, options: StudyOptions, *, gpu: bool, watcher: Watcher
) -> Dict[str, Outcome]:
    """Run cells on the cluster, which has to see the folders of the study under the same paths.

    A cell that lacks memory is tried once more on twice the share. Other arguments as in `study_run.run_cells`.

    gpu (bool): Whether cells run on GPUs.
    RETURNS (Dict[str, Outcome]): By the cells' names. RAISES: ALError A560 to A563.
    """
    by_name = {cell.name: cell for cell in cells}
    device, outcomes = 0 if gpu else -1, {cell.name: Outcome("stopped") for cell in cells}
    commands = [cell_command(cell, output, options, gpu=device)[1:] for cell in cells]
    places = [(os.getcwd(), str(output / cell.name)) for cell in cells]
    # What the user has set for processes on one machine holds for all.
    threads = int(os.environ.get("OMP_NUM_THREADS", 0)) or (1 if gpu else max(1, int(options.share)))
    tasks = [
        Task(cell.name, run_cell, (command, *place, device, threads), options.share)
        for cell, command, place in zip(cells, commands, places)
    ]

    def judge(task: Task, result: Result) -> Result:
        line = last_line(output, task.name)
        return Result(result.value, result.reason or line, True) if _lacks(result, line) else result

    def ended(task: Task, result: Result) -> None:
        cell, reason = by_name[task.name], result.reason
        failed = Outcome("failed", reason)
        code, again = result.value, options.accept_changes
        outcomes[task.name] = failed if code is None else outcome_of(cell, code, output, again=again)
        watcher.ended(cell, outcomes[task.name])

    hooks = Hooks(lambda task: watcher.started(by_name[task.name], device), ended, judge)
    run_tasks(tasks, gpu=gpu, jobs=options.jobs, hooks=hooks, seconds=options.seconds)
    return outcomes


def _lacks(result: Result, line: str) -> bool:
    # The system's killer leaves no message: it sends signal 9.
    code = result.value
    return result.memory or code == -signal.SIGKILL or (bool(code) and lacks_memory(line))


def run_cell(command: List[str], where: str, folder: str, gpu: int, threads: int) -> int:
    """Run the process of a cell to its end; it dies with the worker that calls this.

    command (List[str]): Arguments of Python. where (str): The study's working directory. folder (str): The cell's.
    RETURNS (int): The exit status. RAISES: ALError A566 when another process works on the cell.
    """
    os.chdir(where)
    _wait_for(RunFolder(Path(folder)).lock)
    # A number that was made for one process a machine would hold for all of them.
    os.environ["OMP_NUM_THREADS"] = str(threads)
    process, log = open_cell([sys.executable, *command], Path(folder), gpu=gpu, threads=threads, before=die_together)
    with log:
        return process.wait()


def die_together() -> None:
    """Let this process be killed when its parent dies, however that dies (Linux)."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _wait_for(lock: Path) -> None:
    """Wait while a process of the cell's former worker is about to die; raises ALError A566 when it lives on."""
    end = time.monotonic() + PATIENCE
    while held(lock):
        if time.monotonic() >= end:
            pid = lock.read_text(encoding="utf8").strip() or "unknown"
            raise ALError(Errors.A566.format(path=lock.parent, pid=pid, seconds=PATIENCE))
        time.sleep(POLL)
