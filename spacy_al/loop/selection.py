"""From the pool to the questions of a round: the query a strategy sees, and the tasks people are shown."""

from dataclasses import replace
from typing import Any, Callable, Dict, List, Optional, Sequence

import numpy
from numpy.typing import NDArray
from spacy.language import Language

from ..acquisition.costs import Cost
from ..acquisition.queries import Columns, Compute, Query
from ..acquisition.score_shard import token_places
from ..acquisition.strategies import Strategy, random_order
from ..corpus.task_docs import make_task
from ..errors import ALError, Errors
from ..runs.folder import RunFolder, read_npz
from ..runs.labelled import Labels, answered
from ..schemas import ActiveLearningSchema
from ..tasks import Question, Task
from ..types import Pool
from .evaluation import predicted
from .seeds import phase_rng


def open_numbers(
    pool: Pool, labels: Labels, labelled: Sequence[str], settings: ActiveLearningSchema, round_: int
) -> NDArray[numpy.int64]:
    """The sentences that may be asked about in a round, by number in the pool, rising.

    Whole sentences are asked about once; with word windows a sentence comes back until all of it is answered.
    """
    done = set(labelled)
    if settings.questions == "windows":
        done = {id_ for id_ in done if answered(labels.docs[id_]).all()}
    numbers = [number for number, id_ in enumerate(pool.ids) if id_ not in done]
    if settings.pool_fraction < 1:
        rng = phase_rng(settings.seed, round_, "subsample")
        order = numpy.argsort(random_order([pool.ids[number] for number in numbers], rng), kind="stable")
        # One at least: a round without any would learn nothing, and people would be asked nothing.
        amount = max(round(settings.pool_fraction * len(numbers)), 1)
        numbers = sorted(numbers[place] for place in order[:amount])
    return numpy.array(numbers, dtype=numpy.int64)


def make_query(
    pool: Pool,
    numbers: NDArray[numpy.int64],
    settings: ActiveLearningSchema,
    cost: Cost,
    compute: Compute,
    *,
    round_: int,
    rng: numpy.random.Generator,
    measures: Sequence[str],
    tags: Sequence[str] = (),
    labels: Optional[Labels] = None,
    folder: Optional[RunFolder] = None,
) -> Query:
    """The query for a round; see `spacy_al.acquisition.queries.Query`.

    numbers (NDArray[int64]): Candidates. compute (Compute): Their columns. round_ (int): The round chosen for.
    measures (Sequence[str]): Names of the run's measure and of the one that decides between equal utilities.
    labels (Optional[Labels]): What has been answered. folder (Optional[RunFolder]): For the history of earlier rounds.
    """
    amount = settings.round_budget if round_ else settings.seed_budget
    bare: Dict[str, Any] = {
        "ids": [pool.ids[number] for number in numbers.tolist()], "lengths": pool.lengths[numbers], "rng": rng,
        "cost": cost, "round": round_, "measure": measures[0], "tie_measure": (*measures, None)[1], "tags": list(tags),
        "words": lambda place: pool.words(int(numbers[place])), "compute": compute,
        "answered": answered_tokens(pool, numbers, labels) if labels and settings.questions == "windows" else None,
        "count": lambda: None if labels is None else count_tags(labels, tags),
        "history": history_of(pool, numbers, folder) if folder else lambda number: {},
    }  # fmt: skip
    total = pool.n_tokens if settings.unit == "fraction" else 1
    return Query(**bare, budget=amount * total)


def count_tags(labels: Labels, tags: Sequence[str]) -> NDArray[numpy.float64]:
    """Tokens that have been labelled with the entity type of each tag, whatever its prefix: (tags,)."""
    counts: Dict[str, float] = {}
    for doc in labels.docs.values():
        counts[""] = counts.get("", 0.0) + int(answered(doc).sum()) - sum(len(ent) for ent in doc.ents)
        for ent in doc.ents:
            counts[ent.label_] = counts.get(ent.label_, 0.0) + len(ent)
    return numpy.array([counts.get(tag[2:], 0.0) for tag in tags])


