"""The fuzz script in miniature; the whole is `python scripts/fuzz_importers.py`."""

import subprocess
import sys
from dataclasses import replace

import pytest


@pytest.mark.parametrize("seed", [1])
def test_no_importer_crashes_hangs_or_makes_things_up(root, seed):
    command = [
        sys.executable,
        str(root / "scripts" / "fuzz_importers.py"),
        "--records",
        "400",
        "--seed",
        str(seed),
    ]
    result = subprocess.run(command, capture_output=True, text=True, cwd=root)
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) == 8


def test_the_judge_notices_a_lie(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "scripts"))
    import fuzz_importers

    from spacy_al.corpus.annotation import prodigy

    honest = prodigy.read_spans
    monkeypatch.setattr(prodigy, "read_spans", lambda *given: [replace(mark, label="LOC") for mark in honest(*given)])
    monkeypatch.setattr(fuzz_importers, "HANG", 0)  # the alarm belongs to pytest's own time limit here
    assert fuzz_importers.fuzz("prodigy", 200, seed=0).faults
