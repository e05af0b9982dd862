"""A study: which cells (config, strategy, variant, seed) a small file asks for, and the settings of each."""

import re
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Dict, List, Mapping, Optional, Sequence, Union

from thinc.api import Config, ConfigValidationError

from ..errors import ALError, Errors
from ..jsonl import parse_object

Value = Union[None, bool, int, float, str, List["Value"], Dict[str, "Value"]]
Settings = Dict[str, Value]  # "section.key" -> value, as overrides of a config
Block = Dict[str, Value]

KEYS = {
    "": ("study", "taggers", "variants"),
    "study": ("seeds", "settings"),
    "taggers": ("config", "strategies", "seeds", "variants", "settings"),
}
# The first part of an override names a tagger or a section of the config; it must not be able to mean both.
SECTIONS = ("paths", "system", "nlp", "components", "corpora", "training", "initialize", "pretraining")
RESERVED = (*SECTIONS, "active_learning", "study")


@dataclass(frozen=True)
class Cell:
    """One run of a study, made from files alone: `python -m spacy al run CONFIG --output DIR/NAME` with settings.

    name (str): Its folder, such as "electra.bald-last.seed-0". tagger (str): The name of its block in the study.
    config (Path): Of the run. settings (Settings): Overrides of the config by "section.key".
    """

    name: str
    tagger: str
    config: Path
    settings: Settings


def read_study(
    paths: Sequence[Path], *, overrides: Optional[Mapping[str, Value]] = None, seeds: Optional[int] = None
) -> List[Cell]:
    """Expand a study into its cells, in the order of the file, all taggers and strategies of a seed together.

    paths (Sequence[Path]): The study, as .cfg or .json; further files add to it and change it.
    overrides (Optional[Mapping[str, Value]]): Settings of all cells, or of one tagger's as "TAGGER.section.key";
        they count last.
    seeds (Optional[int]): Number of seeds, instead of the file's own.
    RETURNS (List[Cell]): At least one. Names are unique.
    RAISES: ALError A003 (no file), A580 (not a study), A581 (unknown key), A582 (a value at fault).
    """
    study: Block = {}
    for path in paths:
        study = _merge(study, _load(path))
    place = ", ".join(str(path) for path in paths)
    _check_keys(study, "", place)
    taggers = _block(study, "taggers", place)
    if not taggers:
        raise ALError(Errors.A580.format(path=place, reason="there is no [taggers.NAME] section"))
    cells: List[Cell] = []
    for name in taggers:
        cells += _tagger_cells(study, name, overrides or {}, seeds, place)
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


def _load(path: Path) -> Block:
    if not path.is_file():
        raise ALError(
            Errors.A003.format(path=path, cure="Give a study file, such as configs/paper/table1.cfg.")
        )
    if path.suffix == ".json":
        return parse_object(path.read_bytes(), path=path, line=1)
    try:
        return dict(Config().from_disk(path))
    except (ConfigValidationError, ValueError) as error:
        raise ALError(Errors.A580.format(path=path, reason=" ".join(str(error).split()))) from error


