"""What a run's files say of where it stands."""

from pathlib import Path
from typing import Any, Dict, List, Optional

from spacy.util import load_config
from spacy.vocab import Vocab

from ..errors import ALError, Errors
from ..schemas import check_active_learning, fill_active_learning
from ..runs.folder import RunFolder
from .people import earlier_answers
from ..runs.state import RunState, load_state

TREND = 5  # rounds shown


def describe(run: Path) -> List[str]:
    """Lines about a run, or about each of its seeds.

    run (Path): Its folder. RAISES: ALError A510 when no run is there, A502 when its state is damaged.
    """
    seeds = sorted(run.glob("seed-*"), key=lambda folder: int(folder.name[5:]) if folder.name[5:].isdigit() else 0)
    if seeds and not RunFolder(run).state.exists():
        return [line for folder in seeds for line in [f"{folder.name}:", *("  " + text for text in describe(folder))]]
    folder = RunFolder(run)
    state = load_state(folder.state)
    if state is None:
        raise ALError(Errors.A510.format(path=run))
    rows = folder.read_metrics()
    rounds = check_active_learning(fill_active_learning(load_config(folder.config)).interpolate()).rounds
    shown = [_position(state, rounds), _trend(rows), _stability(rows), _waiting(state, folder)]
    return [line for lines in [*shown, _estimate(state, rows, rounds)] for line in lines]


def _position(state: RunState, rounds: int) -> List[str]:
    return [
        f"Round {state.round} of {rounds}, phase: {state.phase}",
        f"Labelled: {len(state.labelled)} sentences; asked for: {len(state.pending)}",
    ]


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


def _waiting(state: RunState, folder: RunFolder) -> List[str]:
    if state.phase != "waiting":
        return []
    pending, earlier = set(state.pending), earlier_answers(folder, state.round, Vocab())
    asked, answered = len(pending), sum(doc.user_data["id"] in pending for doc in earlier)
    taken = f"Taken in: labels of {answered} of {asked} sentences; the same `al run` again learns from them"
    if answered == asked:
        return [taken]
    lines = [
        f"Waiting for people: python -m spacy al query {folder.path} OUT.jsonl --format prodigy",
        f"then: python -m spacy al ingest {folder.path} ANSWERS.jsonl, and the same `al run` again",
    ]
    return [f"{taken}, and the others go back to the pool", *lines] if answered else lines


def _estimate(state: RunState, rows: List[Dict[str, Any]], rounds: int) -> List[str]:
    if state.phase in ("done", "waiting") or not rows:
        return []
    recent = [sum(row["seconds"].values()) for row in rows[-3:]]
    minutes = (rounds - rows[-1]["round"]) * sum(recent) / len(recent) / 60
    return [f"About {minutes:.0f} more minutes, if rounds take as long as the last {len(recent)}"]
