"""Tasks on Ray: each a plain function of files, given to a worker that lives on, and tried again when that one dies."""

import time
from collections import deque
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Callable, Deque, Dict, List, Optional, Sequence, Tuple

from ..errors import ALError, Errors
from ..files import write_text
from .cluster import connected, nodes

POLL = 0.5  # seconds between looks at the clock and at nodes that come and go
DEATHS = 10  # of workers under one task, after which it counts as the cause
OUT_OF_MEMORY = ("out of memory", "outofmemory", "memoryerror", "memory usage threshold")


@dataclass(frozen=True)
class Task:
    """A call of a function that workers can import. It leaves its results in files, and may be made again at any time.

    name (str): For people. function (Callable), arguments (Tuple): The call; what it returns should be small.
    share (float): CPUs, or GPUs, that it takes.
    """

    name: str
    function: Callable[..., Any]
    arguments: Tuple[Any, ...]
    share: float = 1.0


@dataclass(frozen=True)
class Result:
    """How a task came out. value (Any): What it returned. reason (str): Why it failed, "" if it did not.

    memory (bool): Whether it failed for a lack of memory.
    """

    value: Any = None
    reason: str = ""
    memory: bool = False


@dataclass(frozen=True)
class Hooks:
    """Is told of tasks. started (Callable): One begins. ended (Callable): It is over, and its result.

    judge (Callable): May turn the value a function returned into a failure.
    """

    started: Callable[[Task], None] = lambda task: None
    ended: Callable[[Task, Result], None] = lambda task, result: None
    judge: Callable[[Task, Result], Result] = lambda task, result: result


@dataclass
class Running:
    """A task on a worker. deaths (int): Workers that died under it. larger (bool): Whether its share was doubled."""

    task: Task
    deaths: int = 0
    larger: bool = False
    worker: Any = field(default=None, repr=False)


