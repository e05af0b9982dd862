"""A study as cells: one for each tagger, strategy, variant and seed, with the settings of its run."""

from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Dict, Iterator, List, Mapping, Optional, Sequence

from spacy.util import load_config

from ..errors import ALError, Errors
from ..files import check_file, write_text
from .study_file import SECTIONS, Settings, StudyFile, Tagger, Value, read_study_file


@dataclass(frozen=True)
class Cell:
    """One run of a study, made from files alone: `python -m spacy al run CONFIG --output DIR/NAME` with settings.

    name (str): Its folder, such as "electra.bald-last.seed-0". tagger (str): The name of its block in the study.
    config (Path): Of the run. settings (Settings): Overrides of the config by "section.key".
    successor (Optional[Cell]): The model that learns from its queries, by the name of its tagger; it is no run of its
        own, and `place_successors` writes its config.
    """

    name: str
    tagger: str
    config: Path
    settings: Settings
    successor: "Optional[Cell]" = None


def read_study(
    paths: Sequence[Path], *, overrides: Optional[Mapping[str, Value]] = None, seeds: Optional[int] = None
) -> List[Cell]:
    """Expand a study into its cells: all of the first seed in the order of the file, then of the next.

    paths (Sequence[Path]): The study, as .cfg or .json; further files add to it and change it.
    overrides (Optional[Mapping[str, Value]]): Settings of all cells, or of one tagger's as "TAGGER.section.key";
        they count last.
    seeds (Optional[int]): Number of seeds, instead of the file's own.
    RETURNS (List[Cell]): At least one. Names are unique.
    RAISES: ALError of `read_study_file`, and A584 for an override of nothing.
    """
    study = read_study_file(paths)
    _check_overrides(overrides or {}, study)
    cells: List[Cell] = []
    for name, tagger in study.taggers.items():
        numbers = list(range(seeds)) if seeds is not None else tagger.seeds or study.study.seeds
        for seed in numbers:
            cells += _cells(study, name, seed, overrides or {})
    # A study that is cut short should have whole comparisons at its first seeds, not one tagger at all seeds.
    return sorted(cells, key=lambda cell: int(cell.name.rpartition("-")[2]))


def select_cells(cells: Sequence[Cell], patterns: str) -> List[Cell]:
    """Cells whose name, or whose tagger's name, matches one of some comma-separated shell patterns.

    RAISES: ALError A583 when none does.
    """
    wanted = [pattern.strip() for pattern in patterns.split(",") if pattern.strip()]
    chosen = [cell for cell in cells if any(fnmatch(cell.name, p) or fnmatch(cell.tagger, p) for p in wanted)]
    if not chosen:
        raise ALError(Errors.A583.format(pattern=patterns, names=", ".join(cell.name for cell in cells[:5])))
    return chosen


def place_successors(cells: Sequence[Cell], output: Path) -> List[Cell]:
    """Write the configs of successors into the study's folder, and name them in the settings of their cells.

    cells (Sequence[Cell]): Of the study. output (Path): Successor NAME goes to output/successors/NAME.cfg.
    RETURNS (List[Cell]): The cells, ready to run. RAISES: ALError A003 when a config is missing.
    """
    placed: List[Cell] = []
    for cell in cells:
        if cell.successor is None:
            placed.append(cell)
            continue
        successor = cell.successor
        check_file(successor.config, "Paths in a study start where the command runs.")
        path = output / "successors" / f"{successor.name}.cfg"
        write_text(path, load_config(successor.config, overrides=dict(successor.settings)).to_str())
        placed.append(replace(cell, settings={**cell.settings, "active_learning.successor": str(path)}))
    return placed


def strategy_settings(strategy: str) -> Settings:
    """The settings of a strategy written as "MEASURE" or "MEASURE/DROPOUT"."""
    measure, _, dropout = strategy.partition("/")
    return {"active_learning.measure": measure, "active_learning.dropout": dropout or "off"}


def _cells(study: StudyFile, tagger_name: str, seed: int, overrides: Mapping[str, Value]) -> Iterator[Cell]:
    tagger = study.taggers[tagger_name]
    variants: Dict[str, Settings] = {name: study.variants[name] for name in tagger.variants or study.variants}
    last = _given(overrides, tagger_name, tagger)
    for strategy in tagger.strategies:
        for variant, changes in (variants or {"": {}}).items():
            settings = {**study.study.settings, **tagger.settings, **changes, **strategy_settings(strategy)}
            settings |= {"active_learning.seed": seed, **last}
            parts = (tagger_name, strategy.replace("/", "-"), variant, f"seed-{seed}")
            name = ".".join(filter(None, parts))
            heir = _successor(study, tagger.successor, overrides) if tagger.successor else None
            yield Cell(name, tagger_name, Path(str(tagger.config)), settings, heir)


def _successor(study: StudyFile, name: str, overrides: Mapping[str, Value]) -> Cell:
    tagger = study.taggers[name]
    settings = {**study.study.settings, **tagger.settings, **_given(overrides, name, tagger)}
    return Cell(name, name, Path(str(tagger.config)), settings)


def _given(overrides: Mapping[str, Value], name: str, tagger: Tagger) -> Settings:
    general: Settings = {}
    own: Settings = {}
    for key, value in overrides.items():
        first, _, rest = key.partition(".")
        if first in SECTIONS:
            general[key] = value
        elif _plain(first) in (_plain(name), _plain(str(tagger.like))):
            own[rest] = value
    return {**general, **own}


def _plain(name: str) -> str:
    # spaCy turns the dashes of --my-tagger.section.key=value into underscores.
    return name.replace("-", "_")


def _check_overrides(overrides: Mapping[str, Value], study: StudyFile) -> None:
    taggers = {_plain(name) for name in study.taggers}
    for key in overrides:
        first, _, rest = key.partition(".")
        scoped = _plain(first) in taggers and rest.partition(".")[0] in SECTIONS
        if first not in SECTIONS and not scoped:
            raise ALError(Errors.A584.format(key=key, taggers=", ".join(study.taggers)))
