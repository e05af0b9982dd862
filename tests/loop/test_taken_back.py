"""Labels that are taken back leave training, skips of others take none, and disputes about the holdout are said."""

import pytest
from spacy.vocab import Vocab

from spacy_al.loop.people import weigh
from spacy_al.loop.session import Session, run
from spacy_al.runs.labelled import Labels
from spacy_al.runs.state import load_state
from spacy_al.tasks import SETTLED, Answer

from .conftest import rows_without_seconds

PER, LOC = ((0, 1, "PER"),), ((0, 1, "LOC"),)


@pytest.fixture
def learnt(make_config, tmp_path):
    """A run that has learnt from what Ann said of ten sentences and waits for the next answers."""
    session = Session.open(tmp_path / "run", make_config(oracle="people", rounds=3, holdout=0))
    session.step()
    first = session.batch()
    session.answer([Answer(task.id, "accept", PER, annotator="ann") for task in first])
    assert session.step().phase == "waiting"
    return session, first


def step(session, answers):
    session.answer(answers)
    return session.step()


def labels_of(session):
    """All that has been taken in."""
    state, labels = load_state(session.folder.state), Labels(session.folder, Vocab())
    labels.read(state.round - (state.phase == "waiting"))
    return labels


def test_an_ignored_sentence_leaves_training_from_the_next_round(learnt):
    session, (first, *rest) = learnt
    session.answer([Answer(first.id, "ignore", annotator="ann"), Answer(session.batch()[0].id, "accept")])
    assert any("Taken back: labels of 1 sentences" in line for line in session.status().lines())
    state = session.step()
    assert first.id not in state.labelled
    assert {task.id for task in rest} < set(state.labelled)
    rows = rows_without_seconds(session.folder.path)
    assert rows[1]["labelled_sentences"] == rows[0]["labelled_sentences"] - 1 + 1
    assert not any("Taken back" in line for line in session.status().lines())


def test_the_same_holds_after_a_restart_and_for_models_that_are_made_again(learnt):
    session, (first, *_) = learnt
    step(session, [Answer(first.id, "ignore", annotator="ann")])
    labels = labels_of(session)
    assert first.id not in labels.learnt
    assert not labels.docs[first.id].ents
    other = Session.open(session.folder.path)
    again, now = other.model(1), session.engine.learner.nlp
    assert again.get_pipe("ner").to_bytes(exclude=["vocab"]) == now.get_pipe("ner").to_bytes(exclude=["vocab"])


def test_an_answer_that_follows_is_learnt_from_again(learnt):
    session, (first, *_) = learnt
    step(session, [Answer(first.id, "ignore", annotator="ann")])
    state = step(session, [Answer(first.id, "accept", LOC, annotator="ann")])
    labels = labels_of(session)
    assert first.id in state.labelled
    assert [ent.label_ for ent in labels.docs[first.id].ents] == ["LOC"]


def test_a_skip_of_another_person_says_nothing(learnt):
    session, (first, *_) = learnt
    state = step(session, [Answer(first.id, "ignore", annotator="bob"), Answer(session.batch()[0].id, "accept")])
    assert first.id in state.labelled


@pytest.mark.parametrize(("who", "kept"), [("ann", False), ("bob", True), (None, False), (f"{SETTLED}bob", False)])
def test_who_can_take_an_answer_back(learnt, who, kept):
    session, (first, *_) = learnt
    answers = [Answer(first.id, "accept", PER, annotator="ann"), Answer(first.id, "ignore", annotator=who)]
    (of,) = weigh(session.folder, load_state(session.folder.state), answers).values()
    assert [one.answer.teaches for one in of.values()] == [kept]


def test_after_the_end_it_is_said_and_learnt_from(make_config, tmp_path):
    session = Session.open(tmp_path / "run", make_config(oracle="people", rounds=0, holdout=0))
    session.step()
    tasks = session.batch()
    assert step(session, [Answer(task.id, "accept") for task in tasks]).phase == "done"
    session.answer([Answer(tasks[0].id, "reject")])
    assert any("since the end: 1 with labels taken back" in line for line in session.status().lines())
    state = Session.open(session.folder.path).run()
    assert (state.phase, state.round, tasks[0].id in state.labelled) == ("done", 1, False)


def test_a_run_whose_labels_are_all_taken_back_waits(make_config, tmp_path):
    session = Session.open(tmp_path / "run", make_config(oracle="people", rounds=2, holdout=0))
    session.step()
    (task, *_) = session.batch()
    step(session, [Answer(task.id, "accept")])
    assert step(session, [Answer(task.id, "ignore")]).phase == "waiting"


def test_of_windows_only_those_asked_about_are_taken_back(make_config, tmp_path):
    config = make_config(oracle="people", rounds=3, holdout=0, questions="windows", unit="tokens", seed_budget=40,
                         round_budget=20, strategy={"@al_strategies": "spacy-al.Windows.v1"})  # fmt: skip
    session = Session.open(tmp_path / "run", config)
    session.step()
    step(session, [Answer(task.id, "accept") for task in session.batch()])
    asked = [task for task in session.batch() if task.windows]
    assert asked
    step(session, [Answer(task.id, "accept") for task in asked])
    one = asked[0]
    step(session, [Answer(one.id, "ignore", round=one.round)])
    labels = labels_of(session)
    inside = {number for start, end in one.windows for number in range(start, end)}
    assert all(labels.docs[one.id][number].ent_iob == 0 for number in inside)


# --- several people and the holdout


@pytest.fixture
def disputed(make_config, tmp_path):
    """Ann and Bob have answered all; on one sentence of the holdout they differ, Bob last."""
    config, folder = make_config(oracle="people", rounds=2, holdout=0.4, test=None), tmp_path / "run"
    run(config, folder)
    session = Session.open(folder)
    tasks = session.batch()
    held = next(task for task in tasks if task.id in session_holdout(session))
    answers = [Answer(task.id, "accept", annotator="ann") for task in tasks]
    session.answer([*answers, Answer(held.id, "accept", PER, annotator="bob")])
    session.step()
    return session, held


def session_holdout(session):
    from spacy_al.loop.engine import Engine

    engine = Engine(session.config, session.folder, use_gpu=-1, reporter=session.reporter)
    return engine.honest.holdout(load_state(session.folder.state))


def gold(session, id_):
    return [(ent.start, ent.end, ent.label_) for ent in labels_of(session).docs[id_].ents]


def test_the_last_answer_is_gold_and_the_dispute_is_said(disputed):
    session, held = disputed
    assert gold(session, held.id) == list(PER)
    assert session.folder.read_metrics()[-1]["holdout"]["entities"] == 1
    assert any("differ on 1 of the holdout's sentences" in line for line in session.status().lines())


def test_a_settled_answer_replaces_it_and_ends_the_dispute(disputed):
    session, held = disputed
    session.answer([Answer(held.id, "accept", LOC, annotator=f"{SETTLED}cy")])
    assert session.status().disputed == 0
    step(session, [Answer(task.id, "accept", annotator="ann") for task in session.batch()])
    assert gold(session, held.id) == list(LOC)


def test_a_skip_leaves_the_others_answer(disputed):
    session, held = disputed
    session.answer([Answer(held.id, "ignore", annotator="cy")])
    step(session, [Answer(task.id, "accept", annotator="ann") for task in session.batch()])
    assert gold(session, held.id) == list(PER)
    assert held.id in load_state(session.folder.state).holdout
