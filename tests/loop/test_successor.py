"""Successor models: trained on what another chose, in the run and afterwards."""

import json

import pytest
import spacy
from thinc.api import Config

from spacy_al.errors import ALError
from spacy_al.loop.session import Session, run
from spacy_al.loop.successor import train_successor

from .conftest import CONFIG, chosen_ids, rows_without_seconds


@pytest.fixture
def successor(tmp_path):
    config = Config().from_str(CONFIG)
    config["components"]["ner"]["model"]["encoder"]["width"] = 16
    config["active_learning"] = {"dev_fraction": 0.2}
    config.to_disk(tmp_path / "wide.cfg")
    return tmp_path / "wide.cfg"


@pytest.fixture
def both(make_config, successor, tmp_path):
    run(make_config(successor=str(successor), rounds=1), tmp_path / "run")
    return tmp_path / "run"


def test_the_acquisition_model_queries_and_the_successor_is_evaluated(both, make_config, tmp_path):
    run(make_config(rounds=1), tmp_path / "alone")
    rows, alone = rows_without_seconds(both), rows_without_seconds(tmp_path / "alone")
    assert chosen_ids(both) == chosen_ids(tmp_path / "alone")
    assert [row["acquisition_ents_f"] for row in rows] == [row["ents_f"] for row in alone]
    assert [(row["evaluated"], row["model"]) for row in rows] == [("successor", "wide")] * 2
    assert [row["ents_f"] for row in rows] != [row["ents_f"] for row in alone]


def test_both_models_are_kept(both):
    acquisition, successor = spacy.load(both / "model"), spacy.load(both / "successor")
    sizes = [nlp.config["components"]["ner"]["model"]["encoder"]["width"] for nlp in (acquisition, successor)]
    assert sizes == [24, 16]


def test_training_later_gives_the_scores_of_training_at_once(both, successor, make_config, tmp_path):
    run(make_config(rounds=1), tmp_path / "alone")
    rows = train_successor(tmp_path / "alone", successor, tmp_path / "later")
    keys = ("round", "labelled_tokens", "ents_f", "ents_p", "acquisition_ents_f", "evaluated", "model")
    expected = [{key: row[key] for key in keys} for row in rows_without_seconds(both)]
    assert [{key: row[key] for key in keys} for row in rows] == expected


def test_chosen_rounds_only_and_none_twice(both, successor, tmp_path):
    first = train_successor(both, successor, tmp_path / "later", rounds=[1])
    again = train_successor(both, successor, tmp_path / "later")
    assert [row["round"] for row in first] == [1]
    assert [row["round"] for row in again] == [0, 1]
    assert again[1] == first[0]  # seconds too: it was not trained again


def test_rows_of_another_successor_or_run_are_not_taken_for_its_own(both, successor, make_config, tmp_path):
    train_successor(both, successor, tmp_path / "later", rounds=[0])
    run(make_config(successor=str(successor), rounds=1, seed=1), tmp_path / "other")
    with pytest.raises(ALError, match="A520.*active_learning.seed: 0 -> 1"):
        train_successor(tmp_path / "other", successor, tmp_path / "later")
    successor.write_text(successor.read_text().replace("max_epochs = 2", "max_epochs = 1"))
    with pytest.raises(ALError, match="A520.*successor's training.max_epochs: 2 -> 1"):
        train_successor(both, successor, tmp_path / "later")


def test_a_run_that_got_more_rounds_is_followed(both, successor, make_config, tmp_path):
    train_successor(both, successor, tmp_path / "later")
    run(make_config(successor=str(successor), rounds=2), both, accept_changes=True)
    assert [row["round"] for row in train_successor(both, successor, tmp_path / "later")] == [0, 1, 2]


def test_the_report_reads_it(both, successor, tmp_path):
    from spacy_al.report.runs import read_run

    train_successor(both, successor, tmp_path / "later")
    later = read_run(tmp_path / "later")
    assert [round_.f1 for round_ in later.rounds] == [round_.f1 for round_ in read_run(both).rounds]
    assert later.pool == json.loads((both / "state.json").read_text())["pool"]


def test_a_run_without_rounds_or_test_set_is_named(make_config, successor, tmp_path):
    run(make_config(test=None, rounds=0), tmp_path / "untested")
    with pytest.raises(ALError, match=r"A553.*--paths.test"):
        train_successor(tmp_path / "untested", successor, tmp_path / "later")
    Session.open(tmp_path / "new", make_config(oracle="people")).step()
    with pytest.raises(ALError, match="A552.*waits for them"):
        train_successor(tmp_path / "new", successor, tmp_path / "later")
    assert not (tmp_path / "later").exists()


def test_a_round_without_labels_is_named(both, successor, tmp_path):
    with pytest.raises(ALError, match=r"A518.*\[7\].*0 to 1"):
        train_successor(both, successor, tmp_path / "later", rounds=[0, 7])


def test_a_successor_that_cannot_be_read_is_named_before_any_work(make_config, tmp_path):
    with pytest.raises(ALError, match="A516.*nowhere.cfg"):
        run(make_config(successor="nowhere.cfg"), tmp_path / "run")
    assert not (tmp_path / "run" / "state.json").exists()


def test_another_successor_is_refused(both, successor, make_config):
    text = successor.read_text().replace("max_epochs = 2", "max_epochs = 1")
    successor.write_text(text)
    with pytest.raises(ALError, match="A503.*successor's training.max_epochs: 2 -> 1"):
        run(make_config(successor=str(successor), rounds=1), both)
    with pytest.raises(ALError, match="A503.*active_learning.successor: one -> none"):
        run(make_config(rounds=1), both)


def test_the_command(both, successor, tmp_path):
    from typer.testing import CliRunner

    from spacy_al.cli import al_cli

    command = ["train-successor", str(both), str(successor), "--output", str(tmp_path / "out"), "--rounds", "0"]
    result = CliRunner().invoke(al_cli, command)
    assert result.exit_code == 0, result.output
    assert [row["round"] for row in rows_without_seconds(tmp_path / "out")] == [0]
    assert CliRunner().invoke(al_cli, [*command[:-1], "x"]).exit_code == 2
