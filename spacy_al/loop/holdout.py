"""Sentences drawn at random that are never learnt from: what they are, how they are asked, and what they say."""

from dataclasses import asdict
from typing import Any, Dict, List, Optional, Sequence, Set, Tuple

import numpy
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from ..acquisition.interval import Counts, Estimate, by_document, count_spans, documents, estimate
from ..acquisition.strategies import random_order
from ..corpus.reader import without_labels
from ..ids import same_tokens
from ..runs.labelled import answered
from ..schemas import ActiveLearningSchema
from ..tasks import Question, TokenSpan
from ..types import Pool
from .evaluation import predicted, span_set
from .seeds import phase_rng

PEOPLE_SHARE = 0.15  # of the questions, if people answer and nothing is said
ENTITY_SHARE = 0.2  # of the questions, until a number of entities is reached
HIDDEN_SHARE = 0.05  # of the other questions are shown without suggestions, at least


def holdout_share(settings: ActiveLearningSchema) -> float:
    """The share of the questions that a run's setting `holdout` means, 0 to 0.5."""
    if settings.holdout == "auto":
        return PEOPLE_SHARE if settings.oracle == "people" else 0.0
    return float(settings.holdout) if settings.holdout < 1 else ENTITY_SHARE


class Holdout:
    """The reserve of a run: each sentence of the pool is in it by chance, whatever a model says of it.

    It is as large a share of the pool as of the questions, so that it lasts if all of the pool is asked about. Equal
    sentences are in it together, or a model would be judged by what it has learnt; one of them is asked.
    """

    def __init__(
        self,
        pool: Pool,
        settings: ActiveLearningSchema,
        reserve: float,
        *,
        learnt: Sequence[str] = (),
        held: Sequence[str] = (),
    ) -> None:
        """pool (Pool): All sentences. reserve (float): The share of them that was set aside when the run began.
        learnt, held (Sequence[str]): Ids with answers. They stay what they are if seed or pool have changed since."""
        self.pool, self.settings = pool, settings
        keys = [same_tokens(id_) for id_ in pool.ids] if reserve else []
        draw = random_order(keys, phase_rng(settings.seed, 0, "holdout")) if keys else numpy.zeros(len(pool))
        self.reserved: NDArray[numpy.bool_] = draw / 2.0**64 < reserve
        if keys and self.reserved.all():
            self.reserved = draw < draw.max()  # something has to be left to learn from
        for ids, value in ((learnt, False), (held, True)):
            known = {same_tokens(id_) for id_ in ids}
            self.reserved[[place for place, key in enumerate(keys) if key in known]] = value
        places = numpy.flatnonzero(self.reserved)
        self.order: List[int] = places[numpy.unique(draw[places], return_index=True)[1]].tolist()
        self.share = min(holdout_share(settings), reserve)

    def __contains__(self, id_: str) -> bool:
        return id_ in self.pool.index and bool(self.reserved[self.pool.index[id_]])

    def rate(self, entities: int, asked: int) -> float:
        """The share of the next questions that are for the holdout.

        entities (int): Gold ones it has. asked (int): Sentences it has answers to.
        """
        wanted = self.settings.holdout
        full = isinstance(wanted, (int, float)) and wanted >= 1 and entities >= wanted
        return 0.0 if full or asked >= len(self.order) else self.share

    def open(self, numbers: NDArray[numpy.int64]) -> NDArray[numpy.int64]:
        """Those of some sentences that a strategy may choose."""
        return numbers[~self.reserved[numbers]]

    def mix(self, questions: List[Question], asked: Sequence[str], share: float, rng: Any) -> List[Question]:
        """Put the next sentences of the reserve among a batch, at places drawn by chance.

        They are asked whole. Where the others are windows, that makes fewer sentences for the same share of the words.

        questions (List[Question]): What a strategy asks. asked (Sequence[str]): Of the reserve, ids that have answers.
        share (float): Of all words of the new batch. rng (Generator): Draws the places.
        """
        ids = list(dict.fromkeys(question.id for question in questions))
        known = set(asked)
        left = [number for number in self.order if self.pool.ids[number] not in known]
        amount = int(numpy.ceil(len(ids) * self._part(questions, ids) * share / (1 - share)))
        new = [self._whole(self.pool.ids[number]) for number in left[:amount]]
        # Before which sentence of the batch each comes; those of one sentence stay together.
        places = sorted(rng.integers(0, len(ids) + 1, len(new)).tolist(), reverse=True)
        groups = [[question for question in questions if question.id == id_] for id_ in ids] if new else [questions]
        for place, question in zip(places, new):
            groups.insert(place, [question])
        return [question for group in groups for question in group]

    def hide(self, questions: List[Question], labelled: Sequence[str], rng: Any) -> Tuple[List[Question], Set[str]]:
        """Make as many other sentences look like the holdout's, or one could tell: asked whole, without suggestions.

        questions (List[Question]): A mixed batch. labelled (Sequence[str]): Ids with answers, the last choice.
        RETURNS (Tuple[List[Question], Set[str]]): The questions, and ids to be asked about without the model's
            entities: these, and HIDDEN_SHARE of the others at least, since people accept wrong suggestions.
        """
        ids = list(dict.fromkeys(question.id for question in questions))
        held, known = [id_ for id_ in ids if id_ in self], set(labelled)
        others: List[str] = rng.permutation([id_ for id_ in ids if id_ not in self]).tolist()
        others.sort(key=known.__contains__)  # those without answers first
        whole = set(others[: len(held)])
        asked = dict.fromkeys(self._whole(one.id) if one.id in whole else one for one in questions)
        plain = others[: max(len(held), int(rng.binomial(len(others), HIDDEN_SHARE)))]
        return list(asked), {*held, *plain}

    def _whole(self, id_: str) -> Question:
        return Question(id_, 0, int(self.pool.lengths[self.pool.index[id_]]))

    def _part(self, questions: Sequence[Question], ids: Sequence[str]) -> float:
        """The share of their sentences' words that some questions ask about."""
        words = sum(self._whole(id_).end for id_ in ids)
        return sum(one.end - one.start for one in questions) / words if words else 1.0

    def shown(self, questions: Sequence[Question], utilities: Dict[str, float]) -> Dict[str, float]:
        """Utilities as people see them: one of the holdout has its neighbour's, or one could tell."""
        if not utilities:
            return {}
        result, last = dict(utilities), max((utilities.get(one.id, 0.0) for one in questions), default=0.0)
        for question in questions:
            last = utilities[question.id] if question.id not in self else last
            result[question.id] = last
        return result


