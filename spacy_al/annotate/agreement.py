"""How far people agree who labelled the same sentences: F1 over entities, Cohen's kappa over tokens, and where not."""

from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from typing import Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from ..runs.differences import Said, shared
from ..tasks import Answer


@dataclass(frozen=True)
class Agreement:
    """Over all pairs of people and the sentences both accepted.

    sentences (int): With two answers or more. span_f1 (Optional[float]): Micro F1 of entities, 1 where nobody marked
    any. kappa (Optional[float]): Cohen's, over the labels of tokens, each pair of people weighing as much as they have
    tokens in common; None where chance alone would always agree.
    """

    sentences: int
    span_f1: Optional[float]
    kappa: Optional[float]


def agreement(said: Said, lengths: Mapping[str, int]) -> Agreement:
    """Agreement over all sentences that several people labelled.

    said (Said): Everybody's latest answers. lengths (Mapping[str, int]): Tokens of each of these sentences.
    """
    both = shared(said)
    pairs = [(id_, *_ordered(pair)) for id_, answers in both.items() for pair in combinations(answers, 2)]
    common = sum(len(set(one.spans) & set(two.spans)) for _, one, two in pairs)
    marked = sum(len(one.spans) + len(two.spans) for _, one, two in pairs)
    f1 = None if not pairs else 2 * common / marked if marked else 1.0
    tags: Dict[Tuple[str, str], List[Tuple[str, str]]] = {}
    for id_, one, two in pairs:
        people = (one.annotator or "", two.annotator or "")
        tags.setdefault(people, []).extend(_tags(one, two, lengths.get(id_, 0)))
    kappas = [(cohen_kappa(some), len(some)) for some in tags.values()]
    known = [(kappa, tokens) for kappa, tokens in kappas if kappa is not None]
    total = sum(tokens for _, tokens in known)
    return Agreement(len(both), f1, sum(kappa * tokens for kappa, tokens in known) / total if total else None)


def _ordered(pair: Tuple[Answer, Answer]) -> Tuple[Answer, Answer]:
    one, two = pair
    return (one, two) if (one.annotator or "") <= (two.annotator or "") else (two, one)


def _tags(one: Answer, two: Answer, length: int) -> Iterator[Tuple[str, str]]:
    """Labels of the tokens that both know, "" for O."""
    first, second = _labels(one), _labels(two)
    unknown = {*one.missing, *two.missing}
    yield from ((first.get(n, ""), second.get(n, "")) for n in range(length) if n not in unknown)


def _labels(answer: Answer) -> Dict[int, str]:
    return {number: label for start, end, label in answer.spans for number in range(start, end)}


def cohen_kappa(pairs: Sequence[Tuple[str, str]]) -> Optional[float]:
    """(observed - expected) / (1 - expected) agreement of two raters (Cohen 1960); None where expected is 1."""
    if not pairs:
        return None
    first, second = Counter(one for one, _ in pairs), Counter(two for _, two in pairs)
    observed = sum(one == two for one, two in pairs) / len(pairs)
    expected = sum(first[label] * second[label] for label in first) / len(pairs) ** 2
    return None if expected == 1 else (observed - expected) / (1 - expected)
