"""Runs that differ only in their seed, as one experiment with a curve, a mean and a spread."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Dict, Iterable, List, Mapping, Sequence, Tuple

import numpy

from ..errors import ALError, Errors
from .names import MEASURES, tail
from .runs import Round, Run, total_tokens
from .settings import Settings
from .statistics import Array

ORDER = tuple(MEASURES.values())  # what is not named here follows by name
DROPOUT = ("last", "word", "locked", "all")
LONGEST_DIFFERENCE = 40  # characters of a setting that tells two labels apart


@dataclass(frozen=True)
class Group:
    """One experiment: the runs of its seeds, by rising seed, and the label its curve carries.

    Curves hold the rounds that all seeds have finished: a mean over a changing set of seeds would jump. Seeds
    too far behind for that to be worth it are left out of `runs` and stand in `behind`.
    """

    runs: List[Run]
    label: str
    behind: Sequence[Run] = ()

    @property
    def settings(self) -> Settings:
        """What the runs have in common; seed and rounds are those of the first."""
        return self.runs[0].settings

    @property
    def place(self) -> Tuple[str, str]:
        """Corpus and tagger; of a run with a successor, the successor.

        Curves of one place share a panel, its full-corpus F1 and its tests.
        """
        return (self.settings.corpus, self.settings.tagger)

    @property
    def seeds(self) -> List[int]:
        """Root seeds, rising."""
        return [run.settings.seed for run in self.runs]

    @property
    def native(self) -> bool:
        """Whether the model that acquired is the one that was trained and evaluated."""
        return not self.settings.acquirer

    @property
    def full(self) -> bool:
        """Whether this is a training on the whole corpus."""
        return all(run.full for run in self.runs)

    @property
    def numbers(self) -> List[int]:
        """Numbers of the rounds that every seed has finished."""
        sets = [{round_.number for round_ in run.rounds} for run in self.runs]
        return sorted(set.intersection(*sets))

    def rounds(self, run: Run) -> List[Round]:
        """The rounds of one of the runs that every seed has finished."""
        numbers = set(self.numbers)
        return [round_ for round_ in run.rounds if round_.number in numbers]

    @property
    def f1(self) -> Array:
        """F1 of each seed and common round, 0..1: (seeds, rounds)."""
        return numpy.array([[round_.f1 for round_ in self.rounds(run)] for run in self.runs])

    @property
    def shares(self) -> Array:
        """Labelled share of tokens at each common round, mean over seeds: (rounds,)."""
        return _mean([[r.share for r in self.rounds(run)] for run in self.runs])

    @property
    def sentences(self) -> Array:
        """Labelled sentences at each common round, mean over seeds: (rounds,)."""
        return _mean([[r.sentences for r in self.rounds(run)] for run in self.runs])

    @property
    def cut(self) -> bool:
        """Whether some seed has rounds that others have not finished."""
        return any(len(run.rounds) > len(self.numbers) for run in self.runs)


def _mean(rows: Sequence[Sequence[float]]) -> Array:
    return numpy.array(rows, dtype=numpy.float64).mean(axis=0)  # type: ignore[no-any-return]  # numpy's stubs


def deviation(values: Array) -> Array:
    """Standard deviation over the first axis (n - 1 in the denominator), zeros for a single row."""
    return values.std(axis=0, ddof=1) if len(values) > 1 else numpy.zeros(values.shape[1:])


def group_runs(runs: Iterable[Run]) -> List[Group]:
    """Put runs together that have everything but seed and number of rounds in common, and label them.

    runs (Iterable[Run]): Any runs.
    RETURNS (List[Group]): By corpus and tagger, then in the paper's order of strategies. Labels are unique
        within these: where strategies have one name, all settings that differ are added.
    RAISES: ALError A703 when two runs of one group have the same seed.
    """
    found: Dict[Tuple[object, ...], List[Run]] = {}
    for run in runs:
        found.setdefault((run.pool, *sorted(run.settings.same.items())), []).append(run)
    groups = []
    for members in found.values():
        ordered = sorted(members, key=lambda run: run.settings.seed)
        _check_seeds(ordered)
        groups.append(Group(*_most(ordered)))
    groups.sort(key=lambda group: (group.place, group.full, _rank(group.settings)))
    return [replace(group, label=_label(group, groups)) for group in groups]


def tell_apart(runs: Sequence[Run]) -> List[Run]:
    """Runs, with a corpus of another name where it stands for other sentences, or scores are of another test set.

    Scores of these cannot be compared, so that they stand in places of their own.
    """
    keys = [(pool, run.judged) for run, pool in zip(runs, _pools(runs), strict=True)]
    kinds: Dict[str, Dict[Tuple[str, str], Run]] = {}
    for run, key in zip(runs, keys, strict=True):
        kinds.setdefault(run.settings.corpus, {}).setdefault(key, run)
    return [
        replace(run, settings=replace(run.settings, corpus=_corpus(key, kinds[run.settings.corpus])))
        for run, key in zip(runs, keys, strict=True)
    ]


def _pools(runs: Sequence[Run]) -> List[str]:
    """What tells each run's pool from others; a copy without state.json has its path alone, as on its own machine."""
    known = [run for run in runs if run.facts]
    ends = {tail(run.settings.pool): run.pool for run in known}
    paths = {run.settings.pool: run.pool for run in known}
    return [run.pool if run.facts else paths.get(run.pool) or ends.get(tail(run.pool), tail(run.pool)) for run in runs]


