"""CUDA graphs against the plain path: same losses, same weights, random state and moments put back."""

import pytest
import spacy
import torch
from thinc.api import Adam, require_gpu
from transformers import BertModel

from .helpers import make_examples, tiny_transformer, transformer_model

pytestmark = pytest.mark.gpu


def train(folder, *, graphs, head_dropout=0.0, steps=6, seed=0):
    require_gpu(0)
    nlp = spacy.blank("en")
    quiet = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    model = transformer_model(folder, transformer_config=quiet, mixed_precision=False) | {"cuda_graphs": graphs}
    model["head"]["dropout"] = head_dropout
    pipe = nlp.add_pipe("sequence_tagger", config={"model": model})
    examples = make_examples(nlp.vocab)
    nlp.initialize(lambda: examples)
    losses = []
    for _ in range(2):  # two rounds: graphs are captured in the first and used in both
        pipe.restart(seed)
        torch.manual_seed(seed)
        optimizer = Adam(1e-3, use_averages=False)
        for step in range(steps):
            batch = examples[: 2 + step % 3]
            losses.append(float(nlp.update(batch, sgd=optimizer)["sequence_tagger"]))
    return losses, pipe


def test_losses_are_those_of_the_plain_path(tmp_path):
    folder = tiny_transformer(tmp_path)
    plain, _ = train(folder, graphs=False)
    graphed, pipe = train(folder, graphs=True)
    assert graphed == pytest.approx(plain, rel=1e-3)
    assert any(graph is not None for graph in pipe._shim.graphs.graphs.values())


def test_the_second_round_equals_the_first(tmp_path):
    losses, _ = train(tiny_transformer(tmp_path), graphs=True, head_dropout=0.5)
    assert losses[:6] == pytest.approx(losses[6:], rel=1e-3)


def test_predictions_are_those_of_the_plain_path(tmp_path):
    folder = tiny_transformer(tmp_path)
    docs = [eg.x for eg in make_examples(spacy.blank("en").vocab)]
    plain, graphed = (train(folder, graphs=on)[1] for on in (False, True))
    for one, other in zip(plain.sample(docs, dropout="off"), graphed.sample(docs, dropout="off")):
        assert torch.allclose(one.probs, other.probs, atol=1e-3)


def test_weights_that_get_no_gradient_stay_as_they_are(tmp_path):
    folder = tiny_transformer(tmp_path)
    pretrained = BertModel.from_pretrained(folder).pooler.dense.weight
    _, pipe = train(folder, graphs=True)
    assert torch.equal(pipe._shim.network.body.transformer.pooler.dense.weight.cpu(), pretrained)