def _merge(old: Block, new: Block) -> Block:
    result = dict(old)
    for key, value in new.items():
        before = result.get(key)
        result[key] = _merge(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return result


def _check_keys(block: Block, kind: str, place: str, section: str = "") -> None:
    for key in block:
        if key not in KEYS[kind]:
            known = ", ".join(KEYS[kind])
            raise ALError(Errors.A581.format(path=place, key=key, section=section or "the file", known=known))


def _block(parent: Block, key: str, place: str) -> Block:
    value = parent.get(key, {})
    if not isinstance(value, dict):
        raise _wrong(place, key, value, "a section was expected")
    return value


def _tagger_cells(
    study: Block, name: str, overrides: Mapping[str, Value], seeds: Optional[int], place: str
) -> List[Cell]:
    general = _block(study, "study", place)
    tagger = _block(_block(study, "taggers", place), name, place)
    _check_keys(general, "study", place, "study")
    _check_keys(tagger, "taggers", place, f"taggers.{name}")
    _check_name(name, place)
    if name in RESERVED:
        raise _wrong(place, "taggers", name, "this is a section of configs; give the tagger another name")
    config = tagger.get("config")
    if not isinstance(config, str):
        raise _wrong(place, f"taggers.{name}.config", config, "the path of a config was expected")
    shared = {**_settings(general, place), **_settings(tagger, place)}
    last = _given(overrides, name)
    numbers = (
        list(range(seeds))
        if seeds is not None
        else _seeds(tagger.get("seeds", general.get("seeds", 1)), place)
    )
    cells = []
    for strategy in _strategies(tagger, name, place):
        for variant, changes in _variants(study, tagger, place).items():
            for seed in numbers:
                settings = {
                    **shared,
                    **changes,
                    **strategy_settings(strategy),
                    "active_learning.seed": seed,
                    **last,
                }
                parts = (name, strategy.replace("/", "-"), variant, f"seed-{seed}")
                cells.append(Cell(".".join(filter(None, parts)), name, Path(config), settings))
    return cells


def strategy_settings(strategy: str) -> Settings:
    """The settings of a strategy written as "MEASURE" or "MEASURE/DROPOUT"."""
    measure, _, dropout = strategy.partition("/")
    return {"active_learning.measure": measure, "active_learning.dropout": dropout or "off"}


def _given(overrides: Mapping[str, Value], name: str) -> Settings:
    # spaCy turns the dashes of --my-tagger.section.key=value into underscores.
    general, own = {}, {}
    for key, value in overrides.items():
        first, _, rest = key.partition(".")
        if "." not in rest or first in RESERVED:
            general[key] = value
        elif first.replace("-", "_") == name.replace("-", "_"):
            own[rest] = value
    return {**general, **own}


def check_overrides(overrides: Mapping[str, Value], cells: Sequence[Cell]) -> None:
    """Raise ALError A584 for an override that is neither of a section of configs nor of a tagger of the study."""
    taggers = {cell.tagger for cell in cells}
    known = {*SECTIONS, "active_learning", *taggers, *(name.replace("-", "_") for name in taggers)}
    for key in overrides:
        if key.partition(".")[0] not in known:
            raise ALError(Errors.A584.format(key=key, taggers=", ".join(sorted(taggers))))


def _settings(block: Block, place: str) -> Settings:
    settings = _block(block, "settings", place)
    for key in settings:
        if "." not in key:
            raise _wrong(
                place, f"settings.{key}", settings[key], "a setting is written as section.key = value"
            )
    return settings


def _seeds(value: Value, place: str) -> List[int]:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return list(range(value))
    if isinstance(value, list):
        seeds = [seed for seed in value if isinstance(seed, int) and not isinstance(seed, bool) and seed >= 0]
        if seeds and len(set(seeds)) == len(value):
            return seeds
    raise _wrong(place, "seeds", value, "a number of seeds, or a list of different ones, was expected")


def _strategies(tagger: Block, name: str, place: str) -> List[str]:
    value = tagger.get("strategies")
    if not isinstance(value, list) or not value or len({str(item) for item in value}) != len(value):
        raise _wrong(
            place, f"taggers.{name}.strategies", value, "a list of different strategies was expected"
        )
    for item in value:
        if not isinstance(item, str) or not re.fullmatch(r"\w+(/\w+)?", item):
            raise _wrong(place, f"taggers.{name}.strategies", item, "write MEASURE or MEASURE/DROPOUT")
    return [str(item) for item in value]


def _variants(study: Block, tagger: Block, place: str) -> Dict[str, Settings]:
    every = _block(study, "variants", place)
    names = tagger.get("variants", list(every))
    if not isinstance(names, list) or not all(isinstance(name, str) and name in every for name in names):
        raise _wrong(
            place, "variants", names, f"names of [variants.NAME] sections were expected: {list(every)}"
        )
    for name in every:
        _check_name(name, place)
    return {str(name): _settings({"settings": every[str(name)]}, place) for name in names} or {"": {}}


def _check_name(name: str, place: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        raise _wrong(place, "name", name, "names are made of letters, digits, - and _: they become folders")


def _wrong(place: str, key: str, value: Value, problem: str) -> ALError:
    return ALError(Errors.A582.format(path=place, key=key, value=value, problem=problem))
