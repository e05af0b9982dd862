"""What a run's files say of where it stands."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional

from spacy.util import load_config
from spacy.vocab import Vocab

from ..errors import ALError, Errors
from ..runs.folder import RunFolder
from ..runs.state import load_state
from ..schemas import check_active_learning, fill_active_learning
from .learnt import describe_confusion
from .oracle import answer_docs
from .outlook import Outlook, make_outlook

TREND = 5  # rounds shown


@dataclass(frozen=True)
class Status:
    """Where a run stands.

    path (Path): Its folder. round, rounds (int): The present one, and queries that are made in all.
    phase (str): What is due, see `spacy_al.runs.state.PHASES`.
    labelled, asked (int): Sentences with labels, and those asked for. answered (int): Of these, how many are answered;
        of a run that is over, how many have been answered since.
    rows (List[Dict]): Metrics of each evaluated round. stopped (Optional[str]): The stopping rule's reason.
    outlook (Optional[Outlook]): Is it good enough, is it worth going on, when to stop; None before the first row.
    learnt (Dict): What the last evaluated round has taught, see `spacy_al.loop.learnt.learnt`.
    """

    path: Path
    round: int
    rounds: int
    phase: str
    labelled: int
    asked: int
    answered: int
    rows: List[Dict[str, Any]] = field(repr=False)
    stopped: Optional[str] = None
    outlook: Optional[Outlook] = field(default=None, repr=False)
    learnt: Dict[str, Any] = field(default_factory=dict, repr=False)

    def lines(self) -> List[str]:
        """The same in words."""
        said = [*_position(self), *_trend(self.rows), *_stability(self.rows), *_learnt(self.learnt)]
        return [*said, *(self.outlook.lines() if self.outlook else []), *_waiting(self), *_estimate(self)]


def read_status(folder: RunFolder) -> Status:
    """Where a run stands; raises ALError A510 when no run is there, A502 when its state is damaged."""
    state = load_state(folder.state)
    if state is None:
        raise ALError(Errors.A510.format(path=folder.path))
    settings = check_active_learning(fill_active_learning(load_config(folder.config)).interpolate())
    said = answer_docs(folder, state, folder.log.read(state.answers), Vocab())
    pending = set(state.pending)
    answered = len(said) if state.phase == "done" else sum(doc.user_data["id"] in pending for doc in said)
    rows = folder.read_metrics()
    rule = settings.stopping.get("@al_stopping") if settings.stopping else None
    outlook = make_outlook(
        folder, rows, seed=settings.seed, rounds=settings.rounds, stopped=state.stopped, rule=rule
    ) if rows else None  # fmt: skip
    return Status(
        folder.path, state.round, settings.rounds, state.phase, len(state.labelled), len(pending), answered,
        rows, state.stopped, outlook, folder.read_learnt(rows[-1]["round"]) if rows else {},
    )  # fmt: skip


def describe(run: Path) -> List[str]:
    """Lines about a run, or about each of its seeds; raises as `read_status`."""
    seeds = sorted(run.glob("seed-*"), key=lambda folder: int(folder.name[5:]) if folder.name[5:].isdigit() else 0)
    if seeds and not RunFolder(run).state.exists():
        return [line for folder in seeds for line in [f"{folder.name}:", *("  " + text for text in describe(folder))]]
    return read_status(RunFolder(run)).lines()


def _position(status: Status) -> List[str]:
    late = status.round > status.rounds
    lines = [
        f"Round {status.round}{' after the last' if late else ''} of {status.rounds}, phase: {status.phase}",
        f"Labelled: {status.labelled} sentences; asked for: {status.asked}",
    ]
    return lines + ([f"Stopped: {status.stopped}"] if status.stopped else [])


def _trend(rows: List[Dict[str, Any]]) -> List[str]:
    scored = [row for row in rows if row.get("ents_f") is not None][-TREND:]
    if not scored:
        return []
    trend = " -> ".join(f"{100 * row['ents_f']:.1f}" for row in scored)
    share = 100 * scored[-1]["labelled_fraction"]
    rounds = f"F1 of rounds {scored[0]['round']} to {scored[-1]['round']}"
    return [f"{rounds}: {trend} (with {share:.1f} % of tokens labelled)"]


def _stability(rows: List[Dict[str, Any]]) -> List[str]:
    stable: List[Optional[float]] = [row.get("stability") for row in rows]
    known = [value for value in stable if value is not None]
    if not known:
        return []
    trend = " -> ".join(f"{100 * value:.1f}" for value in known[-TREND:])
    return [f"Tokens of the pool tagged as in the round before: {trend} %; near 100 for several rounds: time to stop"]


def _learnt(learnt: Dict[str, Any]) -> List[str]:
    types = [f"{label} {100 * change:+.1f}" for label, change in learnt.get("types", {}).items()]
    confused = [f"{describe_confusion(one)} ({one['count']})" for one in learnt.get("confusions", [])[:3]]
    changed = learnt.get("changed", [])
    lines = [f"F1 by type, against the round before: {', '.join(types)}"] if types else []
    lines += [f"Most frequent mistakes: {', '.join(confused)}"] if confused else []
    return lines + [f"Seen otherwise than before: {_marked(one)}" for one in changed[:1]]


def _marked(one: Dict[str, Any]) -> str:
    """A sentence in which the present entities are marked, and those that are gone named."""
    words, now = list(one["words"]), [tuple(span) for span in one["now"]]
    for start, end, label in now:
        words[start] = "[" + words[start]
        words[end - 1] += f"]{label}"
    before = (f"{' '.join(one['words'][start:end])} {label}" for start, end, label in one["before"])
    gone = [text for text, span in zip(before, one["before"]) if tuple(span) not in now]
    return " ".join(words) + (f" (before: {', '.join(gone)})" if gone else "")


def _waiting(status: Status) -> List[str]:
    if status.phase == "done" and status.answered:
        return [f"Taken in since the end: labels of {status.answered} sentences; the same `al run` learns from them"]
    if status.phase != "waiting":
        return []
    share = f"{status.answered} of {status.asked} sentences"
    taken = f"Taken in: labels of {share}; the same `al run` again learns from them"
    if status.answered == status.asked:
        return [taken]
    lines = [
        f"Waiting for people: python -m spacy al query {status.path} OUT.jsonl --format prodigy",
        f"then: python -m spacy al ingest {status.path} ANSWERS.jsonl, and the same `al run` again",
    ]
    return [f"{taken}, and the others go back to the pool", *lines] if status.answered else lines


def _estimate(status: Status) -> List[str]:
    if status.phase in ("done", "waiting") or not status.rows:
        return []
    recent = [sum(row["seconds"].values()) for row in status.rows[-3:]]
    minutes = (status.rounds - status.rows[-1]["round"]) * sum(recent) / len(recent) / 60
    return [f"About {minutes:.0f} more minutes, if rounds take as long as the last {len(recent)}"]
