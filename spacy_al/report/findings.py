"""The first things to know of a report, in sentences that hold only what the numbers say."""

from typing import Dict, List, Mapping, Optional, Sequence

from .compare import Pair, Place, areas, needed
from .figures import best_group
from .groups import Group
from .numbers import percent, points, ranges, share
from .runs import Run

LEVEL = 0.99


def findings(place: Place, pairs: Sequence[Pair]) -> List[str]:
    """Statements on one corpus and tagger: the best strategy, what it saves, and how sure that is.

    place (Place): Experiments. pairs (Sequence[Pair]): From `compare_pairs`.
    RETURNS (List[str]): At most three sentences; [] for a place without rounds.
    """
    if not place.groups:
        return []
    best = best_group(place)
    base = place.baseline if place.baseline is not best else None
    said = [_area(place, best, base), _saved(place, best, base), _sure(best, base, pairs)]
    return [sentence for sentence in said if sentence]


def _area(place: Place, best: Group, base: Optional[Group]) -> str:
    if not place.overlaps:
        return "One curve begins where another has ended already, so they are not compared by area."
    start, end = place.span
    means = {g.label: percent(float(areas(g, place.span).mean())) for g in place.groups}
    between = (
        f"between {share(start)} and {share(end)} of the tokens" if start < end else f"at {share(end)} of the tokens"
    )
    if len(place.groups) == 1:
        return f"{best.label} has a mean F1 of {means[best.label]} {between}."
    text = f"{best.label} has the largest area under the curve, a mean F1 of {means[best.label]} {between}"
    return f"{text}; {base.label} has {means[base.label]}." if base else f"{text}."


def _saved(place: Place, best: Group, base: Optional[Group]) -> Optional[str]:
    if not place.full_f1:
        return None
    target = f"{share(LEVEL)} of the full-corpus F1 ({percent(LEVEL * place.full_f1)} of {percent(place.full_f1)})"
    needs = [_needed(group, LEVEL * place.full_f1) for group in (best, base) if group]
    return f"{target} takes {', '.join(needs)}."


def _needed(group: Group, f1: float) -> str:
    found = needed(group, f1)
    amount = share(found) if found is not None else f"more than {share(float(group.shares[-1]))}"
    return f"{amount} of the tokens with {group.label}"


def _sure(best: Group, base: Optional[Group], pairs: Sequence[Pair]) -> Optional[str]:
    pair = next((p for p in pairs if base and (p.first, p.second) == (best.label, base.label)), None)
    if pair is None:
        return None
    d = pair.difference
    interval = f"95 % interval {points(d.low)} to {points(d.high)}"
    seeds = f"above 0 in {pair.won} of {len(pair.seeds)} seeds" if len(pair.seeds) > 1 else "with one seed"
    return f"{pair.first} minus {pair.second} is {points(d.mean)} points of F1 ({interval}), {seeds}."


def gaps(groups: Sequence[Group], waiting: Sequence[str], unscored: Optional[Mapping[str, str]] = None) -> List[str]:
    """What is missing: seeds behind others, single seeds, runs without a finished round, and ones without a score.

    unscored (Optional[Mapping[str, str]]): Why these have none, by folder.
    """
    said = [sentence for group in groups for sentence in _behind(group)]
    alone: Dict[str, List[str]] = {}
    for group in groups:
        if len(group.runs) == 1 and not group.full:
            alone.setdefault(", ".join(group.place), []).append(group.label)
    if alone:
        parts = [f"{place}: {', '.join(labels)}" for place, labels in alone.items()]
        said.append(f"One seed only, so no spread is known. {'; '.join(parts)}.")
    if waiting:
        said.append(f"No finished round yet, left out: {', '.join(f'`{path}`' for path in waiting)}.")
    if unscored:
        parts = [f"`{path}` ({reason})" for path, reason in unscored.items()]
        said.append(f"No score so far, left out: {', '.join(parts)}.")
    return said


def _behind(group: Group) -> List[str]:
    name, end = f"{', '.join(group.place)}, {group.label}", group.numbers[-1]
    said = []
    if group.cut:
        said.append(f"{name}: means end at round {end}, the last that all seeds have finished ({_ends(group.runs)}).")
    if group.behind:
        said.append(f"{name}: left out as long as they have not come to round {end}: {_ends(group.behind)}.")
    return said


def _ends(runs: Sequence[Run]) -> str:
    return ", ".join(f"seed {run.settings.seed} at round {run.rounds[-1].number}" for run in runs)


def seeds_text(groups: Sequence[Group]) -> str:
    """How many runs and seeds a report stands on."""
    runs = sum(len(group.runs) for group in groups)
    seeds = sorted({seed for group in groups for seed in group.seeds})
    word = "run" if runs == 1 else "runs"
    return f"{runs} {word}, seeds {ranges(seeds)}" if len(seeds) > 1 else f"{runs} {word}, seed {seeds[0]}"
