"""A bounded store of what was computed once per sentence, keyed by the sentence's tokens."""

from typing import Any, Callable, Dict, Generic, List, Optional, Sequence, TypeVar

from spacy.tokens import Doc

from ..ids import token_key

Value = TypeVar("Value")
KEPT_BYTES = 256 << 20
ENTRY_BYTES = 150  # of a key and its place in a dictionary
ARRAY_BYTES = 130  # of a numpy array, apart from its numbers


class SentenceCache(Generic[Value]):
    """Values by `token_key`, within a limit of bytes.

    What comes later displaces what came first, half of the limit at once: a pool that is larger is computed anew
    each time, which costs little more than looking it up, and labelled sentences are there again for their second
    epoch.
    """

    def __init__(self, weigh: Callable[[Value], int], limit: int = KEPT_BYTES) -> None:
        """
        weigh (Callable[[Value], int]): Bytes of a value, with all its objects.
        limit (int): Bytes to keep; with 0 nothing is kept.
        """
        self.weigh = weigh
        self.limit = limit
        self.values: Dict[bytes, Value] = {}
        self.older: Dict[bytes, Value] = {}
        self.used = 0  # bytes of `values`

    def get(
        self,
        docs: Sequence[Doc],
        make: Callable[[List[Doc]], List[Value]],
        keys: Optional[Sequence[bytes]] = None,
    ) -> List[Value]:
        """The value of each sentence; `make` is called once with the sentences that are new.

        keys (Optional[Sequence[bytes]]): The sentences' `token_key`s, from a caller that has them.
        """
        keys = [token_key(doc) for doc in docs] if keys is None else keys
        new = {key: doc for key, doc in zip(keys, docs) if key not in self.values and key not in self.older}
        made = dict(zip(new, make(list(new.values())))) if new else {}
        known = [made, self.values, self.older]
        result = [next(values[key] for values in known if key in values) for key in keys]
        for key, value in made.items():
            self._keep(key, value)
        return result

    def _keep(self, key: bytes, value: Value) -> None:
        size = ENTRY_BYTES + self.weigh(value)
        if self.used + size > self.limit // 2:
            self.values, self.older, self.used = {}, self.values, 0
        if size <= self.limit // 2:
            self.values[key] = value
            self.used += size

    def clear(self) -> None:
        """Forget everything."""
        self.values, self.older, self.used = {}, {}, 0

    def __getstate__(self) -> Dict[str, Any]:
        # Another process makes its own.
        return {"weigh": self.weigh, "limit": self.limit}

    def __setstate__(self, state: Dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]
