"""Looking again: wrong labels come first, and answers to the doubts go back into the run."""

import numpy
import pytest
from typer.testing import CliRunner

from spacy_al.cli import al_cli
from spacy_al.errors import ALError
from spacy_al.loop.reporter import Silent
from spacy_al.loop.session import Session, run
from spacy_al.runs.folder import RunFolder
from spacy_al.tasks import Answer

from .conftest import PEOPLE, PLACES
from .test_holdout import answer_all


@pytest.fixture
def doubtful(make_config, tmp_path):
    """A run of people of whose 60 sentences three have a person where a place is."""
    config = make_config(oracle="people", seed_budget=60, rounds=1, test=None, round_budget=5)
    config["training"]["max_epochs"] = 8
    folder = tmp_path / "run"
    run(config, folder)
    session, answers, wrong = Session.open(folder), [], []
    for task in session.batch():
        named = [
            (n, n + 1, "PER" if word in PEOPLE else "LOC")
            for n, word in enumerate(task.words)
            if word in PEOPLE + PLACES
        ]
        if len(wrong) < 3 and named:
            wrong.append(task.id)
            named = [(start, end, "PER") for start, end, _ in named]
        answers.append(Answer(task.id, "accept", tuple(named), annotator="ann" if len(answers) % 2 else "bob"))
    session.answer(answers)
    run(config, folder)
    return config, folder, wrong


def test_wrong_labels_come_first(doubtful):
    _, folder, wrong = doubtful
    tasks, lines = Session.open(folder).look_again(folds=5)
    assert {task.id for task in tasks[:3]} == set(wrong)
    assert tasks[0].spans is not None
    assert [task.rank for task in tasks] == list(range(len(tasks)))
    utilities = [task.utility for task in tasks]
    assert utilities == sorted(utilities, reverse=True)
    assert lines[0] == f"{len(tasks)} of 60 labelled sentences are worth a second look"
    assert any(line.startswith("  ann: ") or line.startswith("  bob: ") for line in lines)


def test_the_run_does_not_change_and_each_fold_is_told(doubtful):
    _, folder, _ = doubtful
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    told = []

    class Recorder(Silent):
        def phase(self, round_, name, total):
            told.append((name, total))

        def step(self, done, total):
            told.append((done, total))

    Session.open(folder, reporter=Recorder()).look_again(2, folds=3)
    assert told == [("look again", 3), (1, 3), (2, 3), (3, 3)]
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_answers_to_doubts_are_learnt_from(doubtful):
    config, folder, _ = doubtful
    session = Session.open(folder)
    tasks, _ = session.look_again(3, folds=5)
    right = tuple(
        (n, n + 1, "PER" if word in PEOPLE else "LOC")
        for n, word in enumerate(tasks[0].words)
        if word in PEOPLE + PLACES
    )
    session.answer([Answer(tasks[0].id, "accept", right)])
    answer_all(folder)
    run(config, folder)
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    docs = DocBin(store_user_data=True).from_disk(folder / "labelled.spacy").get_docs(Vocab())
    spans = {doc.user_data["id"]: tuple((e.start, e.end, e.label_) for e in doc.ents) for doc in docs}
    assert spans[tasks[0].id] == right


def test_too_few_sentences_are_refused(make_config, tmp_path):
    run(make_config(oracle="people", rounds=0), tmp_path / "run")
    with pytest.raises(ALError, match="A731"):
        Session.open(tmp_path / "run").look_again()


def test_the_holdout_is_left_out(make_config, tmp_path):
    config, folder = make_config(oracle="people", holdout=0.4, seed_budget=40, rounds=1), tmp_path / "run"
    run(config, folder)
    session = Session.open(folder)
    session.answer([Answer(task.id, "accept", ((0, 1, "PER"),)) for task in session.batch()])
    state = run(config, folder)
    tasks, _ = Session.open(folder).look_again(folds=3)
    assert state.holdout
    assert not {task.id for task in tasks} & set(state.holdout)


def test_the_command_writes_what_ingest_takes_back(doubtful, tmp_path):
    _, folder, wrong = doubtful
    out = tmp_path / "again.jsonl"
    done = CliRunner().invoke(al_cli, ["look-again", str(folder), str(out), "--limit", "3"])
    assert done.exit_code == 0, done.output
    assert "worth a second look" in done.output
    answered = tmp_path / "answers.jsonl"
    import json

    rows = [json.loads(line) for line in out.read_text().splitlines()]
    answered.write_text("".join(json.dumps({**row, "answer": "accept"}) + "\n" for row in rows))
    done = CliRunner().invoke(al_cli, ["ingest", str(folder), str(answered)])
    assert done.exit_code == 0, done.output
    last = RunFolder(folder).log.read()[-3:]
    assert {answer.id for answer in last} == {row["meta"]["al_id"] for row in rows} == set(wrong)


def test_probabilities_are_those_of_the_least_likely_given_tag():
    from spacy.tokens import Doc, Span
    from spacy.vocab import Vocab

    from spacy_al.loop.doubts import _doubt

    doc = Doc(Vocab(), words=["a", "b", "c"])
    doc.set_ents([Span(doc, 1, 2, label="PER")], default="outside")
    doc.user_data["id"] = "x-0"
    tags = ["O", "B-PER", "I-PER"]
    probs = numpy.array([[0.9, 0.1, 0.0], [0.7, 0.3, 0.0], [0.4, 0.1, 0.5]])
    one = _doubt(doc, probs, tags, {tag: n for n, tag in enumerate(tags)}, "IOB2")
    assert (one.token, one.probability, one.given, one.likely, one.type) == (1, 0.3, "B-PER", "O", "PER")
    doc.set_ents([Span(doc, 1, 2, label="PER")], missing=[Span(doc, 2, 3)], default="outside")
    probs[1] = [0.1, 0.9, 0.0]
    assert _doubt(doc, probs, tags, {tag: n for n, tag in enumerate(tags)}, "IOB2") is None
