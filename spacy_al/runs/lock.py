"""One process at a time on a run folder."""

import contextlib
import fcntl
import os
import time
from pathlib import Path
from typing import IO, Any, Iterator

from ..errors import ALError, Errors
from ..files import say_why, writing

MOMENT = 0.5  # seconds in which `held`, which takes the lock to see whether it is free, has let go of it


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file of a run inside the block. The system frees it when the process ends, however it ends.

    path (Path): The lock file; its folder is made if it is missing.
    RAISES: ALError A504 when another process holds it, A002 when it cannot be written, A016 where files have no locks.
    """
    with writing(path):
        file_ = path.open("a+b", buffering=0)
    with file_:
        try:
            _take(file_, path)
        except BlockingIOError as error:
            file_.seek(0)
            pid = file_.read().decode("utf8", "replace").strip() or "unknown"
            raise ALError(Errors.A504.format(path=path.parent, pid=pid)) from error
        with contextlib.suppress(OSError):  # it says who holds the lock, which holds on a full disk too
            file_.truncate(0)
            file_.write(str(os.getpid()).encode())
        yield


def _take(file_: IO[Any], path: Path) -> None:
    end = time.monotonic() + MOMENT
    while True:
        try:
            lock(file_, path, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= end:
                raise
        time.sleep(0.01)


def held(path: Path) -> bool:
    """Whether another process holds the lock file of a run now; raises ALError A016 where files have no locks."""
    if not path.is_file():
        return False
    with path.open("rb") as file_:
        try:
            lock(file_, path, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@contextlib.contextmanager
def flocked(file_: IO[Any], path: Path, how: int) -> Iterator[None]:
    """Hold the system's lock on an open file inside the block, after waiting for it. See `lock`."""
    lock(file_, path, how)
    try:
        yield
    finally:
        fcntl.flock(file_, fcntl.LOCK_UN)


def lock(file_: IO[Any], path: Path, how: int) -> None:
    """Take the system's lock on an open file.

    file_ (IO): For LOCK_EX it has to be open for writing, which network disks insist on.
    how (int): Of fcntl: LOCK_SH or LOCK_EX, perhaps with LOCK_NB.
    RAISES: BlockingIOError with LOCK_NB when another process holds it, ALError A016 where files have no locks.
    """
    try:
        fcntl.flock(file_, how)
    except BlockingIOError:
        raise
    except OSError as error:
        raise ALError(Errors.A016.format(path=path, reason=say_why(error))) from error
