"""What every registered query strategy, cost model and stopping rule has to hold."""

import copy

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_al.acquisition.strategies import rank
from spacy_al.registry import names, registry

from .queries import make_query

REQUIRED = {"spacy-al.Budget.v1": {"tokens": 100}, "spacy-al.Target.v1": {"f1": 0.8}}


def make(kind, name):
    return registry.resolve({"it": {f"@{kind}": name, **REQUIRED.get(name, {})}})["it"]


@pytest.mark.parametrize("name", names("al_strategies"))
class TestStrategies:
    def test_the_budget_is_met_by_the_last_question(self, name):
        query = make_query(30, budget=25.0)
        questions = make("al_strategies", name)(query)
        spent = [question.end - question.start for question in questions]
        assert sum(spent) >= 25 > sum(spent[:-1])

    def test_a_budget_of_nothing_asks_nothing(self, name):
        assert make("al_strategies", name)(make_query(budget=0.0)) == []

    def test_a_budget_beyond_the_pool_asks_no_token_twice(self, name):
        query = make_query(budget=1e9)
        questions = make("al_strategies", name)(query)
        tokens = [(question.id, number) for question in questions for number in range(question.start, question.end)]
        assert len(tokens) == len(set(tokens)) <= query.lengths.sum()

    def test_questions_lie_in_their_sentences(self, name):
        query = make_query(budget=60.0)
        length = dict(zip(query.ids, query.lengths.tolist()))
        assert all(0 <= one.start < one.end <= length[one.id] for one in make("al_strategies", name)(query))

    @settings(deadline=None, max_examples=25)
    @given(order=st.permutations(range(12)), rng=st.integers(0, 3), budget=st.floats(0, 80))
    def test_the_order_of_the_pool_does_not_matter(self, name, order, rng, budget):
        strategy = make("al_strategies", name)
        assert strategy(make_query(order=order, rng=rng, budget=budget)) == strategy(make_query(rng=rng, budget=budget))

    def test_equal_seeds_are_equal(self, name):
        first, second = (make("al_strategies", name)(make_query(rng=7)) for _ in range(2))
        assert first == second

    def test_seed_sentences_are_chosen_without_a_model(self, name):
        firsts = {make("al_strategies", name)(make_query(model=False, rng=rng))[0].id for rng in range(40)}
        assert len(firsts) > 5  # by chance

    def test_no_sentence_at_all(self, name):
        assert make("al_strategies", name)(make_query(0)) == []


