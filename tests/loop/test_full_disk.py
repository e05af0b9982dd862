"""Disks that are full, that cannot be locked, or that refuse: what is told, and what stays whole."""

import errno
import fcntl
import os
from pathlib import Path

import pytest
import typer

from spacy_al.cli.common import fail_clearly
from spacy_al.errors import ALError
from spacy_al.loop.training import first_sentences
from spacy_al.runs.answers import AnswerLog
from spacy_al.runs.lock import locked
from spacy_al.tasks import Answer
from tests.full_disk import room


def test_an_answer_that_does_not_fit_leaves_nothing_behind(tmp_path):
    first, second = (Answer(id_, "accept", annotator="Ana") for id_ in ("a-0", "b-0"))
    log = AnswerLog(tmp_path / "log.jsonl")
    log.append([first])
    whole = log.path.read_bytes()
    for left in range(len(whole)):
        with room(len(whole) + left), pytest.raises(ALError, match=r"A002.*log.jsonl"):
            log.append([second])
        assert log.path.read_bytes() == whole
    log.append([second])
    assert log.read() == [first, second]


def test_a_run_is_locked_on_a_full_disk_too(tmp_path):
    with room(0), locked(tmp_path / "lock"), pytest.raises(ALError, match="A504"), locked(tmp_path / "lock"):
        pass


def test_answers_are_read_where_only_files_open_for_writing_can_be_locked_alone(tmp_path, monkeypatch):
    system = fcntl.flock

    def as_on_nfs(file_, how):
        if how & fcntl.LOCK_EX and not file_.writable():
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        system(file_, how)

    monkeypatch.setattr(fcntl, "flock", as_on_nfs)
    log, answer = AnswerLog(tmp_path / "log.jsonl"), Answer("a-0", "accept")
    log.append([answer])
    assert log.read() == [answer]


def test_a_disk_without_locks_is_told(tmp_path, monkeypatch):
    def refuse(file_, how):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(ALError, match=r"A016.*lock: this disk does not lock"), locked(tmp_path / "lock"):
        pass
    with pytest.raises(ALError, match=r"A016.*log.jsonl: this disk does not lock"):
        AnswerLog(tmp_path / "log.jsonl").append([Answer("a-0", "accept")])


def test_a_full_folder_for_temporary_files_is_named(corpus):
    with room(10), pytest.raises(ALError, match=r"A002.*sample.spacy"), first_sentences(Path(corpus[0])):
        pass


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO])
def test_what_the_system_refuses_is_a_line_of_the_command(capsys, number):
    with pytest.raises(typer.Exit) as stopped, fail_clearly():
        raise OSError(number, os.strerror(number), "runs/news/state.json")
    assert stopped.value.exit_code == 1
    assert f"[A015] runs/news/state.json: {os.strerror(number)}" in capsys.readouterr().err


def test_a_fault_of_ours_shows_where_it_comes_from():
    with pytest.raises(FileNotFoundError), fail_clearly():
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", "x")
