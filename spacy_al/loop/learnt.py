"""What a round has taught its model: types that gained and lost, what it confuses, sentences it sees otherwise now."""

from collections import Counter
from typing import Any, Dict, List, Optional, Sequence, Set, Tuple

from ..acquisition.interval import count_spans, f1
from ..tasks import TokenSpan
from ..types import Pool
from .outlook import FEWEST_OF_TYPE
from .watch import Predictions

SHOWN = 10  # sentences and confusions that are kept
Judged = Sequence[Tuple[Set[TokenSpan], Set[TokenSpan]]]  # gold and predicted entities of sentences
Confusion = Tuple[Optional[str], Optional[str], bool]  # gold label, predicted label, same edges


def learnt(
    round_: int, pool: Pool, said: Tuple[Optional[Predictions], Predictions], judged: Judged, changes: Dict[str, float]
) -> Dict[str, Any]:
    """What a round has brought, to be kept as JSON.

    pool (Pool): For the words of sentences. said (Tuple): Predictions on the stop set, of the round before and now.
    judged (Judged): By the present model. changes (Dict[str, float]): Of F1 by type, see `type_changes`.
    """
    before, now = said
    entities = Counter(label for gold, _ in judged for _, _, label in gold)
    counted = sorted(confusions(judged).items(), key=lambda item: (-item[1], str(item[0])))[:SHOWN]
    return {
        "round": round_,
        "types": {label: change for label, change in changes.items() if entities[label] >= FEWEST_OF_TYPE},
        "confusions": [
            {"gold": gold, "predicted": said, "same_edges": same, "count": count}
            for (gold, said, same), count in counted
        ],
        "changed": changed_sentences(pool, before, now) if before is not None else [],
    }


def type_scores(judged: Judged) -> Dict[str, float]:
    """F1 by type."""
    labels, counts = count_spans([gold for gold, _ in judged], [said for _, said in judged])
    return {label: float(f1(row)) for label, row in zip(labels, counts.sum(0))}


def type_changes(before: Dict[str, float], now: Dict[str, float]) -> Dict[str, float]:
    """Change of F1 by type from one round to another, largest gain first; a new type gains all it has."""
    changes = {label: value - before.get(label, 0.0) for label, value in now.items()}
    return dict(sorted(changes.items(), key=lambda item: (-item[1], item[0])))


def confusions(judged: Judged) -> "Counter[Confusion]":
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


def describe(learnt: Dict[str, Any]) -> List[str]:
    """The changes and mistakes of a round in words for people; nothing of what stayed as it was."""
    types = [f"{label} {100 * value:+.1f}" for label, value in learnt.get("types", {}).items() if abs(value) > 5e-4]
    confused = [f"{describe_confusion(one)} ({one['count']})" for one in learnt.get("confusions", [])[:3]]
    lines = [f"F1 by type, against the round before on the same sentences: {', '.join(types)}"] if types else []
    return lines + ([f"Most frequent mistakes: {', '.join(confused)}"] if confused else [])


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
