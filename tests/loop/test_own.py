"""Strategies, costs and stopping rules of users: what is wrong about them is told, with their name and line."""

from dataclasses import replace

import numpy
import pytest
from typer.testing import CliRunner

from spacy_al.acquisition.costs import create_token_cost
from spacy_al.acquisition.queries import Query, fixed_columns
from spacy_al.acquisition.strategies import take_best
from spacy_al.cli import al_cli
from spacy_al.errors import ALError
from spacy_al.loop.own import ask, checked_cost, reason_to_stop
from spacy_al.loop.session import run
from spacy_al.registry import registry
from spacy_al.runs.state import load_state
from spacy_al.tasks import Question

from .conftest import CONFIG

CODE = """
from spacy_al.acquisition.strategies import take_best
import spacy_al


@spacy_al.registry.al_strategies("test.Longest.v1")
def make_longest():
    return lambda query: take_best(query, query.lengths.astype(float))
"""


def make_query(budget=6.0):
    compute = fixed_columns({"random": numpy.arange(4.0)})
    return Query(list("abcd"), numpy.array([3, 4, 5, 2]), budget, numpy.random.default_rng(0), compute=compute)


def test_a_sound_strategy_may_cross_the_budget_once():
    assert ask(lambda query: take_best(query, query.utilities()), make_query(), "x.v1") == [
        Question("d", 0, 2),
        Question("c", 0, 5),
    ]


def test_windows_of_one_sentence_may_cross_the_budget_in_whatever_order_they_come():
    windows = [Question("c", 0, 3), Question("a", 0, 3), Question("c", 3, 5)]
    assert ask(lambda query: windows, make_query(), "x.v1") == windows


@pytest.mark.parametrize(
    ("block", "told"),
    [({"@al_stopping": "nobodys.v1"}, "A478.*'nobodys.v1'.*--code FILE.py"),
     ({"@al_stopping": "forgets.v1"}, r"A476\] \[active_learning.stopping\] forgets.v1 made None")],
)  # fmt: skip
def test_a_name_that_nobody_registered_and_one_that_makes_nothing_are_refused(make_config, tmp_path, block, told):
    registry.al_stopping("forgets.v1", func=lambda: None)
    with pytest.raises(ALError, match=told):
        run(make_config(stopping=block), tmp_path / "run")


def test_a_cost_may_fall_with_the_entities_that_the_model_finds():
    query = make_query(budget=3.0)
    columns = {"random": numpy.arange(4.0), "tags": numpy.array([1, 1, 1] + [1] * 4 + [1] * 5 + [0, 0])}
    cost = checked_cost(lambda asked, shown, entities: asked - entities, "mine.v1")
    query = replace(query, cost=cost, tags=["O", "B-PER"], compute=fixed_columns(columns))
    assert [one.id for one in ask(lambda one: take_best(one, one.utilities()), query, "x.v1")] == list("dcba")


def test_costs_are_not_asked_about_no_questions():
    cost = checked_cost(lambda asked, shown, entities: shown / shown.max(), "mine.v1")
    assert ask(lambda query: [], replace(make_query(budget=0.0), cost=cost), "x.v1") == []


@pytest.mark.parametrize(
    ("strategy", "told"),
    [
        (lambda query: [query.whole(0), query.whole(0)], "A473.*asked twice"),
        (lambda query: [Question("nobody", 0, 1)], "A473.*'nobody', which is not among those"),
        (lambda query: [query.whole(number) for number in range(4)], "A473.*cost 14 or more, where 6 may be spent"),
        (lambda query: [1, 2], r"A473.*\[1, 2\], not a list of spacy_al.tasks.Question"),
        (lambda query: None, "A473.*None, not a list"),
        (lambda query: [], "A473.*nothing out of 4 sentences"),
        (lambda query: 1 / 0, "A476.*strategy.*ZeroDivisionError.*test_own.py:"),
        (lambda query: take_best(query, numpy.full(4, numpy.nan)), "A476.*4 NaN.*test_own.py:"),
        (lambda query: take_best(query, numpy.ones(5)), "A476.*one utility for each of 4.*test_own.py:"),
    ],
)
def test_a_strategy_at_fault_is_named(strategy, told):
    with pytest.raises(ALError, match=told) as error:
        ask(strategy, make_query(), "mine.v1")
    assert "mine.v1" in str(error.value)


def test_mistakes_of_our_own_strategies_are_not_blamed_on_users():
    with pytest.raises(ZeroDivisionError):
        ask(lambda query: 1 / 0, make_query(), "spacy-al.Windows.v1")


@pytest.mark.parametrize(
    ("cost", "told"),
    [
        (lambda asked, shown, entities: asked * numpy.nan, "such as nan"),
        (lambda asked, shown, entities: -asked, "such as -3.0"),
        (lambda asked, shown, entities: 1.0, r"of shape \(\)"),
        (lambda asked, shown, entities: asked["x"], "IndexError"),
    ],
)
def test_a_cost_at_fault_is_named(cost, told):
    three = numpy.array([3.0, 4.0])
    assert checked_cost(create_token_cost(), "x.v1")(three, three, three).tolist() == [3.0, 4.0]
    with pytest.raises(ALError, match=rf"A476.*cost\] mine.v1 .*{told}"):
        checked_cost(cost, "mine.v1")(three, three, three)


@pytest.mark.parametrize(
    ("rule", "told"),
    [(lambda rows: True, "gave True"), (lambda rows: "", "gave ''"), (lambda rows: rows[9], "IndexError")],
)
def test_a_stopping_rule_at_fault_is_named(rule, told):
    assert reason_to_stop(lambda rows: None, [], "x.v1") is None
    assert reason_to_stop(lambda rows: "enough", [], "x.v1") == "enough"
    with pytest.raises(ALError, match=rf"A476.*stopping\] mine.v1 .*{told}"):
        reason_to_stop(rule, [], "mine.v1")


def test_a_run_asks_by_a_strategy_from_a_file(corpus, tmp_path):
    (tmp_path / "mine.py").write_text(CODE)
    (tmp_path / "run.cfg").write_text(f'{CONFIG}\n[active_learning.strategy]\n@al_strategies = "test.Longest.v1"\n')
    arguments = ["run", tmp_path / "run.cfg", "-o", tmp_path / "run", "--active_learning.pool", corpus[0]]
    arguments += ["--active_learning.test", corpus[1], "--active_learning.rounds", 0, "--code", tmp_path / "mine.py"]
    result = CliRunner().invoke(al_cli, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    assert load_state(tmp_path / "run" / "state.json").phase == "done"