def _corpus(key: Tuple[str, str], kinds: Mapping[Tuple[str, str], Run]) -> str:
    parts = [kinds[key].settings.corpus]
    pools = list(dict.fromkeys(pool for pool, _ in kinds))
    if len(pools) > 1:
        tokens = total_tokens(kinds[key])
        parts.append(f"pool {pools.index(key[0]) + 1}" + (f" of {tokens:,} tokens" if tokens else ""))
    if len({judged for _, judged in kinds}) > 1:
        parts.append(f"on {key[1]}")
    return f"{parts[0]} ({', '.join(parts[1:])})" if parts[1:] else parts[0]


def _most(runs: Sequence[Run]) -> Tuple[List[Run], str, List[Run]]:
    # As many seeds times common rounds as can be had; of equal products the one with more seeds.
    def worth(length: int) -> Tuple[int, int]:
        seeds = sum(len(run.rounds) >= length for run in runs)
        return (seeds * length, seeds)

    length = max((len(run.rounds) for run in runs), key=worth)
    kept = [run for run in runs if len(run.rounds) >= length]
    return kept, "", [run for run in runs if len(run.rounds) < length]


def _check_seeds(runs: Sequence[Run]) -> None:
    seen: Dict[int, Path] = {}
    for run in runs:
        if run.settings.seed in seen:
            raise ALError(Errors.A703.format(path=run.path, other=seen[run.settings.seed], seed=run.settings.seed))
        seen[run.settings.seed] = run.path


def _rank(settings: Settings) -> Tuple[bool, int, int, str]:
    # What other models acquired comes last.
    name = settings.strategy
    measures = [i for i, start in enumerate(ORDER) if name.startswith(start)]
    kinds = [i for i, kind in enumerate(DROPOUT) if f"(MC {kind})" in name]
    measure = measures[0] if measures else len(ORDER)
    return (bool(settings.acquirer), measure, kinds[0] if kinds else -1, name)


def _label(group: Group, groups: Sequence[Group]) -> str:
    name = group.settings.strategy
    kin = [other for other in groups if other.place == group.place and other.full == group.full]
    twins = [other for other in kin if other.settings.strategy == name]
    if group.full or len(twins) == 1:
        return name
    keys = {key for other in twins for key in other.settings.same}
    differing = sorted(key for key in keys if len({other.settings.same.get(key) for other in twins}) > 1)
    if not differing:  # only their pools differ
        return f"{name} ({group.runs[0].path})"
    values = [f"{key.split('.')[-1]} = {group.settings.same.get(key, 'off')}" for key in differing]
    return f"{name} ({', '.join(value[:LONGEST_DIFFERENCE] for value in values)})"


def places(groups: Iterable[Group]) -> List[Tuple[str, str]]:
    """The corpora and taggers of the groups, each once, in order."""
    return list(dict.fromkeys(group.place for group in groups))
