"""The desk: who gets which question, answers that count once, and what is refused."""

import json
from dataclasses import replace
from multiprocessing import Pipe

import pytest

from spacy_al.annotate.desk import Desk
from spacy_al.annotate.messages import combined, covers, read_annotator, read_post
from spacy_al.annotate.trainer import Rounds, Wire
from spacy_al.errors import ALError
from spacy_al.loop.session import Session
from spacy_al.options import Opening
from spacy_al.runs.folder import RunFolder
from spacy_al.tasks import Answer, Task


def posted(task, annotator=None, when="2026-01-01T00:00:00Z", **more):
    return Answer(task.id, "accept", annotator=annotator, when=when, seconds=2.0, round=task.round, **more)


def test_questions_come_in_the_rounds_order_and_then_from_the_reserve(folder):
    run = RunFolder(folder)
    wanted = [task.id for task in run.read_selected(0)]
    got = [task.id for task in Desk(folder).next(None, 40)]
    assert got[: len(wanted)] == wanted
    assert len(set(got)) == 40


def test_an_answer_to_a_question_in_reserve_is_learnt_from(folder):
    desk = Desk(folder)
    task = desk.next(None, 40)[-1]
    desk.take([posted(task)])
    state = Session.open(folder).step()
    assert state.labelled == [task.id]


def test_an_answered_question_does_not_come_back_also_after_a_restart(folder):
    desk = Desk(folder)
    first = desk.next(None, 1)[0]
    desk.take([posted(first)])
    assert first.id not in {task.id for one in (desk, Desk(folder)) for task in one.next(None, 200)}


def test_posting_twice_writes_one_line(folder):
    desk = Desk(folder)
    task = desk.next(None, 1)[0]
    assert [desk.take([posted(task)] * 2), desk.take([posted(task)]), Desk(folder).take([posted(task)])] == [1, 0, 0]
    assert len((folder / "answers.jsonl").read_text().splitlines()) == 1


def test_a_second_answer_of_the_same_person_counts_as_a_correction(folder):
    desk = Desk(folder)
    task = desk.next(None, 1)[0]
    desk.take([posted(task), posted(task, when="2026-01-01T00:00:01Z", spans=((0, 1, "PER"),))])
    assert desk.said[task.id][None].spans == ((0, 1, "PER"),)
    assert desk.fresh() == 1


@pytest.mark.parametrize("span", [(0, 1, "WRONG"), (0, 500, "PER"), (2, 1, "PER")])
def test_of_several_answers_with_a_bad_one_none_is_taken(folder, span):
    desk = Desk(folder)
    one, two = desk.next(None, 2)
    with pytest.raises(ALError, match="A474"):
        desk.take([posted(one), posted(two, spans=(span,))])
    assert not (folder / "answers.jsonl").exists()


def test_no_question_goes_to_two_people(folder):
    desk = Desk(folder)
    got = [task.id for name in ("ann", "bob", "cy") for task in desk.next(name, 10)]
    assert len(got) == len(set(got)) == 30


def test_nor_after_the_server_was_killed(folder):
    first = {task.id for task in Desk(folder).next("ann", 10)}
    assert not first & {task.id for task in Desk(folder).next("bob", 10)}


@pytest.mark.parametrize(("first", "later"), [(0.0, 601.0), (100_000.0, 10.0)], ids=["left lying", "clock set back"])
def test_a_question_that_is_out_too_long_goes_to_another_person(folder, first, later):
    now = [first]
    desk = Desk(folder, clock=lambda: now[0])
    asked = [task.id for task in desk.next("ann", 5)]
    now[0] = later
    assert [task.id for task in desk.next("bob", 5)] == asked


def edited(line):
    row = json.loads(line)
    return json.dumps(row | {"seconds": 1234.5}) + "\n"


@pytest.mark.parametrize(
    "edit",
    [
        lambda lines: lines[:1],
        lambda lines: lines[1:],
        lambda lines: [],
        lambda lines: ["\ufeff", *(line.replace("\n", "\r\n") for line in lines)],
        lambda lines: [edited(line) for line in lines],
    ],
)
def test_a_log_that_is_edited_while_the_page_is_open_is_read_anew(folder, edit):
    desk, log = Desk(folder), folder / "answers.jsonl"
    one, two, three = desk.next(None, 3)
    desk.take([posted(one), posted(two)])
    text = "".join(edit(log.read_text(encoding="utf8").splitlines(keepends=True)))
    log.write_bytes(text.encode("utf8"))
    left = {one.id for one in RunFolder(folder).log.read()}
    desk.refresh()
    assert set(desk.said) == left
    assert desk.fresh() == len(left)
    desk.take([posted(one), posted(two), posted(three)])
    assert {one.id for one in RunFolder(folder).log.read()} == {one.id, two.id, three.id} == set(desk.said)


