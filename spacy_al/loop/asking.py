"""From the query of a round to what people see: the questions of its batch, and a reserve behind them."""

from dataclasses import dataclass, replace
from typing import Dict, List, Optional, Sequence, Set

import numpy
from spacy.language import Language

from ..acquisition.queries import Query
from ..acquisition.strategies import Strategy
from ..jsonl import write_jsonl
from ..runs.folder import RunFolder
from ..runs.state import RunState
from ..schemas import ActiveLearningSchema
from ..tasks import Question, Task
from ..types import Pool
from .columns import RoundColumns
from .honest import Honest
from .scoring_ray import TOKEN_VALUES
from .selection import choose, make_tasks

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
    nlp: Language

    @property
    def name(self) -> str:
        """The strategy's, as registered."""
        return str(self.settings.strategy.get("@al_strategies"))

    def ask(
        self,
        state: RunState,
        query: Query,
        utilities: Dict[str, float],
        *,
        measure: str,
        columns: Optional[RoundColumns] = None,
    ) -> List[Question]:
        """Choose and write what is asked for a round; for people also what would be asked next.

        utilities (Dict[str, float]): By id, as they are shown. columns (Optional[RoundColumns]): With the values of
            tokens, if the measure has any. RETURNS (List[Question]): What was chosen.
        """
        questions, plain = self.honest.choose(state, query, self._choose)
        tasks = self._tasks(state, query, questions, utilities, plain, measure)
        self.folder.write_selected(query.round, tasks, self._token_values(columns, [task.id for task in tasks]))
        state.pending = [task.id for task in tasks]
        if self.settings.oracle == "people":
            self._keep_reserve(state, query, questions, utilities, measure)
        return questions

    def _choose(self, query: Query) -> List[Question]:
        return choose(self.strategy, query, self.name)

    def _tasks(
        self,
        state: RunState,
        query: Query,
        questions: Sequence[Question],
        utilities: Dict[str, float],
        plain: Set[str],
        measure: str,
    ) -> List[Task]:
        """Questions as tasks. plain (Set[str]): Ids that are asked about without the model's entities."""
        shown = self.honest.holdout(state).shown(questions, utilities)
        suggest = self.settings.oracle == "people" and query.round > 0
        tasks = make_tasks(self.pool, questions, shown, self.nlp, round_=query.round, measure=measure, suggest=suggest)
        return [task.bare() if task.id in plain else task for task in tasks]

    def _keep_reserve(
        self, state: RunState, query: Query, asked: Sequence[Question], utilities: Dict[str, float], measure: str
    ) -> None:
        """Write what would be asked next, holdout and all, so that people have something to do while a round trains."""
        largest = float(numpy.sort(query.costs)[-RESERVE:].sum())
        more = self._choose(replace(query, budget=query.budget + largest))
        known = {one.id for one in asked}
        ids = set(list(dict.fromkeys(one.id for one in more if one.id not in known))[:RESERVE])
        kept = [one for one in more if one.id in ids]
        kept, plain = self.honest.mixed(state, kept, known, query.round, "mix_reserve")
        tasks = self._tasks(state, query, kept, utilities, plain, measure)
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
