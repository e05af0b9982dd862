"""Tables of our own results: what was run, scores, savings, tests, durations, what was chosen."""

from typing import Dict, List, Optional, Sequence, Tuple

import numpy

from . import paper
from .compare import LEVELS, Pair, Place, areas, saving
from .groups import Group
from .numbers import NONE, count, mean_f1, p_value, percent, points, ranges, seconds, share
from .page import Cell, Row, Table
from .runs import total_tokens

PHASES = ("train", "evaluate", "score", "select")
MOST_COLUMNS = 7


def table_of_runs(groups: Sequence[Group]) -> Table:
    """What was run: one row for each experiment."""
    head = [
        "Corpus",
        "Tagger",
        "Encoder",
        "Strategy",
        "Passes",
        "Seeds",
        "Rounds",
        "Seed and round",
        "Corpus tokens",
    ]
    rows: List[Row] = []
    for i, group in enumerate(groups):
        settings = group.settings
        tokens = total_tokens(group.runs[0])
        what = [*group.place, f"`{settings.encoder}`" if settings.encoder else NONE]
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
        "at the start and in each round. Corpus tokens: of the training corpus, which the shares refer to."
    )
    return Table("Experiments", head, rows, words=4, note=note, breaks=_breaks(groups))


def _rounds(group: Group) -> str:
    done, asked = group.numbers[-1], group.settings.rounds
    return str(done) if done >= asked else f"{done} of {asked}"


def _breaks(groups: Sequence[Group]) -> List[int]:
    return [i for i in range(1, len(groups)) if groups[i].place != groups[i - 1].place]


def table_of_facts(groups: Sequence[Group]) -> Optional[Table]:
    """Versions and hardware that the runs noted, with the number of runs for each value; None if none did."""
    found: Dict[str, Dict[str, int]] = {}
    for run in (run for group in groups for run in group.runs):
        for name, value in run.facts.items():
            values = found.setdefault(name, {})
            values[value] = values.get(value, 0) + 1
    if not found:
        return None
    rows = [
        [name, "; ".join(value if len(values) == 1 else f"{value} ({n} runs)" for value, n in values.items())]
        for name, values in found.items()
    ]
    return Table("Software and hardware, as the runs noted them", ["What", "Value"], rows, words=2)


def table_of_scores(place: Place) -> Table:
    """F1 at some rounds, mean and standard deviation over seeds."""
    numbers = shown_rounds(place.groups)
    columns = [_scores(place.groups, number) for number in numbers]
    best = [max((v for v in column if v is not None), default=None) for column in columns]
    rows: List[Row] = []
    for i, group in enumerate(place.groups):
        cells: List[Cell] = []
        for number, column, most in zip(numbers, columns, best, strict=True):
            value = column[i]
            text = NONE if value is None else mean_f1(list(group.f1[:, group.numbers.index(number)]))
            cells.append(
                Cell(text, strong=value is not None and most is not None and percent(value) == percent(most))
            )
        rows.append([group.label, str(len(group.seeds)), *cells])
    note = "F1 in percent on the test set, mean ± standard deviation over seeds; best of each column in bold."
    return Table(f"F1 by round: {place.name}", ["Strategy", "Seeds", *map(str, numbers)], rows, note=note)


def shown_rounds(groups: Sequence[Group]) -> List[int]:
    """The paper's rounds as far as they were run, and the last; evenly spaced ones for short runs."""
    numbers = sorted({number for group in groups for number in group.numbers})
    kept = [number for number in numbers if number in paper.ROUNDS]
    if len(kept) < 4:
        places = numpy.linspace(0, len(numbers) - 1, min(MOST_COLUMNS, len(numbers)))
        kept = [numbers[round(place)] for place in places]
    return sorted({*kept, numbers[-1]})


def _scores(groups: Sequence[Group], number: int) -> List[Optional[float]]:
    return [
        float(group.f1[:, group.numbers.index(number)].mean()) if number in group.numbers else None
        for group in groups
    ]


def table_of_savings(place: Place) -> Table:
    """Labels needed to come near the full-corpus F1, and the area under the curve."""
    start, end = place.span
    head = ["Strategy"]
    head += [f"{share(level)} of full F1" for level in LEVELS] if place.full_f1 else []
    head += ["Area under the curve", "Over random", "Last F1"]
    baseline = place.baseline
    base = float(areas(baseline, place.span).mean()) if baseline else None
    rows: List[Row] = []
    for group in place.groups:
        values = areas(group, place.span)
        over = NONE if base is None or group is baseline else points(float(values.mean()) - base)
        last = mean_f1(list(group.f1[:, -1]))
        rows.append([group.label, *_savings(group, place), mean_f1(list(values), digits=2), over, last])
    return Table(f"Label savings: {place.name}", head, rows, note=_savings_note(place, start, end))


