"""ELMo as an embedding: computed once, the same in any batch, combined as asked, saved with the tagger."""

import pickle
from typing import List

import numpy
import pytest
import torch
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_al.errors import ALError
from spacy_al.ml.bilstm import build_bilstm_encoder
from spacy_al.ml.elmo import BiLM
from spacy_al.ml.elmo_cache import VectorStore
from spacy_al.ml.elmo_embedding import ELMoEmbedding, create_elmo_embedding

pytestmark = pytest.mark.data
SENTENCES = [["The", "U.S.", "Centers"], ["flu"], [], ["The", "flu", "of", "Zürich", "."]]


@pytest.fixture(scope="module")
def vocab() -> Vocab:
    return Vocab()


@pytest.fixture
def make(data_folder):
    fixture = data_folder / "elmo_fixture"

    def make_embedding(combine: str = "concat", memory: int = 100) -> ELMoEmbedding:
        files = (str(fixture / "options.json"), str(fixture / "lm_weights.hdf5"))
        embedding = create_elmo_embedding(*files, combine, memory, None)
        embedding.initialize([])
        return embedding

    return make_embedding


def make_docs(vocab: Vocab) -> List[Doc]:
    return [Doc(vocab, words=words) for words in SENTENCES]


def count_calls(monkeypatch) -> List[int]:
    """Sentences of every call of the language model from now on."""
    calls: List[int] = []
    forward = BiLM.forward

    def counted(self, vectors, lengths, start=None):
        calls.append(len(lengths))
        return forward(self, vectors, lengths, start)

    monkeypatch.setattr(BiLM, "forward", counted)
    return calls


def test_a_sentence_is_read_once_whatever_doc_carries_it(make, vocab, monkeypatch):
    embedding, calls = make(), count_calls(monkeypatch)
    first = embedding.featurize([*make_docs(vocab), *make_docs(vocab)])
    again = embedding.featurize([doc.copy() for doc in make_docs(vocab)])
    assert sum(calls) == len(SENTENCES)
    for one, two in zip(first, again + again, strict=True):
        assert numpy.array_equal(one, two)


def test_states_do_not_depend_on_the_batch(make, vocab):
    together = make().featurize(make_docs(vocab))
    assert [array.shape for array in together] == [(3, 96), (1, 96), (0, 96), (5, 96)]
    for doc, array in zip(make_docs(vocab), together, strict=True):
        numpy.testing.assert_allclose(make().featurize([doc])[0], array, atol=1e-6)


def test_every_sentence_starts_from_zero_state(make, vocab):
    embedding, doc = make(), Doc(vocab, words=["flu"])
    before = embedding.featurize([doc])[0].copy()
    embedding.featurize(make_docs(vocab))
    embedding._forget()
    numpy.testing.assert_array_equal(embedding.featurize([doc])[0], before)


def test_mix_starts_as_the_mean_of_what_concat_gives(make, vocab):
    docs, device = make_docs(vocab), torch.device("cpu")
    concat, mix = make("concat"), make("mix")
    states = concat.front(concat.collate(concat.featurize(docs), device)).data
    assert (concat.width, mix.width) == (96, 32)
    expected = states.unflatten(2, (3, 32)).mean(2)
    torch.testing.assert_close(mix.front(mix.collate(mix.featurize(docs), device)).data, expected)


def test_the_mix_is_trained_and_the_language_model_is_not(make, vocab):
    embedding = make("mix")
    front = embedding.front(embedding.collate(embedding.featurize(make_docs(vocab)), torch.device("cpu")))
    front.data.square().sum().backward()
    assert embedding.front.scores.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in embedding.bilm.parameters())


@pytest.mark.parametrize("combine", ["concat", "mix"])
def test_a_saved_encoder_needs_no_other_files(make, vocab, combine):
    options = {"hidden": 6, "layers": 1, "reproject": True, "word_dropout": 0.0, "locked_dropout": 0.0}
    one = build_bilstm_encoder(make(combine), **options)
    one.initialize(X=make_docs(vocab))
    two = build_bilstm_encoder(create_elmo_embedding("gone.json", "gone.hdf5", combine, 100, None), **options)
    two.from_bytes(one.to_bytes())
    for expected, found in zip(one.predict(make_docs(vocab)), two.predict(make_docs(vocab)), strict=True):
        numpy.testing.assert_allclose(found, expected, atol=1e-6)


def test_loading_other_weights_forgets_what_was_computed(make, vocab):
    embedding = make()
    before = embedding.featurize(make_docs(vocab))[0].copy()
    state = {
        name: value * 2 if value.is_floating_point() else value for name, value in embedding.bilm.state_dict().items()
    }
    embedding.bilm.load_state_dict(state)
    assert not numpy.allclose(embedding.featurize(make_docs(vocab))[0], before)


def test_it_travels_to_other_processes_without_its_cache(make, vocab):
    embedding = make()
    expected = embedding.featurize(make_docs(vocab))
    other = pickle.loads(pickle.dumps(embedding))
    assert not other.store.arrays
    numpy.testing.assert_allclose(other.featurize(make_docs(vocab))[0], expected[0], atol=1e-6)


def test_beyond_the_limit_states_come_from_a_file(make, vocab):
    embedding = make(memory=0)
    found = embedding.featurize(make_docs(vocab))
    for one, two in zip(found, make().featurize(make_docs(vocab)), strict=True):
        numpy.testing.assert_allclose(one, two, atol=1e-6)
    # Sentences without tokens take no bytes and stay in memory.
    assert [len(array) for array in embedding.store.arrays.values()] == [0]


def test_the_store_gives_back_what_it_got_from_memory_and_file(tmp_path):
    store, rng = VectorStore(memory=1000, folder=tmp_path / "new"), numpy.random.default_rng(0)
    arrays = [rng.normal(size=(size, 5)).astype("f") for size in (20, 40, 0, 7, 30)]
    for number, array in enumerate(arrays):
        store.put(bytes([number]), array)
        assert numpy.array_equal(store.get(bytes([number])), array)
    assert all(numpy.array_equal(store.get(bytes([number])), array) for number, array in enumerate(arrays))
    assert len(store.places) == 2
    assert b"\x09" not in store


def test_the_store_leaves_no_file_behind(tmp_path):
    store = VectorStore(memory=0, folder=tmp_path)
    store.put(b"a", numpy.ones((2, 3), dtype="f"))
    assert store.get(b"a").tolist() == [[1.0] * 3] * 2
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    store = VectorStore(memory=0, folder=tmp_path / "file")
    with pytest.raises(ALError, match=r"A265.*file.*cache_folder"):
        store.put(b"a", numpy.ones((2, 3), dtype="f"))


def test_an_unknown_combination_is_an_error():
    with pytest.raises(ALError, match=r"A264.*'sum'.*concat, mix"):
        create_elmo_embedding("options.json", "weights.hdf5", "sum", 100, None)


def test_elmo_without_its_files_says_where_to_give_them():
    with pytest.raises(ALError, match=r"A266.*--paths.elmo_options"):
        create_elmo_embedding(None, None, "concat", 100, None).initialize([])
