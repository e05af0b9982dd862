"""A batch taken in parts, by length or because it does not fit, or packed: loss and gradients of the padded whole."""

import pytest
import spacy
import torch

from spacy_al.ml import transformer

from .helpers import make_examples, tiny_transformer, transformer_model

HEADS = {"softmax": {"@al_heads": "spacy-al.SoftmaxHead.v1", "dropout": 0.0}} | {
    average: {"@al_heads": "spacy-al.CRFHead.v1", "dropout": 0.0, "constrained": False, "average": average}
    for average in ("sentences", "tokens", "none")
}
QUIET = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}


@pytest.fixture(params=HEADS)
def pipe(request, tmp_path):
    nlp = spacy.blank("en")
    model = transformer_model(tiny_transformer(tmp_path), transformer_config=QUIET) | {"head": HEADS[request.param]}
    pipe = nlp.add_pipe("sequence_tagger", config={"model": model})
    nlp.initialize(lambda: make_examples(nlp.vocab))
    return pipe


def step(pipe, tags, rejected=()):
    docs, network = [eg.x for eg in make_examples(pipe.vocab)], pipe._shim.state.network
    loss = pipe._shim.update(docs, tags, rejected)
    slopes = torch.cat([one.grad.flatten() for one in network.parameters() if one.grad is not None])
    network.zero_grad()
    return loss, slopes


def compare(pipe, monkeypatch, tags, rejected=()):
    whole = step(pipe, tags, rejected)
    assert torch.isfinite(whole[0])
    features = pipe._shim.state.encoder.featurize([eg.x for eg in make_examples(pipe.vocab)])
    for name, value, least in (("PART_COST", 0, 3), ("PACKED", ("bert",), 1), ("MOST", 8, 2)):
        monkeypatch.setattr(transformer, name, value)
        assert len(pipe._shim.training.parts(features)) >= least
        other = step(pipe, tags, rejected)
        assert torch.allclose(other[0], whole[0], rtol=1e-4)
        assert torch.allclose(other[1], whole[1], rtol=1e-3, atol=1e-5)


@pytest.fixture
def tags(pipe, monkeypatch):
    monkeypatch.setattr(transformer, "PACKED", ())
    monkeypatch.setattr(transformer, "PART_COST", 1000)
    docs = [eg.y for eg in make_examples(pipe.vocab)]
    return torch.arange(sum(map(len, docs))) % len(pipe._shim.state.tags)


def test_parts_add_up(pipe, monkeypatch, tags):
    compare(pipe, monkeypatch, tags)


def test_parts_add_up_where_tags_are_missing(pipe, monkeypatch, tags):
    tags[5:] = -100  # only the first sentence, which has five tokens, is known
    compare(pipe, monkeypatch, tags)


def test_parts_add_up_where_spans_are_rejected(pipe, monkeypatch, tags):
    if not pipe.learns_from_rejected:
        pytest.skip("a softmax head learns nothing from rejected spans")
    tags[5:8] = -100
    compare(pipe, monkeypatch, tags, [[], [(0, 1, "PER")], [], []])
