"""Settings on the command line that cannot be right: said in a line or two, with nothing begun."""

import re

import pytest
import torch
from typer.testing import CliRunner

from spacy_al.annotate.begin import recipe
from spacy_al.cli import al_cli


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


def test_a_file_that_is_no_config_is_told(tmp_path):
    (tmp_path / "pool.spacy").write_bytes(b"\x9c\xff\x00")
    result = CliRunner().invoke(al_cli, ["run", str(tmp_path / "pool.spacy"), "--output", str(tmp_path / "run")])
    assert (result.exit_code, "A012" in result.output) == (1, True), result.output


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize(
    ("number", "said"), [("0", "A014.*--gpu-id 0.*--gpu-id -1"), ("-5", "Invalid value for .--gpu-id")]
)
def test_a_gpu_that_is_not_there_is_told_in_a_line(tmp_path, number, said):
    config = str(recipe().with_name("cnn.cfg"))
    result = CliRunner().invoke(al_cli, ["run", config, "--output", str(tmp_path / "run"), "--gpu-id", number])
    assert result.exit_code in (1, 2)
    assert isinstance(result.exception, SystemExit)
    assert re.search(said, result.output, re.DOTALL), result.output
    assert not (tmp_path / "run").exists()
