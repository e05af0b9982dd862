"""A run opened in Python."""

import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import warnings
from datetime import date
from pathlib import Path

import numpy
import pytest
import spacy
import torch
from spacy.vocab import Vocab

import spacy_al
from spacy_al.corpus.reader import read_docs
from spacy_al.errors import ALError
from spacy_al.loop.session import Session, run
from spacy_al.runs.answers import AnswerLog
from spacy_al.runs.lock import locked
from spacy_al.tasks import Answer

from .conftest import chosen_ids, rows_without_seconds

ROOT = Path(__file__).parents[2]


@pytest.fixture
def waiting(make_config, tmp_path):
    session = Session.open(tmp_path / "run", make_config(oracle="people", rounds=1))
    session.step()
    return session


def test_the_loop_of_the_docs_runs(make_config, corpus, tmp_path, monkeypatch):
    code, _ = re.findall(r"```python\n(.*?)```", (ROOT / "docs/python.md").read_text(), re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 20
    make_config().to_disk(tmp_path / "al.cfg")
    code = code.replace("configs/al-minilm.cfg", "al.cfg").replace('"paths.labels": "labels.json",', "")
    code = code.replace('"paths.pool": "pool.spacy"', f'"active_learning.pool": "{corpus[0]}"')
    monkeypatch.chdir(tmp_path)
    asked = []
    exec(code, {"find_entities": lambda words: asked.append(words) or []})
    assert len(asked) == 20
    assert (tmp_path / "runs/mine/model").is_dir()


def test_commands_take_names_of_files_as_text_and_need_no_options(make_config, tmp_path):
    (tmp_path / "in.iob2").write_text("Anna B-PER\nsleeps O\n\nRome B-LOC\nwaits O\n")
    pool, out = str(tmp_path / "pool.spacy"), str(tmp_path / "report")
    assert spacy_al.convert(str(tmp_path / "in.iob2"), pool).labels == ["LOC", "PER"]
    run(make_config(rounds=0), tmp_path / "run")
    assert spacy_al.score(str(tmp_path / "run/model"), pool, str(tmp_path / "rank.jsonl")).sentences == 2
    assert spacy_al.report(str(tmp_path / "run"), out) == spacy_al.report([tmp_path / "run"], out)


def test_report_is_a_call_also_after_its_modules_were_imported(tmp_path):
    code = "import spacy_al.report.build, spacy_al; spacy_al.report('nowhere', 'out')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert "[A003] nowhere" in done.stderr


def test_everything_that_is_exported_is_there():
    assert all(getattr(spacy_al, name) is not None for name in spacy_al.__all__)


def test_answers_to_a_run_whose_folder_is_gone_say_so_and_make_none(waiting):
    (task,) = waiting.next(1)
    shutil.rmtree(waiting.folder.path)
    with pytest.raises(ALError, match="A539.*Put it back"):
        waiting.answer([Answer(task.id, "accept")])
    assert not waiting.folder.path.exists()


@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.parametrize(
    "ask",
    [Session.next, Session.batch, Session.asked, Session.status, Session.step, Session.look_again,
     lambda session: session.model(0), lambda session: session.answer([])],
)  # fmt: skip
def test_a_run_whose_folder_is_gone_says_so_whatever_is_asked(waiting, fresh, ask):
    session = Session.open(waiting.folder.path) if fresh else waiting
    shutil.rmtree(waiting.folder.path)
    with pytest.raises(ALError, match="A539.*Put it back"):
        ask(session)
    assert not waiting.folder.path.exists()


@pytest.mark.parametrize("given", ["accept", None, {"id": "x"}, Answer("x", "accept"), [{"id": "x"}], [None], ["x"]])
def test_what_is_no_list_of_answers_is_refused(waiting, given):
    with pytest.raises(ALError, match="A477.*session.answer"):
        waiting.answer(given)
    assert waiting.folder.log.read() == []


@pytest.mark.parametrize("k", ["3", 2.0, [1]])
def test_a_number_of_questions_that_is_no_whole_one_is_refused(waiting, k):
    with pytest.raises(ALError, match="A475"):
        waiting.next(k)


def test_next_gives_what_has_no_answer_yet(waiting):
    first, second, *rest = waiting.next()
    assert waiting.next(1) == [first]
    waiting.answer([Answer(first.id, "accept"), Answer(second.id, "ignore")])
    assert waiting.next() == rest


def test_steps_of_a_simulation_are_rounds(make_config, tmp_path):
    session, phases = Session.open(tmp_path / "run", make_config()), []
    while not phases or phases[-1] != "done":
        phases.append(session.step().phase)
    assert phases == ["annotate", "annotate", "done"]


def test_stepping_is_running(make_config, tmp_path):
    session = Session.open(tmp_path / "stepped", make_config())
    while session.step().phase != "done":
        pass
    spacy_al.run(make_config(), tmp_path / "run")
    assert rows_without_seconds(tmp_path / "stepped") == rows_without_seconds(tmp_path / "run")


def test_two_sessions_on_one_run_take_turns(make_config, tmp_path):
    first, second = (Session.open(tmp_path / "run", make_config()) for _ in range(2))
    while first.step().phase != "done" and second.step().phase != "done":
        pass
    spacy_al.run(make_config(), tmp_path / "alone")
    assert rows_without_seconds(tmp_path / "run") == rows_without_seconds(tmp_path / "alone")
    assert chosen_ids(tmp_path / "run") == chosen_ids(tmp_path / "alone")


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Answer("none-0", "accept"), "no such sentence"),
        (Answer("ID", "yes"), "verdict 'yes'"),
        (Answer("ID", "accept", spans=((0, 99, "PER"),)), "does not lie"),
        (Answer("ID", "accept", spans=((0, 2, "PER"), (1, 2, "LOC"))), "overlap"),
        (Answer("ID", "accept", spans=((0, 1, "ORG"),)), "label 'ORG' is not declared"),
        (Answer("ID", "ignore", spans=((0, 1, "PER"),)), "holds entities"),
        (Answer("ID", "accept", missing=(99,)), "missing tokens"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_and_none_is_taken(waiting, answer, problem):
    good, other = waiting.next(2)
    bad = Answer(other.id if answer.id == "ID" else answer.id, answer.verdict, answer.spans, answer.missing)
    with pytest.raises(ALError, match=f"A474.*{problem}"):
        waiting.answer([Answer(good.id, "accept"), bad])
    assert waiting.folder.log.read() == []


def test_answers_may_come_one_by_one_and_with_numbers_of_numpy(waiting):
    spans = numpy.array([[0, 1]])
    waiting.answer(Answer(task.id, "accept", [(*spans[0], "PER")], seconds=1) for task in waiting.next())
    found = waiting.folder.log.read()
    assert {one.spans for one in found} == {((0, 1, "PER"),)}
    assert (len(found), waiting.next()) == (10, [])


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"annotator": 3}, "annotator: input should be a valid string"),
        ({"when": date(2026, 11, 29)}, "when: input"),
        ({"spans": [(0, 1.5, "PER")]}, r"spans\.0\.1: input"),
        ({"seconds": float("nan")}, "it took nan seconds"),
        ({"spans": ((0, 1, "PER"),), "missing": (0,)}, "part of an entity"),
    ],
)
def test_an_answer_that_could_not_be_read_again_is_not_written(waiting, said, problem):
    first, second, *_ = waiting.next()
    with pytest.raises(ALError, match=f"A474.*{problem}"):
        waiting.answer([Answer(first.id, "accept"), Answer(second.id, "accept", **said)])
    assert waiting.folder.log.read() == []


