"""Tasks on Ray: what is tried again, what is given up and named, and that nothing listens beyond this machine."""

import os
import signal
import time
from pathlib import Path

import pytest

from spacy_al.engines import scheduler
from spacy_al.engines.scheduler import Hooks, Task, lacks_memory, run_tasks
from spacy_al.errors import ALError

pytestmark = [pytest.mark.ray, pytest.mark.usefixtures("ray")]


def process(number):
    return number, os.getpid()


def fail(text):
    raise ValueError(text)


def die(folder):
    """Leave a mark and kill the own process."""
    (Path(folder) / str(time.time_ns())).touch()
    os.kill(os.getpid(), signal.SIGKILL)


def share_of():
    """CPUs of the worker; with one it runs out of memory."""
    import ray

    cpus = ray.get_runtime_context().get_assigned_resources()["CPU"]
    return cpus if cpus >= 2 else len(bytearray(2**62))


def test_a_task_that_always_fails_is_named_and_holds_up_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr(scheduler, "DEATHS", 2)
    hard = [Task("wrong", fail, ("no such thing",)), Task("deadly", die, (str(tmp_path),))]
    results = run_tasks([*hard, *(Task(str(n), process, (n,)) for n in range(5))])
    assert results["wrong"].reason == "ValueError: no such thing"
    assert results["deadly"].reason.startswith("its workers died 2 times: ")
    assert len(list(tmp_path.iterdir())) == 2
    assert [results[str(n)].value[0] for n in range(5)] == [*range(5)]


def test_workers_live_on():
    results = run_tasks([Task(str(n), process, (n,)) for n in range(4)], jobs=1)
    assert len({one.value[1] for one in results.values()}) == 1


def test_a_lack_of_memory_is_met_once_with_a_larger_share(ray):
    started = []
    results = run_tasks([Task("a", share_of, ())], hooks=Hooks(started=lambda task: started.append(task.share)))
    enough = ray.cluster_resources()["CPU"] >= 2
    assert started == ([1.0, 2] if enough else [1.0])
    assert (results["a"].value == 2) if enough else results["a"].memory


def test_time_that_is_over_leaves_tasks_without_result():
    assert run_tasks([Task("a", time.sleep, (60,))], seconds=0.2) == {}


def test_a_share_that_no_node_has_is_refused():
    with pytest.raises(ALError, match=r"\[A562\].*5000"):
        run_tasks([Task("a", process, (1,), share=5000)])


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        ("CUDA out of memory. Tried to allocate", True),
        ("torch.OutOfMemoryError: x", True),
        ("died. Some common causes include: (1) killed by the OOM killer due to out of memory", False),
        ("ValueError: shape", False),
    ],
)
def test_messages_of_memory_are_known(text, lacks):
    assert lacks_memory(text) is lacks


def test_all_of_ray_listens_on_loopback_only(ray):
    """From the tables of the kernel: no listening socket of a process of this cluster has another address."""
    inodes = set()
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with_ray = b"ray" in entry.read_bytes() if entry.exists() else False
        for link in (entry.parent / "fd").glob("*") if with_ray else []:
            try:
                target = os.readlink(link)
            except OSError:
                continue
            inodes |= {target[8:-1]} if target.startswith("socket:[") else set()
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for row in Path(table).read_text().splitlines()[1:]:
            fields = row.split()
            if fields[3] == "0A" and fields[9] in inodes:  # 0A: listening
                found.add(fields[1].partition(":")[0])
    assert found
    assert found <= {"0100007F", "0000000000000000FFFF00000100007F"}
