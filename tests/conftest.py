"""What all tests share: where the corpora are, and skips that name what is missing."""

import importlib.util
import multiprocessing
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


@pytest.fixture
def spawning():
    """Processes of `nlp.pipe` begin anew, as on other systems, and do not inherit what is loaded here."""
    before = multiprocessing.get_start_method()
    multiprocessing.set_start_method("spawn", force=True)
    yield
    multiprocessing.set_start_method(before, force=True)


# Files that take longest, which begin first: the other process would wait for one that begins last. Of two processes
# one gets the first and the third, so that Ray does not run twice.
LONGEST = (
    "engines/test_score_on_ray.py", "contract/test_component_contract.py", "engines/test_study_on_ray.py",
    "project/test_project.py", "starter/test_starter.py", "annotate/test_browser.py", "loop/test_ner_runs.py",
    "corpus/test_corpora.py", "ml/test_inference.py", "loop/test_study_plan.py", "engines/test_scheduler.py",
)  # fmt: skip


def pytest_configure(config):
    config.option.loadscopereorder = False  # pytest-xdist would begin with the files that have most tests


def pytest_collection_modifyitems(items):
    first = {ROOT / "tests" / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: first.get(item.path, len(first)))
    if not torch.cuda.is_available():
        for item in items:
            if "gpu" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))
    if importlib.util.find_spec("ray") is None:
        for item in items:
            if "ray" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="needs Ray: pip install 'spacy_al[ray]'"))
