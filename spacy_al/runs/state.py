"""Where a run stands, in one JSON file that is replaced in one step after every phase."""

import json
import platform
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Dict, List, Optional, Union

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter

from .. import __version__
from ..errors import ALError, Errors
from ..files import write_json
from ..jsonl import fitting

# A round goes through these in order; a run ends "done", and waits for people in "waiting".
PHASES = ("annotate", "train", "evaluate", "select", "waiting", "done")
# Earlier versions had a phase "score" before "select".
Phase = Annotated[
    str, BeforeValidator(lambda name: "select" if name == "score" else name), Field(pattern=f"^({'|'.join(PHASES)})$")
]
Count = Annotated[int, Field(ge=0)]
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

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)

    round: Count
    phase: Phase
    labelled: List[str]
    pending: List[str]
    seed: int
    pool: str
    versions: Dict[str, str]
    device: str
    hardware: Dict[str, Union[str, int]] = field(default_factory=dict)
    answers: Count = 0
    labels: List[str] = field(default_factory=list)
    stopped: Optional[str] = None
    reserve: float = 0.0
    holdout: List[str] = field(default_factory=list)
    answers_sha256: Optional[str] = None

    def save(self, path: Path) -> None:
        """Replace the state file; raises ALError A002 when it cannot be written."""
        write_json(path, asdict(self))


STATE = TypeAdapter(RunState)


def load_state(path: Path) -> Optional[RunState]:
    """The state of a run; None if it has none yet.

    RAISES: ALError A502 when the file is damaged.
    """
    if not path.exists():
        return None
    data = path.read_bytes()
    with fitting(Errors.A502, path=path):
        state = STATE.validate_json(data)
    if state.answers_sha256 is not None:
        # A version that writes this key writes all before it too; keys of later versions come after.
        names = [one.name for one in fields(RunState)]
        written = json.loads(data)
        lost = next((name for name in names[: names.index("answers_sha256")] if name not in written), None)
        if lost:
            raise ALError(Errors.A502.format(path=path, reason=f"{lost}: field required"))
    return state


def package_versions() -> Dict[str, str]:
    """Versions of Python and of the packages that results depend on."""
    others = {name: version(name) for name in PACKAGES}
    return {"python": platform.python_version(), "spacy_al": __version__, **others}
