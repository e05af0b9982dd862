"""Fixtures of the component contract: each case once, trained once a session."""

import pytest
from component_cases import CASES


@pytest.fixture(scope="session", params=sorted(CASES))
def case(request):
    return CASES[request.param]


@pytest.fixture(scope="session")
def trained(case):
    """A trained pipeline; tests do not change it."""
    return case.train(case.blank())
