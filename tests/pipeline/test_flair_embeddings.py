"""Embeddings by recipe: what they hold, what is refused, and that nothing is fetched unasked."""

import pickle

import flair
import numpy
import pytest
import torch
from flair.data import Sentence
from thinc.api import Config

from spacy_al.errors import ALError
from spacy_al.pipeline.flair_embeddings import (
    CHARACTERS,
    WordVectors,
    create_characters,
    create_embedding,
    create_stack,
    create_transformer,
    create_word_vectors,
)
from spacy_al.registry import registry

GLOVE = "the 1 2\nparis 3 4\n#### 5 6\nParis 7 8\n"


@pytest.fixture
def glove(tmp_path):
    path = tmp_path / "glove.txt"
    path.write_text(GLOVE, encoding="utf8")
    return path


def embed(embeddings, words):
    sentence = Sentence(words)
    embeddings.embed([sentence])
    return torch.stack([token.get_embedding() for token in sentence]).tolist()


def test_vectors_are_looked_up_as_is_lower_case_with_digits_hidden_and_zero_else(glove):
    made = create_word_vectors(str(glove)).build()
    assert embed(made, ["Paris", "The", "1996", "unseen"]) == [[7, 8], [1, 2], [5, 6], [0, 0]]


def test_vectors_are_fixed(glove):
    assert not any(value.requires_grad for value in create_word_vectors(str(glove)).build().parameters())


def test_vectors_are_read_once_and_do_not_travel(glove):
    recipe = create_word_vectors(str(glove))
    recipe.build()
    glove.unlink()
    assert embed(recipe.build(), ["paris"]) == [[3, 4]]
    with pytest.raises(ALError, match="A003"):
        pickle.loads(pickle.dumps(recipe)).build()


def test_a_bad_line_of_vectors_is_named(glove):
    glove.write_text(GLOVE + "of 1\n", encoding="utf8")
    with pytest.raises(ALError, match=rf"A251\] {glove}:5"):
        WordVectors(str(glove)).build()


def test_characters_outside_the_alphabet_share_one_embedding():
    made = create_characters(width=4, hidden_size=3, characters="ab").build()
    a, x, y = embed(made, ["a", "x", "y"])
    assert len(a) == 6
    assert x == y != a


def test_the_default_alphabet_holds_what_english_needs():
    assert {*"azAZ09.,;'\"-()éü€’"} <= {*CHARACTERS}
    assert not {" ", "\n"} & {*CHARACTERS}


def test_a_stack_concatenates_in_order(glove):
    parts = [create_word_vectors(str(glove)), create_characters(width=2, hidden_size=2)]
    made = create_stack(*parts).build()
    assert made.embedding_length == 6
    assert embed(made, ["the"])[0][:2] == [1, 2]


def test_a_stack_without_parts_is_refused():
    with pytest.raises(ALError, match=r"A341.*no parts"):
        create_stack()


def test_a_config_names_the_parts_of_a_stack(glove):
    config = f"""
    [embeddings]
    @misc = "spacy-al.FlairStack.v1"

    [embeddings.*.characters]
    @misc = "spacy-al.FlairCharacters.v1"
    hidden_size = 3

    [embeddings.*.words]
    @misc = "spacy-al.FlairWordVectors.v1"
    source = "{glove}"
    """
    assert registry.resolve(Config().from_str(config))["embeddings"].build().embedding_length == 8


def test_any_of_flairs_embeddings_can_be_named():
    made = create_embedding("HashEmbeddings", {"num_embeddings": 10, "embedding_length": 5}).build()
    assert numpy.shape(embed(made, ["a", "b"])) == (2, 5)


def test_an_unknown_name_is_refused_with_the_choices():
    with pytest.raises(ALError, match=r"A340.*'GloVe'.*HashEmbeddings"):
        create_embedding("GloVe", {}).build()


def test_embeddings_of_documents_are_not_among_the_choices():
    with pytest.raises(ALError, match=r"A340.*'TransformerDocumentEmbeddings'"):
        create_embedding("TransformerDocumentEmbeddings", {}).build()


def test_wrong_arguments_are_named():
    with pytest.raises(ALError, match=r"A341.*HashEmbeddings.*'size'"):
        create_embedding("HashEmbeddings", {"size": 3}).build()


@pytest.mark.parametrize(
    ("name", "arguments"), [("FlairEmbeddings", {"model": "news-forward"}), ("CharacterEmbeddings", {})]
)
def test_nothing_is_fetched_unless_asked_for(name, arguments, tmp_path, monkeypatch):
    monkeypatch.setattr(flair, "cache_root", tmp_path)
    fetch = flair.file_utils.get_from_cache
    with pytest.raises(ALError, match=rf"A341.*{name}.*download is false"):
        create_embedding(name, arguments).build()
    assert flair.file_utils.get_from_cache is fetch


@pytest.mark.parametrize("download", [False, True])
def test_a_transformer_is_fetched_only_if_asked_for(download, monkeypatch):
    seen = {}
    monkeypatch.setattr("flair.embeddings.TransformerWordEmbeddings", lambda name, **options: seen.update(options))
    create_transformer("some/model", download=download).build()
    assert seen["local_files_only"] is not download


def test_a_transformer_that_is_not_here_is_named():
    with pytest.raises(ALError, match=r"A341.*no-such/model-on-this-machine"):
        create_transformer("no-such/model-on-this-machine").build()
