"""Values of an untrusted JSON object, with their kinds checked."""

from typing import Dict, Optional, Type, TypeVar

from .align import BadRecord

Record = Dict[str, object]
T = TypeVar("T")


def get(record: Record, key: str, kind: Type[T]) -> Optional[T]:
    """The value of a key, None if it is absent or null.

    record (Record): The object.
    key (str): The key.
    kind (Type[T]): str, int, bool, list or dict; true and false are no whole numbers.
    RETURNS (Optional[T]): The value.
    RAISES: BadRecord if the value is of another kind.
    """
    value = record.get(key)
    if value is None:
        return None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise BadRecord(f"{key!r} must be of kind {kind.__name__}, found {value!r}"[:300])
    return value


def number(record: Record, key: str) -> int:
    """The whole number of a key; BadRecord if there is none."""
    value = get(record, key, int)
    if value is None:
        raise BadRecord(f"{key!r} is missing in {record!r}")
    return value


def as_object(value: object, what: str) -> Record:
    """The value, which must be a JSON object; BadRecord, calling it `what`, if it is not."""
    if not isinstance(value, dict):
        raise BadRecord(f"a {what} must be an object, found {value!r}")
    return value


def named(record: Record, *, text: str, id: str) -> Record:
    """The record with its "text" and "id" under the keys that the user has named."""
    names = {"text": text, "id": id}
    return {names.get(key, key): value for key, value in record.items()}
