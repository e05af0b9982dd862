"""What an uncertainty measure is, and how measures are looked up and checked before any work starts."""

from dataclasses import dataclass
from typing import Any, Callable, List, Mapping, Optional, Sequence, Union

from torch import Tensor

from .. import registry
from ..errors import ALError, Errors
from ..types import TagSamples

SampleFunction = Callable[[TagSamples], Tensor]


def as_is(utility: float) -> float:
    """Show a utility unchanged."""
    return utility


@dataclass(frozen=True)
class Measure:
    """A pure function of TagSamples, higher = more useful; the registry `al_measures` makes them.

    name (str): Short name, the key of its utilities everywhere.
    function (Callable): TagSamples -> float32 (sentences,), on the same device; 0 for an empty sentence.
    stochastic (bool): Needs several passes that differ by dropout.
    needs_model (bool): False for `random`, which asks no tagger.
    token_function (Callable): TagSamples -> float32 (tokens,), or None where a token has no value of its own.
    display (Callable): Utility as ranked -> number to show to people, increasing.
    """

    name: str
    function: SampleFunction
    stochastic: bool = False
    needs_model: bool = True
    token_function: Optional[SampleFunction] = None
    display: Callable[[float], float] = as_is


def get_measures(names: Sequence[Union[str, Mapping[str, Any]]]) -> List[Measure]:
    """Make measures from short or full registered names, or from blocks of a config that give them parameters.

    names (Sequence[Union[str, Mapping]]): Such as ["mnlp", {"@al_measures": "spacy-al.bald.v1"}].
    RETURNS (List[Measure]): In the same order.
    RAISES: ALError A402 for an unknown name, A403 for none or for one given twice.
    """
    measures: List[Measure] = []
    for given in names:
        name = given if isinstance(given, str) else str(given.get("@al_measures"))
        full = registry.full_name("al_measures", name)
        if not registry.registry.has("al_measures", full):
            raise ALError(Errors.A402.format(name=name, known=", ".join(measure_names())))
        block = {"@al_measures": full} if isinstance(given, str) else {**given, "@al_measures": full}
        measures.append(registry.registry.resolve({"measure": block})["measure"])
    if not measures or len({measure.name for measure in measures}) < len(measures):
        raise ALError(Errors.A403.format(names=list(names)))
    return measures


def measure_names() -> List[str]:
    """Names to choose from: short ones of this project, full ones of other packages."""
    names = registry.names("al_measures")
    short = [name.removeprefix("spacy-al.").removesuffix(".v1") for name in names]
    return [
        one if registry.full_name("al_measures", one) == full else full for full, one in zip(names, short, strict=True)
    ]


def check_measures(measures: Sequence[Measure], *, passes: int, dropout: str) -> None:
    """Refuse combinations that make no sense, before a tagger runs.

    RAISES: ALError A401 for a stochastic measure without dropout or with fewer than two passes, A404 for
        a number of passes below 1.
    """
    if passes < 1:
        raise ALError(Errors.A404.format(passes=passes))
    for measure in measures:
        if measure.stochastic and (dropout == "off" or passes < 2):
            raise ALError(Errors.A401.format(name=measure.name, passes=passes, dropout=dropout))


def require_passes(name: str, samples: TagSamples) -> None:
    """Raise ALError A401 unless the samples hold at least two passes that differ by dropout."""
    passes = samples.probs.shape[0]
    if not samples.stochastic or passes < 2:
        dropout = "on" if samples.stochastic else "off"
        raise ALError(Errors.A401.format(name=name, passes=passes, dropout=dropout))
