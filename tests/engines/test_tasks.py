"""Tasks on Ray: what is tried again, what is given up and named, and that nothing listens beyond this machine."""

import os
import signal
import time
from pathlib import Path

import pytest

from spacy_al.engines.tasks import DEATHS, Hooks, Task, lacks_memory, run_tasks
from spacy_al.errors import ALError

pytestmark = [pytest.mark.ray, pytest.mark.usefixtures("ray")]


def double(number):
    return 2 * number


def fail(text):
    raise ValueError(text)


def process(number):
    time.sleep(0.2)
    return os.getpid()


def die_first(folder, times):
    """Kill the own process until it has died so many times."""
    mark = Path(folder) / str(time.time_ns())
    mark.touch()
    if len(list(Path(folder).iterdir())) <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    return "alive"


def share_of(lacking):
    import ray

    cpus = ray.get_runtime_context().get_assigned_resources()["CPU"]
    if cpus < 2:
        raise MemoryError(lacking)
    return cpus


def test_a_task_that_fails_is_named_and_holds_up_no_other():
    tasks = [Task("bad", fail, ("no such thing",)), *(Task(str(n), double, (n,)) for n in range(5))]
    results = run_tasks(tasks)
    assert results["bad"].reason == "ValueError: no such thing"
    assert [results[str(n)].value for n in range(5)] == [0, 2, 4, 6, 8]


def test_workers_live_on():
    assert len({one.value for one in run_tasks([Task(str(n), process, (n,)) for n in range(6)], jobs=2).values()}) == 2


def test_a_task_whose_worker_dies_is_done_by_another(tmp_path):
    assert run_tasks([Task("a", die_first, (str(tmp_path), 2))])["a"].value == "alive"
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.slow
def test_a_task_that_kills_every_worker_is_given_up(tmp_path):
    result = run_tasks([Task("a", die_first, (str(tmp_path), 1000))])["a"]
    assert f"its workers died {DEATHS} times" in result.reason
    assert len(list(tmp_path.iterdir())) == DEATHS


def test_a_lack_of_memory_is_met_once_with_a_larger_share(ray):
    started = []
    results = run_tasks([Task("a", share_of, ("x",))], hooks=Hooks(started=lambda task: started.append(task.share)))
    enough = ray.cluster_resources()["CPU"] >= 2
    assert started == ([1.0, 2] if enough else [1.0])
    assert (results["a"].value == 2) if enough else results["a"].memory


def test_time_that_is_over_leaves_tasks_without_result():
    assert run_tasks([Task("a", time.sleep, (60,))], seconds=0.2) == {}


def test_a_share_that_no_node_has_is_refused():
    with pytest.raises(ALError, match=r"\[A562\].*5000"):
        run_tasks([Task("a", double, (1,), share=5000)])


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
