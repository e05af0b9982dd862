"""The [active_learning] block of a config: its defaults, and the check that names every wrong key."""

import difflib
import re
from pathlib import Path
from typing import Any, Dict, List, Literal, Mapping, Optional, Union

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from spacy.language import DEFAULT_CONFIG
from spacy.schemas import ConfigSchemaTraining
from spacy.util import get_lang_class
from thinc.api import Config

from .errors import ALError, Errors

# A file of its own, as spaCy's default config is.
DEFAULT_ACTIVE_LEARNING = Path(__file__).with_name("active_learning.cfg").read_text(encoding="utf8")


REFERENCE = re.compile(r"\$\{[\w.:-]+\}")  # to another setting
# Least values of lengths in [training], which spaCy does not check.
LEAST = {"max_steps": 0, "max_epochs": -1, "patience": 0, "eval_frequency": 1, "accumulate_gradient": 1}


class ActiveLearningSchema(BaseModel):
    """The checked [active_learning] block. Meanings and defaults: DEFAULT_ACTIVE_LEARNING."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, strict=False)

    pool: Optional[str]
    test: Optional[str]
    target: str
    seed: int = Field(ge=0)
    oracle: Literal["simulation", "people"]
    questions: Literal["sentences", "windows"]
    unit: Literal["fraction", "tokens", "sentences", "cost"]
    seed_budget: float = Field(gt=0)
    round_budget: float = Field(ge=0)
    rounds: int = Field(ge=0)
    min_steps: int = Field(ge=0)
    warmup: float = Field(ge=0, lt=1)
    self_training: float = Field(ge=0)
    dev_fraction: float = Field(ge=0, lt=1)
    pool_fraction: float = Field(gt=0, le=1)
    measure: Union[str, Dict[str, Any]]
    tie_measure: Optional[str]
    passes: int = Field(ge=1)
    dropout: str
    anneal_patience: int = Field(ge=0)
    anneal_factor: float = Field(gt=0, lt=1)
    start: Optional[str]
    successor: Optional[str]
    holdout: Union[Literal["auto"], float]
    final_fit: bool
    stopping: Optional[Dict[str, Any]]
    cost: Optional[Dict[str, Any]]
    keep_models: bool
    deterministic: bool
    engine: Literal["local", "ray"]
    strategy: Dict[str, Any]

    @model_validator(mode="after")
    def _fractions(self) -> "ActiveLearningSchema":
        if self.rounds and not self.round_budget:
            raise ValueError("nothing would be asked in a round; give a budget above 0, or rounds = 0 to train once")
        if self.unit == "fraction" and max(self.seed_budget, self.round_budget) > 1:
            raise ValueError("a budget over 1 with unit = fraction; say unit = tokens or sentences")
        if (self.unit == "cost") != (self.cost is not None):
            raise ValueError('unit = "cost" and a block [active_learning.cost] go together')
        if self.holdout != "auto" and not (0 <= self.holdout <= 0.5 or self.holdout >= 1):
            raise ValueError('holdout is "auto", a share of the questions up to 0.5, or a number of entities from 1 on')
        if self.anneal_patience and not self.dev_fraction:
            raise ValueError("anneal_patience needs a development set: set dev_fraction")
        return self


def fill_active_learning(config: Config) -> Config:
    """A copy of a config with all defaults: ours in [active_learning], spaCy's in every other block.

    RAISES: ALError A009 when there is no such block, A001 for a key that does not exist.
    """
    if "active_learning" not in config:
        raise ALError(Errors.A009.format(section="active_learning"))
    known = ActiveLearningSchema.model_fields
    for key in config["active_learning"]:
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {close[0]}? All: {', '.join(known)}" if close else ", ".join(known)
            raise ALError(Errors.A001.format(key=key, section="active_learning", known=hint))
    for key in config.get("training", {}):
        if key not in ConfigSchemaTraining.model_fields:
            raise ALError(
                Errors.A001.format(key=key, section="training", known=", ".join(ConfigSchemaTraining.model_fields))
            )
    defaults = Config().from_str(DEFAULT_ACTIVE_LEARNING)
    block = {**defaults["active_learning"], **config["active_learning"]}
    # spaCy fills the other blocks itself when it loads a pipeline, but not before it reads [training].
    filled = language_defaults(config.get("nlp", {}).get("lang")).merge(config)
    filled["active_learning"] = block
    for section in ("paths", "active_learning"):
        filled[section] = {key: at_home(value) for key, value in filled.get(section, {}).items()}
    return filled


def language_defaults(lang: object) -> Config:
    """spaCy's default config for a language: Chinese, Japanese, Korean, Thai, Vietnamese have tokenizers of their own.

    lang (object): Its code; for anything else, which spaCy will refuse, what all languages share.
    """
    defaults = Config(DEFAULT_CONFIG)
    try:
        own = get_lang_class(lang).Defaults.config if isinstance(lang, str) else {}
    except ImportError:
        return defaults
    return defaults.merge(own)


def at_home(value: Any) -> Any:
    """A text that begins with `~/` as a path in the home folder, as a shell reads it; all else as it is."""
    return str(Path(value).expanduser()) if isinstance(value, str) and value.startswith("~/") else value


def check_dollars(overrides: Mapping[str, Any]) -> None:
    """Raise ALError A019 for a value with a $ that no config can hold, such as in the path of a folder `a$b`."""
    for key, value in overrides.items():
        if isinstance(value, str) and "$" in REFERENCE.sub("", value):
            raise ALError(Errors.A019.format(key=key, value=value))


def check_active_learning(config: Config) -> ActiveLearningSchema:
    """Check the [active_learning] block of a filled and interpolated config, and the lengths in [training].

    RAISES: ALError A008 with every value at fault.
    """
    for key, least in LEAST.items():
        value = config.get("training", {}).get(key)
        if isinstance(value, int) and value < least:
            problem = f"give a number from {least} on"
            raise ALError(Errors.A008.format(section="training", key=key, value=value, problem=problem))
    try:
        return ActiveLearningSchema.model_validate(dict(config["active_learning"]))
    except ValidationError as error:
        raise ALError("\n".join(_problems(error, dict(config["active_learning"])))) from error


def _problems(error: ValidationError, block: Dict[str, Any]) -> List[str]:
    lines = []
    for problem in error.errors():
        key = str(problem["loc"][0]) if problem["loc"] else "(block)"
        value = block.get(key) if problem["loc"] else None
        lines.append(Errors.A008.format(section="active_learning", key=key, value=value, problem=problem["msg"]))
    return lines
