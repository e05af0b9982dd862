"""What keeps a run's numbers honest from round to round: its holdout and its stop set."""

from dataclasses import replace
from typing import Any, Callable, Dict, List, Optional, Sequence, Set, Tuple

import numpy
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..acquisition.queries import Query
from ..runs.folder import RunFolder, write_npz
from ..runs.state import RunState
from ..schemas import ActiveLearningSchema
from ..tasks import Question
from ..types import Pool
from .evaluation import span_set
from .holdout import Holdout, count_all, holdout_spans, known, measure_holdout
from .learnt import Judged, learnt, type_changes, type_scores
from .seeds import phase_rng
from .watch import Predictions, Watch, agreement


class Honest:
    """The holdout and the stop set of a run."""

    def __init__(self, pool: Pool, settings: ActiveLearningSchema, folder: RunFolder, vocab: Vocab) -> None:
        """pool (Pool): All sentences. folder (RunFolder): The run's. vocab (Vocab): Of its pipeline."""
        self.pool, self.settings, self.folder, self.vocab = pool, settings, folder, vocab
        self._parts: Optional[Tuple[float, Holdout, Watch]] = None
        self._said: Tuple[Optional[Predictions], Predictions] = (None, {})
        self._held: List[Doc] = []

    def holdout(self, state: RunState) -> Holdout:
        """The reserve that was set aside when the run began."""
        return self._both(state)[0]

    def _both(self, state: RunState) -> Tuple[Holdout, Watch]:
        if self._parts is None or self._parts[0] != state.reserve:
            held = Holdout(self.pool, self.settings, state.reserve, learnt=state.labelled, held=state.holdout)
            watch = Watch(self.pool, self.folder, self.settings.seed, self.vocab, held.order)
            self._parts = state.reserve, held, watch
        return self._parts[1:]

    # --- questions

    def choose(
        self, state: RunState, query: Query, strategy: Callable[[Query], List[Question]]
    ) -> Tuple[List[Question], Set[str]]:
        """What to ask: what a strategy chooses for its part of the budget, the holdout's sentences among it.

        RETURNS (Tuple[List[Question], Set[str]]): The questions, and ids that are asked about without suggestions.
        """
        rate = self._rate(state)
        # Beside windows, as many sentences as the holdout's are asked whole: they come out of the budget too.
        alike = self.settings.questions == "windows" and self.settings.oracle == "people" and query.has_model
        questions = strategy(replace(query, budget=query.budget * (1 - rate) / (1 + rate * alike)) if rate else query)
        return self.mixed(state, questions, set(), query.round, "mix")

    def mixed(
        self, state: RunState, questions: List[Question], asked: Set[str], round_: int, phase: str
    ) -> Tuple[List[Question], Set[str]]:
        """Questions with the holdout's next sentences among them, and ids to ask about without suggestions.

        asked (Set[str]): Ids that are asked about already. phase (str): Whose random numbers place them.
        """
        held, rng = self.holdout(state), phase_rng(self.settings.seed, round_, phase)
        rate = self._rate(state)
        mixed = held.mix(questions, [*state.holdout, *asked], rate, rng) if rate else questions
        return held.hide(mixed, state.labelled, rng) if self.settings.oracle == "people" else (mixed, set())

    def _rate(self, state: RunState) -> float:
        rows = self.folder.read_metrics()
        entities = int((rows[-1].get("holdout") or {}).get("entities", 0)) if rows else 0
        return self.holdout(state).rate(entities, len(state.holdout))

    def divide(self, state: RunState, docs: Sequence[Doc]) -> Tuple[List[str], List[str]]:
        """Ids of labelled sentences that are learnt from, and of those of the holdout."""
        ids = [doc.user_data["id"] for doc in docs]
        held = self.holdout(state)
        return [id_ for id_ in ids if id_ not in held], [id_ for id_ in ids if id_ in held]

    # --- numbers

    def look(self, state: RunState, nlp: Language, docs: Sequence[Doc]) -> Dict[str, Any]:
        """What a row says of stability and of the holdout.

        nlp (Language): The round's model. docs (Sequence[Doc]): The holdout's, as labelled.
        """
        watch = self._both(state)[1]
        before, now = watch.read(state.round - 1), watch.predict(state.round, nlp)
        agreed = None if before is None else agreement(before, now, state.labelled)
        row: Dict[str, Any] = {"agreement": agreed}
        if docs:
            found = holdout_spans(nlp, docs)
            rng = phase_rng(self.settings.seed, state.round, "interval")
            row["holdout"] = measure_holdout(docs, found, rng)
            write_npz(self.folder.holdout(state.round), self._counts(state.round, watch, docs))
        self._said, self._held = (before, now), list(docs)
        return row

    def _counts(self, round_: int, watch: Watch, docs: Sequence[Doc]) -> Dict[str, NDArray[Any]]:
        """How the models of all rounds so far do on what is labelled of the holdout by now."""
        said = {number: watch.read(number) for number in range(round_ + 1)}
        known_rounds = {number: one for number, one in said.items() if one is not None}
        scored = [doc for doc in docs if all(doc.user_data["id"] in one for one in known_rounds.values())]
        counts = [
            count_all(scored, [known(one[doc.user_data["id"]], doc) for doc in scored]) for one in known_rounds.values()
        ]
        return {"rounds": numpy.array(list(known_rounds)), "counts": numpy.stack(counts)}

    def keep_learnt(self, rows: Sequence[Dict[str, Any]], test: Judged) -> None:
        """Keep what the last of some rows has brought: on the holdout, else on the test set.

        rows (Sequence[Dict]): Of metrics.jsonl. test (Judged): The test set, by the present model.
        """
        before, now = self._said
        if self._held:
            judged = self._judged(now)
            changes = {} if before is None else type_changes(type_scores(self._judged(before)), type_scores(judged))
        else:
            judged = test
            scores = [{label: one["f"] for label, one in (row.get("ents_per_type") or {}).items()} for row in rows[-2:]]
            changes = type_changes(*scores) if len(scores) == 2 else {}
        round_ = rows[-1]["round"]
        # People are yet to be asked about the holdout: what a model says of it is not shown.
        shown = [said and {id_: spans for id_, spans in said.items() if not self._reserved(id_)} for said in self._said]
        self.folder.write_learnt(round_, learnt(round_, self.pool, (shown[0], shown[1] or {}), judged, changes))

    def _reserved(self, id_: str) -> bool:
        return self._parts is not None and id_ in self._parts[1]

    def _judged(self, said: Predictions) -> Judged:
        """The holdout's sentences that are in the stop set, as a model sees them."""
        docs = [(doc, said[doc.user_data["id"]]) for doc in self._held if doc.user_data["id"] in said]
        return [(span_set(doc), known(spans, doc)) for doc, spans in docs]


def mean_utility(query: Query, questions: Sequence[Question], utilities: Dict[str, float]) -> Dict[str, float]:
    """Mean utility of what was chosen and of all candidates, for rows."""
    chosen = [utilities[one.id] for one in questions if one.id in utilities]
    values: NDArray[numpy.float64] = query.utilities()
    return {"utility_chosen": float(numpy.mean(chosen or [0.0])), "utility_pool": float(values.mean())}
