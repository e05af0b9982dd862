"""What all tests share: where the corpora are, and skips that name what is missing."""

import importlib.util
import os
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of corpora that are not part of the project; the test is skipped by name without it."""
    folder = Path(os.environ.get("SPACY_AL_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no corpora at {folder}: set SPACY_AL_DATA")
    return folder


def pytest_collection_modifyitems(items):
    if not torch.cuda.is_available():
        for item in items:
            if "gpu" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))
    if importlib.util.find_spec("ray") is None:
        for item in items:
            if "ray" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="needs Ray: pip install 'spacy_al[ray]'"))
