"""Sentences as Docs, and what a DocBin keeps of them."""

from dataclasses import replace

import pytest
from spacy.tokens import DocBin
from spacy.vocab import Vocab

from spacy_al.corpus.conversion import ATTRIBUTES
from spacy_al.corpus.sentence import Sentence, to_doc

SENTENCE = Sentence(
    words=["In", "New", "York", "Rome", "!"],
    spans=[(1, 3, "GPE"), (3, 4, "GPE")],
    document="d",
    number=3,
    line=7,
    file="f.txt",
    start=10,
    end=26,
    pos=["IN", "NNP", "NNP", "", "."],
    spaces=[True, True, True, False, False],
)


def stored(sentence):
    """The sentence's Doc after a journey through a DocBin, in a fresh vocabulary."""
    docs = DocBin(attrs=ATTRIBUTES, docs=[to_doc(sentence, Vocab())], store_user_data=True)
    (doc,) = DocBin(store_user_data=True).from_bytes(docs.to_bytes()).get_docs(Vocab())
    return doc


def test_words_spaces_and_tags_are_stored():
    doc = stored(SENTENCE)
    assert doc.text == "In New York Rome!"
    assert [token.tag_ for token in doc] == ["IN", "NNP", "NNP", "", "."]


def test_entities_that_touch_stay_two():
    doc = stored(SENTENCE)
    assert [(span.start, span.end, span.label_) for span in doc.ents] == [(1, 3, "GPE"), (3, 4, "GPE")]


def test_a_labelled_sentence_without_entities_is_o_throughout():
    doc = stored(replace(SENTENCE, spans=[]))
    assert [token.ent_iob_ for token in doc] == ["O"] * 5


def test_an_unlabelled_sentence_has_missing_entities():
    doc = stored(replace(SENTENCE, spans=None))
    assert [token.ent_iob for token in doc] == [0] * 5
    assert not doc.has_annotation("ENT_IOB")


def test_single_tokens_may_be_missing():
    doc = stored(replace(SENTENCE, spans=[(1, 3, "GPE")], missing=[0, 3]))
    assert [token.ent_iob_ for token in doc] == ["", "B", "I", "", "O"]


def test_user_data_says_where_a_sentence_stands():
    assert stored(SENTENCE).user_data == {"doc": "d", "sent": 3, "start_char": 10, "source": "f.txt:10-26"}


def test_a_doc_is_one_sentence():
    assert [sent.text for sent in stored(SENTENCE).sents] == ["In New York Rome!"]


@pytest.mark.parametrize(("words", "text"), [(["a"], "a"), (["a", "b"], "a b")])
def test_without_spaces_given_one_stands_between_tokens(words, text):
    assert stored(replace(SENTENCE, words=words, spaces=None, pos=None, spans=[])).text == text


def test_a_file_whose_name_is_not_utf8_is_named_with_signs_in_its_place():
    name = b"caf\xe9.txt".decode("utf8", "surrogateescape")
    doc = stored(replace(SENTENCE, file=name, document=name))
    assert doc.user_data["source"] == "caf\ufffd.txt:10-26"
    assert doc.user_data["doc"] == "caf\ufffd.txt"
