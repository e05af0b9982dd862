"""Going on with a run that a folder holds: refusing, warning, or taking changed settings over."""

import warnings
from typing import Optional, Set

from spacy.util import load_config
from thinc.api import Config

from ..errors import ALError, Errors, Warnings
from .changes import config_changes, minor_changes, successor_changes, version_changes
from .folder import RunFolder
from .state import RunState, load_state
from .whole import check_labels_kept, find_loss, has_answers, missing_questions

EVALUATED = ("select", "done")  # phases after the row of the present round


def find_state(folder: RunFolder) -> Optional[RunState]:
    """The state of the run in a folder, None if there is none yet.

    RAISES: ALError A502 when it is damaged, or missing beside the metrics of a run.
    """
    state = load_state(folder.state)
    if state is None and folder.metrics.exists():
        raise ALError(Errors.A502.format(path=folder.state, reason="it is missing, and metrics.jsonl is there"))
    return state


def check_resume(
    folder: RunFolder,
    state: RunState,
    fresh: RunState,
    config: Config,
    successor: Optional[Config],
    *,
    accept_changes: bool,
) -> bool:
    """Compare the run in a folder with the one that is asked for.

    state (RunState): The folder's. fresh (RunState): What a new run would begin with: pool, versions, hardware.
    config, successor (Config): Asked for.
    RETURNS (bool): Whether anything that may change results has changed, and was accepted.
    RAISES: ALError A503 naming every change, A511 when rows of finished rounds are missing, and as `check_whole`.
    """
    check_labels_kept(folder, state)
    loss = find_loss(folder, state)
    if loss and not accept_changes:
        raise loss
    kept = load_config(folder.successor_config) if folder.successor_config.is_file() else None
    changes = config_changes(folder.stored_config(), config) + successor_changes(kept, successor)
    changes += version_changes(state, fresh.versions)
    changes += ["the sentences of the pool"] if state.pool != fresh.pool else []
    if changes and not accept_changes:
        raise ALError(Errors.A503.format(path=folder.path, changes="; ".join(changes)))
    folder.check_metrics(state.round + (state.phase in EVALUATED))
    minor = [] if changes or loss else minor_changes(state, fresh)
    if minor and state.phase != "done":
        warnings.warn(Warnings.W500.format(path=folder.path, changes="; ".join(minor)), stacklevel=2)
    return bool(changes or loss)


def take_over(
    folder: RunFolder, state: RunState, fresh: RunState, known: Set[str], pool: Optional[str], *, rounds: int
) -> None:
    """Make an old state one of the run that is asked for, after its changes were accepted.

    All answers count as new where those before them are not what they were. Lost questions are chosen again: the phase
    is "select" then, and in round 0 nothing is pending.

    known (Set[str]): Ids of the pool. pool (Optional[str]): Its path, for the message.
    rounds (int): Queries asked for now; a finished run that has made fewer goes on.
    RAISES: ALError A513 when sentences to be labelled are not in the pool any more.
    """
    if state.pool != fresh.pool:
        gone = [id_ for id_ in state.pending if id_ not in known]
        if gone:
            raise ALError(Errors.A513.format(path=folder.path, n=len(gone), id=gone[0], pool=pool))
        # Utilities are kept by the sentence's number in the pool, which is another one now.
        for path in folder.path.glob("rounds/*/utilities.npz"):
            path.unlink()
    if not has_answers(folder, state):
        state.answers, state.answers_sha256 = 0, None
    if missing_questions(folder, state):
        state.pending = []
        state.round, state.phase = (state.round - 1, "select") if state.round else (0, "annotate")
    folder.utilities(state.round).unlink(missing_ok=True)  # of other settings
    more = state.round < rounds and len(state.labelled) < len(known)
    if state.phase == "done" and more:
        state.phase, state.stopped = "select", None
    state.pool, state.seed, state.versions = fresh.pool, fresh.seed, fresh.versions
    state.device, state.hardware = fresh.device, fresh.hardware
