"""Flair's embedding parameters as JSON and back, in place of the pickles that Flair writes."""

import base64
from io import BytesIO
from pathlib import Path
from typing import Any, Dict, List, Union, cast

from flair.data import Dictionary
from flair.embeddings import TokenEmbeddings
from flair.embeddings.base import EMBEDDING_CLASSES, load_embeddings

from ..errors import ALError, Errors, saying

Json = Union[str, int, float, bool, None, List["Json"], Dict[str, "Json"]]


def dump_embeddings(embeddings: TokenEmbeddings) -> Json:
    """What is needed to build embeddings of the same shape again, without their weights.

    RAISES: ALError A342 for embeddings that hold something JSON has no form for.
    """
    name = type(embeddings).__name__
    with saying(Errors.A342, NotImplementedError, name=name, problem="Flair cannot save them"):
        params = embeddings.save_embeddings(use_state_dict=False)
    return _dump(params, name)


def build_embeddings(params: Json) -> TokenEmbeddings:
    """Build embeddings from what `dump_embeddings` gave; nothing is fetched, and no code of a file is run.

    RAISES: ALError A343 for a class that is not one of Flair's embeddings of words.
    """
    value = _load(params)
    name = value.get("__cls__") if isinstance(value, dict) else None
    if name not in EMBEDDING_CLASSES or not issubclass(EMBEDDING_CLASSES[name], TokenEmbeddings):
        raise ALError(Errors.A343.format(name=name))
    return cast(TokenEmbeddings, load_embeddings(value))


def _dump(value: Any, name: str) -> Json:
    # A tuple or Path comes back as what Flair's constructors take as well.
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"!dict": {key: _dump(entry, name) for key, entry in value.items()}}
    if isinstance(value, dict):
        return {"!pairs": [[_dump(key, name), _dump(entry, name)] for key, entry in value.items()]}
    if isinstance(value, (list, tuple)):
        return [_dump(entry, name) for entry in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, BytesIO):
        return {"!bytes": base64.b64encode(value.getvalue()).decode("ascii")}
    if isinstance(value, Dictionary):
        return {"!dictionary": [item.decode("utf8") for item in value.idx2item], "add_unk": value.add_unk}
    raise ALError(Errors.A342.format(name=name, problem=f"they hold a {type(value).__name__}"))


def _load(value: Any) -> Any:
    if isinstance(value, list):
        return [_load(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if "!dict" in value:
        return {key: _load(entry) for key, entry in value["!dict"].items()}
    if "!pairs" in value:
        return {_load(key): _load(entry) for key, entry in value["!pairs"]}
    if "!bytes" in value:
        return BytesIO(base64.b64decode(value["!bytes"]))
    made = Dictionary(add_unk=bool(value["add_unk"]))
    for item in value["!dictionary"]:
        made.add_item(item)
    return made
