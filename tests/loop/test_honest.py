"""Agreement, what was learnt, stopping and going on, and what status says."""

from types import SimpleNamespace

import numpy
import pytest

from spacy_al.loop.learnt import confusions, describe, describe_confusion, learnt, type_changes, type_scores
from spacy_al.loop.outlook import make_curve, make_outlook
from spacy_al.loop.session import Session, run
from spacy_al.loop.standing import describe as describe_run
from spacy_al.loop.watch import agreement, pack, unpack
from spacy_al.runs.folder import RunFolder, read_npz, write_npz

from .conftest import rows_without_seconds
from .test_holdout import answer_all


def test_agreement_by_hand():
    before = {"a": {(0, 1, "PER"), (2, 3, "LOC")}, "b": {(0, 2, "PER")}, "c": set()}
    now = {"a": {(0, 1, "PER"), (2, 4, "LOC")}, "b": {(0, 2, "PER")}, "c": {(0, 1, "LOC")}}
    assert agreement(before, now, []) == pytest.approx(2 * 2 / 7)
    assert agreement(before, now, ["a", "c"]) == 1.0
    assert agreement({"c": set()}, {"c": set()}, []) is None


def test_predictions_are_the_same_after_the_file(tmp_path):
    said = {"a-0": {(0, 1, "PER"), (2, 3, "LOC")}, "b-0": set()}
    folder = RunFolder(tmp_path)
    write_npz(folder.watched(3), pack(said))
    assert unpack(read_npz(folder.watched(3))) == said
    assert unpack(pack({})) == {}


def test_confusions_by_hand():
    gold = {(0, 1, "PER"), (2, 4, "ORG"), (6, 7, "LOC"), (8, 9, "LOC")}
    said = {(0, 1, "LOC"), (2, 3, "ORG"), (6, 7, "LOC"), (11, 12, "PER")}
    assert confusions([(gold, said)]) == {
        ("PER", "LOC", True): 1, ("ORG", "ORG", False): 1, ("LOC", None, False): 1, (None, "PER", False): 1,
    }  # fmt: skip


class Salted(str):
    """A text whose hash follows a salt, as the hashes of all texts do from process to process."""

    salt = 0

    def __hash__(self):
        return hash((self.salt, *map(ord, self)))


def test_equal_confusions_stand_in_the_same_order_in_every_process(monkeypatch):
    # Sets of texts are read in another order in another process: learnt.json had other bytes.
    orders, found = set(), set()
    for salt in range(5):
        monkeypatch.setattr(Salted, "salt", salt)
        said = {(number, number + 1, Salted(label)) for number, label in enumerate("ABCDEFGH")}
        orders.add(tuple(str(label) for _, _, label in said))
        found.add(str(learnt(1, None, (None, {}), [(set(), said)], {})["confusions"]))
    assert len(orders) > 1
    assert len(found) == 1
    assert "'A'" in next(iter(found))


def test_confusions_in_words():
    said = [("PER", "LOC", True), ("ORG", "ORG", False), ("LOC", None, False), (None, "PER", False)]
    rows = [{"gold": gold, "predicted": other, "same_edges": same, "count": 1} for gold, other, same in said]
    assert [describe_confusion(row) for row in rows] == [
        "PER taken for LOC", "ORG with other edges", "LOC not found", "PER where there is nothing",
    ]  # fmt: skip


def test_changes_by_type_largest_first():
    before, now = {"PER": 0.5, "LOC": 0.8}, {"LOC": 0.7, "PER": 0.6, "ORG": 0.3}
    assert list(type_changes(before, now).items()) == [
        ("ORG", pytest.approx(0.3)), ("PER", pytest.approx(0.1)), ("LOC", pytest.approx(-0.1)),
    ]  # fmt: skip


def test_equal_changes_stand_in_the_order_of_their_names():
    assert list(type_changes({}, {"PER": 0.0, "LOC": 0.0, "ORG": 0.1})) == ["ORG", "LOC", "PER"]


def test_scores_by_type_by_hand():
    gold, said = {(0, 1, "PER"), (2, 4, "PER"), (6, 7, "LOC")}, {(0, 1, "PER"), (2, 3, "PER"), (8, 9, "ORG")}
    assert type_scores([(gold, said)]) == {"PER": pytest.approx(0.5), "LOC": 0.0, "ORG": 0.0}


def test_changes_of_types_with_few_entities_are_left_out():
    judged = [({(number, number + 1, "PER")}, set()) for number in range(10)] + [({(0, 1, "LOC")}, set())]
    found = learnt(1, None, (None, {}), judged, {"PER": -0.1, "LOC": 0.5})
    assert found["types"] == {"PER": -0.1}
    assert describe(found)[0].endswith("PER -10.0")


def test_a_run_keeps_what_each_round_taught(make_config, tmp_path):
    run(make_config(rounds=2), tmp_path / "run")
    folder = RunFolder(tmp_path / "run")
    first, last = folder.read_learnt(0), folder.read_learnt(2)
    assert (first["round"], first["changed"], first["types"]) == (0, [], {})
    assert set(last["types"]) == {"PER", "LOC"}
    for one in last["changed"]:
        assert one["before"] != one["now"]
    rows = rows_without_seconds(tmp_path / "run")
    assert rows[0]["agreement"] is None
    assert 0 <= rows[2]["agreement"] <= 1
    assert rows[0]["utility_chosen"] >= rows[0]["utility_pool"]


