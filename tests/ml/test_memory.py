"""A batch that does not fit into memory is halved, and nothing else changes."""

import pytest
import spacy
import torch

from tests.ml.helpers import make_examples, tiny_transformer, transformer_model


@pytest.fixture
def pipe(tmp_path):
    nlp = spacy.blank("en")
    quiet = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    model = transformer_model(tiny_transformer(tmp_path), transformer_config=quiet)
    model["head"]["dropout"] = 0.0
    pipe = nlp.add_pipe("sequence_tagger", config={"model": model})
    nlp.initialize(lambda: make_examples(nlp.vocab))
    pipe.restart(0)
    return pipe


def small_memory(pipe, monkeypatch, sentences):
    body = pipe._shim.state.network.body
    forward = body.forward

    def limited(batch, noise=None):
        if len(batch.lengths) > sentences:
            raise torch.OutOfMemoryError("pretended")
        return forward(batch, noise)

    monkeypatch.setattr(body, "forward", limited)


def gradients(pipe):
    return [one.grad.clone() for one in pipe._shim.state.network.parameters() if one.grad is not None]


def test_predictions_are_the_same_in_halves(pipe, monkeypatch):
    docs = [eg.x for eg in make_examples(pipe.vocab)] * 3
    whole = pipe.predict(docs)
    small_memory(pipe, monkeypatch, 2)
    assert [one.tolist() for one in pipe.predict(docs)] == [one.tolist() for one in whole]


def test_gradients_of_a_halved_batch_are_those_of_the_whole(pipe, monkeypatch, caplog):
    examples = make_examples(pipe.vocab)
    loss = pipe.update(examples)[pipe.name]
    whole = gradients(pipe)
    for parameter in pipe._shim.state.network.parameters():
        parameter.grad = None
    small_memory(pipe, monkeypatch, 2)
    assert pipe.update(examples)[pipe.name] == pytest.approx(loss, rel=1e-5)
    for one, other in zip(gradients(pipe), whole):
        assert torch.allclose(one, other, atol=1e-6)
    assert caplog.text.count("out of memory") == 1


def test_a_single_sentence_that_does_not_fit_is_an_error(pipe, monkeypatch):
    small_memory(pipe, monkeypatch, 0)
    with pytest.raises(torch.OutOfMemoryError):
        pipe.predict([eg.x for eg in make_examples(pipe.vocab)][:1])
