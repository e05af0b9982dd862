"""The batch a run waits for, and the answers of people into the run."""

from pathlib import Path
from typing import Any, Dict, List, Sequence

from spacy.tokens import Doc
from spacy.util import load_config, registry
from spacy.vocab import Vocab

from ..corpus.task_docs import answer_doc
from ..errors import ALError, Errors
from ..jsonl import read_jsonl
from ..schemas import check_active_learning, fill_active_learning
from ..tasks import Answer, Task
from .checks import check_labels
from ..runs.folder import RunFolder
from ..runs.lock import locked
from ..runs.state import RunState, load_state


def open_batch(run: Path) -> List[Task]:
    """The sentences a run waits for, most useful first, with the model's entities where it had any to say.

    run (Path): The run's folder. RAISES: ALError A507 unless the run waits for people.
    """
    folder = RunFolder(run)
    state = waiting_state(folder)
    pending = set(state.pending)
    return [row_task(row) for _, row in read_jsonl(folder.selected(state.round)) if row["id"] in pending]


def open_labels(run: Path) -> List[str]:
    """The declared labels of a run, in their order; raises ALError A003 or A007 as `check_labels` does."""
    config = load_config(RunFolder(run).config).interpolate()
    target = check_active_learning(fill_active_learning(config)).target
    check_labels(config, target)
    declared = config.get("initialize", {}).get("components", {}).get(target, {}).get("labels")
    if isinstance(declared, dict):
        value = registry.resolve({"labels": declared})["labels"] or []
        return list(value["labels"] if isinstance(value, dict) else value)
    return list(declared or config["components"].get(target, {}).get("labels", []))


def accept_answers(run: Path, answers: Sequence[Answer]) -> None:
    """Put answers into a run; the next `al run` trains on them.

    Accepted sentences are labelled. So are those with rejected spans, if the run's tagger learns from such spans
    (`spacy_al.loop.oracle.learns_from_rejected`). All others go back to the pool. Answers may come in parts; a later
    answer to the same sentence replaces the earlier one, also when it is reject or ignore.

    run (Path): The run's folder. answers (Sequence[Answer]): Checked; at most one for each sentence asked for.
    RAISES: ALError A507 unless the run waits, A508 when no answer, old or new, teaches anything, A504 while another
        process works on the run, A002 when the answers cannot be written.
    """
    folder = RunFolder(run)
    with locked(folder.lock):
        state = waiting_state(folder)
        tasks = {task.id: task for task in open_batch(run)}
        vocab = Vocab()
        said = {answer.id: answer for answer in answers if answer.id in tasks}
        docs = [answer_doc(tasks[id_], answer, vocab) for id_, answer in said.items() if answer.teaches]
        kept = [doc for doc in earlier_answers(folder, state.round, vocab) if doc.user_data["id"] not in said]
        if not kept and not docs:
            raise ALError(Errors.A508.format(path=run, n=len(tasks)))
        folder.write_answers(state.round, [*kept, *docs])


def earlier_answers(folder: RunFolder, round_: int, vocab: Vocab) -> List[Doc]:
    """What people have answered in a round so far, of what teaches something; none before the first `al ingest`."""
    return folder.read_round(round_, vocab) if folder.answers(round_).is_file() else []


def waiting_state(folder: RunFolder) -> RunState:
    """The state of a run that waits for people; raises ALError A507 for any other."""
    state = load_state(folder.state)
    if state is None or state.phase != "waiting":
        phase = "not started" if state is None else f"in round {state.round}, phase {state.phase}"
        raise ALError(Errors.A507.format(path=folder.path, phase=phase))
    return state


def row_task(row: Dict[str, Any]) -> Task:
    """A line of selected.jsonl as a Task."""
    spans = row.get("spans")
    return Task(
        id=row["id"],
        words=tuple(row["words"]),
        spaces=tuple(row["spaces"]),
        spans=None if spans is None else tuple((start, end, label) for start, end, label in spans),
        pos=tuple(row.get("pos") or ()),
        round=row["round"],
        rank=row["rank"],
        measure=row["measure"],
        utility=row["utility"] or 0.0,
        source=row.get("source"),
    )
