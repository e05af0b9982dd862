"""Who is told what a run does."""

from typing import Any, Dict, Protocol


class Reporter(Protocol):
    """Is told what a run does, and does nothing of itself; the command line prints it."""

    def phase(self, round_: int, name: str, total: int) -> None:
        """A phase of a round begins, with so many steps to come (0: unknown)."""
        return

    def step(self, done: int, total: int) -> None:
        """Steps of the present phase that are done."""
        return

    def row(self, metrics: Dict[str, Any]) -> None:
        """A round has been evaluated."""
        return


class Silent(Reporter):
    """A Reporter that says nothing."""
