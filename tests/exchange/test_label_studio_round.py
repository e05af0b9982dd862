"""A run's round with a real Label Studio, installed into an environment of its own."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def finished(root, tmp_path_factory):
    """The script's folder and what it printed; SPACY_AL_LABEL_STUDIO names a folder whose environment is used again."""
    folder = Path(os.environ.get("SPACY_AL_LABEL_STUDIO") or tmp_path_factory.mktemp("studio"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = [sys.executable, str(root / "scripts" / "label_studio_round.py"), "--port", str(port)]
    result = subprocess.run([*script, "--folder", str(folder)], capture_output=True, text=True, cwd=root)
    assert result.returncode == 0, result.stderr
    return folder, result.stdout


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_batch_of_a_run_goes_out_and_its_answers_come_back(finished):
    _, output = finished
    assert "8 sentences in http" in output
    assert "0 sentences in" in output  # pushed again
    assert "7 accepted" in output
    assert "1 ignored" in output


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_round_is_finished(finished):
    folder, output = finished
    rows = (folder / "sample" / "run" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(row)["round"] for row in rows] == [0, 1]
    assert "round 1 is finished" in output
