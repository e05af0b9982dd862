"""Trains and scores in a process of its own, so that nobody who labels has to wait for it."""

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any, Dict, Optional

from catalogue import RegistryError

from ..errors import ALError
from ..loop.reporter import Silent
from ..options import Opening, load_code

PAUSE = 0.2  # seconds between looks at the run
HEALING = ("A002", "A504", "A539")  # a full disk, another process on the run, a folder that was moved away
RETRY = 10.0  # seconds after which these are tried again
PATIENCE = 20.0  # seconds in which the process of a server that was killed has ended


class Trainer:
    """The process, seen from the server."""

    def __init__(self, opening: Opening) -> None:
        """opening (Opening): Names run and GPU, and how many accepted sentences are enough for a round (`batch`);
        None: as many as the round asks for, 20 at most."""
        self.activity: Dict[str, Any] = {"phase": "starting", "done": 0, "total": 0}
        self._lock = threading.Lock()
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe()
        self._process = context.Process(target=work, args=(there, opening), daemon=True, name="al-trainer")
        # Ctrl+C reaches every process of the terminal; this one ends with the server, which it would talk over.
        resource_tracker.ensure_running()  # it lets the signal through again where it is first started
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        there.close()

    def news(self) -> Dict[str, Any]:
        """What it is doing: phase, done, total, and perhaps `problem`, why it could not go on."""
        with self._lock, contextlib.suppress(EOFError, OSError):
            while self._here.poll():
                self.activity = self._here.recv()
        over = self.activity["phase"] == "done" or self.activity.get("problem")
        if not self._process.is_alive() and not over:
            self.activity = {"phase": "ended", "done": 0, "total": 0, "problem": "Training has ended unexpectedly"}
        return self.activity

    def train_now(self) -> None:
        """Ask for a round with what has been answered so far."""
        with contextlib.suppress(OSError):
            self._here.send("train")

    def stop(self) -> None:
        """End it; a run goes on from its files."""
        self._here.close()
        self._process.join(2)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(5)


class Wire(Silent):
    """A Reporter that tells the server; the page reads rows from the run."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.state: Dict[str, Any] = {"phase": "loading", "done": 0, "total": 0}
        self._sent = 0.0

    def tell(self, **values: Any) -> None:
        """Send what has changed."""
        self.state = self.state | values
        with contextlib.suppress(OSError):
            self.connection.send(self.state)

    def phase(self, round_: int, name: str, total: int) -> None:
        """A phase begins."""
        self.tell(phase=name, done=0, total=total, round=round_)

    def step(self, done: int, total: int) -> None:
        """Steps done; a few times a second at most."""
        if time.monotonic() - self._sent > 0.25:
            self._sent = time.monotonic()
            self.tell(done=done, total=total)


def work(connection: Connection, opening: Opening) -> None:
    """The process: looks for new answers and makes rounds of them, until the server closes its end or dies."""
    with contextlib.suppress(OSError):
        os.nice(10)  # the server answers first
    orders = threading.Event()
    threading.Thread(target=_listen, args=(connection, orders), daemon=True).start()
    wire = Wire(connection)
    wire.tell(phase="loading")
    started, waited_at = time.monotonic(), -1
    rounds = Rounds(opening, wire)
    while True:
        wanted = orders.is_set()
        orders.clear()
        try:
            answers = rounds.advance(wanted, waited_at)
            waited_at = waited_at if answers == waited_at and not wanted else -1
            if wire.state.get("problem") and waited_at < 0:
                wire.tell(problem=None)
            if answers is None and wire.state["phase"] != "done":
                wire.tell(phase="done", done=0, total=0)
        except (ALError, OSError, RegistryError) as error:
            code = error.code if isinstance(error, ALError) else "A002" if isinstance(error, OSError) else ""
            if code == "A504" and time.monotonic() - started < PATIENCE:
                time.sleep(PAUSE)
                continue
            waited_at = rounds.answers()
            wire.tell(phase="waiting", done=0, total=0, problem=str(error))
            if code in HEALING:
                waited_at = -1  # it heals without new answers
                if code == "A002":
                    rounds = Rounds(opening, wire)  # what was half done is read anew from the run
                time.sleep(RETRY)
        time.sleep(PAUSE)


def _listen(connection: Connection, orders: threading.Event) -> None:
    """Take orders; end the process when the server is gone, also in the middle of a round: the run resumes it."""
    try:
        while True:
            connection.recv()
            orders.set()
    except (EOFError, OSError):
        os._exit(0)


class Rounds:
    """One session, stepped when there is something to learn."""

    def __init__(self, opening: Opening, wire: Wire) -> None:
        self.opening, self.wire = opening, wire
        self.session: Any = None
        self.desk: Any = None
        self._late = False  # answers that came after the run's end, and before this process
        self._vain = -1  # lines of the log at a step that taught nothing, such as answers for a holdout alone

    def open(self) -> None:
        """Open the run; imports what is heavy."""
        from ..loop.hardware import take_gpu
        from .desk import Desk

        load_code(self.opening.code)
        if self.opening.use_gpu >= 0:
            take_gpu(self.opening.use_gpu, quiet=True)
        self.desk = Desk(self.opening.run)
        self.session = self.desk.session
        self.session.use_gpu, self.session.reporter = self.opening.use_gpu, self.wire
        self._late = bool(self.desk.fresh())

    def answers(self) -> int:
        """Lines of the log."""
        return len(self.desk.numbers) if self.desk else 0

    def advance(self, wanted: bool, waited_at: int) -> Optional[int]:
        """Make a step if it is due; None when the run is done. It learns from corrections then when it is told to.

        wanted (bool): A person asks for a round now. waited_at (int): Lines of the log at the last failure: without
            new ones nothing is tried again.
        """
        if self.desk is None:
            self.open()
        state = self.desk.refresh()
        if state is not None and state.phase == "done" and not (self.desk.fresh() and (wanted or self._late)):
            return None
        if self.answers() == waited_at and not wanted:
            return waited_at
        if state is None or self.session.engine is None or self._is_due(state, wanted):
            # The first step of a process loads the pool, so that later ones begin at once.
            self._step(state)
            self._late = False
            self._keep_context()
            self.wire.tell(phase="waiting", done=0, total=0, problem=None)
        return self.answers()

    def _is_due(self, state: Any, wanted: bool) -> bool:
        if state.phase != "waiting":
            return True
        if self.answers() == self._vain:
            return False
        fresh, enough = self.desk.fresh(), self.desk.enough(self.opening.batch)
        return bool(fresh) and (wanted or fresh >= enough or self.desk.is_exhausted())

    def _step(self, state: Any) -> None:
        before = state.round if state else -1
        waiting = state is not None and state.phase == "waiting"
        if waiting and self.session.engine is None and not self._is_due(state, False):
            self.session.prepare()
            return
        after = self.session.step(go_on=False)  # when the next round is due is decided here
        self._vain = self.answers() if waiting and (after.phase, after.round) == ("waiting", before) else -1
        if after.phase != "done" and after.round > before and before >= 0:
            self._keep_model()

    def _keep_context(self) -> None:
        from .context import write_context

        state = self.desk.refresh()
        if state is not None and self.session.engine is not None:
            write_context(self.session.folder, state.round, self.session.engine.pool)

    def _keep_model(self) -> None:
        """A model that can be loaded from the first round on; a run that ends writes its own."""
        from ..files import write_folder

        self.wire.tell(phase="saving", done=0, total=0)
        write_folder(self.session.folder.model, self.session.engine.learner.nlp.to_disk)
