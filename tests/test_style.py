"""What `ruff` and `mypy` find by the settings of pyproject.toml: nothing."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("command", ["ruff check", "ruff format --check", "mypy"])
def test_nothing_is_found(root, command):
    name, *options = command.split()
    pytest.importorskip(name)
    done = subprocess.run(
        [sys.executable, "-m", name, *options],
        cwd=root,
        env={**os.environ, "NO_COLOR": "1"},
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