QUESTIONS = [numpy.arange(12.0), numpy.arange(3.0, 15), numpy.arange(12.0) // 3]


@pytest.mark.parametrize("name", names("al_costs"))
class TestCosts:
    def test_a_cost_is_finite_and_not_negative(self, name):
        costs = make("al_costs", name)(*QUESTIONS)
        assert costs.shape == (12,)
        assert numpy.isfinite(costs).all()
        assert (costs >= 0).all()

    def test_the_order_of_the_pool_does_not_matter(self, name):
        order = numpy.random.default_rng(0).permutation(12)
        cost = make("al_costs", name)
        assert numpy.allclose(cost(*(one[order] for one in QUESTIONS)), cost(*QUESTIONS)[order])


ROWS = [
    {
        "round": number, "labelled_sentences": 10 * number, "labelled_tokens": 100 * number, "labelled_fraction": 0.02,
        "ents_f": 0.5, "stability": 0.995, "seconds": {"train": 1.0}, "agreement": 0.6 + 0.06 * number,
        "utility_chosen": 0.5**number, "utility_pool": 0.1,
        "holdout": {"f": 0.8 + 0.01 * number, "low": 0.75 + 0.01 * number, "entities": 90},
    }
    for number in range(8)
]  # fmt: skip


UNKNOWN = {"agreement": None, "utility_chosen": None, "holdout": None}


@pytest.mark.parametrize("name", names("al_stopping"))
class TestStoppingRules:
    def test_rows_are_not_changed(self, name):
        rows = copy.deepcopy(ROWS)
        make("al_stopping", name)(rows)
        assert rows == ROWS

    @pytest.mark.parametrize("number", [0, 1, 8])
    def test_a_reason_is_a_sentence_or_none(self, name, number):
        reason = make("al_stopping", name)(ROWS[:number])
        assert reason is None or len(reason) > 10

    def test_it_can_be_asked_again(self, name):
        rule = make("al_stopping", name)
        assert rule(ROWS) == rule(ROWS)

    def test_rows_of_earlier_versions_do_not_stop_it(self, name):
        rows = [
            {"round": 0, "labelled_sentences": 1, "labelled_tokens": 1, "labelled_fraction": 0.1, "seconds": {}}
        ] * 5
        assert make("al_stopping", name)(rows) is None

    def test_it_stops_in_the_end(self, name):
        """Rows in which everything has come to rest."""
        held = {"f": 0.99, "low": 0.98, "entities": 90}
        rest = {"agreement": 1.0, "stability": 1.0, "utility_chosen": 0.0, "holdout": held}
        assert make("al_stopping", name)([*ROWS, *({**ROWS[-1], **rest} for _ in range(4))]) is not None

    def test_missing_scores_do_not_stop_it(self, name):
        rows = [{**row, "ents_f": None, "stability": None, "labelled_tokens": 1, **UNKNOWN} for row in ROWS]
        assert make("al_stopping", name)(rows) is None


def test_equal_utilities_give_a_uniform_first_place():
    ids = [f"{number:032x}-0" for number in range(4)]
    firsts = [rank(ids, numpy.zeros(4), None, numpy.random.default_rng(seed))[0] for seed in range(2000)]
    assert min(numpy.bincount(firsts, minlength=4)) > 420  # 500 expected, 4 standard deviations are 77


def test_the_second_utility_breaks_ties():
    first, second = numpy.array([1.0, 1.0, 2.0]), numpy.array([0.0, 5.0, 0.0])
    assert rank(["a-0", "b-0", "c-0"], first, second, numpy.random.default_rng(0)) == [2, 1, 0]


def test_budget_and_stability_stop_where_they_say():
    budget, stable = make("al_stopping", "spacy-al.Budget.v1"), make("al_stopping", "spacy-al.Stable.v1")
    assert [budget(ROWS[:number]) is not None for number in (1, 2)] == [False, True]
    assert [stable(ROWS[:number]) is not None for number in (2, 3)] == [False, True]


@pytest.mark.parametrize(
    ("name", "settings", "key", "values", "expected"),
    [
        ("Agreement", {"threshold": 0.9, "rounds": 3}, "agreement", [0.8, 0.95, 0.94, 0.9, 0.9], [0, 0, 0, 1, 1]),
        ("Agreement", {"threshold": 0.9, "rounds": 3}, "agreement", [None, 0.99, 0.99, 0.8, 0.9], [0, 0, 0, 1, 0]),
        ("PredictedChange", {"epsilon": 0.1}, "agreement", [0.95, 0.89, 0.91, 0.92, 0.93], [0, 0, 0, 0, 1]),
        (
            "Exhausted",
            {"share": 0.2, "rounds": 2},
            "utility_chosen",
            [0.5, 1.0, 0.1, 0.2, 0.1, 0.1],
            [0, 0, 0, 0, 0, 1],
        ),
    ],
)
def test_each_rule_stops_at_the_round_worked_out_by_hand(name, settings, key, values, expected):
    rule = registry.resolve({"it": {"@al_stopping": f"spacy-al.{name}.v1", **settings}})["it"]
    rows = [{"round": number, key: value} for number, value in enumerate(values)]
    assert [rule(rows[: number + 1]) is not None for number in range(len(rows))] == [bool(one) for one in expected]


@pytest.mark.parametrize(("level", "entities", "expected"), [("low", 50, False), ("f", 50, True), ("f", 49, False)])
def test_the_target_is_for_the_lower_end_of_the_interval_and_enough_entities(level, entities, expected):
    rule = registry.resolve({"it": {"@al_stopping": "spacy-al.Target.v1", "f1": 0.85, "level": level}})["it"]
    held = {"f": 0.87, "low": 0.83, "high": 0.9, "entities": entities}
    assert (rule([{"round": 0, "holdout": held}]) is not None) == expected
