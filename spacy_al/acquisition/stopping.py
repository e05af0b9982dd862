"""Stopping rules: from the rows of a run to the reason to stop, or None."""

from typing import Any, List, Mapping, Optional, Protocol, Sequence

Row = Mapping[str, Any]
AGREED = 0.98  # F1 between successive models at which it is time to stop, mean of so many rounds
ROUNDS = 3
FEWEST_ENTITIES = 50  # gold ones, from which F1 and its interval say something


class StoppingRule(Protocol):
    """A stopping rule: looks at the rows of metrics.jsonl, oldest first, and changes nothing."""

    def __call__(self, rows: Sequence[Row]) -> Optional[str]:
        """Why to stop now, in words for people; None to go on."""


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
        known = _known(rows, "stability")
        if len(known) < rounds or min(known[-rounds:]) < share:
            return None
        return f"at least {100 * share:g} % of the pool's tokens kept their tag in each of the last {rounds} rounds"

    return stable


def create_agreement_rule(threshold: float = AGREED, rounds: int = ROUNDS) -> StoppingRule:
    """Registered as `spacy-al.Agreement.v1`: stop once successive models say the same of a fixed random stop set.

    The mean over the last rounds of the F1 between successive models' entities has to reach the threshold
    (Bloodgood and Vijay-Shanker 2009, section 3, with entities in place of Cohen's kappa: over tokens, that is
    agreement on O).

    threshold (float): Of the mean, 0 to 1. rounds (int): So many.
    """

    def agreement(rows: Sequence[Row]) -> Optional[str]:
        known = _known(rows, "agreement")[-rounds:]
        mean = sum(known) / max(len(known), 1)
        if len(known) < rounds or mean < threshold:
            return None
        return f"models of successive rounds agree: {100 * mean:.1f} % of entities, mean of {rounds} rounds"

    return agreement


def create_predicted_change_rule(epsilon: float = 0.02, rounds: int = 3) -> StoppingRule:
    """Registered as `spacy-al.PredictedChange.v1`: stop once F1 is predicted to change by less than epsilon.

    The predicted change of F of a round is 1 - 2a / (2a + b + c), where a counts entities of the stop set that this
    round's model and the last one's both find, b and c those that only one of them finds; it has to lie below epsilon
    in each of the last rounds (Altschuler and Bloodgood 2019, equation of the predicted change of F measure).

    epsilon (float): As F1, 0 to 1. rounds (int): So many.
    """

    def predicted_change(rows: Sequence[Row]) -> Optional[str]:
        known = [1 - value for value in _known(rows, "agreement")[-rounds:]]
        if len(known) < rounds or max(known) >= epsilon:
            return None
        return f"F1 is predicted to change by less than {100 * epsilon:g} points in each of the last {rounds} rounds"

    return predicted_change


def create_exhausted_rule(share: float = 0.2, rounds: int = 3) -> StoppingRule:
    """Registered as `spacy-al.Exhausted.v1`: stop once what is chosen is hardly useful any more.

    share (float): Mean utility of what was chosen, as a share of the highest of all rounds, 0 to 1.
    rounds (int): It has to stay below in so many rounds one after the other.
    """

    def exhausted(rows: Sequence[Row]) -> Optional[str]:
        known = _known(rows, "utility_chosen")
        if len(known) <= rounds or max(known[-rounds:]) >= share * max(known):
            return None
        return (
            f"what was chosen in the last {rounds} rounds had less than {100 * share:g} % of the highest utility so far"
        )

    return exhausted


def create_target_rule(f1: float, level: str = "low", entities: int = FEWEST_ENTITIES) -> StoppingRule:
    """Registered as `spacy-al.Target.v1`: stop once the holdout shows an F1 that is good enough.

    f1 (float): The target, 0 to 1. level (str): What has to reach it: "low", the lower end of the interval of 95 %, or
        "f", the estimate itself, which is too high half of the time. entities (int): So many of the holdout, at least.
    """

    def target(rows: Sequence[Row]) -> Optional[str]:
        held = (rows[-1].get("holdout") or {}) if rows else {}
        value = held.get(level)
        if value is None or value < f1 or held["entities"] < entities:
            return None
        what = "the lower end of the holdout's interval" if level == "low" else "F1 on the holdout"
        return f"{what} is {100 * value:.1f}, and {100 * f1:g} was the target"

    return target


def _known(rows: Sequence[Row], key: str) -> List[float]:
    """The values of those rows that have one."""
    return [row[key] for row in rows if row.get(key) is not None]