def holdout_spans(nlp: Language, docs: Sequence[Doc]) -> List[Set[TokenSpan]]:
    """What a pipeline finds in labelled sentences."""
    found = predicted(nlp, [without_labels(doc) for doc in docs])
    return [known(span_set(doc), labelled) for doc, labelled in zip(found, docs)]


def known(spans: Set[TokenSpan], labelled: Doc) -> Set[TokenSpan]:
    """Those entities of a sentence on whose words people said anything."""
    said = answered(labelled)
    return {span for span in spans if said[span[0] : span[1]].all()}


def measure_holdout(
    docs: Sequence[Doc], found: Sequence[Set[TokenSpan]], rng: numpy.random.Generator
) -> Dict[str, Any]:
    """What a row says of the holdout.

    docs (Sequence[Doc]): As labelled. found (Sequence[Set[TokenSpan]]): What the model says of each.
    """
    labels, counts = count_spans([span_set(doc) for doc in docs], found)
    units = documents([doc.user_data.get("source") for doc in docs])
    summed = by_document(counts, units)
    overall = estimate(summed.sum(1), rng)
    per_type = {label: estimate(summed[:, place], rng) for place, label in enumerate(labels)}
    row: Dict[str, Any] = {"sentences": len(docs), "documents": len(summed) if len(summed) < len(docs) else None}
    row |= _fields(overall)
    right, made_up, missed = (int(number) for number in counts.sum((0, 1)))
    row |= {"p": right / max(right + made_up, 1), "r": right / max(right + missed, 1)}
    row["per_type"] = {label: _fields(one) for label, one in per_type.items() if one is not None}
    return row


def count_all(docs: Sequence[Doc], found: Sequence[Set[TokenSpan]]) -> Counts:
    """Counts of labelled sentences, all labels together: (sentences, 3)."""
    _, counts = count_spans([span_set(doc) for doc in docs], found)
    return counts.sum(1)  # type: ignore[no-any-return]


def _fields(one: Optional[Estimate]) -> Dict[str, Any]:
    if one is None:
        return {"f": None, "low": None, "high": None, "entities": 0}
    return asdict(one)
