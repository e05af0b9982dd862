"""Where a run stands, in one JSON file that is replaced in one step after every phase."""

import json
import platform
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import version
from pathlib import Path
from typing import Dict, List, Optional, Tuple, Union

from .. import __version__
from ..errors import ALError, Errors
from ..files import write_json

# A round goes through these in order; a run ends "done", and waits for people in "waiting".
PHASES = ("annotate", "train", "evaluate", "select", "waiting", "done")
FORMER = {"score": "select"}  # phases of earlier versions, and what has to be done of them now
# Keys that earlier versions did not write.
LATER = {"hardware", "answers", "labels", "stopped", "reserve", "holdout", "answers_sha256"}
KINDS = {  # of a state's keys; round and phase are looked at by themselves
    "a list of strings": ("labelled", "pending", "labels", "holdout"),
    "a string": ("pool", "device"),
    "a string or null": ("stopped", "answers_sha256"),
    "an object": ("versions", "hardware"),
    "a whole number": ("seed", "answers"),
    "a number": ("reserve",),
}
PACKAGES = ("spacy", "thinc", "torch", "transformers", "spacy-transformers", "numpy")


@dataclass
class RunState:
    """All that a run needs to go on, together with the files of its rounds.

    round (int): The present round, from 0 (trained on the seed sentences).
    phase (str): What has to be done next, one of PHASES.
    labelled (List[str]): Ids of labelled sentences, in the order they were chosen.
    pending (List[str]): Ids chosen and not yet labelled.
    seed (int): Root of everything random.
    pool (str): Fingerprint of the pool.
    versions (Dict[str, str]): Of Python and the packages results depend on.
    device (str): "cpu" or "cuda". hardware (Dict[str, Union[str, int]]): See `hardware.describe_hardware`.
    answers (int): Lines of answers.jsonl that the labels of finished rounds rest on.
    labels (List[str]): Entity types declared when a round last began; empty in runs of earlier versions.
    stopped (Optional[str]): Why a stopping rule ended the run, in words for people.
    reserve (float): The share of the pool that was set aside for the holdout when the run began.
    holdout (List[str]): Ids of sentences of the holdout that have answers, in the order they were asked.
    answers_sha256 (Optional[str]): Of those lines of answers.jsonl; None in runs of earlier versions.
    """

    round: int
    phase: str
    labelled: List[str]
    pending: List[str]
    seed: int
    pool: str
    versions: Dict[str, str] = field(default_factory=dict)
    device: str = "cpu"
    hardware: Dict[str, Union[str, int]] = field(default_factory=dict)
    answers: int = 0
    labels: List[str] = field(default_factory=list)
    stopped: Optional[str] = None
    reserve: float = 0.0
    holdout: List[str] = field(default_factory=list)
    answers_sha256: Optional[str] = None

    def save(self, path: Path) -> None:
        """Replace the state file; raises ALError A002 when it cannot be written."""
        write_json(path, asdict(self))


def load_state(path: Path) -> Optional[RunState]:
    """The state of a run; None if it has none yet.

    RAISES: ALError A502 when the file is damaged.
    """
    if not path.exists():
        return None
    try:
        return _checked(json.loads(path.read_text(encoding="utf8")))
    except ValueError as error:
        raise ALError(Errors.A502.format(path=path, reason=error)) from error


def _checked(value: object) -> RunState:
    known = {item.name for item in fields(RunState)}
    if not isinstance(value, dict) or not known - LATER <= set(value) <= known:
        raise ValueError(f"expected the keys {', '.join(sorted(known))}")
    state = RunState(**value)
    state.phase = FORMER.get(state.phase, state.phase)
    if state.phase not in PHASES or not isinstance(state.round, int) or state.round < 0:
        raise ValueError(f"round {state.round!r}, phase {state.phase!r}")
    for kind, names in KINDS.items():
        wrong = next((name for name in names if not _is(getattr(state, name), kind)), None)
        if wrong is not None:
            raise ValueError(f"{wrong} has to be {kind}, and is {getattr(state, wrong)!r:.60}")
    return state


def _is(value: object, kind: str) -> bool:
    if kind == "a list of strings":
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if kind == "a string or null":
        return value is None or isinstance(value, str)
    kinds: Dict[str, Tuple[type, ...]] = {"a string": (str,), "an object": (dict,), "a number": (int, float)}
    return isinstance(value, kinds.get(kind, (int,))) and not isinstance(value, bool)


def package_versions() -> Dict[str, str]:
    """Versions of Python and of the packages that results depend on."""
    others = {name: version(name) for name in PACKAGES}
    return {"python": platform.python_version(), "spacy_al": __version__, **others}