def test_half_of_a_surrogate_pair_in_a_name_is_refused(waiting):
    with pytest.raises(ALError, match="A474.*ud800' is half of a surrogate pair"):
        waiting.answer([Answer(waiting.next(1)[0].id, "accept", annotator="an\ud800a")])
    assert waiting.folder.log.read() == []


def test_a_negative_number_of_questions_is_refused(waiting):
    assert waiting.next(0) == []
    with pytest.raises(ALError, match="A475.*k = -1"):
        waiting.next(-1)


def test_answers_are_taken_while_another_process_trains(waiting):
    with locked(waiting.folder.lock):
        waiting.answer([Answer(waiting.next(1)[0].id, "accept")])
        with pytest.raises(ALError, match="A504"):
            waiting.step()
    assert len(waiting.folder.log.read()) == 1


def test_an_answer_to_an_earlier_round_is_learned_from(waiting):
    tasks = waiting.next()
    waiting.answer([Answer(task.id, "accept") for task in tasks[1:]])
    waiting.step()
    waiting.answer([Answer(tasks[0].id, "accept", spans=((0, 1, "PER"),))])
    state = waiting.step()
    assert (state.phase, tasks[0].id in state.labelled) == ("done", True)


def test_a_correction_replaces_what_was_said_in_an_earlier_round(waiting):
    tasks = waiting.next()
    waiting.answer([Answer(task.id, "accept") for task in tasks])
    waiting.step()
    waiting.answer([Answer(tasks[0].id, "accept", spans=((0, 1, "PER"),))])
    waiting.step()
    docs = {doc.user_data["id"]: doc for doc in waiting.engine.learner.labels.docs.values()}
    assert [ent.label_ for ent in docs[tasks[0].id].ents] == ["PER"]