def answered_tokens(pool: Pool, numbers: NDArray[numpy.int64], labels: Labels) -> Optional[NDArray[numpy.bool_]]:
    """Which tokens of some sentences have an answer, (tokens,); None if none of them has."""
    lengths = pool.lengths[numbers]
    starts = numpy.cumsum(lengths) - lengths
    mask = numpy.zeros(int(lengths.sum()), dtype=bool)
    for place, number in enumerate(numbers.tolist()):
        doc = labels.docs.get(pool.ids[number])
        if doc is not None:
            mask[starts[place] : starts[place] + lengths[place]] = answered(doc)
    return mask if mask.any() else None


def history_of(pool: Pool, numbers: NDArray[numpy.int64], folder: RunFolder) -> Callable[[int], Columns]:
    """What earlier rounds kept of some sentences, in their order."""

    def history(round_: int) -> Columns:
        kept = read_npz(folder.utilities(round_))
        if "numbers" not in kept:
            return {}
        place = numpy.full(len(pool), -1)
        place[kept["numbers"]] = numpy.arange(len(kept["numbers"]))
        places = place[numbers]
        return {name: _realign(pool, kept, name, places, numbers) for name in kept if name != "numbers"}

    return history


def _realign(
    pool: Pool, kept: Columns, name: str, places: NDArray[numpy.int64], numbers: NDArray[numpy.int64]
) -> NDArray[Any]:
    """A kept column for other sentences: -1 or NaN where they were not scored."""
    values, lengths = kept[name], pool.lengths[kept["numbers"]]
    gap: Any = -1 if values.dtype.kind == "i" else numpy.nan
    known = places >= 0
    if len(values) == len(lengths) and name not in ("tags", "token_uncertainty") and not name.startswith("token"):
        result = numpy.full((len(numbers), *values.shape[1:]), gap, dtype=values.dtype)
        result[known] = values[places[known]]
        return result
    own = pool.lengths[numbers]
    result = numpy.full((int(own.sum()), *values.shape[1:]), gap, dtype=values.dtype)
    from_ = token_places((numpy.cumsum(lengths) - lengths)[places[known]], own[known])
    result[token_places((numpy.cumsum(own) - own)[known], own[known])] = values[from_]
    return result


def choose(strategy: Strategy, query: Query, name: str) -> List[Question]:
    """What a strategy asks, checked; raises ALError A473 for questions that make no sense."""
    questions = strategy(query)
    length = dict(zip(query.ids, query.lengths.tolist()))
    ends: Dict[str, int] = {}
    for one in sorted(questions):
        if not 0 <= one.start <= one.end <= length.get(one.id, -1) or one.start < ends.get(one.id, 0):
            problem = f"the words {one.start} to {one.end} of sentence {one.id}, which are not there or asked twice"
            raise ALError(Errors.A473.format(problem=problem, name=name))
        ends[one.id] = max(one.end, 1)
    return questions


def make_tasks(
    pool: Pool,
    questions: Sequence[Question],
    utilities: Dict[str, float],
    nlp: Language,
    *,
    round_: int,
    measure: str,
    suggest: bool,
) -> List[Task]:
    """Questions as people see them: those of one sentence together, in the order of the first of each.

    utilities (Dict[str, float]): By id. nlp (Language): Whose entities are shown if `suggest` is true.
    """
    windows: Dict[str, List[Question]] = {}
    for question in questions:
        windows.setdefault(question.id, []).append(question)
    numbers = [pool.index[id_] for id_ in windows]
    docs = list(pool.docs(numbers, nlp.vocab))
    if suggest:
        docs = predicted(nlp, docs)
    tasks = []
    for rank, (doc, number, some) in enumerate(zip(docs, numbers, windows.values())):
        whole = len(some) == 1 and (some[0].start, some[0].end) == (0, len(doc))
        asked = () if whole else tuple(sorted((one.start, one.end) for one in some))
        bare, useful = make_task(doc, some[0].id, suggest=suggest), utilities.get(some[0].id, 0.0)
        about = {"round": round_, "rank": rank, "measure": measure, "utility": useful, "source": pool.sources[number]}
        tasks.append(replace(bare, windows=asked, **about))  # type: ignore[arg-type]
    return tasks