def test_while_its_folder_is_elsewhere_the_desk_says_so_and_makes_no_new_one(folder):
    desk = Desk(folder)
    task = desk.next(None, 1)[0]
    folder.rename(folder.with_name("moved"))
    for act in (lambda: desk.take([posted(task)]), lambda: desk.next(None, 1), desk.refresh):
        with pytest.raises(ALError, match="A539"):
            act()
    assert not folder.exists()
    folder.with_name("moved").rename(folder)
    assert desk.take([posted(task)]) == 1


def test_nor_does_a_session(folder):
    session = Session.open(folder)
    session.prepare()
    folder.rename(folder.with_name("moved"))
    with pytest.raises(ALError, match="A539"):
        session.step()
    assert not folder.exists()


def test_a_folder_that_is_moved_while_a_model_learns_stays_whole(folder):
    session, moved = Session.open(folder), folder.with_name("moved")
    session.answer([Answer(task.id, "accept") for task in session.batch()])
    before = (folder / "state.json").read_bytes()
    session.prepare()
    session.engine.learner.ensure = lambda *_: folder.rename(moved)
    with pytest.raises(ALError, match="A539"):
        session.step()
    assert not (folder / "state.json").exists()
    assert (moved / "state.json").read_bytes() != before  # the phase before it
    assert Session.open(moved).step().phase == "waiting"


def test_with_overlap_each_question_goes_to_so_many_people(folder):
    desk = Desk(folder, overlap=2)
    got = [{task.id for task in desk.next(name, 10)} for name in ("ann", "bob", "cy")]
    assert got[0] == got[1]
    assert not got[0] & got[2]


def test_a_simulation_has_no_page(folder):
    text = (folder / "config.cfg").read_text().replace('oracle = "people"', 'oracle = "simulation"')
    (folder / "config.cfg").write_text(text)
    with pytest.raises(ALError, match="A714"):
        Desk(folder)


WINDOWS = Task("x", tuple("abcdefgh"), (True,) * 8, windows=((2, 4), (6, 7)))


def test_outside_its_windows_an_answer_says_nothing():
    answer = combined(WINDOWS, None, Answer("x", "accept", ((3, 5, "PER"),)))
    assert answer.missing == (0, 1, 5, 7)
    assert covers(answer, WINDOWS)


def test_answers_to_other_windows_of_the_sentence_are_kept():
    old = Answer("x", "accept", ((0, 1, "LOC"), (4, 6, "PER")), missing=(2, 3, 6))
    answer = combined(WINDOWS, old, Answer("x", "accept", ((3, 5, "ORG"),)))
    assert answer.spans == ((0, 1, "LOC"), (3, 5, "ORG"))
    assert answer.missing == (5,)  # it was of an entity that is no more
    assert not covers(old, WINDOWS)


@pytest.fixture
def twice(folder):
    """A desk, and a sentence that is asked about in two rounds, by other words."""
    run = RunFolder(folder)
    one = run.read_selected(0)[0]
    tasks = [replace(one, windows=((number, number + 1),), round=number) for number in (0, 1)]
    for task in tasks:
        run.write_selected(task.round, [task], [None])
    return Desk(folder), tasks


def test_an_entity_outside_the_windows_can_be_taken_back(twice):
    desk, (task, _) = twice
    desk.take([posted(task, spans=((1, 2, "PER"),))])
    desk.take([posted(task, when="2026-01-01T00:00:01Z", spans=((0, 1, "LOC"),))])
    assert desk.said[task.id][None].spans == ((0, 1, "LOC"),)
    assert 1 in desk.said[task.id][None].missing


def test_a_correction_keeps_what_was_said_in_another_round(twice):
    desk, (first, second) = twice
    desk.take([posted(first, spans=((0, 1, "PER"),))])
    desk.take([posted(second, when="2026-01-01T00:00:01Z", spans=((1, 2, "LOC"),))])
    desk.take([posted(second, when="2026-01-01T00:00:02Z", spans=((1, 2, "PER"),))])
    for one in (desk, Desk(desk.files.path)):
        one.refresh()
        assert one.said[first.id][None].spans == ((0, 1, "PER"), (1, 2, "PER"))


GOOD = {"id": "a", "round": 0, "verdict": "accept", "spans": [[0, 1, "PER"]], "when": "2026-01-01T00:00:00.123Z"}


@pytest.mark.parametrize(
    "change",
    [{"id": 1}, {"round": -1}, {"round": True}, {"verdict": "yes"}, {"when": "now"}, {"when": None}, {"other": 1},
     {"spans": [[0, 1]]}, {"spans": [["0", 1, "PER"]]}, {"spans": {}}, {"missing": [-1]}, {"missing": "abc"},
     {"seconds": -1}, {"seconds": 1e9}, {"seconds": "1"}, {"rejected": [[0, 1.5, "PER"]]}],
)  # fmt: skip
def test_posts_that_the_page_would_not_send_are_refused(change):
    assert read_post(GOOD, "ann").annotator == "ann"
    with pytest.raises(ALError, match="A713"):
        read_post(GOOD | change, "ann")


