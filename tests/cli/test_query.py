"""`al query` on a ranking and on a run."""

import json

import pytest
import spacy
import typer
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_al.cli.query import query_cli
from spacy_al.tasks import Answer, Task
from spacy_al.types import Pool

from ..stand_in import Waiting

SENTENCES = [["Bob", "slept"], ["Rome", "burns"], ["Bob", "slept"]]


def invoke(command, *arguments):
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def ranking(tmp_path):
    """A pool of three sentences, two of them equal, ranked last to first."""
    nlp = spacy.blank("en")
    docs = [spacy.tokens.Doc(nlp.vocab, words=words) for words in SENTENCES]
    DocBin(docs=docs, store_user_data=True).to_disk(tmp_path / "pool.spacy")
    ids = Pool.from_docs(docs, nlp.vocab).ids
    rows = [
        {"id": id_, "rank": rank, "utilities": {"mnlp": 0.5, "bald": 0.1 * rank}, "text": "x"}
        for rank, id_ in enumerate(reversed(ids))
    ]
    (tmp_path / "ranking.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path, [row["id"] for row in rows]


def test_the_top_of_a_ranking(ranking):
    folder, ids = ranking
    out = folder / "out.jsonl"
    result = invoke(
        query_cli, folder / "ranking.jsonl", out, "--format", "prodigy", "--pool", folder / "pool.spacy",
        "-n", 2, "--measure", "bald",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    tasks = [json.loads(line) for line in out.read_text().splitlines()]
    assert [task["meta"]["al_id"] for task in tasks] == ids[:2]
    assert [task["text"] for task in tasks] == ["Bob slept ", "Rome burns "]
    assert (tasks[1]["meta"]["measure"], tasks[1]["meta"]["utility"]) == ("bald", 0.1)


def test_suggestions_of_a_pipeline(ranking):
    folder, _ = ranking
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "LOC", "pattern": "Rome"}])
    nlp.to_disk(folder / "model")
    arguments = [
        folder / "ranking.jsonl",
        folder / "out.json",
        "-f",
        "label_studio",
        "--pool",
        folder / "pool.spacy",
    ]
    result = invoke(query_cli, *arguments, "--suggest", "--pipeline", folder / "model")
    assert result.exit_code == 0, result.output
    items = json.loads((folder / "out.json").read_text())
    assert [len(item["predictions"][0]["result"]) for item in items] == [0, 1, 0]
    assert '<Label value="LOC"' in (folder / "out.config.xml").read_text()


def test_a_pipeline_that_is_not_there_is_said_without_a_traceback(ranking):
    folder, _ = ranking
    result = invoke(
        query_cli, folder / "ranking.jsonl", folder / "out", "-f", "conll", "--pool", folder / "pool.spacy",
        "--suggest", "--pipeline", folder / "nowhere",
    )  # fmt: skip
    assert (result.exit_code, "A420" in result.output) == (1, True)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{}", "A624"),
        ('{"id": "x", "rank": 1, "utility": "high"}', "A624"),
        ('{"id": "nowhere-0", "rank": 0, "utility": 1}', "A625"),
    ],
)
def test_bad_rankings(ranking, line, code):
    folder, _ = ranking
    (folder / "bad.jsonl").write_text(line)
    result = invoke(query_cli, folder / "bad.jsonl", folder / "out", "-f", "conll", "--pool", folder / "pool.spacy")
    assert (result.exit_code, code in result.output) == (1, True)
    assert not (folder / "out").exists()


def test_unknown_formats_and_missing_pools(ranking):
    folder, _ = ranking
    pool = ["--pool", folder / "pool.spacy"]
    assert "A601" in invoke(query_cli, folder / "ranking.jsonl", folder / "out", "-f", "spreadsheet", *pool).output
    assert "A626" in invoke(query_cli, folder / "ranking.jsonl", folder / "out", "-f", "conll").output
    assert "A626" in invoke(query_cli, folder / "none.jsonl", folder / "out", "-f", "conll").output


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A folder that stands for a waiting run, and what it was given."""
    tasks = [
        Task("ab-0", ("Bob", "slept"), (True, False), ((0, 1, "PER"),)),
        Task("cd-0", ("Rome", "burns"), (True, False)),
    ]
    waiting = Waiting(tasks)
    monkeypatch.setattr("spacy_al.loop.session.Session", waiting)
    (tmp_path / "run").mkdir()
    return tmp_path / "run", waiting.given


@pytest.mark.parametrize(("option", "spans"), [([], 0), (["--suggest"], 1)])
def test_a_run_suggests_only_on_request(run, tmp_path, option, spans):
    result = invoke(query_cli, run[0], tmp_path / "out.jsonl", "-f", "prodigy", *option)
    assert result.exit_code == 0, result.output
    assert len(json.loads((tmp_path / "out.jsonl").read_text().splitlines()[0])["spans"]) == spans


def test_a_limit_counts_for_a_run_too(run, tmp_path):
    result = invoke(query_cli, run[0], tmp_path / "out.jsonl", "-f", "prodigy", "-n", 1)
    assert "1 sentences" in result.output
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 1


def test_labels_that_the_run_does_not_know_are_refused_before_anybody_labels(run, tmp_path):
    result = invoke(query_cli, run[0], tmp_path / "out.json", "-f", "label_studio", "--labels", "PER,TIME")
    assert (result.exit_code, "A633" in result.output) == (1, True), result.output
    assert not (tmp_path / "out.json").exists()


def test_a_batch_that_was_labelled_in_place_is_not_replaced(run, tmp_path):
    path = tmp_path / "batch.conll"
    assert invoke(query_cli, run[0], path, "-f", "conll").exit_code == 0
    assert invoke(query_cli, run[0], path, "-f", "conll").exit_code == 0
    labelled = path.read_text().replace("Bob\t-", "Bob\tB-PER").replace("slept\t-", "slept\tO")
    path.write_text(labelled)
    for name in ("conll", "prodigy"):
        result = invoke(query_cli, run[0], path, "-f", name)
        assert (result.exit_code, path.read_text()) == (1, labelled)
        assert "A632" in result.output

    # What the run has got may go.
    (run[0] / "answers.jsonl").write_text(json.dumps(Answer("ab-0", "accept", ((0, 1, "PER"),)).to_row()) + "\n")
    assert invoke(query_cli, run[0], path, "-f", "conll").exit_code == 0


def test_nor_is_one_whose_labels_cannot_be_taken(run, tmp_path):
    path = tmp_path / "batch.conll"
    assert invoke(query_cli, run[0], path, "-f", "conll").exit_code == 0
    path.write_text(path.read_text().replace("Bob\t-", "Bob\tU-PER"))
    assert "A632" in invoke(query_cli, run[0], path, "-f", "conll").output


def test_the_home_folder_is_found_where_a_shell_leaves_its_sign(ranking, monkeypatch):
    folder, ids = ranking
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.chdir(folder)
    result = invoke(query_cli, "~/ranking.jsonl", "~/out.jsonl", "--format", "prodigy", "--pool=~/pool.spacy")
    assert result.exit_code == 0, result.output
    assert len((folder / "out.jsonl").read_text().splitlines()) == len(ids)
    assert not (folder / "~").exists()
