"""`al study` from the command line: its table, its exit status, its options."""

import json

import pytest
from typer.testing import CliRunner

from spacy_al.cli import al_cli
from spacy_al.cli.study import slots
from spacy_al.errors import ALError
from tests.loop.conftest import CONFIG, write_corpus


@pytest.fixture
def study(tmp_path):
    pool = write_corpus(tmp_path / "pool.spacy", 40, 0)
    (tmp_path / "tiny.cfg").write_text(CONFIG, encoding="utf8")
    settings = {"active_learning.pool": pool, "active_learning.test": pool, "active_learning.rounds": 0}
    tagger = {"config": str(tmp_path / "tiny.cfg"), "strategies": ["random", "mnlp"]}
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"study": {"settings": settings}, "taggers": {"tiny": tagger}}))
    return path


def invoke(*arguments):
    return CliRunner().invoke(al_cli, ["study", *map(str, arguments)])


def test_a_dry_run_shows_the_cells_and_writes_nothing(study, tmp_path):
    result = invoke(study, "--output", tmp_path / "out", "--dry-run")
    assert result.exit_code == 0, result.output
    rows = [line.split()[:2] for line in result.stdout.strip().splitlines()[1:]]
    assert rows == [["tiny.random.seed-0", "new"], ["tiny.mnlp.seed-0", "new"]]
    assert not (tmp_path / "out").exists()


def test_overrides_and_seeds_of_the_command_line_count(study, tmp_path):
    result = invoke(
        study,
        "-o",
        tmp_path / "out",
        "--dry-run",
        "--seeds",
        2,
        "--only",
        "*mnlp*",
        "--tiny.training.dropout",
        0.3,
    )
    assert result.exit_code == 0, result.output
    assert [line.split()[0] for line in result.stdout.strip().splitlines()[1:]] == [
        "tiny.mnlp.seed-0",
        "tiny.mnlp.seed-1",
    ]


def test_a_wrong_override_ends_with_status_1(study, tmp_path):
    result = invoke(study, "-o", tmp_path / "out", "--dry-run", "--other.training.dropout", 0.3)
    assert result.exit_code == 1
    assert "[A584]" in result.output


def test_a_study_runs_reports_skips_and_names_what_failed(study, tmp_path):
    options = (study, "-o", tmp_path / "out", "--only", "*random*", "--slim", "--report", tmp_path / "report")
    first = invoke(*options)
    assert first.exit_code == 0, first.output
    assert "# Study out" in (tmp_path / "report" / "report.md").read_text()
    assert not (tmp_path / "out" / "tiny.random.seed-0" / "model").exists()
    again = invoke(*options)
    assert "1 finished before" in again.output
    assert "start" not in again.output
    failed = invoke(
        study, "-o", tmp_path / "out", "--only", "*mnlp*", "--active_learning.test", tmp_path / "none.spacy"
    )
    assert failed.exit_code == 1
    assert "[A586] The cell tiny.mnlp.seed-0 of the study cannot run" in failed.output
    assert "[A003]" in failed.output


def test_a_damaged_cell_is_told_by_a_dry_run_and_fails_alone(study, tmp_path):
    options = (study, "-o", tmp_path / "out", "--slim")
    (tmp_path / "out" / "tiny.mnlp.seed-0").mkdir(parents=True)
    (tmp_path / "out" / "tiny.mnlp.seed-0" / "metrics.jsonl").write_text('{"round": 0}\n')
    dry = invoke(*options, "--dry-run")
    assert dry.exit_code == 1
    assert "tiny.random.seed-0  new" in dry.output
    assert "[A502]" in dry.output
    result = invoke(*options)
    assert "[A588] 1 of 2 cells failed:\n  tiny.mnlp.seed-0 ([A502]" in result.output
    assert "tiny.random.seed-0  finished" in result.output


def test_a_study_out_of_time_ends_with_status_1_and_says_how_to_go_on(study, tmp_path):
    result = invoke(study, "-o", tmp_path / "out", "--minutes", 0)
    assert result.exit_code == 1
    assert "[A589] 2 of 2 cells are not finished" in result.output


@pytest.mark.parametrize(
    ("gpus", "jobs", "expected"),
    [("-1", 0, [-1]), ("-1", 3, [-1, -1, -1]), ("0,1", 0, [0, 1]), ("2", 2, [2, 2]), ("0,1", 3, [0, 1, 0])],
)
def test_processes_are_spread_over_gpus(gpus, jobs, expected):
    assert slots(gpus, jobs) == expected


@pytest.mark.parametrize("gpus", ["", "a", "0,0", "-2", "0,-1"])
def test_wrong_gpus_are_refused(gpus):
    with pytest.raises(ALError, match="A585"):
        slots(gpus, 0)
