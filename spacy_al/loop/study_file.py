"""The file of a study as data: seeds, settings, taggers and variants, every key and value checked."""

import re
from configparser import Error as ParserError
from pathlib import Path
from typing import Annotated, Any, Dict, List, Optional, Sequence, Type, TypeVar, Union

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from thinc.api import Config, ConfigValidationError

from ..errors import ALError, Errors, saying
from ..files import check_file
from ..jsonl import parse_object, unfit

Value = Union[None, bool, int, float, str, List["Value"], Dict[str, "Value"]]
Settings = Dict[str, Value]  # "section.key" -> value, as overrides of a config
Block = Dict[str, Value]

# The first part of an override names a tagger or a section of the config; it must not be able to mean both.
SECTIONS = (
    "paths", "system", "nlp", "components", "corpora", "training", "initialize", "pretraining", "active_learning",
)  # fmt: skip
Item = TypeVar("Item")


def _name(name: str) -> str:
    if name in SECTIONS or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        raise ValueError("a name is made of letters, digits, - and _, and is not that of a config's section")
    return name


def _setting(key: str) -> str:
    if key.partition(".")[0] not in SECTIONS or "." not in key:
        raise ValueError("a setting is written as section.key, its section one of a config's")
    return key


def _different(values: List[Item]) -> List[Item]:
    if not values or len(set(values)) < len(values):
        raise ValueError("a list of different ones was expected")
    return values


def _strategy(name: str) -> str:
    if not re.fullmatch(r"\w+(/\w+)?", name):
        raise ValueError("a strategy is MEASURE or MEASURE/DROPOUT")
    return name


def _numbered(seeds: object) -> object:
    if type(seeds) is int and seeds > 0:
        return list(range(seeds))
    if not isinstance(seeds, list):
        raise ValueError("a number of seeds, or a list of different ones, was expected")
    return seeds


Name = Annotated[str, AfterValidator(_name)]
Given = Dict[Annotated[str, AfterValidator(_setting)], Any]
Seeds = Annotated[List[Annotated[int, Field(ge=0)]], BeforeValidator(_numbered), AfterValidator(_different)]


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Study(_Block):
    """The [study] section. seeds (List[int]), settings (Settings): Of all taggers.

    sections (List[str]): What its reports hold beside the usual, by names in the registry `al_report_sections`.
    """

    seeds: Seeds = [0]
    settings: Given = {}
    sections: List[str] = []


class Tagger(_Block):
    """A [taggers.NAME] section; once it is read, with what it takes from the one it is `like`.

    config (Optional[str]), settings (Settings): Of its runs. like (Optional[str]): Name of the section that has the
    config, which may be its own; command line overrides of either are meant for it. strategies (List[str]): Each
    "MEASURE" or "MEASURE/DROPOUT". seeds (Optional[List[int]]), variants (Optional[List[str]]): None: the study's.
    successor (Optional[str]): Name of the tagger that is trained on what this one queries.
    """

    config: Optional[str] = None
    like: Optional[str] = None
    successor: Optional[str] = None
    strategies: Annotated[List[Annotated[str, AfterValidator(_strategy)]], AfterValidator(_different)]
    seeds: Optional[Seeds] = None
    variants: Optional[Annotated[List[str], AfterValidator(_different)]] = None
    settings: Given = {}


class StudyFile(_Block):
    """A study. taggers (Dict[str, Tagger]), variants (Dict[str, Settings]): By name."""

    study: Study = Study()
    taggers: Dict[Name, Tagger] = {}
    variants: Dict[Name, Given] = {}


def read_study_file(paths: Sequence[Path]) -> StudyFile:
    """Read a study, as .cfg or .json; further files add to it and change it.

    RAISES: ALError A003 (no file), A580 (not a study), A581 (unknown key), A582 (a value at fault).
    """
    block: Block = {}
    for path in paths:
        block = _merge(block, _load(path))
    place = ", ".join(map(str, paths))
    try:
        file = StudyFile.model_validate(block)
    except ValidationError as error:
        raise _refused(error, place) from error
    if not file.taggers:
        raise ALError(Errors.A580.format(path=place, reason="there is no [taggers.NAME] section"))
    return file.model_copy(update={"taggers": {name: _tagger(name, file, place) for name in file.taggers}})


def _load(path: Path) -> Block:
    check_file(path, "Give a study file, such as configs/paper/table1.cfg.")
    if path.suffix == ".json":
        return parse_object(path.read_bytes(), path=path, line=1)
    with saying(Errors.A580, ConfigValidationError, ParserError, ValueError, path=path):
        return dict(Config().from_disk(path))


def _merge(old: Block, new: Block) -> Block:
    result = dict(old)
    for key, value in new.items():
        before = result.get(key)
        result[key] = _merge(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return result


def _tagger(name: str, file: StudyFile, place: str) -> Tagger:
    def wrong(key: str, value: object, problem: str) -> ALError:
        return ALError(Errors.A582.format(path=place, key=f"taggers.{key}", value=value, problem=problem))

    own, origin = file.taggers[name], file.taggers[name].like or name
    if origin not in file.taggers or (own.like is not None and (origin == name or own.config is not None)):
        raise wrong(f"{name}.like", origin, "another tagger with a config was expected")
    base = file.taggers[origin]
    if base.config is None:
        raise wrong(f"{origin}.config", None, "the path of a config was expected")
    if own.successor is not None and own.successor not in file.taggers:
        raise wrong(f"{name}.successor", own.successor, "no tagger has that name")
    if not set(own.variants or []) <= set(file.variants):
        problem = f"names of [variants.NAME] sections were expected: {list(file.variants)}"
        raise wrong(f"{name}.variants", own.variants, problem)
    inherited = {"like": origin, "config": base.config, "settings": {**base.settings, **own.settings}}
    return own.model_copy(update=inherited)


def _refused(error: ValidationError, place: str) -> ALError:
    key, value, problem = unfit(error)
    if error.errors()[0]["type"] != "extra_forbidden":
        return ALError(Errors.A582.format(path=place, key=key.removesuffix(".[key]"), value=value, problem=problem))
    section, _, name = key.rpartition(".")
    model: Type[BaseModel] = StudyFile if not section else Study if section == "study" else Tagger
    where = f"[{section}]" if section else "the file"
    return ALError(Errors.A581.format(path=place, key=name, section=where, known=", ".join(model.model_fields)))
