"""The file of a study as data: seeds, settings, taggers and variants, every key and value checked."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Union

from thinc.api import Config, ConfigValidationError

from ..errors import ALError, Errors
from ..jsonl import parse_object

Value = Union[None, bool, int, float, str, List["Value"], Dict[str, "Value"]]
Settings = Dict[str, Value]  # "section.key" -> value, as overrides of a config
Block = Dict[str, Value]

KEYS = {
    "": ("study", "taggers", "variants"),
    "study": ("seeds", "settings", "sections"),
    "taggers": ("config", "like", "successor", "strategies", "seeds", "variants", "settings"),
}
# The first part of an override names a tagger or a section of the config; it must not be able to mean both.
SECTIONS = (
    "paths", "system", "nlp", "components", "corpora", "training", "initialize", "pretraining", "active_learning",
)  # fmt: skip


@dataclass(frozen=True)
class Tagger:
    """A [taggers.NAME] section, with what it takes from the one it is `like`.

    name (str): Of the section. origin (str): Of the section that names the config; command line overrides of
    either are meant for it. config (Path), settings (Settings): Of its runs. strategies (List[str]): Each
    "MEASURE" or "MEASURE/DROPOUT". seeds (Optional[List[int]]), variants (Optional[List[str]]): None: the study's.
    successor (Optional[str]): Name of the tagger that is trained on what this one queries.
    """

    name: str
    origin: str
    config: Path
    settings: Settings
    strategies: List[str]
    seeds: Optional[List[int]]
    variants: Optional[List[str]]
    successor: Optional[str]


@dataclass(frozen=True)
class StudyFile:
    """A study. seeds (List[int]), settings (Settings): Of all taggers. variants (Dict[str, Settings]): By name.

    sections (List[str]): What its reports hold beside the usual, by names in the registry `al_report_sections`.
    """

    seeds: List[int]
    settings: Settings
    taggers: Dict[str, Tagger]
    variants: Dict[str, Settings]
    sections: List[str]


def read_study_file(paths: Sequence[Path]) -> StudyFile:
    """Read a study, as .cfg or .json; further files add to it and change it.

    RAISES: ALError A003 (no file), A580 (not a study), A581 (unknown key), A582 (a value at fault).
    """
    block: Block = {}
    for path in paths:
        block = _merge(block, _load(path))
    return _Reader(", ".join(str(path) for path in paths)).study(block)


def _load(path: Path) -> Block:
    if not path.is_file():
        cure = "Give a study file, such as configs/paper/table1.cfg."
        raise ALError(Errors.A003.format(path=path, cure=cure))
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


class _Reader:
    """Turns blocks into data; knows the files' names for its messages."""

    def __init__(self, place: str) -> None:
        self.place = place

    def study(self, block: Block) -> StudyFile:
        self._check_keys(block, "", "the file")
        general = self._section(block, "study")
        self._check_keys(general, "study", "[study]")
        variants = self._section(block, "variants")
        blocks = self._section(block, "taggers")
        if not blocks:
            raise ALError(Errors.A580.format(path=self.place, reason="there is no [taggers.NAME] section"))
        taggers = {name: self._tagger(name, blocks, list(variants)) for name in blocks}
        for tagger in taggers.values():
            if tagger.successor is not None and tagger.successor not in taggers:
                raise self._wrong(f"taggers.{tagger.name}.successor", tagger.successor, "no tagger has that name")
        return StudyFile(
            seeds=self._seeds(general.get("seeds", 1)),
            settings=self._settings(general, "study"),
            taggers=taggers,
            variants={self._name(name): self._settings({"settings": variants[name]}, name) for name in variants},
            sections=self._sections(general.get("sections", [])),
        )

    def _tagger(self, name: str, blocks: Block, variants: List[str]) -> Tagger:
        block = self._section(blocks, self._name(name))
        self._check_keys(block, "taggers", f"[taggers.{name}]")
        origin = block.get("like", name)
        if origin not in blocks or ("like" in block and (origin == name or "config" in block)):
            raise self._wrong(f"taggers.{name}.like", origin, "another tagger with a config was expected")
        base = self._section(blocks, str(origin))
        config = base.get("config")
        if not isinstance(config, str):
            raise self._wrong(f"taggers.{origin}.config", config, "the path of a config was expected")
        successor = block.get("successor")
        settings = {**self._settings(base, str(origin)), **self._settings(block, name)}
        return Tagger(
            name=name,
            origin=str(origin),
            config=Path(config),
            settings=settings,
            strategies=self._strategies(block.get("strategies"), name),
            seeds=self._seeds(block["seeds"]) if "seeds" in block else None,
            variants=self._variants(block["variants"], variants) if "variants" in block else None,
            successor=None if successor is None else str(successor),
        )

    def _check_keys(self, block: Block, kind: str, section: str) -> None:
        for key in block:
            if key not in KEYS[kind]:
                known = ", ".join(KEYS[kind])
                raise ALError(Errors.A581.format(path=self.place, key=key, section=section, known=known))

    def _section(self, parent: Block, key: str) -> Block:
        value = parent.get(key, {})
        if not isinstance(value, dict):
            raise self._wrong(key, value, "a section was expected")
        return value

    def _settings(self, block: Block, section: str) -> Settings:
        settings = self._section(block, "settings")
        for key, value in settings.items():
            if key.partition(".")[0] not in SECTIONS or "." not in key:
                problem = f"a setting of [{section}] is written as section.key, its section one of a config's"
                raise self._wrong(key, value, problem)
        return settings

    def _seeds(self, value: Value) -> List[int]:
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return list(range(value))
        if isinstance(value, list):
            seeds = [item for item in value if isinstance(item, int) and not isinstance(item, bool) and item >= 0]
            if seeds and len(set(seeds)) == len(value):
                return seeds
        raise self._wrong("seeds", value, "a number of seeds, or a list of different ones, was expected")

    def _strategies(self, value: Value, name: str) -> List[str]:
        names = self._names(value)
        if not names or not all(re.fullmatch(r"\w+(/\w+)?", item) for item in names):
            problem = "a list of different strategies was expected, each MEASURE or MEASURE/DROPOUT"
            raise self._wrong(f"taggers.{name}.strategies", value, problem)
        return names

    def _variants(self, value: Value, known: List[str]) -> List[str]:
        names = self._names(value)
        if not names or not set(names) <= set(known):
            raise self._wrong("variants", value, f"names of [variants.NAME] sections were expected: {known}")
        return names

    def _sections(self, value: Value) -> List[str]:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong("sections", value, 'a list of names was expected, such as ["paper"]')
        return list(map(str, value))

    def _names(self, value: Value) -> List[str]:
        """A list of different texts; empty for anything else."""
        names = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
        return names if names and isinstance(value, list) and len(set(names)) == len(value) else []

    def _name(self, name: str) -> str:
        if name in SECTIONS or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
            problem = "a name is made of letters, digits, - and _, and is not that of a config's section"
            raise self._wrong("name", name, problem)
        return name

    def _wrong(self, key: str, value: Value, problem: str) -> ALError:
        return ALError(Errors.A582.format(path=self.place, key=key, value=value, problem=problem))
