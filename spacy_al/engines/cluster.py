"""A Ray cluster to run on: the one that RAY_ADDRESS names, or one of this machine alone, on loopback."""

import contextlib
import logging
import os
import signal
import threading
from typing import Any, Dict, Iterator, List

from ..errors import ALError, Errors, saying

STORE = 200 * 2**20  # bytes of object store: nothing but the names of files goes through it
# Ray reads these when it is imported. With the first, nodes listen on 127.0.0.1, as Ray does on desktops; a cluster of
# several machines cannot, and is started by hand. With the second, nothing is sent to Ray's makers.
LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_USAGE_STATS_ENABLED": "0"}


@contextlib.contextmanager
def connected() -> Iterator[Any]:
    """Ray, connected to a cluster inside the block; one that this process has started ends with it.

    YIELDS (Module): ray. RAISES: ALError A560 when Ray is not installed, A561 when there is no cluster at RAY_ADDRESS.
    """
    address = os.environ.get("RAY_ADDRESS")
    if not address:
        for name, value in LOOPBACK.items():
            os.environ.setdefault(name, value)
    with saying(Errors.A560, ImportError):
        import ray
    if ray.is_initialized():
        yield ray
        return
    own: Dict[str, Any] = {} if address else {"object_store_memory": STORE, "include_dashboard": False}
    try:
        with _undisturbed():
            try:
                ray.init(address=address or "local", log_to_driver=False, logging_level=logging.ERROR, **own)
            except (ConnectionError, RuntimeError, ValueError) as error:
                reason = str(error).splitlines()[0]
                raise ALError(Errors.A561.format(address=address or "local", reason=reason)) from error
        yield ray
    finally:
        with _undisturbed():
            ray.shutdown()


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold Ctrl-C back until the block is over: while Ray starts and ends its processes it may crash of it."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals go to the main thread
        return
    pressed: List[int] = []
    former = signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)
    if pressed:
        raise KeyboardInterrupt


def nodes(ray: Any, resource: str) -> List[float]:
    """How much of a resource, "CPU" or "GPU", each living node has."""
    return [float(node["Resources"].get(resource, 0.0)) for node in ray.nodes() if node["Alive"]]
