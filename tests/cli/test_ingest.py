"""`al ingest` on a ranking and on a run."""

import json

import pytest
import spacy
import typer
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_al.cli.ingest import ingest_cli
from spacy_al.tasks import REJECTED, Task
from spacy_al.types import Pool

from ..stand_in import Waiting


def invoke(*arguments):
    app = typer.Typer()
    app.command()(ingest_cli)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def line(id_, text, spans=(), answer="accept"):
    marks = [{"start": start, "end": end, "label": label} for start, end, label in spans]
    return json.dumps({"text": text, "meta": {"al_id": id_}, "spans": marks, "answer": answer}) + "\n"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A folder that stands for a waiting run, and what it was given."""
    tasks = [Task("ab-0", ("Bob", "slept"), (True, False)), Task("cd-0", ("Rome", "burns"), (True, False))]
    waiting = Waiting(tasks)
    monkeypatch.setattr("spacy_al.loop.session.Session", waiting)
    (tmp_path / "run").mkdir()
    return tmp_path / "run", tmp_path / "in.jsonl", waiting.given


GOOD = line("ab-0", "Bob slept", [(0, 3, "PER")])


def test_answers_reach_the_run(run):
    folder, path, accepted = run
    path.write_text(GOOD + line("cd-0", "Rome burns", answer="ignore"))
    result = invoke(folder, path)
    assert result.exit_code == 0, result.output
    assert [(answer.verdict, answer.spans) for answer in accepted] == [
        ("accept", ((0, 1, "PER"),)),
        ("ignore", ()),
    ]
    assert "1 accepted with 1 entities (0 without any), 0 rejected, 1 ignored" in result.output


def test_a_bad_record_changes_nothing_and_all_are_listed(run):
    folder, path, accepted = run
    path.write_text(GOOD + line("cd-0", "Rome burns", [(0, 2, "LOC")]) + line("ef-0", "x") + "{\n")
    result = invoke(folder, path)
    assert (result.exit_code, accepted) == (1, [])
    for expected in ("A623", "3 of 4", "A605", "in.jsonl:2", "A603", "in.jsonl:3", "A005", "in.jsonl:4"):
        assert expected in result.output


def test_partial_takes_the_good_and_keeps_the_rest(run):
    folder, path, accepted = run
    bad = line("cd-0", "Rome burns", [(0, 2, "LOC")])
    path.write_text(GOOD + bad)
    result = invoke(folder, path, "--partial")
    assert (result.exit_code, [answer.id for answer in accepted]) == (0, ["ab-0"]), result.output
    assert (path.parent / "in.rest.jsonl").read_text() == bad
    assert "A605" in result.output


def test_labels_of_the_run_are_checked(run):
    folder, path, accepted = run
    path.write_text(line("ab-0", "Bob slept", [(0, 3, "PERSON")]))
    assert "A613" in invoke(folder, path).output
    assert accepted == []


def test_a_file_without_answers(run):
    folder, path, _ = run
    path.write_text(json.dumps({"text": "Bob slept", "meta": {"al_id": "ab-0"}, "_view_id": "ner_manual"}))
    assert "A627" in invoke(folder, path).output


def test_unknown_option_values(run):
    folder, path, _ = run
    path.write_text(GOOD)
    assert "A628" in invoke(folder, path, "--several", "best").output


@pytest.fixture
def ranking(tmp_path):
    """Arguments for a ranking of two sentences, and their ids."""
    vocab = spacy.blank("en").vocab
    docs = [spacy.tokens.Doc(vocab, words=["Bob", "slept"]), spacy.tokens.Doc(vocab, words=["Rome", "burns"])]
    DocBin(docs=docs).to_disk(tmp_path / "pool.spacy")
    ids = Pool.from_docs(docs, vocab).ids
    rows = [{"id": id_, "rank": rank, "utility": 1.0, "text": "x"} for rank, id_ in enumerate(ids)]
    (tmp_path / "ranking.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return [tmp_path / "ranking.jsonl", tmp_path / "in.jsonl", "--pool", tmp_path / "pool.spacy"], ids


def labelled(path):
    return list(DocBin(store_user_data=True).from_disk(path).get_docs(spacy.blank("en").vocab))


def test_a_ranking_gives_labelled_sentences(ranking, tmp_path):
    arguments, ids = ranking
    arguments[1].write_text(line(ids[1], "Rome burns ", [(0, 4, "LOC")]))
    assert "A626" in invoke(*arguments).output
    assert invoke(*arguments, "--output", tmp_path / "out.spacy").exit_code == 0
    (doc,) = labelled(tmp_path / "out.spacy")
    assert ([ent.text for ent in doc.ents], doc[1].ent_iob_, doc.user_data["id"]) == (["Rome"], "O", ids[1])


def test_rejected_spans_are_kept_and_said(ranking, tmp_path):
    arguments, ids = ranking
    no = json.loads(line(ids[1], "Rome burns ", [(0, 4, "LOC")], answer="reject")) | {"_view_id": "ner"}
    arguments[1].write_text(json.dumps(no) + "\n")
    result = invoke(*arguments, "--output", tmp_path / "out.spacy")
    assert "1 spans known not to be entities" in result.output
    (doc,) = labelled(tmp_path / "out.spacy")
    assert [(span.text, span.label_) for span in doc.spans[REJECTED]] == [("Rome", "LOC")]
    assert not doc.has_annotation("ENT_IOB")


def test_an_answer_beyond_the_limit_of_a_ranking_is_told_of_the_option(ranking, tmp_path):
    arguments, ids = ranking
    arguments[1].write_text(line(ids[1], "Rome burns ", [(0, 4, "LOC")]))
    result = invoke(*arguments, "--output", tmp_path / "out.spacy", "-n", 1)
    assert "A603" in result.output
    assert "--limit" in result.output


def test_a_rest_that_was_mended_is_not_replaced(run):
    folder, path, accepted = run
    path.write_text(GOOD + line("cd-0", "Rome burns", [(0, 2, "LOC")]))
    mended = line("cd-0", "Rome burns", [(0, 4, "LOC")])
    rest = path.parent / "in.rest.jsonl"
    rest.write_text(mended)
    result = invoke(folder, path, "--partial")
    assert (result.exit_code, accepted, rest.read_text()) == (1, [], mended)
    assert "A635" in result.output


def test_the_rest_does_not_replace_the_answers(run):
    folder, path, accepted = run
    path.write_text(GOOD + line("cd-0", "Rome burns", [(0, 2, "LOC")]))
    before = path.read_text()
    result = invoke(folder, path, "--partial", "--rest", path)
    assert (result.exit_code, accepted, path.read_text()) == (1, [], before)
    assert "A017" in result.output


def test_an_export_saved_over_the_runs_own_answers_is_refused(run):
    folder, _, accepted = run
    (folder / "answers.jsonl").write_text(GOOD)
    result = invoke(folder, folder / "answers.jsonl")
    assert (result.exit_code, accepted, (folder / "answers.jsonl").read_text()) == (1, [], GOOD)
    assert "A636" in result.output
