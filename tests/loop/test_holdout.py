"""The holdout: drawn by chance, hidden among the questions, never learnt from, scored by itself."""

import json
from pathlib import Path

import numpy
import pytest
from spacy.tokens import DocBin
from spacy.vocab import Vocab

from spacy_al.corpus.reader import read_docs, write_docs
from spacy_al.errors import ALError
from spacy_al.ids import same_tokens
from spacy_al.loop.engine import Engine
from spacy_al.loop.holdout import Holdout
from spacy_al.loop.learner import Learner
from spacy_al.loop.session import Session, run
from spacy_al.runs.folder import RunFolder, read_npz
from spacy_al.runs.state import load_state
from spacy_al.schemas import check_active_learning, fill_active_learning
from spacy_al.tasks import Answer, Question
from spacy_al.types import Pool

from .conftest import chosen_ids, rows_without_seconds


def make_pool(number, length):
    starts, tokens = length * numpy.arange(number + 1), numpy.zeros((length * number, 3), numpy.uint64)
    return Pool(Vocab().strings, [f"{n:032x}-0" for n in range(number)], starts, tokens, [None] * number)


@pytest.fixture
def make_holdout(make_config):
    def make(number=2000, lengths=1, reserve=0.15, **settings):
        checked = check_active_learning(fill_active_learning(make_config(**settings)).interpolate())
        return Holdout(make_pool(number, lengths), checked, reserve)

    return make


def chosen(holdout, number):
    """Ids that a strategy may ask."""
    return [id_ for id_ in holdout.pool.ids if id_ not in holdout][:number]


def answer_all(folder, seconds=None):
    """Answer as the corpus is made: a capital in the first place of a known pair is a person, else a place."""
    from .conftest import PEOPLE, PLACES

    session = Session.open(folder)
    answers = []
    for task in session.batch():
        spans = [
            (n, n + 1, "PER" if word in PEOPLE else "LOC")
            for n, word in enumerate(task.words)
            if word in PEOPLE + PLACES
        ]
        answers.append(Answer(task.id, "accept", tuple(spans), seconds=seconds))
    session.answer(answers)


def test_the_reserve_is_a_share_of_the_pool_by_chance(make_holdout):
    reserved = make_holdout(20_000, holdout=0.15).reserved
    assert abs(reserved.mean() - 0.15) < 0.01
    assert abs(reserved[:10_000].mean() - reserved[10_000:].mean()) < 0.02


def test_another_seed_draws_others_and_the_order_of_the_pool_does_not_matter(make_holdout):
    first, second, other = make_holdout(holdout=0.2), make_holdout(holdout=0.2), make_holdout(holdout=0.2, seed=1)
    assert (first.reserved == second.reserved).all()
    assert (first.reserved != other.reserved).any()


@pytest.mark.parametrize(("share", "amount"), [(0.5, 10), (0.2, 3), (0.1, 2)])
def test_a_share_of_the_batch_is_of_the_holdout(make_holdout, share, amount):
    holdout = make_holdout(holdout=0.5)
    questions = [Question(id_, 0, 1) for id_ in chosen(holdout, 10)]
    mixed = holdout.mix(questions, [], share, numpy.random.default_rng(0))
    assert sum(one.id in holdout for one in mixed) == amount
    assert [one for one in mixed if one.id not in holdout] == questions


def test_no_place_in_the_batch_tells_which_they_are(make_holdout):
    holdout = make_holdout(holdout=0.2)
    questions = [Question(id_, 0, 1) for id_ in chosen(holdout, 8)]
    counts = numpy.zeros(10)
    for seed in range(1000):
        mixed = holdout.mix(questions, [], 0.2, numpy.random.default_rng(seed))
        counts += [one.id in holdout for one in mixed]
    assert counts.sum() == 2000
    assert counts.min() > 130  # 200 expected
    assert counts.max() < 290