@pytest.mark.parametrize("name", ["a" * 65, "a\nb", " a", 5, "a\u202eb"])
def test_names_that_cannot_be_seen_are_refused(name):
    with pytest.raises(ALError, match="A713"):
        read_annotator(name)


def test_what_is_taken_back_is_something_to_learn_and_a_skip_is_not(folder):
    desk = Desk(folder)
    first, second = desk.next(None, 2)
    desk.take([posted(first)])
    Session.open(folder).step()
    later = {"when": "2026-01-02T00:00:00Z", "round": 0}
    desk.take([read_post({"id": one.id, "verdict": "ignore", **later}, None) for one in (first, second)])
    assert desk.fresh() == 1


def test_answers_that_came_while_a_round_trained_wait_until_they_are_enough(folder, monkeypatch):
    rounds, desk = Rounds(Opening(folder, batch=4), Wire(Pipe()[0])), Desk(folder)
    rounds.advance(False, -1)

    def row(metrics):  # in the midst of the round
        if metrics["round"] == 0:
            desk.take([posted(task) for task in desk.next(None, 3)])

    monkeypatch.setattr(rounds.wire, "row", row)
    desk.take([posted(task) for task in desk.next(None, 4)])
    rounds.advance(False, -1)
    for _ in range(2):
        state = rounds.desk.refresh()
        assert (state.round, state.phase, len(state.labelled), desk.fresh()) == (1, "waiting", 4, 3)
        rounds.advance(False, -1)
    desk.take([posted(desk.next(None, 1)[0])])
    rounds.advance(False, -1)
    assert (rounds.desk.refresh().round, desk.fresh()) == (2, 0)


def test_a_round_for_which_enough_was_answered_meanwhile_follows_at_once(folder, monkeypatch):
    rounds, desk = Rounds(Opening(folder, batch=4), Wire(Pipe()[0])), Desk(folder)
    rounds.advance(False, -1)
    monkeypatch.setattr(rounds.wire, "row", lambda _: desk.take([posted(task) for task in desk.next(None, 4)]))
    desk.take([posted(task) for task in desk.next(None, 4)])
    rounds.advance(False, -1)
    rounds.advance(False, -1)
    assert rounds.desk.refresh().round == 2


def test_the_trainer_finds_functions_in_the_file_of_a_user(folder, tmp_path):
    config = folder / "config.cfg"
    named = '@al_strategies = "spacy-al.TopUtility.v1"'
    assert named in config.read_text()
    config.write_text(config.read_text().replace(named, '@al_strategies = "desk.First.v1"'))
    with pytest.raises(ALError, match=r"A478.*desk\.First\.v1.*--code"):
        Rounds(Opening(folder), Wire(Pipe()[0])).advance(False, -1)
    code = tmp_path / "mine.py"
    code.write_text(
        "import spacy_al\n"
        "@spacy_al.registry.al_strategies('desk.First.v1')\n"
        "def make():\n"
        "    return lambda query: [query.whole(0)]\n"
    )
    rounds, desk = Rounds(Opening(folder, batch=1, code=code), Wire(Pipe()[0])), Desk(folder)
    desk.take([posted(desk.next(None, 1)[0])])
    rounds.advance(False, -1)
    assert len(rounds.desk.refresh().pending) == 1


@pytest.fixture
def over(folder):
    """A run that is over, and the rounds of its page."""
    text = (folder / "config.cfg").read_text().replace("rounds = 3", "rounds = 0")
    (folder / "config.cfg").write_text(text)
    session = Session.open(folder, accept_changes=True)
    session.answer([Answer(task.id, "accept") for task in session.next()[:4]])
    assert session.step().phase == "done"
    return folder


def test_corrections_after_the_end_are_learnt_from_when_somebody_asks(over):
    rounds = Rounds(Opening(over), Wire(Pipe()[0]))
    assert rounds.advance(False, -1) is None
    session = Session.open(over)
    session.answer([Answer(session.asked()[0].id, "accept", ((0, 1, "PER"),))])
    assert rounds.advance(False, -1) is None
    assert rounds.advance(True, -1) is not None
    assert session.status().round == 1
    assert rounds.advance(False, -1) is None


def test_those_that_waited_for_the_page_are_learnt_from_at_once(over):
    session = Session.open(over)
    session.answer([Answer(session.asked()[0].id, "accept", ((0, 1, "PER"),))])
    assert Rounds(Opening(over), Wire(Pipe()[0])).advance(False, -1) is not None
    assert session.status().round == 1
