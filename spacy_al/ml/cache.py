"""A bounded store of what was computed once per sentence, keyed by the sentence's tokens."""

from typing import Callable, Dict, Generic, List, Sequence, TypeVar

from spacy.tokens import Doc

from ..types import token_key

Value = TypeVar("Value")


class SentenceCache(Generic[Value]):
    """Values by `token_key`, the oldest given up first when more than `limit` tokens are kept."""

    def __init__(self, limit: int = 20_000_000) -> None:
        """limit (int): Tokens to keep values for; wordpieces take about 20 bytes a token."""
        self.limit = limit
        self.tokens = 0
        self.values: Dict[bytes, Value] = {}
        self.sizes: Dict[bytes, int] = {}

    def get(self, docs: Sequence[Doc], make: Callable[[List[Doc]], List[Value]]) -> List[Value]:
        """The value of each sentence; `make` is called once with the sentences that are new."""
        keys = [token_key(doc) for doc in docs]
        new = {key: doc for key, doc in zip(keys, docs) if key not in self.values}
        made = dict(zip(new, make(list(new.values())))) if new else {}
        result = [made[key] if key in made else self.values[key] for key in keys]
        for key, value in made.items():
            self._keep(key, value, len(new[key]))
        return result

    def _keep(self, key: bytes, value: Value, size: int) -> None:
        self.values[key] = value
        self.sizes[key] = size
        self.tokens += size
        while self.tokens > self.limit and len(self.values) > 1:
            oldest = next(iter(self.values))
            del self.values[oldest]
            self.tokens -= self.sizes.pop(oldest)

    def clear(self) -> None:
        """Forget everything."""
        self.values.clear()
        self.sizes.clear()
        self.tokens = 0
