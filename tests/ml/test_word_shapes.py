"""Spellings of words beside an uncased encoder's wordpieces: kinds, zero at first, learnt, saved, in every engine."""

import pytest
import spacy
import torch
from spacy.tokens import Doc, Span
from spacy.training import Example
from transformers import AutoModel

from spacy_al.errors import ALError
from spacy_al.ml.snapshot import Snapshot
from spacy_al.ml.transformer_body import inputs_of
from spacy_al.ml.word_shapes import SHAPES, WordShapes, shape_of

from .helpers import SENTENCES, make_examples, make_tagger, tiny_encoder, tiny_transformer
from .test_encoders import KINDS, probs
from .test_inference import log_probs, needs_openvino

WORDS = [text.split() for text, _ in SENTENCES]


def body_of(nlp):
    return nlp.get_pipe("sequence_tagger")._shim.state.encoder.body


def train(nlp, examples, steps=30):
    optimizer = nlp.resume_training()
    optimizer.learn_rate = 1e-2
    for _ in range(steps):
        nlp.update(examples, sgd=optimizer)


@pytest.mark.parametrize(
    ("word", "same"),
    [("the", "rome"), ("Rome", "Éa"), ("NATO", "U.S."), ("J.", "A"), ("McDonald", "iPhone"), ("1996", "3,5"),
     ("F-16", "2nd"), (",", "—"), ("Jean-Paul", "eBay")],
)  # fmt: skip
def test_words_of_one_spelling(word, same):
    assert shape_of(word) == shape_of(same)


def test_kinds_differ_and_none_is_that_of_special_wordpieces():
    kinds = {shape_of(word) for word in "the Rome NATO J. McDonald 1996 F-16 ,".split()}
    assert kinds == set(range(1, SHAPES))


def test_the_embedding_is_the_sum_of_word_and_spelling(tmp_path):
    model = AutoModel.from_pretrained(tiny_transformer(tmp_path))
    embedding, shapes = model.get_input_embeddings(), WordShapes()
    shapes.fit(embedding, embedding.embedding_dim)
    torch.nn.init.normal_(shapes.weight)
    found = inputs_of(model, shapes, torch.tensor([[4, 2 + embedding.num_embeddings * 3]]))["inputs_embeds"]
    assert torch.allclose(found[0, 0], embedding.weight[4] + shapes.SCALE * shapes.weight[0])
    assert torch.allclose(found[0, 1], embedding.weight[2] + shapes.SCALE * shapes.weight[3])


def spelled_batch(nlp):
    """A tagger's body with vectors of spellings, and a batch of sentences."""
    encoder, body = nlp.get_pipe("sequence_tagger")._shim.state.encoder, body_of(nlp).eval()
    torch.nn.init.normal_(body.shapes.weight)
    return body, encoder.collate(
        encoder.featurize([Doc(nlp.vocab, words=words) for words in WORDS]), torch.device("cpu")
    )


def test_above_frozen_layers_spellings_are_added_to_what_comes_out_of_them(tmp_path):
    body, batch = spelled_batch(make_tagger(tiny_transformer(tmp_path, layers=3), frozen=2, shapes=True))
    kinds, ids = batch.ids // body.vocabulary, batch.ids % body.vocabulary
    mask = batch.mask.long()
    with torch.no_grad():
        found = body.transformer(ids, attention_mask=mask, output_hidden_states=True).hidden_states[2]
        found = found + body.shapes.SCALE * body.shapes.weight[kinds]
        expected = body.transformer.encoder.layer[2](
            found, body.transformer.get_extended_attention_mask(mask, mask.shape)
        )[0]
        assert torch.allclose(body.encode(batch.ids, batch.mask)[batch.mask], expected[batch.mask], atol=1e-5)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "albert"])
def test_kept_states_of_frozen_layers_know_no_spellings_and_get_them(kind, tmp_path):
    body, batch = spelled_batch(make_tagger(tiny_encoder(tmp_path, kind), frozen=1, shapes=True))
    assert batch.states is not None
    with torch.no_grad():
        whole = body.encode(batch.ids, batch.mask)[batch.mask]
        assert torch.allclose(whole, body.encode(batch.ids, batch.mask, states=batch.states)[batch.mask], atol=1e-5)
        body.halves = None  # as on a GPU
        assert torch.allclose(whole, body.encode(batch.ids, batch.mask)[batch.mask], atol=1e-5)
        assert not torch.allclose(whole, body.encode(batch.ids % body.vocabulary, batch.mask)[batch.mask], atol=1e-2)


