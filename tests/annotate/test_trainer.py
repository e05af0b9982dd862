"""The process that trains beside the page."""

import os
import signal
import time
from multiprocessing import Pipe
from pathlib import Path

import pytest
from catalogue import RegistryError

from spacy_al.annotate import trainer as place
from spacy_al.annotate.trainer import Trainer
from spacy_al.errors import ALError
from spacy_al.options import Opening


def test_ctrl_c_in_the_terminal_is_the_servers_alone(folder, capfd):
    trainer = Trainer(Opening(folder))
    os.kill(trainer._process.pid, signal.SIGINT)  # while it imports
    while trainer.news()["phase"] != "waiting":
        time.sleep(0.1)
    os.kill(trainer._process.pid, signal.SIGINT)
    time.sleep(0.5)
    assert trainer._process.is_alive()
    trainer.stop()
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("error", "tried"),
    [
        (ALError("[A301] no"), 1),
        (ALError("[A504] no"), 5),
        (ALError("[A539] no"), 5),
        (ALError("[A002] no"), 5),
        (OSError("no"), 5),
        (RegistryError("mine.v1"), 1),
    ],
)
def test_only_what_heals_by_itself_is_tried_again_without_new_answers(monkeypatch, error, tried):
    looks, tries = [], []

    class Failing:
        def __init__(self, opening, wire):
            pass

        def answers(self):
            return 7

        def advance(self, wanted, waited_at):
            looks.append(waited_at)
            if len(looks) > 5:
                raise SystemExit
            if waited_at == 7:
                return 7
            tries.append(waited_at)
            raise error

    monkeypatch.setattr(place, "Rounds", Failing)
    monkeypatch.setattr(place, "_listen", lambda *_: None)
    for name in ("PAUSE", "RETRY", "PATIENCE"):
        monkeypatch.setattr(place, name, 0.0)
    monkeypatch.setattr(place.os, "nice", lambda _: None)
    ends = Pipe()
    with pytest.raises(SystemExit):
        place.work(ends[0], Opening(Path("run")))
    assert len(tries) == tried
