"""Settings on the command line that cannot be right: said in a line or two, with nothing begun."""

import re

import pytest
import torch
from thinc.api import Config
from typer.testing import CliRunner

from spacy_al.annotate.begin import recipe
from spacy_al.cli import al_cli
from spacy_al.schemas import fill_active_learning


@pytest.mark.parametrize(
    ("given", "said"),
    [("--system.sed", "A001.*'sed' in \\[system\\]"), ("--paths.pol", "A001.*'pol' in \\[paths\\]"),
     ("--training.max_epoch", "A001.*'max_epoch' in \\[training\\]"), ("--acive_learning.rounds", "acive_learning"),
     ("--outptu", "A013.*--outptu")],
)  # fmt: skip
@pytest.mark.parametrize("command", ["run", "annotate"])
def test_a_setting_that_is_misspelt_is_told(tmp_path, command, given, said):
    config, folder = str(recipe().with_name("cnn.cfg")), str(tmp_path / "run")
    start = ["run", config, "--output", folder] if command == "run" else ["annotate", folder, "--config", config]
    result = CliRunner().invoke(al_cli, [*start, given, "3"])
    assert result.exit_code in (1, 2)
    assert isinstance(result.exception, SystemExit)
    assert re.search(said, result.output, re.DOTALL), result.output


def test_a_value_of_the_wrong_kind_is_told_without_the_whole_config(tmp_path):
    (tmp_path / "a.txt").write_text("Anna saw Rome. Otto did not.")
    config = str(recipe().with_name("cnn.cfg"))
    result = CliRunner().invoke(
        al_cli,
        ["annotate", str(tmp_path / "run"), "-c", config, "--text", str(tmp_path), "--labels", "PERSON",
         "--training.max_epochs", "abc"],
    )  # fmt: skip
    assert result.exit_code == 1
    assert "max_epochs" in result.output
    assert "batcher" not in result.output


@pytest.mark.parametrize(
    ("given", "value", "said"),
    [("--active_learning.round_budget", "0", "A008.*round_budget|A008.*nothing would be asked in a round"),
     ("--training.max_steps", "-3", r"A008.*\[training\] max_steps = -3: give a number from 0 on"),
     ("--training.eval_frequency", "0", r"A008.*eval_frequency = 0: give a number from 1 on")],
)  # fmt: skip
def test_a_number_that_makes_no_sense_is_told(tmp_path, given, value, said):
    config = str(recipe().with_name("cnn.cfg"))
    result = CliRunner().invoke(al_cli, ["run", config, "--output", str(tmp_path / "run"), given, value])
    assert (result.exit_code, (tmp_path / "run").exists()) == (1, False)
    assert re.search(said, result.output, re.DOTALL), result.output


def test_the_home_folder_in_a_config_is_found(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    text = (recipe().with_name("cnn.cfg")).read_text(encoding="utf8")
    filled = fill_active_learning(Config().from_str(text, overrides={"paths.pool": "~/pool.spacy"}, interpolate=False))
    assert filled.interpolate()["active_learning"]["pool"] == str(tmp_path / "pool.spacy")


def test_a_file_that_is_no_config_is_told(tmp_path):
    (tmp_path / "pool.spacy").write_bytes(b"\x9c\xff\x00")
    result = CliRunner().invoke(al_cli, ["run", str(tmp_path / "pool.spacy"), "--output", str(tmp_path / "run")])
    assert (result.exit_code, "A012" in result.output) == (1, True), result.output


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize(
    ("number", "said"), [("0", "A014.*--gpu-id 0.*--gpu-id -1"), ("-5", "Invalid value for .--gpu-id")]
)
@pytest.mark.parametrize("command", ["run", "annotate"])
def test_a_gpu_that_is_not_there_is_told_in_a_line(tmp_path, command, number, said):
    config, folder = str(recipe().with_name("cnn.cfg")), str(tmp_path / "run")
    start = ["run", config, "--output", folder] if command == "run" else ["annotate", folder]
    result = CliRunner().invoke(al_cli, [*start, "--gpu-id", number])
    assert result.exit_code in (1, 2)
    assert isinstance(result.exception, SystemExit)
    assert re.search(said, result.output, re.DOTALL), result.output
    assert not (tmp_path / "run").exists()


def test_a_folder_whose_name_no_config_can_hold_is_told(tmp_path):
    (tmp_path / "a.txt").write_text("Anna saw Rome. Otto did not.")
    folder, config = tmp_path / "a$b", str(recipe().with_name("cnn.cfg"))
    given = ["--text", str(tmp_path / "a.txt"), "--labels", "PERSON"]
    for arguments in (
        ["annotate", str(folder), "--config", config, *given],
        ["run", config, "--output", str(tmp_path / "run"), "--paths.pool", str(folder / "pool.spacy")],
    ):
        result = CliRunner().invoke(al_cli, arguments)
        assert result.exit_code == 1
        assert re.search(r"A019.*paths.pool = .*a\$b", result.output), result.output


def test_a_config_in_the_folder_of_a_new_run_is_not_replaced_by_the_runs_own(tmp_path):
    config = recipe().with_name("cnn.cfg")
    own = tmp_path / "config.cfg"
    own.write_bytes(config.read_bytes())
    result = CliRunner().invoke(al_cli, ["run", str(own), "--output", str(tmp_path)])
    assert (result.exit_code, own.read_bytes()) == (1, config.read_bytes())
    assert "A017" in result.output
