"""`al report` from the command line."""

import importlib.util
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from spacy_al.cli import al_cli


@pytest.fixture(scope="module")
def synthetic(root):
    spec = importlib.util.spec_from_file_location("synthetic_runs", root / "tests/report/synthetic.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def invoke(*arguments):
    return CliRunner().invoke(al_cli, ["report", *map(str, arguments)])


def test_the_files_written_are_named(synthetic, tmp_path):
    run = synthetic.make_run(tmp_path / "run", rounds=1)
    result = invoke(run, "--output", tmp_path / "out", "--title", "Mine")
    assert result.exit_code == 0, result.output
    named = [line.strip() for line in result.output.splitlines()[1:]]
    assert named == [str(tmp_path / "out" / name) for name in named_files(tmp_path / "out")]
    assert "<title>Mine</title>" in (tmp_path / "out" / "report.html").read_text()


def named_files(folder):
    order = ["report.html", "report.md", "curve.png", "curve_sentences.png", "seconds.png", "chosen.png"]
    assert sorted(path.name for path in folder.iterdir()) == sorted(order)
    return order


def test_a_folder_without_runs_ends_with_status_1(tmp_path):
    result = invoke(tmp_path, "--output", tmp_path / "out")
    assert result.exit_code == 1
    assert "A700" in result.output
    assert not (tmp_path / "out").exists()


def test_help_has_an_example():
    assert "python -m spacy al report runs/random runs/mnlp --output report" in invoke("--help").output


def test_the_commands_load_without_heavy_libraries():
    # spaCy itself brings numpy, and torch where it is installed: what counts is what comes on top of it.
    code = """
import sys
import spacy.cli
before = set(sys.modules)
import spacy_al.cli
new = {name.split(".")[0] for name in set(sys.modules) - before}
print(*sorted(new & {"matplotlib", "torch", "numpy", "scipy", "transformers"}))
print(*[name for name in sys.modules if name.startswith("spacy_al.report")])
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
