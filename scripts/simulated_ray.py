"""A Ray on which only a clock runs: the scheduler in `engines/scheduler.py` sees weeks of a cluster in seconds."""

from dataclasses import dataclass, field

import ray.exceptions

from spacy_al.engines.scheduler import Hooks, Task, _Scheduler


@dataclass(eq=False)
class Call:
    """A task on a worker: when it ends, and whether by the worker's death."""

    end: float
    died: bool


@dataclass
class Worker:
    """An actor; `call.remote` as Ray has it."""

    ray: "SimulatedRay"
    fresh: bool = True
    call: "Worker" = field(init=False, repr=False)

    def __post_init__(self):
        self.call = self

    def remote(self, function, *arguments):
        """Begin a task."""
        return self.ray.begin(self)


class SimulatedRay:
    """What the scheduler uses of Ray."""

    exceptions = ray.exceptions

    def __init__(self, workers, draw, rng, *, start, deaths, noticed):
        """
        workers (int): With one GPU each. draw (Callable): Seconds of a task.
        start (float): Seconds until a new worker works.
        deaths (float): Of one worker in an hour. noticed (float): Seconds until a death is known.
        """
        self.place = [{"Alive": True, "Resources": {"GPU": 1.0}} for _ in range(workers)]
        self.draw, self.rng, self.start, self.deaths, self.noticed = draw, rng, start, deaths, noticed
        self.now = self.useful = 0.0
        self.died = 0

    def nodes(self):
        """All nodes live: one that dies comes back."""
        return self.place

    def remote(self, kind):
        """The class of workers."""
        return self

    def options(self, **options):
        """What a worker takes is known."""
        return _Hire(self)

    def begin(self, worker):
        """A task's end, or the death of its worker if that comes first."""
        seconds, begun = self.draw(), self.now + (self.start if worker.fresh else 0.0)
        worker.fresh = False
        death = self.rng.exponential(3600 / self.deaths) if self.deaths else float("inf")
        if death < seconds:
            self.died += 1
            return Call(begun + death + self.noticed, True)
        self.useful += seconds
        return Call(begun + seconds, False)

    def wait(self, calls, timeout):
        """Go to the next end."""
        first = min(calls, key=lambda call: call.end)
        self.now = first.end
        return [first], [call for call in calls if call is not first]

    def get(self, call):
        """Nothing, or the error of a worker that died."""
        if call.died:
            raise ray.exceptions.ActorDiedError
        return 0

    def kill(self, worker):
        """Its successor is fresh."""


@dataclass
class _Hire:
    ray: SimulatedRay

    def remote(self):
        return Worker(self.ray)


def simulate(tasks, cluster):
    """Run so many tasks; hours, share of the workers' time that was of use, deaths, and tasks that were given up."""
    names = [Task(str(number), print, ()) for number in range(tasks)]
    results = _Scheduler(cluster, names, True, 0, Hooks()).run(None)
    failed = sum(bool(result.reason) for result in results.values())
    assert len(results) == tasks
    return cluster.now / 3600, cluster.useful / (cluster.now * len(cluster.place)), cluster.died, failed
