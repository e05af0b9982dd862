"""One process at a time on a run folder."""

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Iterator

from ..errors import ALError, Errors
from ..files import say_why


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file of a run inside the block. The system frees it when the process ends, however it ends.

    path (Path): The lock file; its folder is made if it is missing.
    RAISES: ALError A504 when another process holds it, A002 when it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file_ = path.open("a+")
    except OSError as error:
        raise ALError(Errors.A002.format(path=path, reason=say_why(error))) from error
    with file_:
        try:
            fcntl.flock(file_, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file_.seek(0)
            raise ALError(Errors.A504.format(path=path.parent, pid=file_.read().strip() or "unknown")) from error
        file_.truncate(0)
        file_.write(str(os.getpid()))
        file_.flush()
        yield
