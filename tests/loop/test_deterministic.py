"""The same bytes every time: the variable cuBLAS needs, torch's switch, and equal runs on a GPU."""

import os
import subprocess
import sys

import pytest
import torch

from spacy_al.errors import ALError
from spacy_al.loop.determinism import VARIABLE, deterministic, prepare_cublas
from tests.ml.helpers import tiny_transformer, transformer_model

from .conftest import ROOT


def test_torch_is_told_inside_the_block_only():
    before = torch.are_deterministic_algorithms_enabled()
    with deterministic(True):
        assert torch.are_deterministic_algorithms_enabled()
    assert torch.are_deterministic_algorithms_enabled() == before
    with deterministic(False):
        assert torch.are_deterministic_algorithms_enabled() == before


def test_the_variable_is_set_before_cuda_starts_and_kept_if_right(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: False)
    monkeypatch.setenv(VARIABLE, ":0:0")
    prepare_cublas()
    assert os.environ[VARIABLE] == ":4096:8"
    monkeypatch.setenv(VARIABLE, ":16:8")
    prepare_cublas()
    assert os.environ[VARIABLE] == ":16:8"


def test_it_is_too_late_once_cuda_has_started(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(ALError, match="A517"):
        prepare_cublas()


def gpu_config(make_config, tmp_path, graphs):
    config = make_config(deterministic=True)
    folder = tiny_transformer(tmp_path)
    config["components"]["ner"]["model"] = transformer_model(folder, mixed_precision=True) | {"cuda_graphs": graphs}
    config.to_disk(tmp_path / "config.cfg")
    return tmp_path / "config.cfg"


def run_command(config, output):
    command = [sys.executable, "-m", "spacy", "al", "run", config, "--output", output, "--gpu-id", "0", "--quiet"]
    subprocess.run(command, check=True, cwd=ROOT)
    return {path.relative_to(output): path.read_bytes() for path in output.rglob("*") if path.is_file()}


@pytest.mark.gpu
@pytest.mark.parametrize("graphs", [False, True])
def test_two_processes_give_the_same_bytes_on_a_gpu(graphs, make_config, tmp_path):
    config = gpu_config(make_config, tmp_path, graphs)
    first, second = (run_command(config, tmp_path / name) for name in ("first", "second"))
    compared = [path for path in first if path.parts[0] in ("rounds", "model") and path.suffix != ".npz"]
    assert len(compared) > 5
    assert [path for path in compared if first[path] != second[path]] == []


@pytest.mark.gpu
@pytest.mark.parametrize("graphs", [False, True])
def test_a_resumed_run_gives_the_same_weights_on_a_gpu(graphs, make_config, tmp_path):
    config = gpu_config(make_config, tmp_path, graphs)
    whole = run_command(config, tmp_path / "whole")
    short = [sys.executable, "-m", "spacy", "al", "run", config, "--output", tmp_path / "resumed", "--gpu-id", "0"]
    subprocess.run([*short, "--active_learning.rounds", "1"], check=True, cwd=ROOT)
    state = (tmp_path / "resumed" / "state.json").read_text().replace('"done"', '"score"')
    (tmp_path / "resumed" / "state.json").write_text(state)
    subprocess.run([*short, "--accept-changes"], check=True, cwd=ROOT)
    model = [path for path in whole if path.parts[0] == "model"]
    assert [path for path in model if (tmp_path / "resumed" / path).read_bytes() != whole[path]] == []
