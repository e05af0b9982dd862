"""Label lists: the names of entity types, in every form in which a file or a config gives them."""

import json
from pathlib import Path
from typing import Dict, List, Mapping, Optional, Sequence, Union

from spacy.util import registry
from thinc.api import Config

from ..errors import ALError, Errors, saying
from ..files import check_file, write_json
from ..tasks import is_name
from .schemes import tag_names

# The list that `al convert` writes beside a corpus, an object {"labels": [...]}, or the label data of spaCy's `ner`.
LabelData = Union[Sequence[str], Mapping[str, Union[str, Sequence[str], Mapping[str, int]]]]
CURE = "Give the list of your entity types (`al run` takes --paths.labels FILE.json; `al convert` writes one)."


def labels_path(path: Path) -> Path:
    """The label list that belongs to a DocBin file: OUT.labels.json beside OUT.spacy."""
    return path.with_suffix(".labels.json")


def write_labels(path: Path, labels: Sequence[str]) -> None:
    """Write a label list as spaCy's `spacy.read_labels.v1` reads it."""
    write_json(path, list(labels))


def read_labels(path: Path) -> List[str]:
    """The labels in a JSON file.

    RAISES: ALError A003 when the file is not there, A304 when it holds no label list.
    """
    here = f" It was looked for in {Path.cwd()}: run the command where the run was begun."
    check_file(path, CURE if path.is_absolute() else CURE + here)
    with saying(Errors.A304, ValueError, RecursionError, path=path, problem="this is not JSON ({reason})"):
        labels = find_labels(json.loads(path.read_bytes()))
    if labels is None:
        raise ALError(Errors.A304.format(path=path, problem="this is no list of labels"))
    return labels


def check_labels(data: Optional[LabelData], *, pipe: str) -> List[str]:
    """The labels that a config gives, or spaCy's reader has read for a component.

    data (Optional[LabelData]): None stands for no labels. pipe (str): Name of the component, for messages.
    RETURNS (List[str]): Entity labels such as "PER", in their order.
    RAISES: ALError A331 if it is something else, A101 for an empty or repeated label.
    """
    labels = [] if data is None else find_labels(data)
    if labels is None:
        raise ALError(Errors.A331.format(pipe=pipe, value=data))
    tag_names(labels, "IOB2")
    return labels


def find_labels(data: object) -> Optional[List[str]]:
    """The names in a list, in an object {"labels": [...]} or in label data of spaCy's `ner`; None for all else."""
    labels = data
    if isinstance(data, Mapping):
        labels = data["labels"] if "labels" in data else _transition_labels(data)
    if isinstance(labels, (str, bytes)) or not isinstance(labels, Sequence):
        return None
    return list(labels) if all(isinstance(label, str) for label in labels) else None


def alike(labels: Sequence[str]) -> List[List[str]]:
    """Labels that differ in capitals alone, which may be one, in groups."""
    groups: Dict[str, List[str]] = {}
    for label in labels:
        groups.setdefault(label.casefold(), []).append(label)
    return [group for group in groups.values() if len(group) > 1]


def transition_data(labels: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
    """Labels in the form that spaCy's transition-based `ner` is initialised with: frequencies by kind of action."""
    from spacy.pipeline._parser_internals.ner import BiluoPushDown

    actions = BiluoPushDown.get_actions(entity_types=list(labels))
    return {str(action): dict(counts) for action, counts in actions.items()}


def declared_labels(config: Config, target: str) -> List[str]:
    """The labels that a config declares for a component: in [initialize], in its own block, or as `paths.labels`.

    config (Config): Interpolated. target (str): The component.
    RETURNS (List[str]): In their order; empty when none are declared.
    RAISES: ALError A304 for a file that names no types, and as `read_labels` and `check_labels`.
    """
    block = config.get("initialize", {}).get("components", {}).get(target, {}).get("labels")
    if isinstance(block, dict) and "@readers" in block:
        own = block["@readers"] == "spacy.read_labels.v1"
        if own and block.get("path"):
            return _some_labels(Path(block["path"]))
        block = None if own else registry.resolve({"labels": block})["labels"]
    block = block or config.get("components", {}).get(target, {}).get("labels")
    path = config.get("paths", {}).get("labels")
    return _some_labels(Path(path)) if path and not block else check_labels(block, pipe=target)


def _some_labels(path: Path) -> List[str]:
    labels = read_labels(path)
    problem = None
    if not labels:
        problem = "this label list is empty, so that nothing could be learnt"
    elif any(not label.strip() or label != label.strip() or labels.count(label) > 1 for label in labels):
        problem = "a label in this list is empty, has white space around it or is there twice"
    elif bad := next((label for label in labels if not is_name(label)), None):
        problem = f"no answer can hold the label {bad!r}, which has characters that cannot be seen or end a line"
    elif "O" in labels or any(label[:2] == "B-" and f"I-{label[2:]}" in labels for label in labels):
        problem = "this list has the tags of tokens (O, B-, I-), not types of entities"
    if problem:
        raise ALError(Errors.A304.format(path=path, problem=problem))
    return labels


def _transition_labels(data: Mapping[object, object]) -> Optional[List[str]]:
    if not data or not all(str(key).isdigit() and isinstance(counts, Mapping) for key, counts in data.items()):
        return None
    return sorted({str(label) for counts in data.values() for label in counts if label})  # type: ignore[attr-defined]
