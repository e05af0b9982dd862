"""A run whose files were edited, cut or deleted by hand between two commands."""

import re
import shutil

import pytest
from spacy.vocab import Vocab

from spacy_al.errors import ALError
from spacy_al.loop.session import Session
from spacy_al.runs import folder
from spacy_al.runs.answers import AnswerLog
from spacy_al.runs.labelled import Labels
from spacy_al.tasks import Answer

from .conftest import chosen_ids


@pytest.fixture
def twice(make_config, tmp_path):
    """A run that has learnt from ten sentences with a PER each, and has five answers with a LOC each beside."""
    session = Session.open(tmp_path / "run", make_config(oracle="people", rounds=3))
    for label in ("PER", "LOC"):
        session.step()
        session.answer([Answer(task.id, "accept", spans=((0, 1, label),)) for task in session.next()])
    return session.folder


def lines(folder):
    return folder.log.path.read_text(encoding="utf8").splitlines()


def taught(folder, round_):
    """The label of each labelled sentence after a round."""
    known = Labels(folder, Vocab())
    known.read(round_)
    return [doc.ents[0].label_ for doc in known.docs.values()]


@pytest.mark.parametrize(
    "save",
    [
        lambda text: text.removesuffix("\n"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text.replace("\n", "\n\n"),
        lambda text: "\n" + text,
    ],
)
def test_what_an_editor_does_to_answers_loses_none(twice, save):
    twice.log.path.write_bytes(save(twice.log.path.read_text(encoding="utf8")).encode("utf8"))
    assert Session.open(twice.path).status().answered == 5
    Session.open(twice.path).step()
    assert taught(twice, 1) == ["PER"] * 10 + ["LOC"] * 5


def test_an_answer_after_a_last_line_without_its_end_begins_a_line(tmp_path):
    log = AnswerLog(tmp_path / "log.jsonl")
    log.path.write_text('{"id": "a-0", "verdict": "accept"}')
    (first,), end = log.follow(0)
    log.append([Answer("b-0", "accept")])
    assert [first.id, *(one.id for one in log.follow(end)[0])] == ["a-0", "b-0"]
    assert [one.id for one in log.read()] == ["a-0", "b-0"]


@pytest.mark.parametrize(("first", "more", "line"), [("\n{}\n", "{}\nx\n", 4), ("\n{}", "\n{}\r\nx\n", 4)])
def test_a_wrong_line_that_comes_later_is_named_by_its_place_in_the_file(tmp_path, first, more, line):
    log, whole = AnswerLog(tmp_path / "log.jsonl"), '{"id": "a-0", "verdict": "accept"}'
    log.path.write_text(first.format(whole))
    _, end = log.follow(0)
    log.path.write_text(first.format(whole) + more.format(whole))
    with pytest.raises(ALError, match=rf"A532.*log.jsonl:{line}: "):
        log.follow(end)


@pytest.mark.parametrize("edit", [lambda rows: rows[1:], sorted, lambda rows: rows[10:]])
def test_learnt_answers_that_are_moved_or_removed_are_named_and_none_is_lost(twice, edit):
    twice.log.path.write_text("\n".join(edit(lines(twice))) + "\n", encoding="utf8")
    for command in (Session.status, Session.step, Session.asked, Session.next):
        with pytest.raises(ALError, match=r"A533.*answers.jsonl.*first 10 answers.*--accept-changes"):
            command(Session.open(twice.path))
    Session.open(twice.path, accept_changes=True).step()
    assert sorted(taught(twice, 1)) == ["LOC"] * 5 + ["PER"] * 10


def test_answers_after_a_removed_file_are_learnt_from(twice):
    answers = twice.log.read(10)
    twice.log.path.unlink()
    assert Session.open(twice.path, accept_changes=True).step().phase == "waiting"
    Session.open(twice.path).answer(answers)
    Session.open(twice.path).step()
    assert taught(twice, 1) == ["PER"] * 10 + ["LOC"] * 5


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"LOC"', '"LCO"', "label 'LCO' is not declared"),
        ("[0, 1,", "[0, 99,", r"\(0, 99, 'LOC'\) does not lie"),
        ('{"id": "', '{"id": "x', "no such sentence was asked"),
        ('"accept"', '"accept', "no answer"),
    ],
)
def test_an_edited_answer_that_cannot_be_learnt_from_is_named_with_its_line(twice, old, new, problem):
    rows = lines(twice)
    rows[11] = rows[11].replace(old, new)
    twice.log.path.write_text("\n".join(rows) + "\n", encoding="utf8")
    state = twice.state.read_bytes()
    with pytest.raises(ALError, match=rf"A532.*answers.jsonl:12: .*{problem}"):
        Session.open(twice.path).step()
    assert twice.state.read_bytes() == state


def test_a_wrong_answer_that_a_later_one_replaces_is_no_obstacle(twice):
    rows = lines(twice)
    twice.log.path.write_text("\n".join([*rows[:10], rows[10].replace("LOC", "LCO"), *rows[10:]]) + "\n")
    Session.open(twice.path).step()
    assert taught(twice, 1) == ["PER"] * 10 + ["LOC"] * 5


def halve(folder):
    path = folder / "selected.jsonl"
    path.write_text(path.read_text()[:-40])


