"""`python -m spacy al convert`, as a user calls it."""

import json
import subprocess
import sys

import pytest
from spacy.cli._util import app
from typer.testing import CliRunner

import spacy_al.cli  # noqa: F401  (registers the commands)

CONLL = "Rome NNP I-NP I-LOC\nfell VBD I-VP O\n\nIt PRP I-NP O\n"


@pytest.fixture
def run(tmp_path):
    """Run the command in the test's folder; gives exit code, output and error output."""

    def run_(*arguments):
        result = CliRunner().invoke(app, ["al", "convert", *map(str, arguments)])
        return result.exit_code, " ".join(result.output.split())

    return run_


def write(path, content):
    path.write_text(content, encoding="utf8")
    return path


def test_it_writes_docs_and_labels_and_prints_the_table(run, tmp_path):
    code, output = run(write(tmp_path / "eng.train", CONLL), tmp_path / "out" / "train.spacy")
    assert code == 0
    assert "conll, IOB1" in output
    assert "Sentences 2 Tokens 3 Entities 1 LOC 1" in output
    assert "Repairs: none" in output
    assert (tmp_path / "out" / "train.spacy").is_file()
    assert json.loads((tmp_path / "out" / "train.labels.json").read_text()) == ["LOC"]


def test_bad_input_fails_with_place_and_cure(run, tmp_path):
    code, output = run(write(tmp_path / "eng.train", CONLL + "broken\n"), tmp_path / "train.spacy")
    assert code == 1
    assert f"[A111] {tmp_path / 'eng.train'}:5: 1 column(s)" in output
    assert "--on-error warn" in output
    assert not (tmp_path / "train.spacy").exists()


def test_repairs_are_printed_with_their_place(run, tmp_path):
    path = write(tmp_path / "eng.train", CONLL + "broken\n")
    code, output = run(path, tmp_path / "train.spacy", "--on-error", "warn")
    assert code == 0
    assert f"1 lines with a wrong number of columns: word kept, its entity tag missing (first: {path}:5)" in output


def test_a_corpus_can_be_divided(run, tmp_path):
    path = write(tmp_path / "c.txt", "Rome B-LOC\n\n" * 10)
    split = ("--split", "0.8", "--rest", tmp_path / "b.spacy", "--split-by", "sentences", "--seed", "3")
    code, output = run(path, tmp_path / "a.spacy", *split)
    assert code == 0
    assert "a.spacy b.spacy" in output
    assert "Sentences 8 2" in output


def test_text_can_be_read_with_named_columns(run, tmp_path):
    path = write(tmp_path / "p.csv", "key,body\nk,Rome fell. It rose.\n")
    code, output = run(path, tmp_path / "a.spacy", "--text-field", "body", "--id-field", "key", "--lang", "de")
    assert code == 0
    assert "Sentences without annotation 2" in output


def test_help_has_an_example(run):
    code, output = run("--help")
    assert code == 0
    assert "python -m spacy al convert eng.train corpus/train.spacy" in output


def test_split_without_rest_is_refused(run, tmp_path):
    code, output = run(write(tmp_path / "c.txt", "Rome B-LOC\n"), tmp_path / "a.spacy", "--split", "0.5")
    assert code == 1
    assert "[A128]" in output


def test_the_real_command_line_works(tmp_path):
    path = write(tmp_path / "eng.train", CONLL)
    command = [sys.executable, "-m", "spacy", "al", "convert", str(path), str(tmp_path / "a.spacy")]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stderr
    assert "Sentences" in result.stdout
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("arguments", [["al", "convert", "--help"], ["--help"]])
def test_help_does_not_load_the_readers(arguments):
    code = f"""
import sys
from spacy.cli import setup_cli
sys.argv = ["spacy", *{arguments}]
try:
    setup_cli()
except SystemExit:
    print(sorted(name for name in sys.modules if name.startswith("spacy_al.corpus")))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert result.stdout.splitlines()[-1] == "[]", result.stderr


def test_types_that_differ_in_capitals_alone_are_told_with_a_way_to_join_them(run, tmp_path):
    path = write(tmp_path / "c.conll", "Rome B-LOC\n\nOslo B-loc\n\nBo B-PER\n")
    code, output = run(path, tmp_path / "a.spacy")
    assert code == 0
    assert "capitals alone: LOC, loc. If they are one: --rename loc=LOC" in output
    _, output = run(path, tmp_path / "a.spacy", "--rename", "loc=LOC")
    assert "capitals alone" not in output
