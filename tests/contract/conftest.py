"""Fixtures of the component contract: each case once, trained once a session."""

from dataclasses import replace

import pytest

from tests.ml.bilstm_models import bilstm_model, elmo_embedding, write_elmo, write_vectors
from tests.ml.helpers import tiny_transformer, transformer_model

from .component_cases import CASES, SENTENCES


@pytest.fixture(scope="session", params=sorted(CASES))
def case(request, tmp_path_factory):
    case = CASES[request.param]
    words = [token.split("/")[0] for sentence in SENTENCES for token in sentence.split()]
    if request.param == "sequence_tagger-bilstm":
        return replace(case, vectors=write_vectors(tmp_path_factory.mktemp("vectors") / "v.txt", words))
    if request.param == "sequence_tagger-elmo":
        embedding = elmo_embedding(write_elmo(tmp_path_factory.mktemp("elmo")))
        return replace(case, config={"model": bilstm_model(embedding)})
    if request.param == "sequence_tagger-transformer":
        name = tiny_transformer(tmp_path_factory.mktemp("bert"), words=words)
        return replace(case, config={"model": transformer_model(name)})
    return case


@pytest.fixture(scope="session")
def trained(case):
    """A trained pipeline; tests do not change it."""
    return case.train(case.blank())
