"""Stopping rules: from the rows of a run to the reason to stop, or None."""

from typing import Any, Mapping, Optional, Protocol, Sequence

Row = Mapping[str, Any]


class StoppingRule(Protocol):
    """A stopping rule: looks at the rows of metrics.jsonl, oldest first, and changes nothing."""

    def __call__(self, rows: Sequence[Row]) -> Optional[str]:
        """Why to stop now, in words for people; None to go on."""
        ...


def create_budget_rule(tokens: Optional[int] = None, sentences: Optional[int] = None) -> StoppingRule:
    """Registered as `spacy-al.Budget.v1`: stop once so much has been labelled.

    tokens, sentences (Optional[int]): Most labelled tokens and sentences; None: no limit.
    """
    limits = {"labelled_tokens": tokens, "labelled_sentences": sentences}

    def budget(rows: Sequence[Row]) -> Optional[str]:
        for key, limit in limits.items():
            if rows and limit is not None and rows[-1][key] >= limit:
                return f"the budget of {limit} {key.replace('_', ' ')} is spent ({rows[-1][key]})"
        return None

    return budget


def create_stable_rule(share: float = 0.99, rounds: int = 3) -> StoppingRule:
    """Registered as `spacy-al.Stable.v1`: stop once predictions on the pool stay as they are.

    share (float): Share of the pool's tokens that must keep their tag from one round to the next, 0 to 1.
    rounds (int): In so many rounds one after the other.
    """

    def stable(rows: Sequence[Row]) -> Optional[str]:
        known = [row["stability"] for row in rows if row.get("stability") is not None]
        if len(known) < rounds or min(known[-rounds:]) < share:
            return None
        return f"at least {100 * share:g} % of the pool's tokens kept their tag in each of the last {rounds} rounds"

    return stable
