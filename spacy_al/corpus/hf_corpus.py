"""Hugging Face data sets on disk: a folder that `save_to_disk` wrote, or a Parquet file."""

from pathlib import Path
from typing import Any, Iterator, Tuple

from ..errors import ALError, Errors, saying
from .fields import Record
from .json_corpus import Context
from .record_tags import KEYS


def hf_objects(path: Path, context: Context) -> Iterator[Tuple[int, Record]]:
    """The rows of a data set as records; tags that are numbers become the names that its features give them.

    path (Path): The folder or file; of a folder of several splits, one of these.
    context (Context): What reading needs.
    RAISES: ALError A136 for a folder of several splits or one that cannot be read, A137 without the package.
    """
    with saying(Errors.A137, ImportError, module="datasets", extra="hf"):
        import datasets
    if (path / "dataset_dict.json").is_file():
        splits = ", ".join(sorted(part.name for part in path.iterdir() if part.is_dir()))
        raise ALError(Errors.A136.format(path=path, line=1, problem=f"it has several splits: give one of {splits}"))
    try:
        rows = datasets.load_from_disk(str(path)) if path.is_dir() else datasets.Dataset.from_parquet(str(path))
    except (OSError, ValueError, KeyError, datasets.exceptions.DatasetGenerationError) as error:
        problem = f"this data set cannot be read ({str(error)[:200]})"
        raise ALError(Errors.A136.format(path=path, line=1, problem=problem)) from error
    # Names that the user gives count before those in the file, which may be bare labels.
    given = (context.rules.spans_field, *KEYS) if context.rules.tags else ()
    features = {key: feature for key, feature in rows.features.items() if key not in given}
    names = {key: found for key, feature in features.items() if (found := _names(feature, datasets))}
    for number, row in enumerate(rows, start=1):
        yield number, {key: _named(key, value, names) for key, value in row.items() if value is not None}


def _names(feature: Any, datasets: Any) -> "list[str]":
    inner = getattr(feature, "feature", feature[0] if isinstance(feature, list) and feature else None)
    return list(inner.names) if isinstance(inner, datasets.ClassLabel) else []


def _named(key: str, value: object, names: "dict[str, list[str]]") -> object:
    if key in names and isinstance(value, list):
        return [names[key][one] if isinstance(one, int) and 0 <= one < len(names[key]) else one for one in value]
    return value