def test_windows_of_a_sentence_stay_together(make_holdout):
    holdout = make_holdout(holdout=0.5, lengths=2)
    ids = chosen(holdout, 6)
    questions = [Question(ids[n // 2], n % 2, n % 2 + 1) for n in range(12)]
    mixed = holdout.mix(questions, [], 0.5, numpy.random.default_rng(0))
    assert [one for one in mixed if one.id not in holdout] == questions
    places = [place for place, one in enumerate(mixed) if one.id == ids[3]]
    assert places[1] == places[0] + 1


def test_as_many_others_are_asked_without_suggestions(make_holdout):
    holdout = make_holdout(holdout=0.2)
    ids = chosen(holdout, 8)
    questions = holdout.mix([Question(id_, 0, 1) for id_ in ids], [], 0.2, numpy.random.default_rng(0))
    _, plain = holdout.hide(questions, [], numpy.random.default_rng(0))
    assert sum(id_ in holdout for id_ in plain) == 2
    assert len(plain) == 4


def test_without_a_holdout_one_in_twenty_is_asked_without_suggestions(make_holdout):
    holdout = make_holdout(holdout=0)
    ids = chosen(holdout, 1000)
    questions, plain = holdout.hide([Question(id_, 0, 1) for id_ in ids], [], numpy.random.default_rng(0))
    assert [one.id for one in questions] == ids
    assert 30 < len(plain) < 75


def test_among_windows_the_holdout_has_its_share_of_the_words_and_as_many_sentences_are_asked_whole(make_holdout):
    holdout = make_holdout(holdout=0.2, lengths=10)
    ids = chosen(holdout, 40)
    windows = [Question(id_, start, start + 2) for id_ in ids for start in (1, 6)]
    mixed = holdout.mix(windows, [], 0.2, numpy.random.default_rng(0))
    held = [one for one in mixed if one.id in holdout]
    assert sum(one.end for one in held) == 40  # of 160 + 40
    questions, plain = holdout.hide(mixed, ids[:38], numpy.random.default_rng(0))
    whole = [one for one in questions if (one.start, one.end) == (0, 10)]
    assert sum(one.id in holdout for one in whole) == 4
    assert len(whole) == len({one.id for one in whole}) == 8
    assert {one.id for one in whole} <= plain
    assert {*ids[38:]} <= plain  # sentences without answers first
    assert len([one for one in questions if one.id == ids[0]]) in (1, 2)


def test_the_shown_utility_is_the_neighbours(make_holdout):
    holdout = make_holdout()
    held = holdout.pool.ids[holdout.order[0]]
    questions = [Question("a", 0, 1), Question(held, 0, 1), Question("b", 0, 1)]
    assert holdout.shown(questions, {"a": 3.0, "b": 2.0, "c": 9.0})[held] == 3.0


def test_people_are_asked_for_a_holdout_unless_they_say_otherwise(make_config, tmp_path):
    config = make_config(oracle="people", holdout="auto", rounds=1)
    run(config, tmp_path / "run")
    state = load_state(tmp_path / "run" / "state.json")
    assert state.reserve == 0.15
    assert len(state.pending) == 11  # 10 * 0.85, rounded up to whole sentences, and 2 of the holdout
    tasks = [json.loads(line) for line in (tmp_path / "run/rounds/0000/selected.jsonl").read_text().splitlines()]
    assert len({tuple(sorted(task)) for task in tasks}) == 1
    assert {(task["measure"], task["utility"]) for task in tasks} == {("random", None)}


def test_a_simulation_has_none_unless_it_is_asked_for(make_config, tmp_path):
    config = make_config(rounds=0)
    config["active_learning"]["holdout"] = "auto"
    run(config, tmp_path / "run")
    assert load_state(tmp_path / "run" / "state.json").reserve == 0
    assert "holdout" not in rows_without_seconds(tmp_path / "run")[0]


@pytest.fixture
def people_run(make_config, tmp_path):
    config, folder = make_config(oracle="people", holdout=0.3, rounds=2, test=None), tmp_path / "run"
    run(config, folder)
    for _ in range(3):
        answer_all(folder, seconds=10.0)
        run(config, folder)
    return config, folder


def test_the_holdout_is_never_learnt_from_until_the_end(make_config, tmp_path, monkeypatch):
    seen = []
    ensure = Learner.ensure

    def spy(self, folder, round_, labelled, reporter):
        seen.append(set(labelled))
        return ensure(self, folder, round_, labelled, reporter)

    monkeypatch.setattr(Learner, "ensure", spy)
    config, folder = make_config(oracle="people", holdout=0.3, rounds=1), tmp_path / "run"
    run(config, folder)
    for _ in range(2):
        answer_all(folder)
        state = run(config, folder)
    held = set(state.holdout)
    assert held
    assert not held & set(state.labelled)
    assert held < seen[-1]  # the final fit
    assert not any(held & ids for ids in seen[:-1])


def test_rows_carry_the_holdouts_numbers(people_run):
    _, folder = people_run
    rows = rows_without_seconds(folder)
    assert [row["holdout"]["sentences"] for row in rows] == sorted(row["holdout"]["sentences"] for row in rows)
    last = rows[-1]["holdout"]
    assert 0 <= last["low"] <= last["f"] <= last["high"] <= 1
    assert sum(one["entities"] for one in last["per_type"].values()) == last["entities"]
    assert rows[-1]["labelled_sentences"] + last["sentences"] == len(set().union(*chosen_ids(folder)))


def test_the_row_is_the_score_of_the_model_on_the_held_out_sentences(make_config, tmp_path):
    from spacy_al.loop.evaluation import span_scores

    config = make_config(oracle="people", holdout=0.3, rounds=0, final_fit=False)
    folder = tmp_path / "run"
    run(config, folder)
    answer_all(folder)
    state = run(config, folder)
    import spacy

    nlp = spacy.load(folder / "model")
    from spacy_al.corpus.reader import make_example

    docs = list(DocBin(store_user_data=True).from_disk(folder / "labelled.spacy").get_docs(nlp.vocab))
    held = [make_example(doc) for doc in docs if doc.user_data["id"] in set(state.holdout)]
    assert span_scores(nlp, held)["ents_f"] == pytest.approx(rows_without_seconds(folder)[0]["holdout"]["f"])


def test_models_of_earlier_rounds_are_scored_on_what_is_held_out_by_now(people_run):
    _, folder = people_run
    last = read_npz(RunFolder(folder).holdout(2))
    rows = rows_without_seconds(folder)
    assert last["rounds"].tolist() == [0, 1, 2]
    assert last["counts"].shape == (3, rows[2]["holdout"]["sentences"], 3)
    gold = last["counts"][:, :, [0, 2]].sum((1, 2))
    assert set(gold.tolist()) == {rows[2]["holdout"]["entities"]}


def test_all_labels_are_kept(people_run):
    _, folder = people_run
    docs = DocBin(store_user_data=True).from_disk(folder / "labelled.spacy").get_docs(Vocab())
    assert {doc.user_data["id"] for doc in docs} == set().union(*chosen_ids(folder))


def test_answers_for_the_holdout_alone_begin_no_training(make_config, tmp_path):
    config, folder = make_config(oracle="people", holdout=0.3, rounds=0), tmp_path / "run"
    run(config, folder)
    engine = Engine(fill_active_learning(config), RunFolder(folder), use_gpu=-1, reporter=Session.open(folder).reporter)
    held = engine.honest.holdout(load_state(folder / "state.json"))
    tasks = [task for task in Session.open(folder).batch() if task.id in held]
    Session.open(folder).answer([Answer(task.id, "accept") for task in tasks])
    assert run(config, folder).phase == "waiting"
    answer_all(folder)
    assert run(config, folder).phase == "done"


def test_a_number_of_entities_is_a_limit(make_config, tmp_path):
    config, folder = make_config(holdout=6, rounds=4), tmp_path / "run"
    run(config, folder)
    rows = rows_without_seconds(folder)
    full = [row["holdout"]["sentences"] for row in rows if row["holdout"]["entities"] >= 6]
    assert len(full) > 1
    assert len(set(full)) == 1


def test_among_windows_nobody_can_tell_the_holdout(make_config, tmp_path):
    folder = tmp_path / "run"
    config = make_config(
        oracle="people", holdout=0.3, rounds=1, questions="windows", unit="tokens", seed_budget=80, round_budget=60,
        strategy={"@al_strategies": "spacy-al.Windows.v1"},
    )  # fmt: skip
    run(config, folder)
    answer_all(folder)
    state, session = run(config, folder), Session.open(folder)
    held = Engine(session.config, session.folder, use_gpu=-1, reporter=session.reporter).honest.holdout(state)
    for tasks in (session.batch(), session.folder.read_tasks(1)[len(state.pending) :]):
        whole = [task for task in tasks if not task.windows and task.spans is None]
        assert sum(task.id in held for task in whole) >= 1
        assert 2 * sum(task.id in held for task in whole) <= len(whole)
        assert not any(task.id in held for task in tasks if task not in whole)
    words = sum(one.end - one.start for task in session.batch() for one in task.questions)
    assert 50 < words < 100  # 60, and each part is rounded up to whole sentences


def test_a_run_without_a_holdout_cannot_get_one(make_config, tmp_path):
    run(make_config(rounds=0), tmp_path / "run")
    with pytest.raises(ALError, match="A730"):
        run(make_config(rounds=1, holdout=0.2), tmp_path / "run", accept_changes=True)


@pytest.mark.parametrize("value", [-0.1, 0.7, "some"])
def test_a_holdout_that_makes_no_sense_is_refused(make_config, tmp_path, value):
    with pytest.raises(ALError, match="A008.*holdout"):
        run(make_config(holdout=value), tmp_path / "run")


def test_a_run_that_dies_ends_as_if_it_had_not(make_config, tmp_path, monkeypatch):
    rows = []
    for name in ("whole", "stopped"):
        config, folder = make_config(holdout=0.3), tmp_path / name
        if name == "stopped":
            with monkeypatch.context() as patch:
                patch.setattr(Engine, "_select", lambda *args: (_ for _ in ()).throw(KeyboardInterrupt))
                with pytest.raises(KeyboardInterrupt):
                    run(config, folder)
        run(config, folder)
        rows.append(rows_without_seconds(folder))
    assert rows[0] == rows[1]


def test_a_run_that_went_on_trains_without_the_holdout_again(make_config, tmp_path):
    rows = []
    for name in ("whole", "longer"):
        folder = tmp_path / name
        for rounds in [2] if name == "whole" else [1, 2]:
            run(make_config(holdout=0.3, rounds=rounds), folder, accept_changes=True)
        rows.append(rows_without_seconds(folder))
    assert rows[0] == rows[1]


def test_what_people_get_while_a_round_trains_holds_its_share_of_the_holdout(make_config, tmp_path):
    folder = tmp_path / "run"
    config = make_config(oracle="people", holdout=0.3, rounds=2)
    run(config, folder)
    answer_all(folder)
    state, session = run(config, folder), Session.open(folder)
    held = Engine(session.config, session.folder, use_gpu=-1, reporter=session.reporter).honest.holdout(state)
    tasks = session.folder.read_tasks(1)
    reserve = tasks[len(session.folder.read_selected(1)) :]
    assert len({task.id for task in tasks}) == len(tasks)
    assert 0.2 < sum(task.id in held for task in reserve) / len(reserve) < 0.4
    assert all(task.spans is None for task in reserve if task.id in held)
    assert any(task.spans is None for task in reserve if task.id not in held)


def test_equal_sentences_are_held_out_together_and_one_of_them_is_asked(make_config):
    settings = check_active_learning(fill_active_learning(make_config(holdout=0.3)).interpolate())
    ids = [f"{n // 4:032x}-{n % 4}" for n in range(400)]
    holdout = Holdout(
        Pool(Vocab().strings, ids, numpy.arange(401), numpy.zeros((400, 3), numpy.uint64), [None] * 400), settings, 0.3
    )
    copies = holdout.reserved.reshape(100, 4)
    assert (copies.all(1) == copies.any(1)).all()
    assert sorted(number // 4 for number in holdout.order) == numpy.flatnonzero(copies.all(1)).tolist()


@pytest.mark.parametrize("number", [1, 2, 5])
def test_in_a_tiny_pool_something_is_left_to_learn_from(make_holdout, number):
    for seed in range(40):
        holdout = make_holdout(number, holdout=0.5, seed=seed, reserve=0.9)
        assert not holdout.reserved.all()
        assert len(holdout.order) == holdout.reserved.sum()


def test_what_has_been_learnt_or_held_out_stays_so_with_another_seed(make_config, tmp_path):
    folder = tmp_path / "run"
    run(make_config(holdout=0.3, rounds=2), folder)
    first = load_state(folder / "state.json")
    last = run(make_config(holdout=0.3, rounds=6, seed=5), folder, accept_changes=True)
    assert first.holdout == last.holdout[: len(first.holdout)]
    assert len(last.holdout) > len(first.holdout)
    assert first.labelled == last.labelled[: len(first.labelled)]
    assert not set(last.labelled) & set(last.holdout)


def test_a_reserve_that_is_used_up_costs_no_questions(make_holdout):
    holdout = make_holdout(50, holdout=0.5)
    assert holdout.rate(0, len(holdout.order) - 1) == 0.15
    assert holdout.rate(0, len(holdout.order)) == 0.0


def test_predictions_on_the_holdout_are_not_shown(people_run):
    _, folder = people_run
    session, state = Session.open(folder), load_state(folder / "state.json")
    held = Engine(session.config, session.folder, use_gpu=-1, reporter=session.reporter).honest.holdout(state)
    changed = [one["id"] for number in (1, 2) for one in session.folder.read_learnt(number)["changed"]]
    assert changed
    assert not any(id_ in held for id_ in changed)


def test_a_copy_of_a_held_out_sentence_is_not_learnt_from(make_config, tmp_path):
    config = make_config(holdout=0.3, rounds=3, round_budget=20)
    docs = list(read_docs(Path(config["active_learning"]["pool"]), Vocab()))
    (tmp_path / "twice.spacy").write_bytes(write_docs([*docs, *docs]))
    config["active_learning"]["pool"] = str(tmp_path / "twice.spacy")
    state = run(config, tmp_path / "run")
    learnt, held = ({same_tokens(id_) for id_ in ids} for ids in (state.labelled, state.holdout))
    assert held
    assert not learnt & held
    assert len(held) == len(state.holdout)