class Worker:
    """The actor: calls functions, one at a time; what they cache, such as a model, stays for the next call."""

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What the function returns."""
        return function(*arguments)


def run_tasks(
    tasks: Sequence[Task],
    *,
    gpu: bool = False,
    jobs: int = 0,
    hooks: Optional[Hooks] = None,
    seconds: Optional[float] = None,
) -> Dict[str, Result]:
    """Run tasks on the cluster until all are over. One that fails stops no other.

    tasks (Sequence[Task]): In the order to start them. gpu (bool): Whether their shares are of GPUs.
    jobs (int): Tasks side by side; 0: as many as there is room for. hooks (Optional[Hooks]): Are told.
    seconds (Optional[float]): Stop after this time; tasks that are left have no result.
    RETURNS (Dict[str, Result]): By the tasks' names.
    RAISES: ALError A560 to A562 before any work, A563 when the cluster is lost.
    """
    with connected() as ray:
        _check_room(ray, tasks, "GPU" if gpu else "CPU")
        scheduler = _Scheduler(ray, tasks, gpu, jobs, hooks or Hooks())
        try:
            return scheduler.run(None if seconds is None else time.monotonic() + seconds)
        except (ConnectionError, ray.exceptions.RaySystemError) as error:
            raise ALError(Errors.A563.format(reason=str(error).splitlines()[0])) from error
        finally:
            scheduler.stop()


def score_parts(
    tasks: Sequence[Task], parts: int, pool: str, folder: Path, told: Callable[[int], None], *, gpu: bool, jobs: int = 0
) -> None:
    """Run the tasks that score parts of a pool, and leave a log of each that fails.

    tasks (Sequence[Task]): Each returns how many sentences it scored. parts (int): With those scored before.
    folder (Path): Gets the logs. told (Callable): Told the sentences of each part that is scored. Others as above.
    RAISES: ALError A560 to A563, A564 when a part could not be scored.
    """

    def ended(task: Task, result: Result) -> None:
        if result.reason:
            write_text(folder / f"{task.name}.log", f"{result.reason}\n")
        else:
            told(result.value)

    results = run_tasks(tasks, gpu=gpu, jobs=jobs, hooks=Hooks(ended=ended)) if tasks else {}
    failed = [f"{name}: {_last(one.reason)}" for name, one in sorted(results.items()) if one.reason]
    if failed:
        listed = "\n  ".join(failed[:10])
        raise ALError(Errors.A564.format(failed=len(failed), parts=parts, pool=pool, names=listed, folder=folder))


def _last(reason: str) -> str:
    return next((line.strip() for line in reversed(reason.splitlines()) if line.strip()), "unknown")


def _check_room(ray: Any, tasks: Sequence[Task], resource: str) -> None:
    most = max(nodes(ray, resource), default=0.0)
    share = max((task.share for task in tasks), default=0.0)
    if share > most:
        raise ALError(Errors.A562.format(share=share, resource=resource, most=most))


class _Scheduler:
    def __init__(self, ray: Any, tasks: Sequence[Task], gpu: bool, jobs: int, hooks: Hooks) -> None:
        self.ray, self.gpu, self.jobs, self.hooks = ray, gpu, jobs, hooks
        self.resource = "GPU" if gpu else "CPU"
        self.actor = ray.remote(Worker)
        self.waiting: Deque[Running] = deque(Running(task) for task in tasks)
        self.running: Dict[Any, Running] = {}
        self.idle: List[Tuple[float, Any]] = []  # share, worker
        self.results: Dict[str, Result] = {}

    def run(self, deadline: Optional[float]) -> Dict[str, Result]:
        while (self.waiting or self.running) and (deadline is None or time.monotonic() < deadline):
            while self.waiting and self._room(self.waiting[0].task.share):
                self._start(self.waiting.popleft())
            self._dismiss()  # an idle worker keeps the room that a larger share waits for
            for reference in self.ray.wait(list(self.running), timeout=POLL)[0]:
                self._end(self.running.pop(reference), reference)
        return self.results

    def _room(self, share: float) -> bool:
        """Whether one more fits. On an empty cluster one always does: its autoscaler sees what is asked for."""
        if self.jobs:
            return len(self.running) < self.jobs
        taken = sum(one.task.share for one in self.running.values())
        places = sum(int(have / share + 1e-9) for have in nodes(self.ray, self.resource))
        return not self.running or taken + share <= places * share + 1e-9

    def _start(self, one: Running) -> None:
        share = one.task.share
        if self.idle and self.idle[-1][0] != share:
            self._dismiss()
        one.worker = self.idle.pop()[1] if self.idle else self._hire(share)
        self.running[one.worker.call.remote(one.task.function, *one.task.arguments)] = one
        self.hooks.started(one.task)

    def _hire(self, share: float) -> Any:
        threads = 1 if self.gpu else max(1, int(share))
        options = {"num_gpus": share, "num_cpus": 0} if self.gpu else {"num_cpus": share}
        return self.actor.options(runtime_env={"env_vars": {"OMP_NUM_THREADS": str(threads)}}, **options).remote()

    def _end(self, one: Running, reference: Any) -> None:
        errors = self.ray.exceptions
        try:
            result = Result(self.ray.get(reference))
        except errors.RayTaskError as error:
            result = _failure(f"{type(error.cause).__name__}: {error.cause}")
        except errors.RaySystemError:
            raise
        except errors.RayError as error:  # the worker died, was ended for memory, or cannot be reached or started
            self.ray.kill(one.worker)
            result, one.deaths = _failure(str(error)), one.deaths + 1
            if not result.memory and one.deaths < DEATHS:
                self.waiting.appendleft(one)
                return
            reason = "lack of memory" if result.memory else f"its workers died {one.deaths} times"
            result = replace(result, reason=f"{reason}: {str(error).splitlines()[-1].strip()}")
        else:
            self.idle.append((one.task.share, one.worker))
        result = self.hooks.judge(one.task, result)
        larger = self._larger(one)
        if result.memory and larger:
            one.task, one.larger = replace(one.task, share=larger), True
            self.waiting.appendleft(one)
            return
        self.results[one.task.name] = result
        self.hooks.ended(one.task, result)

    def _larger(self, one: Running) -> Optional[float]:
        """Twice the share, or all that one node has; None after the first time and where there is no more."""
        most = max(nodes(self.ray, self.resource), default=0.0)
        most = int(most) if one.task.share >= 1 else min(most, 1.0)
        share = min(2 * one.task.share, most)
        return None if one.larger or share <= one.task.share else share

    def _dismiss(self) -> None:
        while self.idle:
            self.ray.kill(self.idle.pop()[1])

    def stop(self) -> None:
        """End all workers, and with them what they have started."""
        self._dismiss()
        for one in self.running.values():
            self.ray.kill(one.worker)


def _failure(reason: str) -> Result:
    return Result(reason=reason, memory=lacks_memory(reason))


def lacks_memory(text: str) -> bool:
    """Whether a message of Python, torch, CUDA or Ray speaks of too little memory."""
    # A death report of Ray's names the system's killer among "common causes" of every death.
    plain = text.lower().split("some common causes")[0]
    return any(words in plain for words in OUT_OF_MEMORY)
