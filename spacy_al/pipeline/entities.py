"""What the baseline taggers share: optional packages, declared labels, and which examples to learn from."""

import importlib
import warnings
from types import ModuleType
from typing import Annotated, Any, Callable, Dict, List, Optional, Sequence, Tuple

import numpy
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter
from spacy.tokens import Doc, Span
from spacy.training import Example

from ..corpus.labels import LabelData, check_labels
from ..errors import ALError, Errors, Warnings, saying
from ..jsonl import fitting
from ..ml.stages import IGNORE
from ..ml.tags import TagCodec, first_unknown_label

# What every factory of an entity recogniser tells spaCy.
RECOGNIZER: Dict[str, Any] = {
    "assigns": ["doc.ents", "token.ent_iob", "token.ent_type"],
    "default_score_weights": {"ents_f": 1.0, "ents_p": 0.0, "ents_r": 0.0, "ents_per_type": None},
}
Scorer = Optional[Callable[..., Dict[str, Any]]]
SCORER = {"@scorers": "spacy.ner_scorer.v1"}
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def check_settings(settings: object, section: str) -> None:
    """Raise ALError A008 for the first field of a dataclass that its type refuses. section (str): Of the config."""
    with fitting(Errors.A008, section=section):
        TypeAdapter(type(settings)).validate_python(vars(settings))


def require(module: str, *, pipe: str, extra: str) -> ModuleType:
    """Import a package of an optional extra; raises ALError A330 naming the extra when it cannot be."""
    with saying(Errors.A330, ImportError, pipe=pipe, package=module, extra=extra):
        return importlib.import_module(module)


def resolve_labels(
    config: Sequence[str], given: Optional[LabelData], examples: Sequence[Example], *, pipe: str
) -> List[str]:
    """The labels to declare on initialisation: the config's and those given; without any, the examples'.

    RAISES: ALError A300 when there are no labels at all, and as `check_labels`.
    """
    labels = list(dict.fromkeys([*config, *check_labels(given, pipe=pipe)]))
    if not labels:
        labels = sorted({ent.label_ for example in examples for ent in example.reference.ents})
    if not labels:
        raise ALError(Errors.A300.format(name=pipe))
    return labels


def set_entities(doc: Doc, spans: Sequence[Span]) -> None:
    """Set what a tagger found in a Doc; tokens outside an entity become O.

    Entities that are there already, as an `entity_ruler` before the tagger sets them, stay as they are: what was
    found over their tokens is left out, as spaCy's own `ner` does.
    """
    preset = doc.ents
    if preset:
        taken = {number for ent in preset for number in range(ent.start, ent.end)}
        spans = [*preset, *(span for span in spans if taken.isdisjoint(range(span.start, span.end)))]
    doc.set_ents(list(spans), default="outside")


def annotated(
    examples: Sequence[Example], codec: TagCodec, labels: Sequence[str], *, pipe: str
) -> List[Tuple[Example, NDArray[numpy.int64]]]:
    """The examples that are annotated throughout, each with its tag numbers; none without tokens.

    A sentence that is annotated in part is left out, and warning W331 says how many were: neither crfsuite
    nor Flair learns from partial annotation.

    examples (Sequence[Example]): Labelled sentences. codec (TagCodec): For the declared labels.
    labels (Sequence[str]): The declared labels. pipe (str): Name of the component, for messages.
    RETURNS (List[Tuple[Example, NDArray[int64]]]): Examples with the tags of their predicted Docs, (tokens,).
    RAISES: ALError A301 for an entity whose label is not declared.
    """
    examples = [example for example in examples if len(example.predicted)]
    pairs = [(example, gold_tags(example, codec, labels, pipe=pipe)) for example in examples]
    whole = [(example, numbers) for example, numbers in pairs if (numbers != IGNORE).all()]
    if whole and len(whole) < len(pairs):
        left = len(pairs) - len(whole)
        warnings.warn(Warnings.W331.format(pipe=pipe, left=left, examples=len(pairs)), stacklevel=4)
    return whole


def gold_tags(example: Example, codec: TagCodec, labels: Sequence[str], *, pipe: str) -> NDArray[numpy.int64]:
    """`TagCodec.gold`; raises ALError A301 for an entity whose label is not declared."""
    try:
        return codec.gold(example)
    except KeyError as error:
        label = first_unknown_label(example.reference, labels)
        text = example.reference.text[:60]
        message = Errors.A301.format(name=pipe, text=text, label=label, labels=list(labels))
        raise ALError(message) from error
