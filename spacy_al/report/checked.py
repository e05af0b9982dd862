"""One object of a JSONL file, with where it stands, so that every message about it can say so."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Mapping

from ..errors import ALError, Errors


@dataclass(frozen=True)
class Record:
    """One object of a JSONL file, with where it stands, so that every message can say so."""

    path: Path
    line: int
    values: Mapping[str, object]

    def fail(self, field: str, value: object, problem: str) -> ALError:
        """The error that names file, line, field, value and problem."""
        return ALError(Errors.A701.format(path=self.path, line=self.line, field=field, value=value, problem=problem))

    def number(self, field: str, *, most: float = math.inf) -> float:
        """A number from 0 to `most`; raises ALError A701."""
        return self.check(field, self.values.get(field), most=most)

    def count(self, field: str) -> int:
        """A whole number from 0 on; raises ALError A701."""
        value = self.values.get(field)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.fail(field, value, "a whole number from 0 on was expected")
        return value

    def text(self, field: str) -> str:
        """A string; raises ALError A701."""
        value = self.values.get(field)
        if not isinstance(value, str):
            raise self.fail(field, value, "a string was expected")
        return value

    def numbers(self, field: str) -> Dict[str, float]:
        """An object of numbers from 0 on; empty if the field is missing, entries that are null left out."""
        value = self.values.get(field)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise self.fail(field, value, "an object of numbers was expected")
        known = {key: item for key, item in value.items() if item is not None}
        return {key: self.check(f"{field}.{key}", item) for key, item in known.items()}

    def check(self, field: str, value: object, *, most: float = math.inf) -> float:
        """`value` as a float if it is a number from 0 to `most`; raises ALError A701 otherwise."""
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= most:
            limit = "from 0 on" if most == math.inf else f"from 0 to {most:g}"
            raise self.fail(field, value, f"a number {limit} was expected")
        return float(value)
