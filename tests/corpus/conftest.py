"""What the tests of corpora share: files written on the spot, and a splitter."""

from pathlib import Path
from typing import Callable, Union

import pytest
from hypothesis import settings

from spacy_al.corpus.splitter import make_splitter
from spacy_al.corpus.stats import Statistics

# How long an example takes says nothing on a machine that others use too.
settings.register_profile("corpus", deadline=None)
settings.load_profile("corpus")


@pytest.fixture
def write(tmp_path) -> Callable[[str, Union[str, bytes]], Path]:
    """Write a file below the test's folder and give its path; text is UTF-8, line ends as given."""

    def write_(name: str, content: Union[str, bytes]) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf8"))
        return path

    return write_


@pytest.fixture(scope="session")
def nlp():
    return make_splitter("en")


def count_docs(docs):
    """The counts of Docs."""
    statistics = Statistics()
    for doc in docs:
        statistics.add(doc)
    return statistics
