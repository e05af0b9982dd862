"""What a run's files say of where it stands."""

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional

from spacy.vocab import Vocab

from ..acquisition.costs import SecondsCost
from ..runs.differences import Said, note, open_differences
from ..runs.folder import RunFolder
from ..runs.resume import EVALUATED
from ..runs.whole import check_whole
from .accounting import own_seconds
from .learnt import describe as describe_learnt
from .outlook import Outlook, make_outlook
from .people import answer_docs, check_answers, taken_back


@dataclass(frozen=True)
class Status:
    """Where a run stands.

    path (Path): Its folder. round, rounds (int): The present one, and queries that are made in all.
    phase (str): What is due, see `spacy_al.runs.state.PHASES`.
    labelled, held, asked (int): Sentences that are learnt from, those of the holdout with labels, and those asked for
        now. answered (int): Of these, how many are answered;
        of a run that is over, how many have been answered since. back (int): Learnt ones whose labels have been taken
        back since, all or some. disputed (int): Sentences of the holdout on which people differ.
    own (Optional[SecondsCost]): What answers cost the run's people, where enough of them say how long they took.
    rows (List[Dict]): Metrics of each evaluated round. stopped (Optional[str]): The stopping rule's reason.
    outlook (Optional[Outlook]): Is it good enough, is it worth going on, when to stop; None before the first row.
    learnt (Dict): What the last evaluated round has taught, see `spacy_al.loop.learnt.learnt`.
    """

    path: Path
    round: int
    rounds: int
    phase: str
    labelled: int
    held: int
    asked: int
    answered: int
    rows: List[Dict[str, Any]] = field(repr=False)
    stopped: Optional[str] = None
    outlook: Optional[Outlook] = field(default=None, repr=False)
    learnt: Dict[str, Any] = field(default_factory=dict, repr=False)
    back: int = 0
    disputed: int = 0
    own: Optional[SecondsCost] = None

    def lines(self) -> List[str]:
        """The same in words."""
        return [
            *_position(self), *(self.outlook.lines() if self.outlook else []), *_learnt(self.learnt),
            *_waiting(self), *_estimate(self),
        ]  # fmt: skip


def read_status(folder: RunFolder) -> Status:
    """Where a run stands.

    RAISES: ALError A510 when no run is there, A502 when its state is damaged, A511 without the rows of its rounds, A537
        for a damaged question, and as `check_whole`, `check_answers`.
    """
    state = folder.read_state()
    check_whole(folder, state)
    settings = folder.read_settings()
    folder.check_metrics(state.round + (state.phase in EVALUATED))
    log = folder.log.read()
    tasks = folder.answered_tasks(log, state.round) if settings.oracle == "people" else []
    new = log[state.answers :]
    everyone: Said = {}
    note(everyone, log)
    disputed = len(set(open_differences(everyone)).intersection(state.holdout))
    check_answers(folder, state, new)
    said, back = answer_docs(folder, state, new, Vocab()), taken_back(folder, state, new, Vocab())
    said = [doc for doc in said if doc.user_data["id"] not in {one.user_data["id"] for one in back}]
    pending = set(state.pending)
    answered = len(said) if state.phase == "done" else sum(doc.user_data["id"] in pending for doc in said)
    rows = folder.read_metrics()
    outlook = make_outlook(folder, rows, settings, state.stopped) if rows else None
    return Status(
        folder.path, state.round, settings.rounds, state.phase, len(state.labelled), len(state.holdout), len(pending),
        answered, rows, state.stopped, outlook, folder.read_learnt(rows[-1]["round"]) if rows else {},
        len(back), disputed, own_seconds(tasks, log),
    )  # fmt: skip


def describe(run: Path) -> List[str]:
    """Lines about a run, or about each of its seeds; raises as `read_status`."""
    seeds = sorted(run.glob("seed-*"), key=lambda folder: int(folder.name[5:]) if folder.name[5:].isdigit() else 0)
    if seeds and not RunFolder(run).state.exists():
        return [line for folder in seeds for line in [f"{folder.name}:", *("  " + text for text in describe(folder))]]
    return read_status(RunFolder(run)).lines()


def _position(status: Status) -> List[str]:
    late = status.round > status.rounds
    share = f" ({100 * status.rows[-1]['labelled_fraction']:.1f} % of all tokens)" if status.rows else ""
    held = f" and {status.held} of the holdout" if status.held else ""
    lines = [
        f"Round {status.round}{' after the last' if late else ''} of {status.rounds}, phase: {status.phase}",
        f"Labelled: {status.labelled} sentences{share}{held}; asked for now: {status.asked}",
    ]
    if status.disputed:
        settle = "the last answer counts until somebody settles it (Differences on the page of `al annotate`)"
        lines.append(f"People differ on {status.disputed} of the holdout's sentences: {settle}")
    if own := status.own:
        lines.append(f"An answer takes {own.question:.1f} s, {own.word:.2f} s a word and {own.entity:.1f} s an entity")
    return lines + ([f"Stopped: {status.stopped}"] if status.stopped and not status.outlook else [])


def _learnt(learnt: Dict[str, Any]) -> List[str]:
    lines = describe_learnt(learnt)
    lines += [f"Changed its mind: {_marked(one)}" for one in learnt.get("changed", [])[:1]]
    return ["What has the last round taught?", *(f"  {line}" for line in lines)] if lines else []


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
    changed = [f"labels of {status.answered} sentences"] if status.answered else []
    changed += [f"{status.back} with labels taken back"] if status.back else []
    if status.phase == "done" and changed:
        return [f"Taken in since the end: {', '.join(changed)}; the same `al run` learns from them"]
    if status.phase != "waiting":
        return []
    back = f"Taken back: labels of {status.back} sentences; the next round is without them"
    return [back] * bool(status.back) + _asked(status)


def _asked(status: Status) -> List[str]:
    share = f"{status.answered} of {status.asked} sentences"
    taken = f"Taken in: labels of {share}; the same `al run` again learns from them"
    if status.answered == status.asked:
        return [taken]
    run = shlex.quote(str(status.path))
    lines = [
        f"Waiting for people: python -m spacy al query {run} OUT.jsonl --format prodigy",
        f"then: python -m spacy al ingest {run} ANSWERS.jsonl, and the same `al run` again",
    ]
    return [f"{taken}, and the others go back to the pool", *lines] if status.answered else lines


def _estimate(status: Status) -> List[str]:
    if status.phase in ("done", "waiting") or not status.rows:
        return []
    recent = [sum(row["seconds"].values()) for row in status.rows[-3:]]
    minutes = (status.rounds - status.rows[-1]["round"]) * sum(recent) / len(recent) / 60
    return [f"About {max(minutes, 1):.0f} more minutes, if rounds take as long as the last {len(recent)}"]
