"""Tables of our own results: what was run, scores by round and entity type, durations and memory."""

from collections import Counter
from typing import Dict, List, Optional, Sequence, Tuple

import numpy

from .compare import Place
from .groups import Group
from .numbers import NONE, count, mean_f1, percent, ranges, seconds, share
from .page import Cell, Row, Table
from .runs import total_tokens

PHASES = {
    "train": "Train",
    "train_successor": "Train successor",
    "evaluate": "Evaluate",
    "score": "Score",
    "select": "Select",
}
ROUNDS = (1, 5, 10, 15, 20, 24)  # columns of tables, where they were run: those of the paper's Tables 5 and 6
MOST_COLUMNS = 7


def table_of_runs(groups: Sequence[Group]) -> Table:
    """What was run: one row for each experiment."""
    head = ["Corpus", "Tagger trained", "Encoder", "Strategy", "Passes", "Seeds", "Rounds", "Seed and round", "Tokens"]
    rows: List[Row] = []
    for i, group in enumerate(groups):
        settings = group.settings
        tokens = total_tokens(group.runs[0])
        what = [*group.place, _code(settings.encoder)]
        before = groups[i - 1].settings.encoder if i and groups[i - 1].place == group.place else None
        rows.append(
            [
                *(["", "", ""] if before == settings.encoder else what),
                "whole corpus" if group.full else group.label,
                str(settings.passes) if settings.dropout != "off" else NONE,
                ranges(group.seeds),
                _rounds(group),
                "100 %" if group.full else f"{settings.seed_budget} + {settings.round_budget}",
                count(tokens) if tokens else NONE,
            ]
        )
    note = (
        "Rounds: those that every seed has finished, of those asked for. Seed and round: what is labelled "
        "at the start and in each round. Tokens: of the whole training corpus, which shares refer to."
    )
    return Table("Experiments", head, rows, words=4, note=note + _acquirers(groups), breaks=_breaks(groups))


def _code(name: str) -> str:
    return f"`{name}`" if name else NONE


def _acquirers(groups: Sequence[Group]) -> str:
    found = {group.settings.acquirer: group.settings.acquirer_encoder for group in groups if not group.native}
    names = [f"{name} ({_code(encoder)})" if encoder else name for name, encoder in found.items()]
    if not names:
        return ""
    return f" acq. NAME: that model chose the sentences, and the tagger was trained on them: {', '.join(names)}."


def _rounds(group: Group) -> str:
    done, asked = group.numbers[-1], group.settings.rounds
    return str(done) if done >= asked else f"{done} of {asked}"


def _breaks(groups: Sequence[Group]) -> List[int]:
    return [i for i in range(1, len(groups)) if groups[i].place != groups[i - 1].place]


def table_of_facts(groups: Sequence[Group]) -> Table:
    """Versions and hardware that the runs noted, with the number of runs for each value; without rows if none did."""
    found: Dict[str, Counter[str]] = {}
    for run in (run for group in groups for run in group.runs):
        for name, value in run.facts.items():
            found.setdefault(name, Counter())[value] += 1
    rows = [
        [name, "; ".join(value if len(values) == 1 else f"{value} ({n} runs)" for value, n in values.items())]
        for name, values in found.items()
    ]
    return Table("Software and hardware, as the runs noted them", ["What", "Value"], rows, words=2)


def table_of_scores(place: Place) -> Table:
    """F1 at some rounds, mean and standard deviation over seeds."""
    numbers = shown_rounds(place.groups)
    scores = [scores_at(group, numbers) for group in place.groups]
    means = [[percent(float(numpy.mean(one))) if one else "" for one in own] for own in scores]
    best = [max(column, key=lambda mean: float(mean or 0)) for column in zip(*means)]
    rows: List[Row] = []
    for group, own, known in zip(place.groups, scores, means, strict=True):
        cells = [
            Cell(mean_f1(one) if one else NONE, strong=bool(one) and mean == most)
            for one, mean, most in zip(own, known, best, strict=True)
        ]
        rows.append([group.label, str(len(group.seeds)), *cells])
    note = (
        "F1 in percent on the test set, or on the holdout of a run without one, mean ± standard deviation over seeds; "
        "best of each column in bold."
    )
    return Table(f"F1 by round: {place.name}", ["Strategy", "Seeds", *map(str, numbers)], rows, note=note)


