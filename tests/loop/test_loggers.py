"""spaCy's training loggers in a run: told of each round, quiet, and never the end of a run."""

import json

import pytest
from spacy.util import registry

from spacy_al.errors import ALError
from spacy_al.loop.session import run

from .conftest import rows_without_seconds

CALLS = []


@registry.loggers("test.Recorder.v1")
def create_recorder(broken: bool):
    def setup(nlp, stdout, stderr):
        def log(info):
            if broken:
                raise ConnectionError("the service is down")
            stdout.write("never seen")
            CALLS.append(info)

        return log, lambda: CALLS.append("end")

    return setup


@pytest.fixture
def recorded(make_config, tmp_path):
    def make(**block):
        CALLS.clear()
        config = make_config(rounds=1)
        config["training"]["logger"] = block
        run(config, tmp_path / "run")
        return tmp_path / "run"

    return make


def test_a_logger_is_told_of_each_round_and_of_the_end(recorded, capsys):
    folder = recorded(**{"@loggers": "test.Recorder.v1", "broken": False})
    rows = rows_without_seconds(folder)
    assert [info["score"] for info in CALLS[:-1]] == [row["ents_f"] for row in rows]
    assert [info["step"] for info in CALLS[:-1]] == [10, 15]
    assert CALLS[-1] == "end"
    assert CALLS[0]["other_scores"]["labelled_fraction"] == rows[0]["labelled_fraction"]
    assert CALLS[0]["losses"]["ner"] > 0
    assert capsys.readouterr().out == ""


def test_spacys_console_logger_writes_its_file_and_prints_nothing(recorded, tmp_path, capsys):
    path = tmp_path / "log.jsonl"
    block = {"@loggers": "spacy.ConsoleLogger.v2", "progress_bar": False, "console_output": True}
    folder = recorded(**block, output_file=str(path))
    logged = [json.loads(line)["score"] for line in path.read_text().splitlines()]
    assert logged == pytest.approx([row["ents_f"] for row in rows_without_seconds(folder)])
    assert capsys.readouterr().out == ""


def test_a_logger_that_fails_is_left_out_with_a_warning(recorded):
    with pytest.warns(UserWarning, match=r"W501.*test.Recorder.v1.*service is down"):
        folder = recorded(**{"@loggers": "test.Recorder.v1", "broken": True})
    assert len(rows_without_seconds(folder)) == 2


@registry.loggers("test.Absent.v1")
def create_absent():
    raise ImportError("the package 'absent' is not installed")


def test_a_logger_that_cannot_start_is_named_before_any_work(recorded, tmp_path):
    with pytest.raises(ALError, match=r"A514.*test.Absent.v1.*'absent' is not installed"):
        recorded(**{"@loggers": "test.Absent.v1"})
    assert not (tmp_path / "run" / "state.json").exists()
