"""Runs that ask for words instead of sentences."""

from dataclasses import replace
from itertools import pairwise

import numpy
import pytest
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from spacy_al.acquisition.windows import create_windows
from spacy_al.corpus.reader import read_docs
from spacy_al.corpus.task_docs import answer_doc
from spacy_al.loop.oracle import inside
from spacy_al.loop.people import answer_docs
from spacy_al.loop.session import Session, run
from spacy_al.runs.folder import RunFolder
from spacy_al.runs.labelled import answered, merged
from spacy_al.runs.state import RunState
from spacy_al.tasks import REJECTED, Answer, Question, Task

from ..acquisition.queries import make_query
from .conftest import rows_without_seconds

VOCAB = Vocab()


def labelled(words, spans, missing=()):
    doc = Doc(VOCAB, words=words)
    unknown = [Span(doc, number, number + 1) for number in missing]
    doc.set_ents([Span(doc, *span) for span in spans], missing=unknown, default="outside")
    return doc


WINDOWS = {"@al_strategies": "spacy-al.Windows.v1"}


@pytest.fixture
def windows(make_config, tmp_path):
    config = make_config(questions="windows", strategy=WINDOWS, unit="tokens", seed_budget=60, round_budget=20)
    run(config, tmp_path / "run")
    return tmp_path / "run"


def test_each_round_labels_what_its_budget_buys(windows):
    rows = rows_without_seconds(windows)
    tokens = [row["labelled_tokens"] for row in rows]
    # An entity across an edge is labelled whole, and the last window may be longer than what is left.
    assert all(20 <= after - before <= 40 for before, after in pairwise(tokens))
    assert rows[-1]["windows"] > 0
    assert rows[-1]["shown_tokens"] > rows[-1]["labelled_tokens"]


def test_what_was_not_asked_stays_missing(windows):
    tasks = {task.id: task for task in RunFolder(windows).read_selected(1)}
    docs = list(read_docs(windows / "rounds/0001/annotated.spacy", Vocab()))
    assert {doc.user_data["id"] for doc in docs} == set(tasks)
    for doc in docs:
        known = answered(doc)
        asked = numpy.zeros(len(doc), dtype=bool)
        for start, end in tasks[doc.user_data["id"]].windows:
            asked[start:end] = True
        entities = {number for ent in doc.ents for number in range(ent.start, ent.end)}
        assert known[asked].all()
        assert set(numpy.flatnonzero(known & ~asked).tolist()) <= entities


def test_no_token_is_asked_twice(windows):
    seen = set()
    for number in range(3):
        for task in RunFolder(windows).read_selected(number):
            tokens = {(task.id, n) for one in task.questions for n in range(one.start, one.end)}
            assert not tokens & seen
            seen |= tokens


def test_people_are_asked_for_windows_and_the_rest_is_missing(make_config, tmp_path):
    folder = tmp_path / "run"
    config = make_config(
        questions="windows", strategy=WINDOWS, unit="tokens", seed_budget=60, round_budget=6, rounds=1, oracle="people"
    )
    session = Session.open(folder, config)
    session.step()
    session.answer([Answer(task.id, "accept") for task in session.next()])
    assert session.step().phase == "waiting"
    tasks = session.next()
    assert tasks
    assert all(task.windows for task in tasks)
    session.answer([Answer(task.id, "accept") for task in tasks])
    assert session.run().phase == "done"
    docs = {doc.user_data["id"]: doc for doc in read_docs(folder / "labelled.spacy", Vocab())}
    first = tasks[0]
    assert answered(docs[first.id]).sum() == sum(end - start for start, end in first.windows)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_windows_of_two_rounds_are_one_whatever_the_order_of_their_answers(tmp_path, order):
    words, spaces = ("Ana", "left", "Rome", "in", "May"), (True,) * 5
    tasks = [Task("ab-0", words, spaces, round=0, windows=((0, 2),)),
             Task("ab-0", words, spaces, round=1, windows=((2, 4),))]  # fmt: skip
    folder = RunFolder(tmp_path)
    for task in tasks:
        folder.write_selected(task.round, [task], [None])
    said = [Answer("ab-0", "accept", ((0, 1, "PER"),), seconds=2.0), Answer("ab-0", "accept", seconds=3.0)]
    answers = [said[n].to(tasks[n]) for n in order]
    state = RunState(
        round=1, phase="waiting", labelled=[], pending=["ab-0"], seed=0, pool="", versions={}, device="cpu"
    )
    (doc,) = answer_docs(folder, state, answers, Vocab())
    known = [True, True, True, True, False]
    assert answered(doc).tolist() == known
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("Ana", "PER")]
    assert doc.user_data["seconds"] == 5.0
    again = [*answers, replace(said[0], spans=()).to(tasks[0])]
    (doc,) = answer_docs(folder, state, again, Vocab())
    assert (answered(doc).tolist(), list(doc.ents)) == (known, [])


