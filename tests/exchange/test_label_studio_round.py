"""A whole round with a real Label Studio, installed into an environment of its own."""

import os
import socket
import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_real_label_studio(root, tmp_path):
    folder = os.environ.get("SPACY_AL_LABEL_STUDIO", tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = [sys.executable, str(root / "scripts" / "label_studio_round.py"), "--port", str(port)]
    result = subprocess.run(
        [*script, "--folder", str(folder), "--output", str(tmp_path / "labelled.spacy")],
        capture_output=True,
        text=True,
        cwd=root,
    )
    assert result.returncode == 0, result.stderr
    assert "every answer equals what was labelled; 5 sentences" in result.stdout
