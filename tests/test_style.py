"""What `ruff` and `mypy` find by the settings of pyproject.toml: nothing."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from spacy_al import errors


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


def test_no_code_stands_for_two_messages():
    codes = re.findall(r"^    ([AW]\d+) = ", Path(errors.__file__).read_text(encoding="utf8"), re.MULTILINE)
    assert len(codes) > 250
    assert [code for code in codes if codes.count(code) > 1] == []
