"""Attributes of other objects that have another value for a while, and get their own back whatever happens."""

import contextlib
from typing import Any, Iterable, Iterator, Tuple


@contextlib.contextmanager
def lent(values: Iterable[Tuple[Any, str, Any]]) -> Iterator[None]:
    """Inside the block, attributes have these values; after it, those that they had before.

    values (Iterable[Tuple[Any, str, Any]]): Objects, names of attributes, and their values for the block.
    """
    before = [(one, name, value, getattr(one, name)) for one, name, value in values]
    try:
        for one, name, value, _ in before:
            setattr(one, name, value)
        yield
    finally:
        for one, name, _, own in before:
            setattr(one, name, own)
