"""The BiLSTM encoder: padding, passes, words it does not know, weights, and bad vectors."""

import pickle
from typing import List, Sequence

import numpy
import pytest
import torch
from spacy.tokens import Doc
from spacy.vectors import Vectors
from spacy.vocab import Vocab

from spacy_al.errors import ALError
from spacy_al.ml.bilstm import BiLSTMBody, BiLSTMEncoder, build_bilstm_encoder
from spacy_al.ml.dropout import KeyedNoise
from spacy_al.ml.encoder_shim import native_encoder
from spacy_al.ml.stages import Ragged
from spacy_al.ml.word_embedding import create_word_embedding

WORDS = ["ann", "sees", "rome", "the", "of"]
SENTENCES = [["Ann", "sees", "Rome"], ["of"], ["The", "Zyx", "of", "rome", "sees", "ann"], []]


@pytest.fixture
def vocab() -> Vocab:
    return make_vocab(8)


def make_vocab(width: int) -> Vocab:
    vocab = Vocab()
    data = numpy.random.default_rng(0).normal(size=(len(WORDS), width)).astype("f")
    vocab.vectors = Vectors(strings=vocab.strings, data=data, keys=[vocab.strings.add(word) for word in WORDS])
    return vocab


def make_docs(vocab: Vocab, sentences: Sequence[List[str]] = SENTENCES) -> List[Doc]:
    return [Doc(vocab, words=words) for words in sentences]


def make_encoder(vocab: Vocab, *, rates: float = 0.5, capitals: bool = True, chars: int = 4) -> BiLSTMEncoder:
    embedding = create_word_embedding(5, chars, 3, 0.0, capitals)
    body = BiLSTMBody(6, layers=1, reproject=True, word_dropout=rates, locked_dropout=rates)
    encoder = BiLSTMEncoder(embedding, body)
    encoder.initialize(make_docs(vocab))
    encoder.redraw(torch.Generator().manual_seed(0))
    encoder.whole.eval()
    return encoder


def run(encoder: BiLSTMEncoder, docs: Sequence[Doc]) -> List[torch.Tensor]:
    batch = encoder.collate(encoder.featurize(docs), torch.device("cpu"))
    with torch.inference_mode():
        states = encoder.body(encoder.front(batch), None)
    return list(states.data[0].split(states.lengths.tolist()))


def test_states_of_a_sentence_do_not_depend_on_its_batch(vocab):
    encoder, docs = make_encoder(vocab), make_docs(vocab)
    together = run(encoder, docs)
    assert [len(states) for states in together] == [3, 1, 6, 0]
    for doc, states in zip(docs, together, strict=True):
        torch.testing.assert_close(run(encoder, [doc])[0], states)


def test_the_way_through_packed_sequences_gives_the_same(vocab):
    """The one a GPU takes."""
    encoder, docs = make_encoder(vocab), make_docs(vocab)
    front = encoder.front(encoder.collate(encoder.featurize(docs), torch.device("cpu")))
    states = Ragged(torch.cat([front.data, 2 * front.data]), front.lengths)
    found = states.from_padded(encoder.bilstm._run_packed(states)).data
    torch.testing.assert_close(found, encoder.bilstm._run(states).data)


def test_empty_sentences_alone_have_no_states(vocab):
    docs = make_docs(vocab, [[], []])
    assert [states.shape for states in run(make_encoder(vocab), docs)] == [(0, 12), (0, 12)]


def test_a_word_is_its_vector_its_spelling_and_its_capitals(vocab):
    encoder = make_encoder(vocab)
    batch = encoder.collate(encoder.featurize(make_docs(vocab, [["ann", "Ann", "Zyx"]])), torch.device("cpu"))
    known, upper, unknown = encoder.front(batch).data[0]
    assert known.shape == (8 + 4 + 5,)
    assert torch.equal(known[:8], torch.from_numpy(vocab.vectors.data[0]))
    assert torch.equal(known[:8], upper[:8])
    assert not torch.equal(known[8:12], upper[8:12])
    assert torch.equal(unknown[:8], encoder.front.unknown)
    assert torch.equal(upper[12:], unknown[12:])
    assert not torch.equal(known[12:], upper[12:])


def test_parts_can_be_left_out(vocab):
    encoder = make_encoder(vocab, capitals=False, chars=0)
    assert encoder.embedding.width == 8
    assert [len(states) for states in run(encoder, make_docs(vocab))] == [3, 1, 6, 0]


@pytest.mark.parametrize("kind", ["word", "locked"])
def test_folded_passes_equal_passes_one_by_one(vocab, kind):
    encoder, docs = make_encoder(vocab), make_docs(vocab)
    front = encoder.front(encoder.collate(encoder.featurize(docs), torch.device("cpu")))
    keys = torch.arange(4)
    options = {"seed": 1, "kinds": frozenset([kind])}
    folded = encoder.body(front, KeyedNoise(keys, passes=3, **options)).data
    single = encoder.body(front, KeyedNoise(keys, passes=1, **options)).data
    assert folded.shape == (3, 10, 12)
    torch.testing.assert_close(folded[:1], single)
    assert not torch.allclose(folded[1], folded[2])