def shown_rounds(groups: Sequence[Group]) -> List[int]:
    """ROUNDS as far as they were run, and the last; evenly spaced ones for short runs, none for no runs."""
    numbers = sorted({number for group in groups for number in group.numbers})
    kept = [number for number in numbers if number in ROUNDS]
    if len(kept) < 4:
        places = numpy.linspace(0, len(numbers) - 1, min(MOST_COLUMNS, len(numbers)))
        kept = [numbers[round(place)] for place in places]
    return sorted({*kept, *numbers[-1:]})


def scores_at(group: Group, numbers: Sequence[int]) -> List[Optional[List[float]]]:
    """F1 of each seed at some rounds, 0..1; None for a round that was not run."""
    return [
        group.f1[:, group.numbers.index(number)].tolist() if number in group.numbers else None for number in numbers
    ]


def table_of_durations(groups: Sequence[Group]) -> Table:
    """Mean seconds of each phase in a round, and the highest memory."""
    shown = phases_of(groups)
    head = ["Corpus and tagger", "Strategy", *(PHASES[phase] for phase in shown), "Round", "Host GiB", "GPU GiB"]
    rows: List[Row] = []
    for group in groups:
        phases = [phase_seconds(group, phase) for phase in shown]
        known = [value for value in phases if value is not None]
        memory = [_peak(group, key) for key in ("host_mb", "gpu_mb")]
        label = "whole corpus" if group.full else group.label
        total = sum(known) if known else None
        rows.append([", ".join(group.place), label, *map(seconds, phases), seconds(total), *memory])
    note = (
        "Seconds, mean over rounds and seeds; training grows with the round, so compare experiments of as many rounds. "
        "Score: the pool's uncertainty. Memory: highest peak of any round. Runs side by side on one device slow each "
        "other down."
    )
    if "train_successor" in shown:
        note += " Train: the model that acquires. Train successor: the one that is evaluated."
    return Table("Seconds of a round, and memory", head, rows, words=2, note=note, breaks=_breaks(groups))


def phases_of(groups: Sequence[Group]) -> List[str]:
    """The phases that rounds of these experiments have: PHASES, without a successor's where none was trained."""
    foreign = any(phase_seconds(group, "train_successor") for group in groups)
    return [phase for phase in PHASES if phase != "train_successor" or foreign]


def phase_seconds(group: Group, phase: str, *, number: Optional[int] = None) -> Optional[float]:
    """Mean seconds of a phase over seeds and rounds, or of one round; None if no run noted any.

    A phase of exactly 0 s was not run: the last round neither scores nor selects.
    """
    rounds = [r for run in group.runs for r in group.rounds(run) if number is None or r.number == number]
    values = [r.seconds[phase] for r in rounds if r.seconds.get(phase)]
    return float(numpy.mean(values)) if values else None


def _peak(group: Group, key: str) -> str:
    values = [r.memory[key] for run in group.runs for r in group.rounds(run) if key in r.memory]
    return f"{max(values) / 1024:.1f}" if any(values) else NONE


def table_of_types(place: Place) -> Table:
    """F1 of each entity type after the last common round; without rows if the runs did not note it."""
    rounds: List[Tuple[Group, List[Dict[str, float]]]] = [
        (group, [group.rounds(run)[-1].per_type for run in group.runs]) for group in place.groups
    ]
    labels = sorted({label for _, each in rounds for types in each for label in types})
    rows: List[Row] = []
    for group, each in rounds if labels else []:
        values = [[types[label] for types in each if label in types] for label in labels]
        cells = [mean_f1(value) if value else NONE for value in values]
        rows.append([group.label, share(float(group.shares[-1])), *cells])
    note = "F1 in percent after the last round that all seeds have finished."
    return Table(f"F1 by entity type: {place.name}", ["Strategy", "Labelled", *labels], rows, note=note)
