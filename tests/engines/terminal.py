"""A command in a terminal of its own, and all processes that it has started."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def family(first):
    """The command lines of a living process and its descendants, by number."""
    parents, found = {}, {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
    for pid in parents:
        ancestor = pid
        while ancestor in parents and ancestor != first:
            ancestor = parents[ancestor]
        if ancestor == first:
            found[pid] = command_of(pid)
    return found


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""


def interrupt(arguments, begun):
    """Press Ctrl-C when `al ARGUMENTS` has begun, and see that all that it has started ends.

    begun (Callable): Is given the command lines of the command's processes.
    """
    environment = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    command = [sys.executable, "-m", "spacy", "al", *arguments]
    process = subprocess.Popen(
        command,
        env={**environment, "OMP_NUM_THREADS": "1"},
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # pytest-xdist ignores it, which is inherited
    )
    while not begun(list(family(process.pid).values())):
        assert process.poll() is None, "it ended by itself"
        time.sleep(0.1)
    before = family(process.pid)
    assert any("raylet" in one for one in before.values())
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(120) == 130  # what shells call SIGINT
    end = time.monotonic() + 60
    while any(map(command_of, before)) and time.monotonic() < end:
        time.sleep(0.1)
    assert not any(map(command_of, before))
