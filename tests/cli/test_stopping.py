"""Ctrl+C and SIGTERM: a last line, the exit status that shells expect, and cleaning up."""

import os
import signal
import subprocess
import sys

import pytest
import typer

from spacy_al.cli.common import command
from spacy_al.files import write_chunks


@pytest.fixture(autouse=True)
def usual_signals():
    """As in a process of its own: Ray, once started here by another test, has taken SIGTERM for itself."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_command_that_is_stopped_says_so_and_leaves_no_half_file(number, status, tmp_path, capsys):
    def chunks():
        yield b"half"
        os.kill(os.getpid(), number)
        yield b"of it"

    with pytest.raises(typer.Exit) as ended:
        command(lambda: write_chunks(tmp_path / "out", chunks()))()
    assert ended.value.exit_code == status
    assert "give the same command again" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_command_leaves_the_signals_as_they_were():
    before = signal.getsignal(signal.SIGTERM)
    command(lambda: None)()
    assert signal.getsignal(signal.SIGTERM) == before


SPAWNED = "import multiprocessing.process as process; process._parent_process = process.current_process()\n"


@pytest.mark.parametrize(
    ("script", "begin", "status"), [("spacy-al", "", [130]), ("python", "", [1, -2]), ("spacy-al", SPAWNED, [1, -2])]
)
def test_ctrl_c_while_the_command_is_loaded_is_a_line(script, begin, status):
    interrupt = begin + "import os, signal, sys; sys.argv = ['/bin/SCRIPT']\n"
    interrupt += "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    interrupt += (
        "class Slow:\n    def find_spec(name, *_):\n        name == 'spacy' and os.kill(os.getpid(), signal.SIGINT)\n"
    )
    code = f"{interrupt}sys.meta_path.insert(0, Slow)\nimport spacy_al".replace("SCRIPT", script)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode in status
    assert ("Traceback" in ended.stderr, "Stopped" in ended.stderr) == (130 not in status, 130 in status)
