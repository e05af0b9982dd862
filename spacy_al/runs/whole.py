"""Whether the files of a run still hold what its state rests on; people edit and delete them."""

from typing import List, Optional

from ..errors import ALError, Errors
from ..tasks import Answer
from .folder import RunFolder
from .state import RunState

ASKS = ("annotate", "waiting")  # phases in which questions of the present round are open


def find_loss(folder: RunFolder, state: RunState) -> Optional[ALError]:
    """What is gone: ALError A533 for answers, A535 for the present round's questions; None if all is there."""
    if not has_answers(folder, state):
        return ALError(Errors.A533.format(path=folder.log.path, n=state.answers))
    gone = missing_questions(folder, state)
    if not gone:
        return None
    path = folder.selected(state.round)
    return ALError(Errors.A535.format(path=path, n=len(gone), of=len(state.pending), round=state.round))


def check_whole(folder: RunFolder, state: RunState) -> None:
    """Raise what `find_loss` finds, and ALError A534 as `check_labels_kept` does."""
    check_labels_kept(folder, state)
    if loss := find_loss(folder, state):
        raise loss


def check_labels_kept(folder: RunFolder, state: RunState) -> None:
    """Raise ALError A534 when a file with labels is damaged, or that of a finished round is missing."""
    for number in range(state.round + 1):
        path = folder.answers(number)
        try:
            if number < state.round or path.is_file():
                folder.check_labels(number)
        except FileNotFoundError as error:
            raise ALError(Errors.A534.format(path=path, problem="no such file")) from error
        except ALError as error:
            raise ALError(Errors.A534.format(path=path, problem="not a whole DocBin")) from error


def has_answers(folder: RunFolder, state: RunState) -> bool:
    """Whether the answers that finished rounds rest on are those at the start of answers.jsonl."""
    found = folder.log.digest(state.answers)
    return found is not None and state.answers_sha256 in (None, found)


def missing_questions(folder: RunFolder, state: RunState) -> List[str]:
    """Ids that are asked about now, and are not among the questions of their round; all where these are damaged."""
    if state.phase not in ASKS:
        return []
    try:
        known = {task.id for task in folder.read_selected(state.round)}
    except ALError:
        known = set()
    return [id_ for id_ in state.pending if id_ not in known]


def new_answers(folder: RunFolder, state: RunState) -> List[Answer]:
    """The answers since the last round; raises ALError A533 as `find_loss` does, A532 for a line that is none."""
    if not has_answers(folder, state):
        raise ALError(Errors.A533.format(path=folder.log.path, n=state.answers))
    return folder.log.read(state.answers)