def test_a_run_that_stopped_goes_on_when_asked(make_config, tmp_path):
    rule = {"@al_stopping": "spacy-al.Agreement.v1", "threshold": 0.0, "rounds": 1}
    config, folder = make_config(rounds=4, stopping=rule), tmp_path / "run"
    state = run(config, folder)
    assert (state.round, state.phase) == (1, "done")
    assert "agree" in state.stopped
    assert any(state.stopped in line for line in describe_run(folder))
    assert run(config, folder).round == 1  # not asked
    assert run(config, folder, accept_changes=True).round == 2  # and stopped again
    state = run(make_config(rounds=4), folder, accept_changes=True)
    assert (state.round, state.stopped) == (4, None)


def outlook(folder, rows):
    return make_outlook(folder, rows, SimpleNamespace(seed=0, rounds=9, stopping=None), None)


ROWS = [
    {
        "round": number, "labelled_sentences": 50 * (number + 1), "labelled_tokens": 500 * (number + 1),
        "labelled_fraction": 0.01 * (number + 1), "utility_chosen": 1.0,
        "ents_f": 0.9 - 8 * (500 * (number + 1)) ** -0.5, "agreement": 0.9,
    }
    for number in range(9)
]  # fmt: skip


def test_without_holdout_and_test_set_no_estimate_is_to_be_trusted(tmp_path):
    rows = [{**row, "ents_f": None} for row in ROWS]
    said = outlook(RunFolder(tmp_path), rows)
    assert "no estimate is to be trusted" in said.good_enough[0]
    assert said.expected == []
    assert "No forecast" in said.worth_going_on[0]


@pytest.mark.parametrize(("number", "reason"), [(3, "rounds"), (9, None)])
def test_a_forecast_waits_until_it_can_be_trusted(tmp_path, number, reason):
    said = outlook(RunFolder(tmp_path), ROWS[:number])
    assert bool(said.expected) == (reason is None)
    assert reason is None or reason in said.worth_going_on[0]


def test_the_forecast_is_of_the_law_the_scores_follow(tmp_path):
    one = outlook(RunFolder(tmp_path), ROWS).expected[0]
    truth = 0.9 - 8 * (4500 + 100 * 10) ** -0.5
    assert (one.answers, one.f) == (100, pytest.approx(truth, abs=0.01))
    assert one.low < truth < one.high
    assert one.gain_low < truth - ROWS[-1]["ents_f"] < one.gain_high


def test_where_chance_chooses_nothing_is_said_of_what_is_far_ahead(tmp_path):
    said = outlook(RunFolder(tmp_path), [{**row, "utility_chosen": None} for row in ROWS])
    assert [one.answers for one in said.expected] == [100]
    assert "more than 1.5 times" in said.worth_going_on[-1]


def test_nothing_is_said_beyond_four_times_the_labels_or_the_pool(tmp_path):
    said = outlook(RunFolder(tmp_path), ROWS)
    assert [one.answers for one in said.expected] == [100, 500]
    assert "2,000 answers" in said.worth_going_on[-1]
    small = [{**row, "labelled_fraction": 0.1 * (row["round"] + 1)} for row in ROWS]
    assert "pool" in outlook(RunFolder(tmp_path), small).worth_going_on[-1]


def test_status_answers_the_three_questions(make_config, tmp_path):
    config, folder = make_config(oracle="people", holdout=0.3, rounds=2, test=None), tmp_path / "run"
    run(config, folder)
    assert "Is it good enough?" not in describe_run(folder)  # nothing has been trained
    for _ in range(2):
        answer_all(folder, seconds=6.0)
        run(config, folder)
        lines = describe_run(folder)
        assert [line for line in lines if line.endswith("?")] == [
            "Is it good enough?", "Is it worth going on?", "When to stop?", "What has the last round taught?",
        ]  # fmt: skip
        assert any("Too early to say: F1" in line or "Nobody can say" in line for line in lines)
        assert any("No forecast" in line for line in lines)


def test_an_hour_is_counted_from_the_seconds_of_answers(tmp_path):
    from spacy_al.tasks import Answer

    folder = RunFolder(tmp_path)
    folder.log.append([Answer(f"{n}-0", "accept", seconds=s) for n, s in enumerate((10.0, 20.0, 30.0))])
    said = outlook(folder, ROWS)
    assert [one.what for one in said.expected][:2] == ["the next 100 answers", "an hour (180 answers)"]


def test_watch_holds_the_reserve_first(make_config, tmp_path):
    config, folder = make_config(holdout=0.3, rounds=0), tmp_path / "run"
    state = run(config, folder)
    ids = read_npz(RunFolder(folder).watched(0))["ids"].tolist()
    assert set(ids[: len(state.holdout)]) == set(state.holdout)
    assert len(ids) == len(set(ids)) == 120  # the whole of a small pool


def test_session_status_carries_the_numbers(make_config, tmp_path):
    run(make_config(rounds=1), tmp_path / "run")
    status = Session.open(tmp_path / "run").status()
    assert status.outlook.good_enough[0].startswith("F1 on the test set")
    assert status.learnt["round"] == 1


def test_all_points_of_a_curve_rest_on_the_same_sentences(tmp_path):
    folder = RunFolder(tmp_path)
    folder.round(1).mkdir(parents=True)
    counts = numpy.zeros((2, 40, 3), dtype=int)  # right, made up, missed
    counts[0, :20, 0] = counts[0, 20:, 2] = counts[1, :, 0] = 1
    write_npz(folder.holdout(1), {"rounds": numpy.array([0, 1]), "counts": counts})
    rows = [
        {"round": 0, "labelled_sentences": 10, "holdout": {"sentences": 20}},
        {"round": 1, "labelled_sentences": 30, "holdout": {"sentences": 40}},
    ]
    first, last = make_curve(folder, rows, numpy.random.default_rng(0))
    assert (first.answers, last.answers) == (30, 70)
    assert first.f == pytest.approx(2 * 20 / (2 * 20 + 20))
    assert first.low < first.f < first.high
    assert (last.f, last.low, last.high) == (1, 1, 1)
