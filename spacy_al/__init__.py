"""Active learning for named entity recognition inside spaCy. What users import stands here, loaded when it is used."""

import importlib
import os
import signal
import sys
from multiprocessing import parent_process
from typing import TYPE_CHECKING, Any, Dict, List


def stop_loading(*_: object) -> None:
    """Ctrl+C while spaCy and torch are loaded: a line and the status that shells expect, instead of a traceback."""
    os.write(2, b"\nStopped before anything was done.\n")
    os._exit(130)


# Only for the console script, whose command takes over when it runs; what else imports the package keeps its signals,
# as do processes that the script spawns. Who ignores Ctrl+C, as jobs in the background do, goes on ignoring it.
if (
    os.path.basename(next(iter(sys.argv), "")) == "spacy-al"
    and parent_process() is None
    and callable(signal.getsignal(signal.SIGINT))
):
    signal.signal(signal.SIGINT, stop_loading)

from . import registry  # noqa: E402  # configs name @al_... functions as soon as any part of the package is loaded

if TYPE_CHECKING:
    from .acquisition.command import score_file as score
    from .corpus.conversion import convert
    from .loop.session import Session, run
    from .report.build import write_report as report
    from .tasks import Answer, Question, Task
    from .types import Pool, Sampler, TagSamples

__all__ = [
    "Answer", "Pool", "Question", "Sampler", "Session", "TagSamples", "Task",
    "convert", "registry", "report", "run", "score",
]  # fmt: skip

HOMES: Dict[str, str] = {
    "Answer": "tasks", "Pool": "types", "Question": "tasks", "Sampler": "types", "Session": "loop.session",
    "TagSamples": "types", "Task": "tasks", "convert": "corpus.conversion", 
    "report": "report.build:write_report", "run": "loop.session", "score": "acquisition.command:score_file",
}  # fmt: skip

__version__ = "0.2.0"  # the one place: setup.cfg reads it, runs and wheels carry it


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = HOMES[name].partition(":")
    value = getattr(importlib.import_module(f".{module}", __name__), attribute or name)
    globals()[name] = value
    return value


def __dir__() -> List[str]:
    return sorted({*globals(), *HOMES})
