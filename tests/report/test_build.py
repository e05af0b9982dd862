"""The whole report, from run folders to files."""

import json
import re

import pytest

from spacy_al.errors import ALError
from spacy_al.report.build import Options, make_page, read_study, write_report

FILES = [
    "report.html",
    "report.md",
    "curve.png",
    "gain.png",
    "curve_sentences.png",
    "seconds.png",
    "chosen.png",
]


@pytest.fixture(scope="module")
def written(study_folder, tmp_path_factory):
    output = tmp_path_factory.mktemp("report")
    return output, write_report([study_folder], output, Options(title="A study"))


def titles(folder, options=None):
    study = read_study([folder], options or Options())
    return [section.title for section in make_page(study, options or Options(), {}).sections]


def test_all_files_are_written_and_named(written):
    output, files = written
    assert files == [output / name for name in FILES]
    assert sorted(path.name for path in output.iterdir()) == sorted(FILES)


def test_markdown_shows_the_figures_that_were_written(written):
    output, _ = written
    shown = re.findall(r"!\[.*?\]\((.*?)\)", (output / "report.md").read_text())
    assert shown == [name for name in FILES if name.endswith(".png")]


def test_equal_runs_give_equal_reports(written, study_folder, tmp_path):
    output, _ = written
    for path in write_report([study_folder], tmp_path, Options(title="A study")):
        assert path.read_bytes() == (output / path.name).read_bytes()


def test_the_page_names_what_it_found(written):
    html = (written[0] / "report.html").read_text()
    assert "<title>A study</title>" in html
    assert "BALD (MC last)" in html
    assert "whole corpus" in html


def test_a_run_without_sentences_or_paper_has_a_short_report(make_run, tmp_path):
    make_run(tmp_path / "a", corpus="news", sentences=False)
    assert titles(tmp_path) == [
        "Findings",
        "Good enough, and worth going on?",
        "What was run",
        "Learning curves",
        "Label savings",
        "Time and memory",
    ]


def test_a_full_run_alone_is_a_table(make_run, tmp_path):
    make_run(tmp_path / "a", full=True)
    assert titles(tmp_path) == ["Findings", "What was run"]


def test_a_seed_round_alone_can_be_drawn(make_run, tmp_path):
    make_run(tmp_path / "a", rounds=0)
    assert "Learning curves" in titles(tmp_path)


def test_examples_can_be_left_out(make_run, tmp_path):
    make_run(tmp_path / "a", measure="mnlp", rounds=1)
    assert "Example sentences" in titles(tmp_path)
    assert "Example sentences" not in titles(tmp_path, Options(examples=0))


@pytest.mark.parametrize("value", [0.0, 91.5, -1.0])
def test_a_full_f1_out_of_range_is_refused(study_folder, tmp_path, value):
    with pytest.raises(ALError, match="A707"):
        write_report([study_folder], tmp_path, Options(full_f1=value))


def test_a_file_in_the_way_is_named(study_folder, tmp_path):
    (tmp_path / "out").write_text("x")
    with pytest.raises(ALError, match="A708"):
        write_report([study_folder], tmp_path / "out", Options())


def without_scores(folder, **values):
    path = folder / "metrics.jsonl"
    rows = [{**json.loads(line), "ents_f": None, **values} for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_runs_without_a_score_are_left_out_and_named(make_run, tmp_path):
    untested, unsure, _ = (make_run(tmp_path / name, seed=i, sentences=False) for i, name in enumerate("abc"))
    without_scores(untested)
    without_scores(unsure, holdout={"f": None})
    write_report([tmp_path], tmp_path / "out", Options())
    said = (tmp_path / "out" / "report.md").read_text()
    assert f"`{untested}` (it has neither a test set nor a holdout)" in said
    assert f"`{unsure}` (its holdout had no entity yet)" in said
    with pytest.raises(ALError, match="A705"):
        write_report([untested, unsure], tmp_path / "out", Options())
