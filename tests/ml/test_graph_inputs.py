"""The padded batches that CUDA graphs read: on a CPU they must give the loss and the gradients of plain ones."""

import numpy
import pytest
import spacy
import torch
from spacy.tokens import Doc

from spacy_al.ml.word_vectors import create_vectors_callback

from .bilstm_models import bilstm_model, elmo_embedding, word_embedding, write_elmo, write_vectors
from .helpers import SENTENCES, make_examples, tiny_transformer, transformer_model

WORDS = [word for text, _ in SENTENCES for word in text.split()][:-3]  # the last stay unknown


CRF = {"@al_heads": "spacy-al.CRFHead.v1", "dropout": 0.1, "constrained": True, "average": "sentences"}


def make_pipe(kind, folder):
    nlp = spacy.blank("en")
    if kind in ("transformer", "mean", "crf"):
        pooling = "mean" if kind == "mean" else "first"
        model = transformer_model(tiny_transformer(folder), mixed_precision=False, pooling=pooling)
        model["head"] = CRF if kind == "crf" else model["head"]
    elif kind == "elmo":
        model = bilstm_model(elmo_embedding(write_elmo(folder)))
    else:
        create_vectors_callback(write_vectors(folder / "vectors.txt", WORDS))(nlp)
        model = bilstm_model(word_embedding())
    pipe = nlp.add_pipe("sequence_tagger", config={"model": model})
    nlp.initialize(lambda: make_examples(nlp.vocab))
    return pipe


def gradients(network, batch, tags):
    network.zero_grad()
    loss = network.loss(batch, tags)
    loss.backward()
    return loss, [None if one.grad is None else one.grad.clone() for one in network.parameters()]


@pytest.fixture(params=["transformer", "mean", "crf", "words", "elmo"])
def pipe(request, tmp_path):
    return make_pipe(request.param, tmp_path)


def compare(pipe, docs, tags):
    shim, features = pipe._shim, pipe._shim.state.encoder.featurize(docs)
    inputs = shim.state.encoder.graph_inputs()
    batch, places = inputs.empty(inputs.shape(features), torch.device("cpu"))
    inputs.fill(batch, places, features, tags)
    network = shim.state.network.eval()  # without dropout
    plain = gradients(network, shim.state.encoder.collate(features, torch.device("cpu")), tags)
    padded = gradients(network, batch, places)
    torch.testing.assert_close(padded[0], plain[0], rtol=1e-4, atol=1e-5)
    for one, two in zip(padded[1], plain[1]):
        assert (one is None) == (two is None)
        assert one is None or torch.allclose(one, two, rtol=1e-3, atol=1e-5)


def test_loss_and_gradients_are_those_of_plain_batches(pipe):
    examples = make_examples(pipe.vocab)
    tags = torch.from_numpy(numpy.concatenate([pipe._codec().gold(eg) for eg in examples]))
    compare(pipe, [eg.x for eg in examples], tags)


def test_missing_tags_are_those_of_plain_batches(pipe):
    examples = make_examples(pipe.vocab)
    tags = torch.from_numpy(numpy.concatenate([pipe._codec().gold(eg) for eg in examples]))
    tags[[0, 4, 7]] = -100
    compare(pipe, [eg.x for eg in examples], tags)


def test_a_batch_leaves_nothing_behind_in_the_next(pipe):
    shim, docs = pipe._shim, [eg.x for eg in make_examples(pipe.vocab)]
    inputs, losses = shim.state.encoder.graph_inputs(), []
    batch, places = inputs.empty(inputs.shape(shim.state.encoder.featurize(docs)), torch.device("cpu"))
    for part in ([docs[2]], docs, [docs[2]]):
        inputs.fill(
            batch, places, shim.state.encoder.featurize(part), torch.zeros(sum(map(len, part)), dtype=torch.long)
        )
        losses.append(shim.state.network.eval().loss(batch, places).item())
    assert losses[0] == losses[2] != losses[1]


def test_batches_too_large_for_any_shape_are_left_to_the_plain_path(pipe):
    inputs, encoder = pipe._shim.state.encoder.graph_inputs(), pipe._shim.state.encoder
    assert inputs.shape(encoder.featurize([Doc(pipe.vocab, words=["saw"] * 300)])) is None
    assert inputs.shape(encoder.featurize([Doc(pipe.vocab, words=["saw"])] * 33)) is None


def test_thinc_encoders_have_no_fixed_shapes():
    pipe = spacy.blank("en").add_pipe("sequence_tagger")
    assert pipe._shim.state.encoder.graph_inputs() is None