def _savings(group: Group, place: Place) -> List[Cell]:
    if not place.full_f1:
        return []
    result = saving(group, place.full_f1)
    cells = []
    for level in LEVELS:
        needed, range_ = result.shares[level], result.ranges[level]
        text = share(needed) if needed is not None else f"> {share(float(group.shares[-1]))}"
        wide = range_ is not None and share(range_[0]) != share(range_[1])
        cells.append(Cell(text, f"{share(range_[0])} to {share(range_[1])}" if wide and range_ else ""))
    return cells


def _savings_note(place: Place, start: float, end: float) -> str:
    parts = []
    if place.full_f1:
        source = f"seeds {ranges(place.full.seeds)}" if place.full else "given with --full-f1"
        parts.append(
            f"Full F1: {percent(place.full_f1)} with all tokens labelled ({source}). Share of tokens "
            "labelled when the mean curve first reaches the level, nothing interpolated; below it the least "
            "and most over seeds."
        )
    parts.append(
        f"Area: mean F1 in percent on the way from {share(start)} to {share(end)} of the tokens, ± over "
        "seeds; the difference to random in points."
    )
    reference = paper.SAVINGS.get(place.corpus)
    if reference and place.full_f1:
        parts.append(
            f"The paper ({paper.SOURCE}) reaches 99 % with {share(reference.best)} of the tokens "
            f"({reference.model}, best strategy) and needs more than {share(reference.random)} at random."
        )
    return " ".join(parts)


def table_of_tests(place: Place, pairs: Sequence[Pair]) -> Table:
    """Strategies two by two: mean difference with its interval, and the sign test."""
    head = [
        "Strategy",
        "Against",
        "Difference",
        "95 % interval",
        "Seeds won",
        "Rounds won",
        "p",
        "p, corrected",
    ]
    rows: List[Row] = []
    for pair in pairs:
        signs = pair.signs
        rows.append(
            [
                pair.first,
                pair.second,
                points(pair.difference.mean),
                f"{points(pair.difference.low)} to {points(pair.difference.high)}",
                f"{pair.won} of {len(pair.seeds)}",
                f"{signs.wins} of {signs.wins + signs.losses + signs.ties}",
                p_value(signs.p),
                p_value(pair.corrected),
            ]
        )
    note = (
        "Difference of F1 in points at equal seed and round, from the second round on. Interval: paired "
        "bootstrap, seeds drawn first and rounds within them. p: exact two-sided sign test over seeds and "
        "rounds, corrected for the number of pairs by Holm. Rounds of one run share labelled sentences, so "
        "both make differences look surer than they are: with few seeds, believe the column of seeds."
    )
    return Table(f"Strategies compared: {place.name}", head, rows, words=2, note=note)


def table_of_durations(groups: Sequence[Group]) -> Table:
    """Mean seconds of each phase in a round, and the highest memory."""
    head = [
        "Corpus and tagger",
        "Strategy",
        *(phase.capitalize() for phase in PHASES),
        "Round",
        "Host GB",
        "GPU GB",
    ]
    rows: List[Row] = []
    for group in groups:
        phases = [phase_seconds(group, phase) for phase in PHASES]
        known = [value for value in phases if value is not None]
        memory = [_peak(group, key) for key in ("host_mb", "gpu_mb")]
        label = "whole corpus" if group.full else group.label
        total = sum(known) if known else None
        rows.append([", ".join(group.place), label, *map(seconds, phases), seconds(total), *memory])
    note = (
        "Seconds, mean over rounds and seeds; training grows with the round. Score: the pool's uncertainty. "
        "Memory: highest peak of any round, in GB of 10^9 bytes as far as the runs noted it."
    )
    return Table("Seconds of a round, and memory", head, rows, words=2, note=note, breaks=_breaks(groups))


def phase_seconds(group: Group, phase: str, *, number: Optional[int] = None) -> Optional[float]:
    """Mean seconds of a phase over seeds and rounds, or of one round; None if no run noted any.

    A phase of exactly 0 s was not run: the last round neither scores nor selects.
    """
    rounds = [r for run in group.runs for r in group.rounds(run) if number is None or r.number == number]
    values = [r.seconds[phase] for r in rounds if r.seconds.get(phase)]
    return float(numpy.mean(values)) if values else None


def _peak(group: Group, key: str) -> str:
    values = [r.memory[key] for run in group.runs for r in group.rounds(run) if key in r.memory]
    return f"{max(values) / 1000:.1f}" if values else NONE


def table_of_types(place: Place) -> Optional[Table]:
    """F1 of each entity type after the last common round; None if the runs did not note it."""
    rounds: List[Tuple[Group, List[Dict[str, float]]]] = [
        (group, [group.rounds(run)[-1].per_type for run in group.runs]) for group in place.groups
    ]
    labels = sorted({label for _, each in rounds for types in each for label in types})
    if not labels:
        return None
    rows: List[Row] = []
    for group, each in rounds:
        values = [[types[label] for types in each if label in types] for label in labels]
        cells = [mean_f1(value) if value else NONE for value in values]
        rows.append([group.label, share(float(group.shares[-1])), *cells])
    note = "F1 in percent after the last round that all seeds have finished."
    return Table(f"F1 by entity type: {place.name}", ["Strategy", "Labelled", *labels], rows, note=note)
