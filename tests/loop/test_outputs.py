"""What a command writes never takes the place of what it reads, of a run's own files, or of answers."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spacy_al.cli import al_cli
from spacy_al.errors import ALError
from spacy_al.loop.session import Session
from spacy_al.project.starter import Plan, write_project
from spacy_al.runs.folder import OWN, RunFolder, owner
from spacy_al.tasks import Answer


def invoke(*arguments):
    return CliRunner().invoke(al_cli, [str(argument) for argument in arguments])


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def begun(corpus, tmp_path_factory):
    from thinc.api import Config

    from tests.loop.conftest import CONFIG

    config = Config().from_str(CONFIG)
    config["active_learning"] |= {"pool": corpus[0], "test": corpus[1], "oracle": "people"}
    session = Session.open(tmp_path_factory.mktemp("outputs") / "run", config)
    session.step()
    session.answer(
        [Answer(task.id, "accept", ((len(task.words) - 4, len(task.words) - 3, "PER"),)) for task in session.batch()]
    )
    session.step()
    return session.folder.path


@pytest.fixture
def run(begun, tmp_path):
    return shutil.copytree(begun, tmp_path / "run")


@pytest.mark.parametrize(
    "name", ["answers.jsonl", "state.json", "metrics.jsonl", "rounds/0000/selected.jsonl", "page.json"]
)
def test_a_batch_does_not_replace_a_file_of_the_run(run, name):
    before = contents(run)
    result = invoke("query", run, run / name, "-f", "prodigy")
    assert result.exit_code == 1
    assert "A018" in result.output
    assert contents(run) == before


def test_nor_through_a_link_or_before_the_file_is_there(run, tmp_path):
    (run / "answers.jsonl").unlink()
    (tmp_path / "link").symlink_to(run)
    assert "A018" in invoke("query", tmp_path / "link", tmp_path / "link" / "answers.jsonl", "-f", "prodigy").output
    assert not (run / "answers.jsonl").exists()


def test_a_batch_may_lie_in_the_folder_of_the_run(run):
    assert invoke("query", run, run / "batch.jsonl", "-f", "prodigy").exit_code == 0


def test_all_that_a_run_writes_is_its_own(run):
    assert {path.name for path in run.iterdir()} <= OWN
    (run / "corpus").mkdir()
    (run / "corpus" / "pool.spacy").touch()
    assert owner(run / "corpus" / "pool.spacy") == run
    assert owner(run / "corpus" / "more.spacy") is None
    assert owner(run.parent / "answers.jsonl") is None


def test_other_commands_keep_a_run_whole_too(run, tmp_path, corpus):
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": "Anna saw Rome."}) + "\n")
    before = contents(run)
    for command in (
        ("convert", tmp_path / "in.jsonl", run / "labelled.spacy"),
        ("convert", tmp_path / "in.jsonl", run / "rounds" / "0000" / "annotated.spacy"),
        ("score", run / "model", corpus[0], "-o", run / "metrics.jsonl"),
        ("look-again", run, run / "answers.jsonl"),
        ("ingest", run, tmp_path / "in.jsonl", "--partial", "--rest", run / "answers.jsonl"),
    ):
        assert "A018" in invoke(*command).output
    assert contents(run) == before


@pytest.mark.parametrize("place", ["model", "model/again", "rounds/0000/model", "successor"])
def test_no_run_begins_in_what_another_one_replaces(run, place):
    before = contents(run)
    with pytest.raises(ALError, match="A018"):
        Session.open(run / place, RunFolder(run).read_config()).step()
    assert {path: data for path, data in contents(run).items() if path.name != "run.lock"} == {
        path: data for path, data in before.items() if path.name != "run.lock"
    }


def test_a_run_may_lie_beside_the_files_of_another(run):
    assert Session.open(run / "second", RunFolder(run).read_config()).step().phase == "waiting"


def test_a_ranking_does_not_replace_its_pool(corpus, tmp_path):
    pool = Path(shutil.copy(corpus[0], tmp_path / "pool.spacy"))
    before = pool.read_bytes()
    assert "A017" in invoke("score", "nothing", pool, "-o", pool).output
    assert pool.read_bytes() == before


def test_sentences_to_look_at_again_do_not_replace_answers_to_such(run, tmp_path):
    path = tmp_path / "again.jsonl"
    assert invoke("look-again", run, path, "--folds", "2").exit_code == 0
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row in rows:
        row |= {"answer": "accept", "spans": []}
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    before = path.read_bytes()
    assert "A632" in invoke("look-again", run, path, "--folds", "2").output
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["README.md", "config.cfg", "labels.json"])
def test_a_project_does_not_replace_files_of_its_folder(tmp_path, name):
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("Anna saw Rome.")
    (tmp_path / name).write_text("mine")
    plan = Plan(tmp_path / "texts", ["PERSON"], True, "en", tagger="ner")
    with pytest.raises(ALError, match=f"A550.*{name} is there already"):
        write_project(tmp_path, plan)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["texts", name])
    (tmp_path / name).unlink()
    (tmp_path / ".gitignore").write_text("/secret/\n")
    write_project(tmp_path, plan)
    assert (tmp_path / ".gitignore").read_text() == "/secret/\n"
    (tmp_path / "project.yml").unlink()  # as a full disk leaves it
    write_project(tmp_path, plan)
