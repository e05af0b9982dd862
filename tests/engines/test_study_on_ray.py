"""A study on Ray gives what processes here give, though workers and cells are killed, and names what fails."""

import fcntl
import json
import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from spacy_al.errors import ALError
from spacy_al.loop import study_ray
from spacy_al.loop.session import run
from spacy_al.loop.standing import describe
from spacy_al.loop.study_checks import cell_config
from spacy_al.loop.study_plan import read_study
from spacy_al.loop.study_ray import run_cells_on_ray
from spacy_al.options import StudyOptions
from spacy_al.runs.folder import RunFolder

from ..loop.conftest import CONFIG, chosen_ids, rows_without_seconds, write_corpus
from .terminal import interrupt


class Heard:
    """A watcher that remembers."""

    def __init__(self):
        self.names, self.states = [], {}

    def started(self, cell, gpu):
        self.names.append(cell.name)

    def went_on(self, cell, row):
        raise AssertionError("a cell on Ray tells of its end")

    def ended(self, cell, outcome):
        self.states[cell.name] = outcome.state


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study of one cell."""
    folder = tmp_path_factory.mktemp("study")
    pool, test = write_corpus(folder / "pool.spacy", 120, 0), write_corpus(folder / "test.spacy", 40, 1)
    (folder / "tiny.cfg").write_text(CONFIG, encoding="utf8")
    settings = {"active_learning.pool": pool, "active_learning.test": test, "active_learning.rounds": 1}
    tagger = {"config": str(folder / "tiny.cfg"), "strategies": ["mnlp"], "settings": settings}
    (folder / "study.json").write_text(json.dumps({"study": {"seeds": 1}, "taggers": {"tiny": tagger}}))
    return folder / "study.json"


@pytest.fixture(scope="module")
def cell(study):
    return read_study([study])[0]


def run_here(cell, folder):
    """A cell in this process, with as many threads as on Ray."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    run(cell_config(cell), folder)
    torch.set_num_threads(threads)
    return rows_without_seconds(folder), chosen_ids(folder)


@pytest.fixture(scope="module")
def alone(cell, tmp_path_factory):
    return run_here(cell, tmp_path_factory.mktemp("alone"))


def process_of(folder, other_than=0):
    """The process that works on a cell, once it has begun to train."""
    end = time.monotonic() + 240
    while time.monotonic() < end:
        text = (folder / "run.lock").read_text() if (folder / "rounds").is_dir() else ""
        if text and int(text) != other_than:
            return int(text)
        time.sleep(0.02)
    raise TimeoutError(folder)


def kill_twice(folder):
    """End a cell's worker as a machine that fails would, and then its next process as Linux does that lacks memory."""
    first = process_of(folder)
    worker = int(Path(f"/proc/{first}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(worker, signal.SIGKILL)
    os.kill(process_of(folder, first), signal.SIGKILL)


@pytest.mark.ray
@pytest.mark.usefixtures("ray")
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="needs two CPUs")
def test_metrics_are_those_of_one_process_though_a_worker_and_a_cell_are_killed(cell, alone, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    heard = Heard()
    killer = threading.Thread(target=kill_twice, args=(tmp_path / cell.name,), daemon=True)
    killer.start()
    run_cells_on_ray([cell], tmp_path, StudyOptions(), gpu=False, watcher=heard)
    killer.join()
    # Once more after a worker's death, and once, on a larger share, after a lack of memory.
    assert (heard.names, heard.states) == ([cell.name] * 3, {cell.name: "finished"})
    assert (rows_without_seconds(tmp_path / cell.name), chosen_ids(tmp_path / cell.name)) == alone


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.usefixtures("ray")
def test_a_cell_that_always_lacks_memory_is_tried_twice_and_holds_up_no_other(cell, tmp_path):
    too_large = {**cell.settings, "components.ner.model.encoder.embed_size": 10**12}
    large, heard = replace(cell, name="large", settings=too_large), Heard()
    outcomes = run_cells_on_ray([large, cell], tmp_path, StudyOptions(), gpu=False, watcher=heard)
    assert heard.states == {"large": "failed", cell.name: "finished"}
    assert sorted(heard.names) == ["large", "large", cell.name]
    assert "Unable to allocate" in outcomes["large"].reason
    assert "Unable to allocate" in (tmp_path / "large" / "cell.log").read_text()


@pytest.mark.ray
@pytest.mark.usefixtures("ray")
def test_after_ctrl_c_a_study_goes_on(study, cell, alone, tmp_path):
    arguments = ["study", str(study), "--output", str(tmp_path), "--engine", "ray"]
    folder = RunFolder(tmp_path / cell.name)
    interrupt(arguments, lambda running: folder.state.exists() and (folder.path / "rounds").is_dir())
    assert " of 1, phase: " in describe(folder.path)[0]  # the cell may have ended before Ctrl-C came
    assert run_here(cell, folder.path) == alone


def test_a_cell_waits_for_its_former_process_and_not_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(study_ray, "PATIENCE", 1.0)
    path = tmp_path / "run.lock"
    path.write_text("4711")
    with path.open() as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        threading.Timer(0.6, fcntl.flock, (holder, fcntl.LOCK_UN)).start()
        study_ray._wait_for(path)
        fcntl.flock(holder, fcntl.LOCK_EX)
        with pytest.raises(ALError, match=r"\[A566\] .*: process 4711, .* for 1 s"):
            study_ray._wait_for(path)
