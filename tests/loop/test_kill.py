"""A run that is killed at random instants, again and again, ends as if it had not been."""

import os
import subprocess
import sys

from .conftest import ROOT


def test_a_run_killed_at_25_instants_ends_like_an_undisturbed_one(make_config, tmp_path):
    make_config().to_disk(tmp_path / "config.cfg")
    command = [sys.executable, ROOT / "scripts" / "soak.py", tmp_path / "config.cfg", "--kills", "25", "--seed", "1"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "| 25 (13 by file operation, 12 by time) |" in result.stdout
    assert "| runs that ended otherwise than the undisturbed one | 0 |" in result.stdout
