"""What a resumed run is refused or warned of, and what full disks and damaged files do to it."""

import errno
import json
import os
from pathlib import Path

import pytest
from spacy.cli._util import parse_config_overrides
from spacy.vocab import Vocab

from spacy_al.corpus.reader import read_docs, write_docs
from spacy_al.errors import ALError
from spacy_al.files import write_json
from spacy_al.loop.engine import Engine
from spacy_al.loop.oracle import separate_file
from spacy_al.loop.session import Session, run
from spacy_al.runs.changes import config_changes
from spacy_al.runs.folder import RunFolder
from spacy_al.runs.state import load_state, package_versions
from spacy_al.tasks import Answer

from .conftest import chosen_ids, rows_without_seconds, write_corpus


def stop_before(monkeypatch, phase, number=1, kind=Engine):
    """Let a run end as if killed, before it does a phase for the so-many-th time."""
    original, calls = getattr(kind, phase), []

    def stop(self, *args, **kwargs):
        calls.append(1)
        if len(calls) == number:
            raise KeyboardInterrupt
        return original(self, *args, **kwargs)

    monkeypatch.setattr(kind, phase, stop)


@pytest.fixture
def unfinished(make_config, tmp_path, monkeypatch):
    """A run that stopped in round 1, before it scored the pool."""
    stop_before(monkeypatch, "_select", 2)
    with pytest.raises(KeyboardInterrupt):
        run(make_config(), tmp_path / "run")
    return tmp_path / "run"


def change_state(folder, **values):
    state = json.loads((folder / "state.json").read_text())
    write_json(folder / "state.json", state | values)


@pytest.mark.parametrize("failing", ["replace", "fsync"])
@pytest.mark.parametrize("number", [1, 4, 9])
def test_a_full_disk_is_said_and_nothing_is_lost(failing, number, make_config, tmp_path, monkeypatch):
    original, calls = getattr(os, failing), []

    def fail(*args):
        calls.append(1)
        if len(calls) == number:
            raise OSError(errno.ENOSPC, "No space left on device")
        return original(*args)

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(ALError, match=r"A002.*No space left on device"):
        run(make_config(rounds=1), tmp_path / "run")
    run(make_config(rounds=1), tmp_path / "run")
    run(make_config(rounds=1), tmp_path / "undisturbed")
    assert rows_without_seconds(tmp_path / "run") == rows_without_seconds(tmp_path / "undisturbed")
    assert chosen_ids(tmp_path / "run") == chosen_ids(tmp_path / "undisturbed")


def test_a_folder_that_cannot_be_made_is_said(make_config, tmp_path):
    (tmp_path / "file").write_text("here first")
    with pytest.raises(ALError, match=r"A002.*run.lock.*Not a directory"):
        run(make_config(), tmp_path / "file" / "run")


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda text: text[:-20], "A511.*metrics.jsonl: line 2 is damaged.*restore"),
        (lambda text: text.splitlines()[1] + "\n", "A511.*metrics.jsonl.*no row for round 0"),
        (lambda text: text.splitlines()[0] + "\n", "A511.*metrics.jsonl.*no row for round 1"),
        (lambda text: text.replace('"round": 1', '"round": "x"'), "A511.*metrics.jsonl.*line 2"),
    ],
)
def test_damaged_metrics_are_named_and_left_alone(unfinished, make_config, damage, code):
    path = unfinished / "metrics.jsonl"
    path.write_text(damaged := damage(path.read_text()))
    with pytest.raises(ALError, match=code):
        run(make_config(), unfinished)
    assert path.read_text() == damaged


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, "A003.*config.cfg"), ("# Zürich".encode("latin-1"), "A702.*config.cfg"), (b"[a\nb", "A702.*config.cfg")],
)
def test_a_damaged_config_is_named(unfinished, make_config, content, code):
    path = unfinished / "config.cfg"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(ALError, match=code):
        run(make_config(), unfinished)
    with pytest.raises(ALError, match=code):
        Session.open(unfinished)


def test_missing_labels_are_named(unfinished, make_config):
    (unfinished / "rounds" / "0001" / "annotated.spacy").write_bytes(
        (unfinished / "rounds" / "0000" / "annotated.spacy").read_bytes()
    )
    with pytest.raises(ALError, match="A512.* 5 of the sentences"):
        run(make_config(), unfinished)


def test_a_run_that_lost_its_state_is_not_begun_anew(unfinished, make_config):
    (unfinished / "state.json").unlink()
    with pytest.raises(ALError, match="A502.*state.json.*missing"):
        run(make_config(), unfinished)


def test_every_changed_field_is_named(unfinished, make_config, tmp_path):
    other = write_corpus(tmp_path / "other.spacy", 90, 5)
    with pytest.raises(ALError) as error:
        run(make_config(seed=3, round_budget=6, pool=other), unfinished)
    for part in ("active_learning.seed: 0 -> 3", "active_learning.round_budget: 5 -> 6", "the sentences of the pool"):
        assert part in str(error.value)


@pytest.mark.parametrize(("name", "version"), [("spacy_al", "1.0.0"), ("spacy", "2.3.1"), ("torch", "1.0.0")])
def test_versions_that_may_change_results_are_refused(name, version, unfinished, make_config):
    change_state(unfinished, versions={**package_versions(), name: version})
    with pytest.raises(ALError, match=f"A503.*version of {name}: {version} -> "):
        run(make_config(), unfinished)