@pytest.mark.parametrize("keep", [False, True])
def test_the_model_of_any_round_comes_back(keep, make_config, tmp_path):
    spacy_al.run(make_config(keep_models=keep), tmp_path / "run")
    session = Session.open(tmp_path / "run")
    saved = spacy.load(tmp_path / "run" / "model").get_pipe("ner").to_bytes()
    assert session.model(2).get_pipe("ner").to_bytes() == saved
    assert session.model(1).get_pipe("ner").to_bytes() != saved
    with pytest.raises(ALError, match="A518"):
        session.model(3)


def append_for_ever(path, started):
    log = AnswerLog(path)
    for number in range(1_000_000):
        log.append([Answer(f"{number}-0", "accept", spans=((0, 1, "PER"),), annotator="x" * 5000)])
        if number == 3:
            started.set()


def test_a_killed_writer_loses_no_answer_it_has_acknowledged(tmp_path):
    context = multiprocessing.get_context("fork")
    for _ in range(5):
        started = context.Event()
        process = context.Process(target=append_for_ever, args=(tmp_path / "log.jsonl", started))
        process.start()
        started.wait(60)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        log = AnswerLog(tmp_path / "log.jsonl")
        before = log.read()
        log.append([Answer("last-0", "accept")])
        assert [answer.id for answer in log.read()] == [*(answer.id for answer in before), "last-0"]


def test_an_unfinished_line_was_never_acknowledged(tmp_path):
    log = AnswerLog(tmp_path / "log.jsonl")
    log.append([Answer("a-0", "accept")])
    with log.path.open("ab") as file_:
        file_.write(b'{"id": "b-0", "verd')
    with pytest.warns(UserWarning, match=r"W532.*log.jsonl.*b-0"):
        assert [answer.id for answer in log.read()] == ["a-0"]
    with pytest.warns(UserWarning, match="W532"):
        log.append([Answer("c-0", "accept", spans=((0, 2, "PER"),), seconds=1.5, annotator="Ana", when="2026-01-01")])
    assert log.read()[1] == Answer("c-0", "accept", ((0, 2, "PER"),), seconds=1.5, annotator="Ana", when="2026-01-01")


def test_a_damaged_line_is_named(tmp_path):
    (tmp_path / "log.jsonl").write_text('{"id": "a-0", "verdict": "accept"}\nnonsense\n')
    with pytest.raises(ALError, match=r"A532.*log.jsonl:2"):
        AnswerLog(tmp_path / "log.jsonl").read()


def declare(config, labels):
    changed = config.copy()
    changed["components"]["ner"]["labels"] = labels
    return changed


@pytest.fixture
def labelled_once(make_config, tmp_path):
    """A run in which ten sentences have a PER each, and five more are asked for."""
    config, folder = make_config(oracle="people", rounds=2), tmp_path / "run"
    session = Session.open(folder, config)
    session.step()
    session.answer([Answer(task.id, "accept", spans=((0, 1, "PER"),)) for task in session.next()])
    session.step()
    return config, folder


def test_a_label_that_went_away_is_named_before_anybody_labels_more(labelled_once):
    config, folder = labelled_once
    with pytest.raises(ALError, match=r"A531.*10 labelled sentences.*'PER'.*PERSON, LOC"):
        Session.open(folder, declare(config, ["PERSON", "LOC"]), accept_changes=True).step()


def test_no_batch_is_handed_out_when_a_label_went_away(labelled_once):
    config, folder = labelled_once
    with pytest.raises(ALError, match=r"A531.*10 labelled sentences.*'PER'.*PERSON, LOC"):
        Session.open(folder, declare(config, ["PERSON", "LOC"])).batch()


