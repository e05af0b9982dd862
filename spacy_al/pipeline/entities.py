"""What the baseline taggers share: optional packages, declared labels, and which examples to learn from."""

import importlib
import warnings
from types import ModuleType
from typing import List, Mapping, Optional, Sequence, Tuple, Union

import numpy
from numpy.typing import NDArray
from spacy.training import Example

from ..corpus.schemes import tag_names
from ..errors import ALError, Errors, Warnings
from ..ml.stages import IGNORE
from ..ml.tags import TagCodec, first_unknown_label

# The list of labels that `al convert` writes beside a corpus, or an object {"labels": [...]}.
LabelData = Union[Sequence[str], Mapping[str, Union[str, Sequence[str]]]]


def require(module: str, *, pipe: str, extra: str) -> ModuleType:
    """Import a package of an optional extra; raises ALError A330 naming the extra when it cannot be."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ALError(Errors.A330.format(pipe=pipe, package=module, extra=extra, reason=error)) from error


def read_labels(data: Optional[LabelData], *, pipe: str) -> List[str]:
    """The labels in a list or an object, checked.

    data (Optional[LabelData]): As read by `spacy.read_labels.v1`; None stands for no labels.
    pipe (str): Name of the component, for messages.
    RETURNS (List[str]): Entity labels such as "PER", in their order.
    RAISES: ALError A331 if it is something else, A101 for an empty or repeated label.
    """
    labels = data.get("labels") if isinstance(data, Mapping) else data
    if data is None:
        return []
    if isinstance(labels, (str, bytes)) or not isinstance(labels, Sequence):
        raise ALError(Errors.A331.format(pipe=pipe, value=data))
    if not all(isinstance(label, str) for label in labels):
        raise ALError(Errors.A331.format(pipe=pipe, value=data))
    tag_names(labels, "IOB2")
    return list(labels)


def resolve_labels(
    config: Sequence[str], given: Optional[LabelData], examples: Sequence[Example], *, pipe: str
) -> List[str]:
    """The labels to declare on initialisation: the config's and those given; without any, the examples'.

    RAISES: ALError A300 when there are no labels at all, and as `read_labels`.
    """
    labels = list(dict.fromkeys([*config, *read_labels(given, pipe=pipe)]))
    if not labels:
        labels = sorted({ent.label_ for example in examples for ent in example.reference.ents})
    if not labels:
        raise ALError(Errors.A300.format(name=pipe))
    return labels


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
    pairs = [(example, _gold(example, codec, labels, pipe=pipe)) for example in examples]
    whole = [(example, numbers) for example, numbers in pairs if (numbers != IGNORE).all()]
    if whole and len(whole) < len(pairs):
        left = len(pairs) - len(whole)
        warnings.warn(Warnings.W331.format(pipe=pipe, left=left, examples=len(pairs)), stacklevel=4)
    return whole


def _gold(example: Example, codec: TagCodec, labels: Sequence[str], *, pipe: str) -> NDArray[numpy.int64]:
    try:
        return codec.gold(example)
    except KeyError as error:
        label = first_unknown_label(example.reference, labels)
        text = example.reference.text[:60]
        message = Errors.A301.format(name=pipe, text=text, label=label, labels=list(labels))
        raise ALError(message) from error
