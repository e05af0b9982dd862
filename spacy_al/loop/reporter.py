"""Who is told what a run does."""

from typing import Any, Dict, Protocol


class Reporter(Protocol):
    """Is told what a run does; the command line prints it."""

    def phase(self, round_: int, name: str, total: int) -> None:
        """A phase of a round begins, with so many steps to come (0: unknown)."""
        ...

    def step(self, done: int, total: int) -> None:
        """Steps of the present phase that are done."""
        ...

    def row(self, metrics: Dict[str, Any]) -> None:
        """A round has been evaluated."""
        ...


class Silent:
    """A Reporter that says nothing."""

    def phase(self, round_: int, name: str, total: int) -> None:
        """Nothing."""

    def step(self, done: int, total: int) -> None:
        """Nothing."""

    def row(self, metrics: Dict[str, Any]) -> None:
        """Nothing."""
