"""One small Ray cluster on loopback for all tests of a process."""

import contextlib

import pytest


@pytest.fixture(scope="package")
def ray():
    from spacy_al.engines.cluster import connected

    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as stack:
        patch.delenv("RAY_ADDRESS", raising=False)
        yield stack.enter_context(connected())
