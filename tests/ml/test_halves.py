"""Frozen layers on a CPU: cut off, they and the rest are the model; they run once a sentence, without dropout."""

import copy

import numpy
import pytest
import torch
from spacy.tokens import Doc

from spacy_al.ml.halves import ROWS, LowerStates
from spacy_al.ml.snapshot import Snapshot

from .helpers import SENTENCES, make_examples, make_tagger, tiny_encoder, tiny_transformer
from .test_encoders import KINDS, probs

CPU = torch.device("cpu")
WORDS = [text.split() for text, _ in SENTENCES]
LONG = ["Anna", "lives", "in", "the", "older", "towns"] * 30


def parts(nlp):
    encoder = nlp.get_pipe("sequence_tagger")._shim.state.encoder
    return encoder, encoder.runner


def features_of(nlp, rows):
    return parts(nlp)[0].featurize([Doc(nlp.vocab, words=words) for words in rows])


@pytest.fixture
def nlp(tmp_path):
    return make_tagger(tiny_transformer(tmp_path, layers=3), frozen=2)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "albert"])
def test_halves_are_the_model(kind, tmp_path):
    nlp = make_tagger(tiny_encoder(tmp_path, kind), frozen=1)
    encoder, body = parts(nlp)
    assert body.halves is not None
    batch = encoder.collate(features_of(nlp, WORDS), CPU)
    body.eval()
    assert batch.states is not None
    halves = body(batch).data
    body.halves = None
    assert torch.allclose(halves, body(batch).data, atol=1e-5)


def test_a_step_moves_what_autograd_moves_through_the_whole_model(tmp_path):
    nlp = make_tagger(tiny_transformer(tmp_path, layers=3), frozen=2, transformer_config={
        "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0
    })  # fmt: skip
    encoder, body = parts(nlp)
    batch, _ = encoder.begin(features_of(nlp, WORDS), CPU)
    whole = copy.deepcopy(body)
    whole.halves = None
    for one in (body, whole):
        one.train()(batch).data.square().sum().backward()
    gradients = [[weight.grad for weight in one.parameters()] for one in (body, whole)]
    assert sum(grad is not None for grad in gradients[0]) == 16  # the third layer's
    for one, other in zip(*gradients):
        assert (one is None) == (other is None)
        assert one is None or torch.allclose(one, other, atol=1e-4)


def test_frozen_layers_have_no_dropout_and_run_once_a_sentence(nlp, monkeypatch):
    encoder, body = parts(nlp)
    seen, below = [], body.below
    monkeypatch.setattr(body, "below", lambda ids: seen.append(ids) or below(ids))
    optimizer = nlp.initialize(lambda: make_examples(nlp.vocab))
    for _ in range(3):
        nlp.update(make_examples(nlp.vocab), sgd=optimizer)
        probs(nlp, WORDS)
        probs(nlp, WORDS, dropout="all", passes=4)
    assert sum(map(len, seen)) == ROWS * len({len(features.ids) for features in features_of(nlp, WORDS)})
    body.train()
    batch = encoder.collate(features_of(nlp, WORDS), CPU)
    assert torch.equal(body.below(batch.ids), body.below(batch.ids))
    assert not torch.equal(body(batch).data, body(batch).data)
    assert all(module.training for module in body.modules())


def test_all_varies_above_the_border(nlp):
    first, *_ = probs(nlp, WORDS, dropout="all", passes=3)
    assert not torch.allclose(first[0], first[1], atol=1e-6)
    again, *_ = probs(nlp, WORDS, dropout="all", passes=3)
    assert torch.equal(first, again)


def test_sentences_in_windows_run_whole(nlp):
    _, body = parts(nlp)
    (long,) = probs(nlp, [LONG])
    body.halves = None
    (whole,) = probs(nlp, [LONG])
    assert torch.allclose(long, whole, atol=1e-5)


@pytest.mark.parametrize("threads", [1, 2])
def test_states_of_a_sentence_do_not_depend_on_others(nlp, threads):
    _, body = parts(nlp)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        rng = numpy.random.default_rng(0)
        rows = [rng.integers(4, 20, length).astype("int32") for length in (3, 9, 17) for _ in range(2 * ROWS)]
        together = LowerStates(1 << 30).get(rows, body.halves.weights, body.below)
        for at in rng.permutation(len(rows))[:8]:
            (alone,) = LowerStates(1 << 30).get([rows[at]], body.halves.weights, body.below)
            assert torch.equal(alone, together[at])
    finally:
        torch.set_num_threads(before)


def test_what_does_not_fit_is_computed_again_and_other_weights_void_all(nlp):
    _, body = parts(nlp)
    rows = [numpy.array([2, number, 3], dtype=numpy.int32) for number in range(5, 9)]
    small, seen = LowerStates(2 * 3 * 32 * 4), []

    def lower(ids):
        seen.append(ids)
        return body.below(ids)

    first = small.get(rows, body.halves.weights, lower)
    assert len(small.kept) == 2
    assert all(torch.equal(*pair) for pair in zip(first, small.get(rows, body.halves.weights, lower)))
    assert len(seen) == 2
    small.get(rows[:2], body.halves.weights, lower)
    assert len(seen) == 2
    with torch.no_grad():
        body.halves.weights[0].mul_(2)
    changed = small.get(rows[:2], body.halves.weights, lower)
    assert len(seen) == 3
    assert not torch.allclose(changed[0], first[0])


def test_restoring_weights_leaves_what_is_frozen_as_it_was(nlp):
    _, body = parts(nlp)
    pipe = nlp.get_pipe("sequence_tagger")
    snapshot = Snapshot(pipe.model)
    optimizer = nlp.initialize(lambda: make_examples(nlp.vocab))
    trained = next(weight for weight in body.halves.upper_layers.parameters())
    before, versions = trained.detach().clone(), [weight._version for weight in body.halves.weights]
    nlp.update(make_examples(nlp.vocab), sgd=optimizer)
    assert not torch.equal(trained, before)
    snapshot.restore()
    assert torch.equal(trained, before)
    assert versions == [weight._version for weight in body.halves.weights]


def test_a_model_that_cannot_be_cut_is_run_whole_and_that_is_said(tmp_path, monkeypatch):
    from transformers.models.bert.modeling_bert import BertEncoder

    forward = BertEncoder.forward

    def strange(self, hidden_states, *args, **kwargs):  # its first layer's input counts at the end too
        result = forward(self, hidden_states, *args, **kwargs)
        result.last_hidden_state = result.last_hidden_state + len(self.layer) * hidden_states
        return result

    monkeypatch.setattr(BertEncoder, "forward", strange)
    with pytest.warns(UserWarning, match=r"\[W232\].*BertModel.*differ"):
        nlp = make_tagger(tiny_transformer(tmp_path, layers=3), frozen=2)
    assert parts(nlp)[1].halves is None
    nlp.update(make_examples(nlp.vocab), sgd=nlp.initialize(lambda: make_examples(nlp.vocab)))


def test_openvino_leaves_frozen_layers_to_torch(tmp_path):
    nlp = make_tagger(tiny_transformer(tmp_path, layers=3), frozen=2, inference="openvino")
    with pytest.warns(UserWarning, match=r"\[W230\].*frozen"):
        probs(nlp, WORDS)
