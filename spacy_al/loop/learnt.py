"""What a round has taught its model: types that gained and lost, what it confuses, sentences it sees otherwise now."""

from collections import Counter
from typing import Any, Dict, Iterable, List, Optional, Sequence, Set, Tuple

from ..tasks import TokenSpan
from ..types import Pool
from .watch import Predictions

SHOWN = 10  # sentences and confusions that are kept
Confusion = Tuple[Optional[str], Optional[str], bool]  # gold label, predicted label, same edges


def learnt(
    rows: Sequence[Dict[str, Any]],
    pool: Pool,
    before: Optional[Predictions],
    now: Predictions,
    judged: Iterable[Tuple[Set[TokenSpan], Set[TokenSpan]]],
) -> Dict[str, Any]:
    """What the last of some rows has brought, to be kept as JSON.

    rows (Sequence[Dict]): Of metrics.jsonl, the present one last. pool (Pool): For the words of sentences.
    before, now (Predictions): Of the stop set, in two rounds. judged (Iterable[Tuple]): Gold and predicted entities.
    """
    changes = type_changes(rows[-2], rows[-1]) if len(rows) > 1 else {}
    counted = confusions(judged).most_common(SHOWN)
    return {
        "round": rows[-1]["round"],
        "types": changes,
        "confusions": [
            {"gold": gold, "predicted": said, "same_edges": same, "count": count}
            for (gold, said, same), count in counted
        ],
        "changed": changed_sentences(pool, before, now) if before is not None else [],
    }


def type_scores(row: Dict[str, Any]) -> Dict[str, float]:
    """F1 by type: on the test set, else on the holdout."""
    per_type = row.get("ents_per_type") or (row.get("holdout") or {}).get("per_type") or {}
    return {label: scores["f"] for label, scores in per_type.items() if scores.get("f") is not None}


def type_changes(before: Dict[str, Any], now: Dict[str, Any]) -> Dict[str, float]:
    """Change of F1 by type from one row to another, largest gain first."""
    old, new = type_scores(before), type_scores(now)
    changes = {label: new[label] - old.get(label, 0.0) for label in new}
    return dict(sorted(changes.items(), key=lambda item: -item[1]))


def confusions(judged: Iterable[Tuple[Set[TokenSpan], Set[TokenSpan]]]) -> "Counter[Confusion]":
    """How often a gold entity is taken for what; None stands for no entity at all.

    An entity that is not found is taken for the predicted one that shares most tokens with it.
    """
    counted: Counter[Confusion] = Counter()
    for gold, said in judged:
        wrong, used = said - gold, set()
        for span in sorted(gold - said):
            near = max(wrong, key=lambda other: (shared(span, other), other), default=None)
            if near is None or not shared(span, near):
                counted[span[2], None, False] += 1
            else:
                used.add(near)
                counted[span[2], near[2], span[:2] == near[:2]] += 1
        for span in wrong - used:
            counted[None, span[2], False] += not any(shared(span, other) for other in gold)
    return +counted


def shared(one: TokenSpan, other: TokenSpan) -> int:
    """Tokens that lie in both of two spans."""
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))


def changed_sentences(pool: Pool, before: Predictions, now: Predictions) -> List[Dict[str, Any]]:
    """The sentences of the stop set in which most entities differ, at most SHOWN."""
    known = [id_ for id_ in now if id_ in before and id_ in pool.index and before[id_] != now[id_]]
    known.sort(key=lambda id_: -len(before[id_] ^ now[id_]))  # ties stay in their random order
    return [
        {
            "id": id_, "words": pool.words(pool.index[id_]),
            "before": [list(span) for span in sorted(before[id_])], "now": [list(span) for span in sorted(now[id_])],
        }
        for id_ in known[:SHOWN]
    ]  # fmt: skip


def describe_confusion(one: Dict[str, Any]) -> str:
    """A confusion in words for people."""
    gold, said = one["gold"], one["predicted"]
    if said is None:
        return f"{gold} not found"
    if gold is None:
        return f"{said} where there is nothing"
    if gold == said:
        return f"{gold} with other edges"
    return f"{gold} taken for {said}" + ("" if one["same_edges"] else ", with other edges")