@pytest.mark.parametrize(("name", "version"), [("spacy_al", "0.1.0"), ("numpy", "1.26.0")])
def test_lesser_differences_are_warned_of(name, version, unfinished, make_config):
    change_state(unfinished, versions={**package_versions(), name: version})
    with pytest.warns(UserWarning, match=rf"W500.*{name} {version} -> "):
        assert run(make_config(), unfinished).phase == "done"


def test_accepted_changes_are_taken_over(unfinished, make_config, tmp_path):
    changed = make_config(measure="entropy", rounds=3)
    assert run(changed, unfinished, accept_changes=True).round == 3
    assert run(changed, unfinished).phase == "done"
    rows = (unfinished / "rounds" / "0003" / "selected.jsonl").read_text().splitlines()
    assert {json.loads(row)["measure"] for row in rows} == {"entropy"}


def test_a_finished_run_goes_on_for_more_rounds(make_config, tmp_path):
    assert run(make_config(rounds=1), tmp_path / "run").phase == "done"
    assert run(make_config(), tmp_path / "run", accept_changes=True).round == 2
    run(make_config(), tmp_path / "undisturbed")
    assert rows_without_seconds(tmp_path / "run") == rows_without_seconds(tmp_path / "undisturbed")
    assert chosen_ids(tmp_path / "run") == chosen_ids(tmp_path / "undisturbed")
    assert len(list(read_docs(tmp_path / "run" / "labelled.spacy", Vocab()))) == 20


def test_a_finished_run_asked_for_fewer_rounds_stays_as_it_is(make_config, tmp_path):
    run(make_config(rounds=1), tmp_path / "run")
    state = run(make_config(rounds=0), tmp_path / "run", accept_changes=True)
    assert (state.phase, state.round) == ("done", 1)


def test_an_accepted_pool_is_scored_anew(make_config, tmp_path, monkeypatch, corpus):
    with monkeypatch.context() as patch:
        stop_before(patch, "write_selected", 2, RunFolder)
        with pytest.raises(KeyboardInterrupt):
            run(make_config(), tmp_path / "run")
    larger = tmp_path / "larger.spacy"
    write_corpus(larger, 150, 0)  # the same seed: the old sentences and thirty more
    with pytest.raises(ALError, match="A503.*the sentences of the pool"):
        run(make_config(pool=str(larger)), tmp_path / "run")
    state = run(make_config(pool=str(larger)), tmp_path / "run", accept_changes=True)
    assert (state.phase, state.round) == ("done", 2)
    import numpy

    assert len(numpy.load(tmp_path / "run" / "rounds" / "0000" / "utilities.npz")["numbers"]) == 140


def test_sentences_that_left_the_pool_are_named(make_config, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        stop_before(patch, "_annotate")
        with pytest.raises(KeyboardInterrupt):
            run(make_config(), tmp_path / "run")
    other = write_corpus(tmp_path / "other.spacy", 12, 9)
    with pytest.raises(ALError, match=r"A513.*are not in the pool .*other.spacy"):
        run(make_config(pool=other), tmp_path / "run", accept_changes=True)


def test_a_pool_without_its_duplicates_is_taken_when_they_are_labelled(make_config, corpus, tmp_path):
    session = Session.open(tmp_path / "run", make_config(oracle="people", rounds=3))
    session.step()
    pool, _ = separate_file(Path(session.settings.pool), Vocab())
    gone = pool.index[session.next()[0].id]
    docs = [doc for number, doc in enumerate(read_docs(session.settings.pool, Vocab())) if number != gone]
    (tmp_path / "other.spacy").write_bytes(write_docs(docs))
    other = make_config(oracle="people", rounds=3, pool=str(tmp_path / "other.spacy"))
    with pytest.raises(ALError, match=r"A513.*other.spacy, .*duplicates.*until these are labelled"):
        run(other, tmp_path / "run", accept_changes=True)
    session.answer([Answer(task.id, "accept", spans=((0, 1, "PER"),)) for task in session.next()])
    session.step()
    assert run(other, tmp_path / "run", accept_changes=True).labelled == session._state().labelled


def test_what_a_killed_process_left_half_written_is_swept_away(unfinished, make_config):
    (unfinished / ".model.abc.tmp").mkdir()
    (unfinished / ".model.abc.tmp" / "meta.json").write_text("{")
    (unfinished / "rounds" / "0001" / ".selected.jsonl.x.tmp").write_text("{")
    run(make_config(), unfinished)
    assert not list(unfinished.rglob("*.tmp"))


def test_a_state_of_an_earlier_version_without_hardware_is_read(unfinished, make_config):
    state = json.loads((unfinished / "state.json").read_text())
    hardware, _ = state.pop("hardware"), state.pop("answers_sha256")
    write_json(unfinished / "state.json", state)
    assert load_state(unfinished / "state.json").hardware == {}
    assert hardware["cores"] == len(os.sched_getaffinity(0))
    assert run(make_config(), unfinished).phase == "done"


def test_the_warning_names_what_has_changed_of_the_machine(unfinished, make_config, monkeypatch):
    change_state(unfinished, hardware={"processor": "an older one", "cores": 1, "threads": 99})
    with pytest.warns(UserWarning, match="W500.*processor an older one -> .*threads 99 -> "):
        run(make_config(), unfinished)


def test_a_number_that_spacys_command_line_does_not_read_exactly_is_no_change(make_config):
    given = parse_config_overrides(["--active_learning.seed_budget", "0.3"], env_var=None)[
        "active_learning.seed_budget"
    ]
    assert given != 0.3
    assert config_changes(make_config(seed_budget=given), make_config(seed_budget=0.3)) == []
