"""Scoring a round's candidates, in bfloat16 where that is faster and chooses nearly the same sentences."""

import contextlib
import warnings
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence

import numpy
from numpy.typing import NDArray

from ..acquisition.costs import Cost
from ..acquisition.score_shard import Column, PoolDocs, score_shard
from ..acquisition.strategies import rank
from ..corpus.split import take_budget
from ..errors import Warnings
from ..schemas import ActiveLearningSchema
from ..types import Pool, Progress, Sampler, Sampling
from ..uncertainty.measures import Measure
from .seeds import phase_rng

OVERLAP = 0.95  # chosen in both precisions, of those chosen in either (Jaccard), at least
CHOSEN = 100  # sentences of the sample that are chosen at least: of fewer, one more or less would decide
LEAST, MOST = 1000, 10_000  # sentences of a sample
SHARE = 0.5  # of the candidates in the sample at most: with more, the check would cost what it saves
GROWTH = 2  # the check is made again when so many times as many tokens are labelled
Numbers = NDArray[numpy.int64]
Record = Dict[str, Any]
Ask = Callable[..., Dict[str, NDArray[Any]]]


class RoundScoring:
    """Asks a run's model about the candidates of its rounds.

    A tagger with `inference = "auto"` on a machine that computes faster in bfloat16 is first asked about a random
    sample of the candidates in both precisions. The run's measures rank the sample twice; where at least OVERLAP of
    the sentences at the top are the same, the round is scored in bfloat16, else in float32. The top is the share of
    the candidates that the round's budget pays for, and CHOSEN sentences at least; equal utilities are put in one
    random order for both. What was found holds until the labelled tokens have doubled, and stands in the rows of
    metrics.jsonl, so that a run that goes on after a death finds it. Only sentences are chosen so: evaluation,
    suggestions and final predictions are in float32.
    """

    def __init__(self, settings: ActiveLearningSchema, measures: Sequence[Measure], cost: Cost, pool: Pool) -> None:
        """settings, measures, cost: The run's. pool (Pool): Its sentences."""
        self.settings, self.cost, self.pool = settings, cost, pool
        self.measures = [measure for measure in measures if measure.needs_model]
        self.found: Optional[Record] = None  # in the round that was scored last
        self.said = False

    def __call__(
        self,
        sampler: Sampler,
        shard: PoolDocs,
        numbers: Numbers,
        columns: Mapping[str, Column],
        rows: Sequence[Record],
        *,
        seed: int,
        progress: Progress,
    ) -> Dict[str, NDArray[Any]]:
        """Columns of the candidates by name (`score_shard`). rows (Sequence[Record]): Metrics, the round's own last."""

        how = Sampling(self.settings.passes, self.settings.dropout, seed)
        ask: Ask = partial(score_shard, sampler, shard, how=how)
        self.found = self._find(sampler, numbers, rows, ask)
        with lowered(sampler, self.found is not None and self.found["states"] == "bfloat16"):
            return ask(numbers.tolist(), columns, progress=progress)

    def row(self) -> Record:
        """What the metrics of the round say of it: {"precision": ...}, or nothing where there was nothing to decide."""
        return {} if self.found is None else {"precision": self.found}

    def _find(self, sampler: Sampler, numbers: Numbers, rows: Sequence[Record], ask: Ask) -> Optional[Record]:
        """What holds for this round; None where float32 is not in question."""
        round_, size = rows[-1]["round"], self._size(numbers)
        if self.found is not None and self.found["scored"] == round_:
            return self.found
        pays = getattr(sampler, "lower_pays", None)  # taggers of this project have it
        if not self.measures or pays is None or size > SHARE * len(numbers):
            return None
        if not pays(int(self.pool.lengths[numbers].sum())):
            return None
        kept = self._kept(rows)
        return {**(kept or self._check(sampler, numbers, size, round_, ask)), "scored": round_}

    def _kept(self, rows: Sequence[Record]) -> Optional[Record]:
        """The latest check, if it still holds."""
        tokens = {row["round"]: row["labelled_tokens"] for row in rows}
        for row in rows[-2::-1]:
            found: Record = row.get("precision", {})
            if found.get("by") == self._by():
                still = tokens[rows[-1]["round"]] < GROWTH * tokens[found["checked"]]
                return found if still else None
        return None

    def _by(self) -> str:
        names = ", ".join(measure.name for measure in self.measures)
        return f"{names}, {self.settings.dropout}, {self.settings.passes} passes"

    def _costs(self, numbers: Numbers) -> NDArray[numpy.float64]:
        """Of labelling sentences; entities, which are not known, count as none."""
        lengths = self.pool.lengths[numbers].astype(numpy.float64)
        return self.cost(lengths, lengths, numpy.zeros(len(lengths)))

    def _share(self, numbers: Numbers) -> float:
        """What part of the candidates the round's budget pays for."""
        budget = self.settings.round_budget * (self.pool.n_tokens if self.settings.unit == "fraction" else 1)
        return min(max(budget / max(float(self._costs(numbers).sum()), 1e-9), 1e-9), 1.0)

    def _size(self, numbers: Numbers) -> int:
        return int(min(max(CHOSEN / self._share(numbers), LEAST), MOST))

    def _check(self, sampler: Sampler, numbers: Numbers, size: int, round_: int, ask: Ask) -> Record:
        rng = phase_rng(self.settings.seed, round_, "precision")
        sample = numpy.sort(rng.choice(numbers, size, replace=False))
        salt = int(rng.integers(1 << 32))
        orders = []
        for lower in (False, True):
            with lowered(sampler, lower):
                asked = {measure.name: Column(measure.function) for measure in self.measures}
                orders.append(self._order(sample, ask(sample.tolist(), asked), salt))
        costs = self._costs(sample)
        amount = max(len(take_budget(orders[0], costs, self._share(numbers) * float(costs.sum()))), CHOSEN)
        first, second = (set(order[:amount]) for order in orders)
        overlap = len(first & second) / len(first | second)
        states = "bfloat16" if overlap >= OVERLAP else "float32"
        record = {
            "states": states, "overlap": overlap, "chosen": amount, "sample": size, "by": self._by(), "checked": round_
        }  # fmt: skip
        if states == "bfloat16" and not self.said:
            self.said = True
            warnings.warn(Warnings.W231.format(**record), stacklevel=2)
        return record

    def _order(self, sample: Numbers, columns: Mapping[str, NDArray[Any]], salt: int) -> List[int]:
        """Places in the sample, most useful first."""
        values = [columns[measure.name] for measure in self.measures]
        ids = [self.pool.ids[number] for number in sample.tolist()]
        return rank(ids, values[0], values[1] if len(values) > 1 else None, numpy.random.default_rng(salt))


@contextlib.contextmanager
def lowered(sampler: Any, on: bool) -> Iterator[None]:
    """Sampling in bfloat16 inside the block, if `on`. sampler (Any): Has `choose_lower` then."""
    if on:
        sampler.choose_lower(True)
    try:
        yield
    finally:
        if on:
            sampler.choose_lower(False)
