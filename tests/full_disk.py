"""What stands for a full disk: a write takes what fits, and the next one fails."""

import contextlib
import resource


@contextlib.contextmanager
def room(size):
    """No file of this process may become larger than so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