def test_answers_under_the_new_name_of_a_label_go_on(labelled_once):
    config, folder = labelled_once
    first, second = (Session.open(folder).folder.read_selected(number) for number in (0, 1))
    session = Session.open(folder, declare(config, ["PERSON", "LOC"]), accept_changes=True)
    session.answer([Answer(task.id, "accept", spans=((0, 1, "PERSON"),)) for task in [*first, *second]])
    assert session.step().phase == "waiting"


def test_a_label_that_is_new_is_said_once(labelled_once):
    config, folder = labelled_once
    changed = declare(config, ["PER", "LOC", "ORG"])
    with pytest.warns(UserWarning, match=r"W503.*ORG declared.*10 sentences"):
        Session.open(folder, changed, accept_changes=True).step()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Session.open(folder, changed).step()


@pytest.fixture(params=["rounds", "stopped"])
def over(request, make_config, tmp_path):
    """A run of people that has come to its end, by the number of rounds or by a stopping rule."""
    rule = {"@al_stopping": "spacy-al.Budget.v1", "sentences": 5}
    ends = {"rounds": {"rounds": 0}, "stopped": {"rounds": 3, "stopping": rule}}[request.param]
    session = Session.open(tmp_path / "run", make_config(oracle="people", **ends))
    session.step()
    tasks = session.batch()
    session.answer([Answer(task.id, "accept") for task in tasks[:8]])
    assert session.step().phase == "done"
    return session, tasks


def test_an_answer_after_the_end_is_learnt_from_in_a_round_of_its_own(over):
    session, (first, *_, last) = over
    before = session.status().stopped
    session.answer([Answer(first.id, "accept", spans=((0, 1, "PER"),)), Answer(last.id, "accept")])
    assert any("labels of 2 sentences" in line for line in session.status().lines())
    state = Session.open(session.folder.path).run()  # another process
    assert (state.round, state.phase, state.stopped, len(state.labelled)) == (1, "done", before, 9)
    docs = {doc.user_data["id"]: doc for doc in read_docs(session.folder.labelled, Vocab())}
    assert [ent.label_ for ent in docs[first.id].ents] == ["PER"]
    assert last.id in docs
    assert [row["round"] for row in session.folder.read_metrics()] == [0, 1]
    assert Session.open(session.folder.path).run() == state  # and once only


def test_what_teaches_nothing_after_the_end_changes_nothing(over):
    session, (*_, last) = over
    state = session.status().round, session.status().phase
    session.answer([Answer(last.id, "ignore")])
    session.step()
    assert (session.status().round, session.status().phase) == state


def test_a_run_with_a_late_round_asks_for_more_when_it_is_to(over, make_config):
    session, (*_, last) = over
    session.answer([Answer(last.id, "accept")])
    session.step()
    config = make_config(oracle="people", rounds=4)
    state = run(config, session.folder.path, accept_changes=True)
    assert (state.round, state.phase, state.stopped) == (2, "waiting", None)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_asked_for_and_not_there_is_not_replaced_by_the_cpu(make_config, tmp_path):
    with pytest.raises(ALError, match="A014.*GPU"):
        Session.open(tmp_path / "run", make_config(), use_gpu=0).step()


def test_people_find_the_model_of_the_last_round_while_the_run_waits(make_config, tmp_path):
    config, folder = make_config(oracle="people", rounds=3), tmp_path / "run"
    run(config, folder)
    assert not (folder / "model").exists()
    Session.open(folder).answer([Answer(task.id, "accept") for task in Session.open(folder).batch()])
    assert run(config, folder).phase == "waiting"
    assert spacy.load(folder / "model").pipe_names == ["ner"]


@pytest.mark.parametrize("seed", [0, 5])
def test_a_run_that_was_deleted_and_begun_anew_is_not_that_of_an_open_session(make_config, tmp_path, seed):
    def begin(folder, **settings):
        session = Session.open(folder, make_config(oracle="people", rounds=3, **settings))
        session.step()
        return session

    def answer(session, spans):
        session.answer([Answer(task.id, "accept", spans=spans) for task in session.next()])

    old = begin(tmp_path / "run")
    answer(old, ((0, 1, "PER"),))
    old.step()
    shutil.rmtree(tmp_path / "run")
    for folder in (tmp_path / "run", tmp_path / "other"):
        answer(begin(folder, seed=seed), ())
    if seed:
        with pytest.raises(ALError, match="A503.*active_learning.seed: 5 -> 0"):
            old.step()
    else:
        old.step()
        Session.open(tmp_path / "other").step()
        assert rows_without_seconds(tmp_path / "run") == rows_without_seconds(tmp_path / "other")