def test_reversed_sentences_swap_the_directions():
    """With the two directions' weights swapped and the sentence turned round, states are both as well."""
    body = BiLSTMBody(3, layers=1, reproject=False, word_dropout=0.0, locked_dropout=0.0).eval()
    body.build(4)
    states = torch.randn(1, 5, 4, generator=torch.Generator().manual_seed(0))
    there = body(Ragged(states, torch.tensor([5]))).data[0]
    old = body.lstm.state_dict()
    twin = {name: name.removesuffix("_reverse") if "_reverse" in name else name + "_reverse" for name in old}
    body.lstm.load_state_dict({name: old[twin[name]].clone() for name in old})
    back = body(Ragged(states.flip(1), torch.tensor([5]))).data[0].flip(0)
    torch.testing.assert_close(torch.cat([back[:, 3:], back[:, :3]], 1), there)


def test_dropouts_stand_where_flairs_stand():
    """In training with word dropout 1, only the bias of the reprojection is left of the words."""
    body = BiLSTMBody(3, layers=1, reproject=True, word_dropout=0.999999, locked_dropout=0.0).train()
    body.build(4)
    states = torch.randn(1, 5, 4, generator=torch.Generator().manual_seed(0))
    dropped = body(Ragged(states, torch.tensor([5]))).data
    torch.testing.assert_close(dropped, body.eval()(Ragged(torch.zeros_like(states), torch.tensor([5]))).data)


@pytest.mark.parametrize(("rates", "seams"), [(0.5, ["word", "locked", "all"]), (0.0, [])])
def test_only_dropouts_that_are_there_can_be_asked_for(vocab, rates, seams):
    assert list(make_encoder(vocab, rates=rates).seams) == seams


def test_weights_come_back_into_an_encoder_that_has_not_been_initialised(vocab):
    docs = make_docs(vocab)
    options = {"hidden": 6, "layers": 1, "reproject": True, "word_dropout": 0.0, "locked_dropout": 0.0}
    one, two = (build_bilstm_encoder(create_word_embedding(5, 4, 3, 0.0, True), **options) for _ in range(2))
    one.initialize(X=docs)
    two.from_bytes(one.to_bytes())
    for expected, found in zip(one.predict(docs), two.predict(docs), strict=True):
        numpy.testing.assert_array_equal(found, expected)


def test_it_travels_to_other_processes_without_its_caches(vocab):
    encoder, docs = make_encoder(vocab), make_docs(vocab)
    expected = run(encoder, docs)
    other = pickle.loads(pickle.dumps(encoder))
    assert not other.embedding.cache.values
    for states, copied in zip(expected, run(other, docs), strict=True):
        assert torch.equal(states, copied)


def test_vectors_of_another_width_are_an_error(vocab):
    encoder = make_encoder(vocab)
    with pytest.raises(ALError, match=r"A255.*width 9; .*trained with 8"):
        encoder.featurize(make_docs(make_vocab(9)))


def test_other_vectors_of_the_same_width_are_taken_at_once(vocab):
    encoder, docs = make_encoder(vocab), make_docs(vocab)
    before = run(encoder, docs)
    other = make_vocab(8)
    other.vectors.data *= 2
    assert not torch.allclose(run(encoder, make_docs(other))[0], before[0])


def test_missing_vectors_are_an_error_before_training():
    model = build_bilstm_encoder(create_word_embedding(5, 4, 3, 0.0, True), 6, 1, True, 0.0, 0.0)
    with pytest.raises(ALError, match=r"A253.*0 rows"):
        model.initialize(X=make_docs(Vocab()))
    assert native_encoder(model) is not None


def test_redraw_depends_on_its_generator_alone(vocab):
    encoder, drawn = make_encoder(vocab), []
    for seed in (1, 1, 2):
        encoder.redraw(torch.Generator().manual_seed(seed))
        drawn.append([parameter.detach().clone() for parameter in encoder.whole.parameters()])
    assert all(torch.equal(one, two) for one, two in zip(drawn[0], drawn[1], strict=True))
    assert not any(torch.equal(one, other) for one, other in zip(drawn[0], drawn[2], strict=True))


def test_a_lexicon_that_has_grown_too_large_is_replaced_without_a_trace(vocab, monkeypatch):
    encoder, docs = make_encoder(vocab), make_docs(vocab)
    expected, before = run(encoder, docs), encoder.featurize(docs)
    monkeypatch.setattr("spacy_al.ml.word_embedding.MOST_WORDS", 3)
    after = encoder.featurize(docs[::-1])[::-1]
    assert before[0].lexicon is not after[0].lexicon
    for features in (before, after):
        states = encoder.front(encoder.collate(features, torch.device("cpu")))
        with torch.inference_mode():
            found = encoder.body(states, None).data[0].split(states.lengths.tolist())
        for one, two in zip(expected, found, strict=True):
            torch.testing.assert_close(one, two)
