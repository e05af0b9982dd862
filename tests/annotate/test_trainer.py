"""The process that trains beside the page."""

import os
import signal
import time

from spacy_al.annotate.trainer import Plan, Trainer


def test_ctrl_c_in_the_terminal_is_the_servers_alone(folder, capfd):
    trainer = Trainer(Plan(str(folder)))
    os.kill(trainer._process.pid, signal.SIGINT)  # while it imports
    while trainer.news()["phase"] != "waiting":
        time.sleep(0.1)
    os.kill(trainer._process.pid, signal.SIGINT)
    time.sleep(0.5)
    assert trainer._process.is_alive()
    trainer.stop()
    assert "Traceback" not in capfd.readouterr().err
