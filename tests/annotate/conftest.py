"""A run that waits for people, copies of it, and servers on it."""

import shutil

import pytest
from spacy.util import load_config  # noqa: F401  (spaCy's registries are filled before configs are made)
from thinc.api import Config

from spacy_al.loop.session import Session
from tests.loop.conftest import CONFIG, write_corpus

from .servers import Forked, free_port


@pytest.fixture(scope="session")
def pool(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("pool") / "pool.spacy", 120, 0)


@pytest.fixture(scope="session")
def begun(tmp_path_factory, pool):
    """A run that has asked its first questions; not to be changed."""
    folder = tmp_path_factory.mktemp("begun") / "run"
    config = Config().from_str(CONFIG)
    config["active_learning"] |= {"pool": pool, "oracle": "people", "rounds": 3}
    assert Session.open(folder, config).step().phase == "waiting"
    return folder


@pytest.fixture
def folder(begun, tmp_path):
    return shutil.copytree(begun, tmp_path / "run")


@pytest.fixture(scope="package")
def browser():
    from .browser import open_browser

    browser = open_browser()
    yield browser
    browser.quit()


@pytest.fixture
def server(folder):
    server = Forked(folder, free_port())
    server.start()
    yield server
    server.kill()


@pytest.fixture
def person(browser, server):
    from .browser import enter

    return enter(browser, server.url)
