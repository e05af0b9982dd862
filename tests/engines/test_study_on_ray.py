"""A study on Ray gives what processes one after another give, and names what fails."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from spacy_al.loop.study import Cell
from spacy_al.loop.study_ray import run_cells_on_ray
from spacy_al.loop.study_run import run_cells

from ..loop.conftest import CONFIG, chosen_ids, rows_without_seconds, write_corpus

pytestmark = [pytest.mark.ray, pytest.mark.usefixtures("ray")]


class Heard:
    """A watcher that remembers."""

    def __init__(self):
        self.names, self.states = [], {}

    def started(self, cell, gpu):
        self.names.append(cell.name)

    def ended(self, cell, outcome):
        self.states[cell.name] = outcome.state


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cells")
    config = folder / "tiny.cfg"
    config.write_text(CONFIG, encoding="utf8")
    pool, test = write_corpus(folder / "pool.spacy", 120, 0), write_corpus(folder / "test.spacy", 40, 1)
    settings = {"active_learning.pool": pool, "active_learning.test": test, "active_learning.rounds": 1}
    return [Cell(f"seed-{n}", "t", config, {**settings, "active_learning.seed": n}) for n in range(2)]


def kill_a_cell(folder):
    """End the process of a cell's worker, as a machine that fails would, once the cell has begun to train."""
    end = time.monotonic() + 60
    while not (folder / "rounds").is_dir() and time.monotonic() < end:
        time.sleep(0.02)
    run = int((folder / "run.lock").read_text())
    worker = int(Path(f"/proc/{run}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(worker, signal.SIGKILL)


def test_metrics_are_those_of_one_cell_after_another_though_a_worker_dies(cells, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    bad = Cell("bad", "t", cells[0].config, {**cells[0].settings, "active_learning.pool": str(cells[0].config)})
    killer = threading.Thread(target=kill_a_cell, args=(tmp_path / "ray" / "seed-0",), daemon=True)
    killer.start()
    heard = Heard()
    outcomes = run_cells_on_ray([bad, *cells], tmp_path / "ray", gpu=False, share=1.0, jobs=2, watcher=heard)
    killer.join()
    assert {name: one.reason for name, one in outcomes.items() if one.reason}.keys() == {"bad"}, outcomes
    assert heard.states == {"bad": "failed", "seed-0": "finished", "seed-1": "finished"}
    assert heard.names.count("seed-0") == 2
    assert "A415" in outcomes["bad"].reason
    run_cells(cells, tmp_path / "local", gpus=[-1], watcher=Heard())
    for cell in cells:
        one, other = tmp_path / "ray" / cell.name, tmp_path / "local" / cell.name
        assert rows_without_seconds(one) == rows_without_seconds(other)
        assert chosen_ids(one) == chosen_ids(other)
