"""The judgement of the script that kills what runs on Ray; the whole is `python scripts/ray_faults.py`."""

import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest


@pytest.fixture
def script(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "scripts"))
    import ray_faults

    return ray_faults


@pytest.mark.parametrize(("codes", "gave_up"), [([0], 0), ([1, 0], 1), ([-signal.SIGKILL, 0], 0)])
def test_a_command_is_given_again_until_it_ends_well_and_not_once_more(script, monkeypatch, codes, gave_up):
    left = list(codes)

    def start(*given):
        code = left.pop(0)  # none is left for a start too many
        how = f"os.kill(os.getpid(), {-code})" if code < 0 else f"sys.exit({code})"
        return subprocess.Popen([sys.executable, "-c", f"import os, sys, time; time.sleep(0.05); {how}"])

    faults = script.Faults.__new__(script.Faults)
    vars(faults).update(gave_up=0, last=time.monotonic(), next=float("inf"), cluster=SimpleNamespace(address=""))
    monkeypatch.setattr(faults, "wait", lambda: None)
    monkeypatch.setattr(script, "start", start)
    assert faults.torment(None, [])
    assert (left, faults.gave_up) == ([], gave_up)


def test_a_driver_that_ended_by_itself_is_not_counted_as_killed(script):
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    with pytest.raises(ProcessLookupError):
        script.kill_driver(process)
