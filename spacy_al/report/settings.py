"""What a run was asked to do, read from its config.cfg: tagger, strategy, budgets, seed."""

import json
from configparser import Error as ParserError
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Mapping, Tuple

from spacy.util import load_config
from thinc.api import Config, ConfigValidationError

from ..errors import ALError, Errors, saying
from ..runs.changes import decisive
from ..runs.folder import RunFolder
from ..schemas import DEFAULT_ACTIVE_LEARNING
from .names import corpus_name, short_name, short_path, strategy_name, tagger_kind, tagger_name, tail

SECTION = "active_learning"
# May differ between the seeds of one experiment, or between a run and its longer continuation.
FREE = ("active_learning.seed", "active_learning.rounds", "training.seed")


@dataclass(frozen=True)
class Model:
    """A model as a reader would name it.

    tagger (str): The paper's name ("ELECTRA", "CRF", ...) or the encoder's own name. kind (str): As
    `names.tagger_kind`. encoder (str): Name of its encoder, "" if it has none.
    """

    tagger: str
    kind: str
    encoder: str


@dataclass(frozen=True)
class Settings(Model):
    """The choices that make an experiment, as a reader would name them.

    The model is, of a run with a successor, the successor, which is what its metrics are about.
    acquirer (str): Name of the model that acquired, where that is another one; else "".
    acquirer_encoder (str): Name of that model's encoder, "" if it has none.
    measure, dropout (str): Short registered name; dropout is "off" for deterministic measures.
    strategy (str): Label of the query strategy, as `names.strategy_name`. passes (int): Stochastic passes.
    seed (int): Root seed. rounds (int): Rounds asked for.
    seed_budget, round_budget (str): With their unit: "2 %", "500 tokens".
    corpus (str): Name of the training corpus. pool (str): Its path as the config gives it.
    same (Dict[str, str]): All settings that may change results, but FREE, by "section.key": runs with equal `same` on
    equal pools are one experiment with several seeds.
    """

    acquirer: str
    acquirer_encoder: str
    measure: str
    dropout: str
    strategy: str
    passes: int
    seed: int
    rounds: int
    seed_budget: str
    round_budget: str
    corpus: str
    pool: str
    same: Dict[str, str]


def read_settings(path: Path) -> Settings:
    """Read the settings of a run from its config; nothing registered is looked up or built.

    path (Path): The run's config.cfg.
    RETURNS (Settings): What it asks for. Missing optional settings take the value that changes nothing.
    RAISES: ALError A003 (no file, or none of the successor it names), A702 (not a config of a run), A008 (a value
        of the wrong kind).
    """
    config = _load(path)
    given = config.get(SECTION)
    if not isinstance(given, Mapping):
        raise ALError(Errors.A702.format(path=path, reason=f"there is no [{SECTION}]"))
    # Unknown keys are left alone: a report may well read what a later version has run.
    block = {**Config().from_str(DEFAULT_ACTIVE_LEARNING)[SECTION], **given}
    own = _model(config, str(block["target"]))
    heir = _load(RunFolder(path.parent).successor_config) if block["successor"] else None
    shown = own if heir is None else _model(heir, _text(_find(heir, SECTION, "target"), str(block["target"])))
    acquirer = Model("", "", "") if heir is None else own
    measure, dropout, pool = _name(block["measure"]), str(block["dropout"]), str(block["pool"] or "")
    return Settings(
        **vars(shown),
        acquirer=acquirer.tagger,
        acquirer_encoder=acquirer.encoder,
        measure=measure,
        dropout=dropout,
        strategy=strategy_name(measure, dropout, _name(block["strategy"]), acquirer.tagger),
        passes=_whole(block, "passes", path),
        seed=_whole(block, "seed", path),
        rounds=_whole(block, "rounds", path),
        seed_budget=_budget(block, "seed_budget", path),
        round_budget=_budget(block, "round_budget", path),
        corpus=corpus_name(pool),
        pool=pool,
        same={**_same({**config, SECTION: block}), **_same(heir or {}, "successor.")},
    )


def _load(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        raise ALError(Errors.A003.format(path=path, cure="A run folder holds config.cfg: copy it back."))
    with saying(Errors.A702, ParserError, ConfigValidationError, ValueError, path=path):
        return load_config(path, interpolate=True)


def _model(config: Mapping[str, object], target: str) -> Model:
    parts = _component(config, target)
    return Model(tagger_name(*parts), tagger_kind(*parts), short_path(parts[1]))


def _find(value: object, *keys: str) -> object:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _text(*values: object) -> str:
    return next((value for value in values if isinstance(value, str) and value), "")


def _component(config: Mapping[str, object], target: str) -> Tuple[str, str, str]:
    # Factory, encoder's name and encoder's architecture of the target. Where the target only listens to a
    # shared transformer, that one is its encoder.
    component = _find(config, "components", target)
    encoder = _find(component, "model", "encoder")
    name = _text(
        _find(encoder, "name"),
        _find(encoder, "embed", "name"),
        _find(config, "components", "transformer", "model", "name"),
        _find(component, "model", "name"),
    )
    embed = short_name(_text(_find(encoder, "embed", "@architectures")))
    architecture = short_name(_text(_find(encoder, "@architectures")))
    return _text(_find(component, "factory"), target), name, " ".join(filter(None, (architecture, embed)))


def _name(value: object) -> str:
    if isinstance(value, Mapping):
        value = next((item for key, item in value.items() if key.startswith("@")), "")
    return short_name(_text(value))


def _whole(block: Mapping[str, object], key: str, path: Path) -> int:
    value = block[key]
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(key, value, f"a whole number was expected, in {path}.")
    return value


def _budget(block: Mapping[str, object], key: str, path: Path) -> str:
    value, unit = block[key], block["unit"]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _wrong(key, value, f"a number was expected, in {path}.")
    return f"{100 * value:g} %" if unit == "fraction" else f"{value:g} {unit}"


def _wrong(key: str, value: object, problem: str) -> ALError:
    return ALError(Errors.A008.format(section=SECTION, key=key, value=value, problem=problem))


def _same(config: Mapping[str, Any], prefix: str = "") -> Dict[str, str]:
    files = {value for value in config.get("paths", {}).values() if isinstance(value, str)}
    deciding = decisive(config)
    if test := _find(config, SECTION, "test"):  # it does not change a run, but what is read of it
        deciding["active_learning.test"] = tail(str(test))
    result = {}
    for key, value in deciding.items():
        # What is off is the same as what was not there yet when a run was made, and 1 the same as 1.0.
        if key not in FREE and value not in (None, False, "", 0):
            value = int(value) if isinstance(value, float) and value.is_integer() else value
            short = tail(value) if isinstance(value, str) and value in files else value
            result[prefix + key] = json.dumps(short, sort_keys=True, default=str)
    return result