@pytest.mark.parametrize("damage", [shutil.rmtree, halve])
@pytest.mark.parametrize("round_", [0, 1])
def test_lost_questions_are_named_and_asked_again(make_config, tmp_path, round_, damage):
    session = Session.open(tmp_path / "run", make_config(oracle="people", rounds=3))
    for _ in range(round_):
        session.step()
        session.answer([Answer(task.id, "accept") for task in session.next()])
    session.step()
    before = chosen_ids(tmp_path / "run")
    damage(session.folder.round(round_))
    for command in (Session.status, Session.batch, Session.step):
        with pytest.raises(ALError, match=rf"A535.*000{round_}.selected.jsonl.*--accept-changes"):
            command(Session.open(tmp_path / "run"))
    assert Session.open(tmp_path / "run", accept_changes=True).step().phase == "waiting"
    assert chosen_ids(tmp_path / "run") == before
    assert len(Session.open(tmp_path / "run").batch()) == len(before[-1])


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"x")])
def test_lost_labels_of_a_finished_round_are_named_with_what_they_are(twice, damage):
    damage(twice.answers(0))
    with pytest.raises(ALError, match=r"A534.*0000.annotated.spacy.*labels of a finished round"):
        Session.open(twice.path, accept_changes=True).step()


def test_a_cut_file_of_numbers_is_named(twice):
    twice.utilities(0).write_bytes(twice.utilities(0).read_bytes()[:100])
    with pytest.raises(ALError, match=r"A536.*utilities.npz.*Delete this file"):
        Session.open(twice.path).step()
    twice.utilities(0).unlink()
    assert Session.open(twice.path).step().round == 2


def test_a_line_that_is_no_task_is_named(twice):
    text = twice.reserve(1).read_text(encoding="utf8")
    twice.reserve(1).write_text(text.replace('"words"', '"wrds"'), encoding="utf8")
    with pytest.raises(ALError, match=r"A537.*reserve.jsonl:1.*words.*restore the file"):
        Session.open(twice.path).status()


@pytest.mark.parametrize("name", ["selected", "reserve"])
@pytest.mark.parametrize("command", [Session.status, Session.asked])
def test_a_damaged_question_of_an_earlier_round_is_to_be_restored(twice, name, command):
    path = twice.round(0) / f"{name}.jsonl"
    path.write_text(path.read_text(encoding="utf8") + '{"id": "ab-0"\n', encoding="utf8")
    with pytest.raises(ALError, match=rf"A537.*0000.{name}.jsonl:\d+.*restore the file"):
        command(Session.open(twice.path))


@pytest.mark.parametrize("command", [Session.status, Session.batch, Session.asked])
def test_damaged_labels_of_a_round_are_told_before_anybody_labels(twice, command):
    twice.answers(0).write_bytes(twice.answers(0).read_bytes()[:-9])
    with pytest.raises(ALError, match=r"A534.*0000.annotated.spacy"):
        command(Session.open(twice.path))


def test_whole_labels_are_read_once_and_damaged_later_are_told(twice, monkeypatch):
    session, read = Session.open(twice.path), []
    real = folder.read_columns
    monkeypatch.setattr(folder, "read_columns", lambda path, groups: read.append(path) or real(path, groups))
    for _ in range(2):
        session.status()
    assert read.count(twice.answers(0)) == 1
    twice.answers(0).write_bytes(twice.answers(0).read_bytes()[:-9])
    with pytest.raises(ALError, match=r"A534.*0000.annotated.spacy"):
        session.status()


def test_rows_that_are_gone_are_told_by_the_status_too(twice):
    twice.metrics.write_text("")
    with pytest.raises(ALError, match="A511.*no row for round 0"):
        Session.open(twice.path).status()


def test_a_damaged_file_of_what_was_learnt_may_be_deleted(twice):
    (twice.round(0) / "learnt.json").write_text("{")
    with pytest.raises(ALError, match="A536.*learnt.json.*Delete this file"):
        Session.open(twice.path).status()


@pytest.mark.parametrize(
    "given",
    ["[]", '{"labels": []}', "PER\nLOC", "3", '["PER", "PER"]', '["PER "]', '["O", "PER"]', '["B-PER", "I-PER"]'],
)
def test_a_label_list_that_names_no_types_is_refused_by_every_command(twice, tmp_path, given):
    (tmp_path / "labels.json").write_text(given)
    text = re.sub(r"(?m)^labels = .*$", "", twice.config.read_text())
    twice.config.write_text(re.sub(r"(?m)^\[paths\]$", f'[paths]\nlabels = "{tmp_path}/labels.json"', text))
    for command in (Session.batch, Session.asked, Session.step):
        with pytest.raises(ALError, match="A304.*labels.json"):
            command(Session.open(twice.path))


def test_an_empty_list_of_labels_in_the_config_is_too(twice):
    twice.config.write_text(re.sub(r"(?m)^labels = .*$", "labels = []", twice.config.read_text()))
    for command in (Session.batch, Session.asked, Session.step):
        with pytest.raises(ALError, match="A300"):
            command(Session.open(twice.path))


def test_a_run_without_its_config_is_named(twice):
    twice.config.unlink()
    with pytest.raises(ALError, match=r"A003.*config.cfg.*restore"):
        Session.open(twice.path).status()
