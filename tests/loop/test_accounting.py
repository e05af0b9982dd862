"""What answers cost the people who gave them, learnt from the times that the answers carry."""

import numpy
import pytest

from spacy_al.acquisition.costs import SecondsCost
from spacy_al.loop.accounting import TIMED, own_seconds
from spacy_al.loop.session import Session, run
from spacy_al.tasks import Answer, Task

OWN = SecondsCost(question=1.0, word=0.5, entity=6.0)


def timed(number, cost=OWN, **more):
    """Tasks of different lengths, and answers with the seconds that a cost model gives."""
    rng = numpy.random.default_rng(0)
    tasks, answers = [], []
    for name in range(number):
        words, entities = int(rng.integers(5, 40)), int(rng.integers(0, 4))
        tasks.append(Task(str(name), ("a",) * words, (True,) * words))
        seconds = float(cost(*numpy.array([[0.0], [words], [entities]]))[0])
        answers.append(
            Answer(str(name), "accept", tuple((n, n + 1, "X") for n in range(entities)), seconds=seconds, **more)
        )
    return tasks, answers


def constants(cost):
    return cost.question, cost.word, cost.entity


def test_many_answers_tell_the_constants():
    assert constants(own_seconds(*timed(3000))) == pytest.approx(constants(OWN), rel=0.05)


def test_few_answers_change_the_published_constants_little_and_their_own_not_at_all():
    few = constants(own_seconds(*timed(TIMED)))
    assert abs(few[0] - OWN.question) > abs(constants(own_seconds(*timed(3000)))[0] - OWN.question)
    assert constants(own_seconds(*timed(TIMED, SecondsCost()))) == pytest.approx(constants(SecondsCost()))


def test_a_break_and_what_has_no_time_or_task_are_left_out():
    tasks, answers = timed(40)
    expected = own_seconds(tasks, answers)
    tasks += [tasks[0], None, tasks[0], tasks[0]]
    answers += [
        Answer("0", "accept", seconds=3600.0), Answer("gone", "accept", seconds=3.0), Answer("0", "accept"),
        Answer("0", "ignore", seconds=0.5),
    ]  # fmt: skip
    assert own_seconds(tasks, answers) == expected


def test_with_too_few_times_nothing_is_said():
    tasks, answers = timed(TIMED - 1)
    assert own_seconds(tasks, answers) is None


def test_status_tells_it(make_config, tmp_path):
    run(make_config(oracle="people", seed_budget=250), tmp_path / "run")
    session = Session.open(tmp_path / "run")
    asked = session.next()
    assert len(asked) >= TIMED
    session.answer([Answer(one.id, "accept", seconds=10.0) for one in asked[: TIMED - 1]])
    assert not any("s a word" in line for line in session.status().lines())
    session.answer([Answer(one.id, "accept", seconds=10.0) for one in asked[TIMED - 1 :]])
    assert sum("s a word" in line for line in session.status().lines()) == 1