def test_no_gradient_goes_through_frozen_layers_to_spellings(tmp_path):
    nlp = make_tagger(tiny_transformer(tmp_path, layers=3), frozen=2, shapes=True)
    seen = []
    for layer in body_of(nlp).transformer.encoder.layer:
        layer.register_forward_hook(lambda _, __, result: seen.append(result[0].requires_grad))
    train(nlp, make_examples(nlp.vocab), steps=1)
    assert seen.count(True) == 1
    assert body_of(nlp).shapes.weight.abs().max() > 0


@pytest.mark.parametrize("kind", KINDS)
def test_before_training_nothing_is_changed(kind, tmp_path):
    folder = tiny_encoder(tmp_path, kind)
    for plain, shaped in zip(probs(make_tagger(folder), WORDS), probs(make_tagger(folder, shapes=True), WORDS)):
        assert torch.allclose(plain, shaped, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_sentence_alone_is_what_it_is_in_a_padded_batch_and_after_reloading(kind, tmp_path):
    nlp = make_tagger(tiny_encoder(tmp_path / "encoder", kind), shapes=True)
    train(nlp, make_examples(nlp.vocab), steps=3)
    together = probs(nlp, WORDS)
    assert body_of(nlp).shapes.weight.abs().max() > 0
    nlp.to_disk(tmp_path / "model")
    for pipeline in (nlp, spacy.load(tmp_path / "model")):
        for words, one in zip(WORDS, together):
            assert torch.allclose(probs(pipeline, [words])[0], one, atol=1e-5)


@pytest.mark.parametrize("shapes", [False, True])
def test_capitals_alone_tell_a_name_from_a_word(shapes, tmp_path):
    nlp = make_tagger(tiny_transformer(tmp_path), shapes=shapes)
    pairs = [("Rome saw town", [(0, 1)]), ("rome saw town", []), ("old Town of", [(1, 2)]), ("old town of", [])]
    examples = []
    for text, spans in pairs:
        gold = Doc(nlp.vocab, words=text.split())
        gold.ents = [Span(gold, start, end, label="LOC") for start, end in spans]
        examples.append(Example(Doc(nlp.vocab, words=text.split()), gold))
    train(nlp, examples, steps=80)
    right = [len(nlp(example.x.copy()).ents) == len(example.y.ents) for example in examples]
    assert all(right) == shapes


def test_a_snapshot_and_a_redraw_take_spellings_back(tmp_path):
    nlp = make_tagger(tiny_transformer(tmp_path), shapes=True)
    component = nlp.get_pipe("sequence_tagger")
    snapshot = Snapshot(component.model)
    for take_back in (snapshot.restore, lambda: component._shim.state.redraw(0)):
        train(nlp, make_examples(nlp.vocab), steps=2)
        assert body_of(nlp).shapes.weight.abs().max() > 0
        take_back()
        assert body_of(nlp).shapes.weight.abs().max() == 0


@needs_openvino
@pytest.mark.parametrize("kind", ["bert", "distilbert", "electra", "roberta", "mpnet"])
def test_openvino_sees_spellings_too(kind, tmp_path):
    folder = tiny_encoder(tmp_path, kind)
    nlp = make_tagger(folder, shapes=True, inference="openvino")
    plain = make_tagger(folder, shapes=True)
    torch.manual_seed(0)
    weight = torch.randn_like(body_of(nlp).shapes.weight)
    for pipeline in (nlp, plain):
        body_of(pipeline).shapes.weight.data.copy_(weight)
    assert torch.allclose(log_probs(nlp), log_probs(plain), atol=1e-4)


def test_an_encoder_that_takes_no_embeddings_is_named(tmp_path, monkeypatch):
    from transformers import BertModel

    def forward(self, input_ids, attention_mask):
        raise AssertionError

    monkeypatch.setattr(BertModel, "forward", forward)
    with pytest.raises(ALError, match="A220.*inputs_embeds"):
        make_tagger(tiny_transformer(tmp_path), shapes=True)
