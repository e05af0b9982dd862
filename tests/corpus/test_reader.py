"""Reading and writing DocBins: as spaCy does it, but with the user data of all sentences at once."""

import pytest
from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab

from spacy_al.corpus.docbin import read_docs, unpack_user_data, write_docs
from spacy_al.corpus.reader import without_labels
from spacy_al.errors import ALError

ATTRS = ["ORTH", "SPACY", "TAG", "ENT_IOB", "ENT_TYPE"]


def varied(vocab):
    docs = [
        Doc(vocab, words=["Anna", "'s", "cat"], spaces=[False, True, False], tags=["NNP", "", "NN"]),
        Doc(vocab, words=["no", "spaces"]),
        Doc(vocab, words=[]),
    ]
    docs[0].set_ents([Span(docs[0], 0, 1, label="PER")], default="outside")
    docs[0].user_data.update({"id": "a-0", ("._.", "seen", 0, 1): [1, {"x": b"\x00"}], "n": 2**40})
    return docs


def test_the_bytes_written_are_those_of_a_docbin():
    docs = varied(Vocab())
    assert write_docs(docs) == DocBin(attrs=ATTRS, docs=docs, store_user_data=True).to_bytes()


def test_docs_are_read_as_a_docbin_gives_them(tmp_path):
    (tmp_path / "x.spacy").write_bytes(write_docs(varied(Vocab())))
    vocab = Vocab()
    expected = DocBin().from_disk(tmp_path / "x.spacy").get_docs(vocab)
    found = list(read_docs(tmp_path / "x.spacy", vocab))
    assert [(doc.to_json(), doc.user_data) for doc in found] == [(doc.to_json(), doc.user_data) for doc in expected]
    assert found[0].user_data["._.", "seen", 0, 1] == (1, {"x": b"\x00"})


def test_docs_without_user_data_are_read(tmp_path):
    DocBin(docs=varied(Vocab())).to_disk(tmp_path / "x.spacy")
    assert [doc.user_data for doc in read_docs(tmp_path / "x.spacy", Vocab())] == [{}, {}, {}]
    assert unpack_user_data([None, b"\x81\xa1a\x01"]) == [None, {"a": 1}]


def test_damaged_user_data_is_refused_before_a_doc_is_read(tmp_path):
    docbin = DocBin(docs=varied(Vocab()), store_user_data=True)
    docbin.user_data[1] = b"\x81"
    docbin.to_disk(tmp_path / "x.spacy")
    with pytest.raises(ALError, match=r"A130.*x\.spacy"):
        next(read_docs(tmp_path / "x.spacy", Vocab()))


def test_a_copy_without_labels_has_all_else():
    doc = varied(Vocab())[0]
    bare = without_labels(doc)
    assert not bare.has_annotation("ENT_IOB")
    assert [(t.text, t.whitespace_, t.tag_) for t in bare] == [(t.text, t.whitespace_, t.tag_) for t in doc]
    assert bare.user_data == {"id": "a-0", "n": 2**40}
