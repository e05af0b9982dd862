"""What the page knows of a run: which question comes next for whom, answers taken in once, and progress."""

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Set, Tuple

from ..errors import ALError, Errors
from ..loop.session import Session
from ..runs.differences import Said, note
from ..runs.state import RunState, load_state
from ..tasks import Answer, Task, answer_problem
from .context import read_context
from .leases import Leases
from .messages import combined, covers

MOST = 20  # answers that a round waits for where nobody says another number


class Desk:
    """Reads a run's files and appends answers; it trains nothing. Safe to be called from several threads."""

    def __init__(self, folder: Path, *, overlap: int = 1, clock: Callable[[], float] = time.time) -> None:
        """
        folder (Path): A run that has a config. overlap (int): How many people each question goes to.
        clock (Callable): The time in seconds.
        RAISES: ALError A714 when the run does not ask people.
        """
        self.session = Session.open(folder)
        if self.session.settings.oracle != "people":
            raise ALError(Errors.A714.format(path=folder))
        self.files, self.labels, self.overlap = self.session.folder, self.session.labels, overlap
        self.leases = Leases(folder / "leases.json", clock)
        self._forget()
        self._stamp = (0, 0)
        self._state: Optional[RunState] = None
        self._context: Tuple[int, Dict[str, Dict[str, Any]]] = (-1, {})
        self._lock = threading.RLock()

    def _forget(self) -> None:
        """What the log says, before it is read."""
        self.said: Said = {}
        self._earlier: Dict[Tuple[str, Optional[str]], Answer] = {}  # the last one before, to another round's question
        self.numbers: List[Tuple[str, bool]] = []  # of each line of the log: id, and whether it teaches
        self.seconds: List[float] = []
        self._known: Set[Tuple[str, Optional[str], Optional[str]]] = set()
        self._offset = 0
        self._before: Optional[bytes] = b""

    # --- questions

    def next(self, annotator: Optional[str], amount: int, have: Sequence[str] = ()) -> List[Task]:
        """What somebody may label next, best first: the round's questions, then its reserve.

        annotator (Optional[str]): Who asks. amount (int): At most so many. have (Sequence[str]): Ids they have already.
        """
        with self._lock:
            state = self.refresh()
            if state is None or state.phase == "done":
                return []
            self.leases.renew(annotator, have)
            found: List[Task] = []
            for task in self.files.read_tasks(state.round):
                if len(found) >= amount:
                    break
                if task.id not in have and self._is_open(task, annotator):
                    found.append(task)
            self.leases.take(annotator, [task.id for task in found])
            return found

    def stale(self, annotator: Optional[str], have: Sequence[str]) -> Dict[str, Any]:
        """The newest round, and which of the questions that somebody has need no answer any more.

        annotator (Optional[str]), have (Sequence[str]): As in `next`.
        """
        with self._lock:
            state = self.refresh()
            tasks = {task.id: task for task in self.files.read_tasks(state.round)} if state else {}
            stale = [id_ for id_ in have if id_ not in tasks or not self._is_open(tasks[id_], annotator)]
            return {"round": state.round if state else 0, "stale": stale}

    def is_exhausted(self) -> bool:
        """Whether all questions there are have an answer, so that only another round brings new ones."""
        with self._lock:
            state = self.refresh()
            tasks = self.files.read_tasks(state.round) if state else []
            return not any(self._wants(task) for task in tasks)

    def _wants(self, task: Task) -> bool:
        return not any(covers(one, task) for one in self.said.get(task.id, {}).values())

    def _is_open(self, task: Task, annotator: Optional[str]) -> bool:
        said = self.said.get(task.id, {})
        if annotator in said and covers(said[annotator], task):
            return False
        others = {who for who, one in said.items() if who != annotator and one.teaches and covers(one, task)}
        holders = self.leases.holders(task.id) - {annotator, *said}
        return len(others) + len(holders) < self.overlap

    # --- answers

    def take(self, answers: Sequence[Answer]) -> int:
        """Take answers in; those that are there already are left out, so that posting twice is harmless.

        RETURNS (int): How many were new. They are on the disk.
        RAISES: ALError A474 for an answer that does not fit what was asked; then none is taken. A539 or A721 while the
            run is not there.
        """
        with self._lock:
            state = self.refresh()
            if state is None and answers:
                raise ALError(Errors.A721.format(reason="no state.json"))
            new: Dict[Tuple[str, Optional[str], Optional[str]], Answer] = {}
            for answer in answers:
                key = (answer.id, answer.annotator, answer.when)
                if key not in self._known and key not in new:
                    new[key] = self._checked(answer, state)
            if new:
                self.files.log.append(list(new.values()))
                self.refresh()
            return len(new)

    def _checked(self, answer: Answer, state: Optional[RunState]) -> Answer:
        task = self._asked(answer, state)
        problem = answer_problem(answer, task, self.labels)
        if problem or task is None:
            raise ALError(Errors.A474.format(path=self.files.path.name, id=answer.id, problem=problem))
        old = self.said.get(task.id, {}).get(answer.annotator)
        if old is not None and old.round == task.round:
            old = self._earlier.get((task.id, answer.annotator))
        return combined(task, old, replace(answer, round=task.round))

    def _asked(self, answer: Answer, state: Optional[RunState]) -> Optional[Task]:
        rounds = [answer.round or 0, *range(state.round, -1, -1)] if state else []
        found = (task for number in rounds for task in self.files.read_tasks(number) if task.id == answer.id)
        return next(found, None)

    # --- what the files say

    def refresh(self) -> Optional[RunState]:
        """Read what is new in the log, or all of it if it was edited, and the state if it has changed.

        RAISES: ALError A539 when the run's folder is not there any more.
        """
        with self._lock:
            try:
                found = self.files.state.stat()
            except FileNotFoundError as error:
                if self._state is not None:
                    raise ALError(Errors.A539.format(path=self.files.path)) from error
                return None
            self._read_log()
            stamp = (found.st_ino, found.st_mtime_ns)
            if stamp != self._stamp:
                self._state, self._stamp = load_state(self.files.state), stamp
            return self._state

    def _read_log(self) -> None:
        if self.files.log.before(self._offset) != self._before:
            self._forget()
        answers, self._offset = self.files.log.follow(self._offset)
        self._before = self.files.log.before(self._offset)
        for one in answers:
            self._note(one)

    def _note(self, answer: Answer) -> None:
        self._known.add((answer.id, answer.annotator, answer.when))
        old = self.said.get(answer.id, {}).get(answer.annotator)
        if old is not None and old.round != answer.round:
            self._earlier[answer.id, answer.annotator] = old
        back = not answer.teaches and old is not None and old.teaches
        note(self.said, [answer])
        self.numbers.append((answer.id, answer.verdict == "accept" or back))
        if answer.seconds is not None and answer.verdict != "ignore":
            self.seconds.append(answer.seconds)

    def context(self, task: Task) -> Dict[str, Any]:
        """What is known of the sentences before and after a task's."""
        with self._lock:
            if self._context[0] != task.round or not self._context[1]:
                self._context = (task.round, read_context(self.files, task.round))
            return self._context[1].get(task.id, {})

    def fresh(self) -> int:
        """Sentences accepted, or taken back, since the last training."""
        with self._lock:
            state = self.refresh()
            return len({id_ for id_, good in self.numbers[state.answers :] if good}) if state else 0

    def enough(self, batch: Optional[int]) -> int:
        """Fresh sentences that make a round: `batch`; without it as many as the round asks for, MOST at most."""
        state = self.refresh()
        return batch or min(len(state.pending if state else []) or MOST, MOST)

    def progress(self, annotator: Optional[str]) -> Dict[str, Any]:
        """Counts and seconds for the page."""
        with self._lock:
            state = self.refresh()
            answered = [said for said in self.said.values() if any(one.teaches for one in said.values())]
            recent = sorted(self.seconds[-50:])
            return {
                "phase": state.phase if state else "new",
                "round": state.round if state else 0,
                "answered": len(answered),
                "mine": sum(annotator in said for said in answered),
                "fresh": self.fresh(),
                "seconds": recent[len(recent) // 2] if recent else None,
                "people": len({who for said in self.said.values() for who in said}),
            }

    def tasks_by_id(self, ids: Iterable[str]) -> Dict[str, Task]:
        """The tasks of some answered sentences."""
        state = self.refresh()
        asked = self.files.asked(state.round) if state else {}
        return {id_: asked[id_] for id_ in ids if id_ in asked}
