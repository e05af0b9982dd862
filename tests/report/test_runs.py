"""Run folders: found, read, and refused with file and line when damaged."""

import json

import pytest

from spacy_al.errors import ALError
from spacy_al.report.runs import find_runs, read_run, total_tokens


def change(folder, line, **values):
    """Replace values of one line of metrics.jsonl."""
    path = folder / "metrics.jsonl"
    lines = path.read_text().splitlines()
    lines[line - 1] = json.dumps({**json.loads(lines[line - 1]), **values})
    path.write_text("\n".join(lines))


def test_numbers_of_a_run_are_those_of_the_file(make_run, tmp_path):
    run = read_run(make_run(tmp_path / "a", rounds=2))
    rows = [json.loads(line) for line in (tmp_path / "a" / "metrics.jsonl").read_text().splitlines()]
    assert [r.f1 for r in run.rounds] == [row["ents_f"] for row in rows]
    assert run.rounds[1].per_type["ORG"] == rows[1]["ents_per_type"]["ORG"]["f"]
    assert (run.rounds[1].memory["gpu_mb"], total_tokens(run)) == (5400.5, 20_000)


def test_repeats_and_studies_are_searched(make_run, tmp_path):
    paths = [make_run(tmp_path / "study" / name, sentences=False) for name in ("b/seed-0", "b/seed-1", "c")]
    assert find_runs([tmp_path / "study"]) == (paths, [])


def test_a_run_given_twice_counts_once(make_run, tmp_path):
    path = make_run(tmp_path / "a", sentences=False)
    assert find_runs([path, tmp_path, path / ".." / "a"])[0] == [path]


def test_runs_without_a_finished_round_are_told_apart(make_run, tmp_path):
    make_run(tmp_path / "a", sentences=False)
    waiting = make_run(tmp_path / "b", sentences=False)
    (waiting / "metrics.jsonl").unlink()
    assert find_runs([tmp_path]) == ([tmp_path / "a"], [waiting])


def test_a_run_without_a_finished_round_may_stand_beside_others_and_not_alone(make_run, tmp_path):
    ready, waiting = (make_run(tmp_path / name, sentences=False) for name in "ab")
    (waiting / "metrics.jsonl").unlink()
    assert find_runs([waiting, ready]) == ([ready], [waiting])
    with pytest.raises(ALError, match="A700"):
        find_runs([waiting])


def test_a_folder_without_runs_is_named(tmp_path):
    with pytest.raises(ALError, match="A700"):
        find_runs([tmp_path])


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ALError, match=r"A003.*nowhere"):
        find_runs([tmp_path / "nowhere"])


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"ents_f": 91.3}, "ents_f"),
        ({"ents_p": "high"}, "ents_p"),
        ({"labelled_fraction": -0.1}, "labelled_fraction"),
        ({"labelled_tokens": 1.5}, "labelled_tokens"),
        ({"round": True}, "round"),
        ({"round": 1}, "round"),
        ({"labelled_tokens": 3}, "round"),
        ({"seconds": [1]}, "seconds"),
        ({"seconds": {"train": -1}}, "seconds.train"),
        ({"ents_per_type": {"PER": {"f": 2}}}, "ents_per_type.PER.f"),
        ({"peak_memory": {"gpu_mb": "8"}}, "peak_memory.gpu_mb"),
    ],
)
def test_damage_is_named_by_file_line_and_field(make_run, tmp_path, values, field):
    folder = make_run(tmp_path / "a", sentences=False)
    change(folder, 3, **values)
    with pytest.raises(ALError, match="A701") as error:
        read_run(folder)
    assert f"{folder / 'metrics.jsonl'}:3: {field} = " in str(error.value)


def test_a_run_that_was_not_evaluated_says_so(make_run, tmp_path):
    folder = make_run(tmp_path / "a", sentences=False)
    change(folder, 2, ents_f=None)
    with pytest.raises(ALError, match=r"A705.*metrics\.jsonl:2: round 1"):
        read_run(folder)


def test_a_torn_line_is_named(make_run, tmp_path):
    folder = make_run(tmp_path / "a", sentences=False)
    path = folder / "metrics.jsonl"
    path.write_text(path.read_text()[:-40])
    with pytest.raises(ALError, match=r"A005.*metrics\.jsonl:4"):
        read_run(folder)


def test_an_empty_file_of_metrics_is_named(make_run, tmp_path):
    folder = make_run(tmp_path / "a", sentences=False)
    (folder / "metrics.jsonl").write_text("\n")
    with pytest.raises(ALError, match="A700"):
        read_run(folder)


def test_state_may_be_missing_but_not_damaged(make_run, tmp_path):
    folder = make_run(tmp_path / "a", sentences=False)
    assert read_run(folder).facts["torch"] == "2.13.0"
    (folder / "state.json").write_text('{"round": ')
    with pytest.raises(ALError, match=r"A706.*state\.json"):
        read_run(folder)
    (folder / "state.json").unlink()
    assert read_run(folder).facts == {}


HELD = {"f": 0.6, "p": 0.7, "r": 0.5, "low": 0.5, "high": 0.7, "entities": 30, "per_type": {"PER": {"f": 0.4}}}


def test_a_run_without_a_test_set_is_read_by_its_holdout(make_run, tmp_path):
    folder = make_run(tmp_path / "a", sentences=False)
    change(folder, 2, ents_f=None, ents_per_type=None, holdout=HELD)
    one = read_run(folder).rounds[1]
    assert (one.f1, one.precision, one.recall, one.per_type) == (0.6, 0.7, 0.5, {"PER": 0.4})


def test_rounds_before_the_holdout_had_an_entity_are_left_out(make_run, tmp_path):
    folder = make_run(tmp_path / "a", sentences=False)
    empty = {**HELD, "f": None, "low": None, "high": None, "entities": 0}
    change(folder, 1, ents_f=None, ents_per_type=None, holdout=empty)
    assert [one.number for one in read_run(folder).rounds] == [1, 2, 3]
    for line in (2, 3, 4):
        change(folder, line, ents_f=None, ents_per_type=None, holdout=empty)
    with pytest.raises(ALError, match="A732.*in 4 rounds"):
        read_run(folder)


def test_sentences_of_the_holdout_were_not_chosen(make_run, tmp_path):
    from spacy_al.report.chosen import read_selection

    folder = make_run(tmp_path / "a")
    before = read_selection(read_run(folder)).rounds[1]
    state = json.loads((folder / "state.json").read_text())
    (folder / "state.json").write_text(json.dumps({**state, "holdout": [before[0].id]}))
    assert read_selection(read_run(folder)).rounds[1] == before[1:]
