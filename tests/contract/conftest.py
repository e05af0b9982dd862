"""Fixtures of the component contract: each case once, trained once a session."""

from dataclasses import replace

import pytest

from tests.ml.helpers import tiny_transformer, transformer_model

from .component_cases import CASES, SENTENCES


@pytest.fixture(scope="session", params=sorted(CASES))
def case(request, tmp_path_factory):
    case = CASES[request.param]
    if request.param == "sequence_tagger-transformer":
        words = [token.split("/")[0] for sentence in SENTENCES for token in sentence.split()]
        name = tiny_transformer(tmp_path_factory.mktemp("bert"), words=words)
        return replace(case, config={"model": transformer_model(name)})
    return case


@pytest.fixture(scope="session")
def trained(case):
    """A trained pipeline; tests do not change it."""
    return case.train(case.blank())
