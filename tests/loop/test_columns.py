"""Pools read in columns: the same as Doc by Doc."""

import zlib

import pytest
import srsly
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from spacy_al.corpus import docbin as columns
from spacy_al.corpus.reader import read_docs, write_docs
from spacy_al.errors import ALError
from spacy_al.loop.oracle import separate_file

from .conftest import separate


def varied(vocab):
    docs = [
        Doc(vocab, words=["Anna", "'s", "cat"], spaces=[False, True, False], tags=["NNP", "POS", "NN"]),
        Doc(vocab, words=["no", "spaces", "known"]),
        Doc(vocab, words=[]),
        Doc(vocab, words=["Anna"], spaces=[True]),
        Doc(vocab, words=["Anna"], spaces=[False]),
    ]
    docs[0].set_ents([Span(docs[0], 0, 1, label="PER")], default="outside")
    docs[1].set_ents([], default="missing")
    docs[3].user_data["source"] = "file 3"
    return docs


def same(path):
    slow_vocab, fast_vocab = Vocab(), Vocab()
    slow, slow_labels = separate(read_docs(path, slow_vocab), slow_vocab)
    fast, fast_labels = separate_file(path, fast_vocab)
    assert (fast.ids, fast.sources, fast.fingerprint()) == (slow.ids, slow.sources, slow.fingerprint())
    assert fast.starts.tolist() == slow.starts.tolist()
    assert fast.attributes.tolist() == slow.attributes.tolist()
    assert fast_labels.tolist() == slow_labels.tolist()
    assert [fast.words(n) for n in range(len(fast))] == [slow.words(n) for n in range(len(slow))]
    return fast


def test_a_file_is_read_as_its_docs_are(tmp_path, corpus):
    from pathlib import Path

    (tmp_path / "varied.spacy").write_bytes(write_docs(varied(Vocab())))
    pool = same(tmp_path / "varied.spacy")
    assert pool.sources == [None, None, None, "file 3", None]
    same(Path(corpus[0]))


def test_a_folder_is_read_in_order_of_names(tmp_path):
    for name in ("b", "a"):
        docs = [*varied(Vocab()), Doc(Vocab(), words=[name])]
        (tmp_path / f"{name}.spacy").write_bytes(write_docs(docs))
    pool = same(tmp_path)
    assert [pool.words(number) for number in (5, 11)] == [["a"], ["b"]]


def test_a_file_that_is_no_docbin_is_named(tmp_path):
    (tmp_path / "x.spacy").write_bytes(b"nothing of the kind")
    with pytest.raises(ALError, match="A130.*x.spacy"):
        separate_file(tmp_path / "x.spacy", Vocab())


@pytest.mark.parametrize(
    ("key", "value"),
    [("lengths", b"\x01\0\0\0"), ("spaces", b""), ("user_data", [b"\x80"]), ("flags", []), ("strings", ["Anna"])],
)
def test_columns_that_do_not_belong_together_are_refused(tmp_path, key, value):
    message = srsly.msgpack_loads(zlib.decompress(write_docs(varied(Vocab()))))
    message[key] = value
    (tmp_path / "x.spacy").write_bytes(zlib.compress(srsly.msgpack_dumps(message)))
    with pytest.raises(ALError, match=r"A130.*x\.spacy"):
        separate_file(tmp_path / "x.spacy", Vocab())


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_cut_file_is_refused(tmp_path, share):
    data = write_docs(varied(Vocab()))
    (tmp_path / "x.spacy").write_bytes(data[: int(share * len(data))])
    with pytest.raises(ALError, match=r"A130.*x\.spacy"):
        separate_file(tmp_path / "x.spacy", Vocab())


def test_blocks_smaller_than_a_sentence_change_nothing(tmp_path, monkeypatch):
    (tmp_path / "x.spacy").write_bytes(write_docs(varied(Vocab())))
    monkeypatch.setattr(columns, "BLOCK_ROWS", 2)
    same(tmp_path / "x.spacy")
