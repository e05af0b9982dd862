"""From the pool to what people see: the query of a round, the questions of its batch, and a reserve behind them."""

from dataclasses import dataclass, replace
from typing import Dict, List, Optional, Sequence, Set

import numpy
from numpy.typing import NDArray
from spacy.language import Language

from ..acquisition.costs import Cost
from ..acquisition.queries import Compute, Query
from ..acquisition.strategies import Strategy
from ..corpus.task_docs import make_task
from ..jsonl import write_jsonl
from ..runs.folder import RunFolder
from ..runs.labelled import Labels
from ..runs.state import RunState
from ..schemas import ActiveLearningSchema
from ..tasks import Question, Task
from ..types import Pool
from .columns import RoundColumns
from .evaluation import predicted
from .honest import Honest
from .own import ask
from .scoring_ray import TOKEN_VALUES
from .seeds import phase_rng
from .selection import answered_tokens, count_tags, history_of

RESERVE = 200  # sentences ranked after those of a round, for people who answer while the next one trains


@dataclass(frozen=True)
class Asking:
    """Writes what a round asks. People may want the model's entities to correct; a simulation needs none.

    honest (Honest): Puts the holdout among the questions. nlp (Language): Whose entities are shown.
    """

    pool: Pool
    settings: ActiveLearningSchema
    folder: RunFolder
    honest: Honest
    strategy: Strategy
    cost: Cost
    nlp: Language

    @property
    def name(self) -> str:
        """The strategy's, as registered."""
        return str(self.settings.strategy.get("@al_strategies"))

    def query(
        self,
        numbers: NDArray[numpy.int64],
        compute: Compute,
        *,
        round_: int,
        measures: Sequence[str],
        tags: Sequence[str] = (),
        labels: Optional[Labels] = None,
    ) -> Query:
        """The query for a round; see `spacy_al.acquisition.queries.Query`.

        numbers (NDArray[int64]): Candidates. compute (Compute): Their columns. round_ (int): The round chosen for.
        measures (Sequence[str]): Names of the run's measure and of the one that decides between equal utilities.
        labels (Optional[Labels]): What has been answered.
        """
        pool, settings = self.pool, self.settings
        phase = (round_ - 1, "select") if round_ else (0, "select_seed")
        amount = settings.round_budget if round_ else settings.seed_budget
        return Query(
            ids=[pool.ids[number] for number in numbers.tolist()], lengths=pool.lengths[numbers],
            budget=amount * (pool.n_tokens if settings.unit == "fraction" else 1),
            rng=phase_rng(settings.seed, *phase), cost=self.cost, round=round_,
            measure=measures[0], tie_measure=(*measures, None)[1], tags=list(tags),
            answered=answered_tokens(pool, numbers, labels) if labels and settings.questions == "windows" else None,
            words=lambda place: pool.words(int(numbers[place])),
            count=lambda: None if labels is None else count_tags(labels, tags),
            history=history_of(pool, numbers, self.folder), compute=compute,
        )  # fmt: skip

    def ask(
        self, state: RunState, query: Query, utilities: Dict[str, float], columns: Optional[RoundColumns] = None
    ) -> List[Question]:
        """Choose and write what is asked for a round; for people also what would be asked next.

        utilities (Dict[str, float]): By id, as they are shown. columns (Optional[RoundColumns]): With the values of
            tokens, if the measure has any. RETURNS (List[Question]): What was chosen.
        """
        questions, plain = self.honest.choose(state, query, self._choose)
        tasks = self._tasks(state, query, questions, utilities, plain)
        self.folder.write_selected(query.round, tasks, self._token_values(columns, [task.id for task in tasks]))
        state.pending = [task.id for task in tasks]
        if self.settings.oracle == "people":
            self._keep_reserve(state, query, questions, utilities)
        return questions

    def _choose(self, query: Query) -> List[Question]:
        """What the strategy asks; raises as `ask`."""
        return ask(self.strategy, query, self.name)

    def _tasks(
        self, state: RunState, query: Query, questions: Sequence[Question], utilities: Dict[str, float], plain: Set[str]
    ) -> List[Task]:
        """Questions as people see them: those of one sentence together, in the order of the first of each.

        utilities (Dict[str, float]): By id. plain (Set[str]): Ids that are asked about without the model's entities.
        """
        shown = self.honest.holdout(state).shown(questions, utilities)
        suggest = self.settings.oracle == "people" and query.round > 0
        measure = query.measure if query.round else self.settings.start or "random"
        windows: Dict[str, List[Question]] = {}
        for question in questions:
            windows.setdefault(question.id, []).append(question)
        numbers = [self.pool.index[id_] for id_ in windows]
        docs = list(self.pool.docs(numbers, self.nlp.vocab))
        if suggest:
            docs = predicted(self.nlp, docs)
        tasks = []
        for rank, (doc, number, (id_, some)) in enumerate(zip(docs, numbers, windows.items())):
            whole = len(some) == 1 and (some[0].start, some[0].end) == (0, len(doc))
            task = replace(
                make_task(doc, id_, suggest=suggest), round=query.round, rank=rank, measure=measure,
                utility=shown.get(id_, 0.0), source=self.pool.sources[number],
                windows=() if whole else tuple(sorted((one.start, one.end) for one in some)),
            )  # fmt: skip
            tasks.append(task.bare() if id_ in plain else task)
        return tasks

    def _keep_reserve(
        self, state: RunState, query: Query, asked: Sequence[Question], utilities: Dict[str, float]
    ) -> None:
        """Write what would be asked next, holdout and all, so that people have something to do while a round trains."""
        largest = float(numpy.sort(query.costs)[-RESERVE:].sum())
        more = self._choose(replace(query, budget=query.budget + largest))
        known = {one.id for one in asked}
        ids = set(list(dict.fromkeys(one.id for one in more if one.id not in known))[:RESERVE])
        kept = [one for one in more if one.id in ids]
        kept, plain = self.honest.mixed(state, kept, known, query.round, "mix_reserve")
        tasks = self._tasks(state, query, kept, utilities, plain)
        write_jsonl(self.folder.reserve(query.round), [task.to_row() for task in tasks])

    def _token_values(self, columns: Optional[RoundColumns], ids: List[str]) -> List[Optional[List[float]]]:
        if columns is None or TOKEN_VALUES not in columns.columns:
            return [None] * len(ids)
        numbers, values = columns.numbers, columns.columns[TOKEN_VALUES]
        lengths = self.pool.lengths[numbers]
        starts = numpy.cumsum(lengths) - lengths
        place_of = dict(zip(numbers.tolist(), range(len(numbers))))
        places = [place_of.get(self.pool.index[id_]) for id_ in ids]  # those of the holdout were not scored
        rows = [None if n is None else values[starts[n] : starts[n] + lengths[n]].tolist() for n in places]
        return [None if row is None else [float(f"{value:.4g}") for value in row] for row in rows]