def test_a_late_answer_to_an_older_window_leaves_the_present_one_open(make_config, tmp_path):
    config = make_config(
        questions="windows",
        strategy=WINDOWS,
        unit="tokens",
        seed_budget=60,
        round_budget=400,
        rounds=2,
        oracle="people",
    )
    session = Session.open(tmp_path / "run", config)
    session.step()
    seeds = session.next()
    session.answer([Answer(task.id, "accept") for task in seeds])
    session.step()
    first = session.next()
    session.answer([Answer(task.id, "accept") for task in first[1:]])
    session.step()
    both = [task for task in session.next() if task.id == first[0].id]
    session.answer([Answer(first[0].id, "accept", round=1)])
    assert [task for task in session.next() if task.id == first[0].id] == both
    assert both[0].round == 2
    (answer,) = session.folder.log.read()[-1:]
    inside = {n for start, end in first[0].windows for n in range(start, end)}
    assert set(range(len(first[0].words))) - set(answer.missing) == inside


def test_rejected_spans_of_both_windows_are_kept_unless_one_is_an_entity_after_all():
    old, new = (
        labelled(["Ana", "Lee", "left"], [], [0, 1, 2]),
        labelled(["Ana", "Lee", "left"], [(0, 1, "PER")], [1, 2]),
    )
    old.spans[REJECTED] = [Span(old, 0, 1, label="PER"), Span(old, 1, 2, label="LOC")]
    new.spans[REJECTED] = [Span(new, 2, 3, label="LOC")]
    both = merged(old, new)
    assert {(span.start, span.label_) for span in both.spans[REJECTED]} == {(1, "LOC"), (2, "LOC")}


def test_an_entity_across_the_edge_of_a_window_is_labelled_whole():
    #      B  I  O  B  I  I  O
    iob = numpy.array([3, 1, 2, 3, 1, 1, 2])
    assert inside(iob, [(4, 5)]).tolist() == [False, False, False, True, True, True, False]
    assert inside(iob, [(1, 3)]).tolist() == [True, True, True, False, False, False, False]


def test_the_context_of_an_answer_says_nothing():
    task = Task("a-0", ("Ana", "Lee", "left", "Rome"), (True,) * 4, windows=((1, 2),))
    doc = answer_doc(task, Answer("a-0", "accept", spans=((0, 2, "PER"),)), Vocab())
    assert answered(doc).tolist() == [True, True, False, False]
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("Ana Lee", "PER")]


def test_answers_of_two_rounds_become_one():
    words = ["Ana", "Lee", "left", "Rome", "now"]
    old = labelled(words, [(0, 2, "PER")], missing=[2, 3, 4])
    new = labelled(words, [(3, 4, "LOC")], missing=[0, 1, 2])
    both = merged(old, new)
    assert [(ent.text, ent.label_) for ent in both.ents] == [("Ana Lee", "PER"), ("Rome", "LOC")]
    assert answered(both).tolist() == [True, True, False, True, True]


def test_an_entity_that_a_later_answer_touches_goes():
    words = ["Ana", "Lee", "left"]
    both = merged(labelled(words, [(0, 2, "PER")], missing=[2]), labelled(words, [], missing=[0, 2]))
    assert (list(both.ents), answered(both).tolist()) == ([], [False, True, False])


def test_windows_follow_the_most_uncertain_tokens():
    query = make_query(12, budget=1.0)
    token = int(query.columns("token:mnlp")["token:mnlp"].argmax())
    number = int(numpy.searchsorted(query.starts, token, side="right")) - 1
    (question,) = create_windows(margin=0)(query)
    place = token - int(query.starts[number])
    assert question.id == query.ids[number]
    assert question.start <= place < question.end


def test_answered_tokens_are_not_asked_again():
    query = make_query(12, budget=1e9, answered=0.5)
    number = {id_: n for n, id_ in enumerate(query.ids)}
    questions = create_windows(margin=2)(query)
    tokens = [query.starts[number[one.id]] + n for one in questions for n in range(one.start, one.end)]
    assert not query.answered[tokens].any()
    assert len(tokens) == (~query.answered).sum()


def test_a_task_travels_as_a_row():
    task = Task("a-0", ("Ana", "left"), (True, False), ((0, 1, "PER"),), round=1, windows=((0, 1),), utility=0.5)
    assert Task.from_row(task.to_row()) == task
    assert task.questions == [Question("a-0", 0, 1)]
