"""Functions that users register, called so that a fault of theirs is told with its place and cure."""

import contextlib
import traceback
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence

import numpy
from catalogue import RegistryError

from ..acquisition.costs import Cost, Numbers
from ..acquisition.queries import Query
from ..acquisition.stopping import Row, StoppingRule
from ..acquisition.strategies import Strategy
from ..errors import ALError, Errors, saying
from ..registry import registry
from ..tasks import Question

OURS = "spacy-al."
PACKAGE = Path(__file__).parents[1]
# What a mistake in a function raises; a full disk or GPU inside it is not its fault.
MISTAKES = (ArithmeticError, AssertionError, AttributeError, LookupError, NameError, TypeError, ValueError)


@contextlib.contextmanager
def blamed(kind: str, name: str) -> Iterator[None]:
    """Mistakes of a registered function in the block, as ALError A476 with its file and line; ours stay as they are."""
    try:
        yield
    except ALError:
        raise
    except MISTAKES as error:
        if name.startswith(OURS):
            raise
        places = traceback.extract_tb(error.__traceback__)
        theirs = [one for one in places if not Path(one.filename).is_relative_to(PACKAGE)]
        place = [*places, *theirs][-1]
        problem = f"raised {type(error).__name__}: {error} ({place.filename}:{place.lineno})"
        raise ALError(Errors.A476.format(kind=kind, name=name, problem=problem)) from error


def make_functions(blocks: Mapping[str, Any]) -> Dict[str, Any]:
    """What blocks of [active_learning] name, by their keys; None for those that are None.

    RAISES: ALError A478 for a name that is not registered, A476 where a function makes nothing that can be called.
    """
    with saying(Errors.A478, RegistryError):
        made: Dict[str, Any] = registry.resolve(dict(blocks))
    for kind, block in blocks.items():
        if block and not callable(made[kind]):
            name = next(value for key, value in block.items() if key.startswith("@"))
            problem = f"made {_shown(made[kind])}, and has to return a function"
            raise ALError(Errors.A476.format(kind=kind, name=name, problem=problem))
    return made


def ask(strategy: Strategy, query: Query, name: str) -> List[Question]:
    """What a strategy asks, checked.

    RAISES: ALError A473 for questions that make no sense or go far over the budget, A476 for a mistake inside.
    """
    # Kept here, should the strategy change them.
    lengths, budget, cost = dict(zip(query.ids, query.lengths.tolist())), query.budget, query.cost
    with blamed("strategy", name):
        questions = strategy(query)
    if not isinstance(questions, list) or not all(isinstance(one, Question) for one in questions):
        problem = f"{_shown(questions)}, not a list of spacy_al.tasks.Question(id, start, end)"
        raise ALError(Errors.A473.format(problem=problem, name=name))
    if not questions and budget > 0 and lengths and not name.startswith(OURS):
        raise ALError(Errors.A473.format(problem=f"nothing out of {len(lengths)} sentences", name=name))
    if not questions:
        return questions  # costs are not asked about nothing
    _check_places(questions, lengths, name)
    tokens: Dict[str, int] = {}
    for one in questions:
        tokens[one.id] = tokens.get(one.id, 0) + one.end - one.start
    asked = numpy.array(list(tokens.values()), dtype=numpy.float64)
    shown = numpy.array([lengths[id_] for id_ in tokens], dtype=numpy.float64)

    def spent(entities: Numbers) -> float:
        costs = cost(asked, shown, entities)
        return float(costs.sum()) if costs.sum() - costs.max() > budget * (1 + 1e-9) else 0.0  # one may cross it

    # Words of a sentence count together, and entities not at all, so that this is no more than was spent, or all of
    # them, where a cost falls with them.
    least = spent(numpy.zeros(len(tokens)))
    if least and spent(_entities(query, list(tokens))):
        problem = f"questions that cost {least:g} or more, where {budget:g} may be spent"
        raise ALError(Errors.A473.format(problem=problem, name=name))
    return questions


def _entities(query: Query, ids: Sequence[str]) -> Numbers:
    found = dict(zip(query.ids, query.entities().tolist()))
    return numpy.array([found[id_] for id_ in ids])


def _check_places(questions: Sequence[Question], lengths: Dict[str, int], name: str) -> None:
    ends: Dict[str, int] = {}
    for one in sorted(questions):
        if one.id not in lengths:
            problem = f"the sentence {one.id!r}, which is not among those that may be asked about"
            raise ALError(Errors.A473.format(problem=problem, name=name))
        if not 0 <= one.start <= one.end <= lengths[one.id] or one.start < ends.get(one.id, 0):
            problem = f"the words {one.start} to {one.end} of sentence {one.id}, which are not there or asked twice"
            raise ALError(Errors.A473.format(problem=problem, name=name))
        ends[one.id] = max(one.end, 1)


def checked_cost(cost: Cost, name: str) -> Cost:
    """A cost whose numbers are looked at; calling it raises ALError A476 for others than finite ones of 0 or more."""

    def look(asked: Numbers, shown: Numbers, entities: Numbers) -> Numbers:
        with blamed("cost", name):
            found = numpy.asarray(cost(asked, shown, entities), dtype=numpy.float64)
        if found.shape != asked.shape or not numpy.isfinite(found).all() or (found < 0).any():
            wrong = f"of shape {found.shape}" if found.shape != asked.shape else f"such as {_least(found)}"
            problem = f"gave numbers {wrong} for {len(asked)} questions: one of 0 or more was expected for each"
            raise ALError(Errors.A476.format(kind="cost", name=name, problem=problem))
        return found

    return look


def _least(found: Numbers) -> float:
    wrong = ~numpy.isfinite(found) | (found < 0)
    return float(found[wrong][0])


def reason_to_stop(rule: StoppingRule, rows: Sequence[Row], name: str) -> Optional[str]:
    """What a stopping rule says; raises ALError A476 for what is neither words nor None."""
    with blamed("stopping", name):
        reason: Any = rule(rows)
    if reason is None or (isinstance(reason, str) and reason):
        return reason
    problem = f"gave {_shown(reason)}: the reason to stop, in words, or None was expected"
    raise ALError(Errors.A476.format(kind="stopping", name=name, problem=problem))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
