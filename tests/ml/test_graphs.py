"""CUDA graphs against the plain path: same losses, same weights, random state and moments put back."""

import pytest
import spacy
import torch
from thinc.api import SGD, Adam, require_gpu
from transformers import BertModel

from spacy_al.ml.word_vectors import create_vectors_callback

from .bilstm_models import bilstm_model, elmo_embedding, word_embedding, write_elmo, write_vectors
from .helpers import SENTENCES, make_examples, tiny_transformer, transformer_model

pytestmark = pytest.mark.gpu
TRANSFORMERS = ("transformer", "mean", "crf", "frozen")
KINDS = (*TRANSFORMERS, "words", "elmo")
CRF = {"@al_heads": "spacy-al.CRFHead.v1", "constrained": True, "average": "sentences"}


def make_model(kind, nlp, folder, dropout):
    if kind in TRANSFORMERS:
        quiet = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
        pooling = "mean" if kind == "mean" else "first"
        name = tiny_transformer(folder)
        more = {"frozen": 1, "shapes": True} if kind == "frozen" else {}
        model = transformer_model(name, transformer_config=quiet, mixed_precision=False, pooling=pooling, **more)
        return model | {"head": (CRF if kind == "crf" else model["head"]) | {"dropout": dropout}}
    if kind == "elmo":
        model = bilstm_model(elmo_embedding(write_elmo(folder)))
        model["encoder"] |= {"word_dropout": dropout / 4, "locked_dropout": dropout}
        return model
    words = [word for text, _ in SENTENCES for word in text.split()][:-3]
    create_vectors_callback(write_vectors(folder / "vectors.txt", words))(nlp)
    model = bilstm_model(word_embedding())
    model["encoder"] |= {"word_dropout": dropout / 4, "locked_dropout": dropout}
    return model


def train(kind, folder, *, graphs, dropout=0.0, steps=6, seed=0):
    require_gpu(0)
    nlp = spacy.blank("en")
    model = make_model(kind, nlp, folder, dropout) | {"cuda_graphs": graphs}
    pipe = nlp.add_pipe("sequence_tagger", config={"model": model})
    examples = make_examples(nlp.vocab)
    nlp.initialize(lambda: examples)
    losses = []
    for _ in range(2):  # two rounds: graphs are captured in the first and used in both
        pipe.restart(seed)
        torch.manual_seed(seed)
        optimizer = (
            Adam(1e-3, use_averages=False)
            if kind not in ("words", "elmo")
            else SGD(0.1, L2=0.01, grad_clip=1.0, use_averages=False)
        )
        for step in range(steps):
            batch = examples[: 2 + step % 3]
            losses.append(float(nlp.update(batch, sgd=optimizer)["sequence_tagger"]))
    return losses, pipe


@pytest.mark.parametrize("kind", KINDS)
def test_losses_are_those_of_the_plain_path(kind, tmp_path):
    plain, _ = train(kind, tmp_path, graphs=False)
    graphed, pipe = train(kind, tmp_path, graphs=True)
    assert graphed == pytest.approx(plain, rel=1e-3)
    assert pipe._shim.training.graphs.optimizer is not None
    assert pipe._shim.training.graphs.graphs


@pytest.mark.parametrize("kind", KINDS)
def test_the_second_round_equals_the_first(kind, tmp_path):
    losses, _ = train(kind, tmp_path, graphs=True, dropout=0.5)
    assert losses[:6] == pytest.approx(losses[6:], rel=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_predictions_are_those_of_the_plain_path(kind, tmp_path):
    plain, graphed = (train(kind, tmp_path, graphs=on)[1] for on in (False, True))
    docs = [[eg.x for eg in make_examples(pipe.vocab)] for pipe in (plain, graphed)]
    for one, other in zip(plain.sample(docs[0], dropout="off"), graphed.sample(docs[1], dropout="off")):
        assert torch.allclose(one.probs, other.probs, atol=1e-3)


def test_dropout_differs_from_step_to_step(tmp_path):
    _, pipe = train("words", tmp_path, graphs=True, dropout=0.5, steps=1)
    examples = make_examples(pipe.vocab)
    losses = {float(pipe.update(examples)["sequence_tagger"]) for _ in range(5)}
    assert len(losses) == 5


def test_weights_that_get_no_gradient_stay_as_they_are(tmp_path):
    _, pipe = train("transformer", tmp_path, graphs=True)
    pretrained = BertModel.from_pretrained(tmp_path).pooler.dense.weight
    assert torch.equal(pipe._shim.state.network.body.transformer.pooler.dense.weight.cpu(), pretrained)
