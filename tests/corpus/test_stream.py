"""Streaming a DocBin gives what spaCy's own reader gives, labels aside, whatever is stored in the file."""

import zlib

import pytest
import srsly
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab

from spacy_al.corpus import inflate
from spacy_al.corpus.inflate import Message
from spacy_al.corpus.stream import DocStream
from spacy_al.errors import ALError

words = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=8)
sentences = st.lists(st.lists(st.tuples(words, st.booleans()), max_size=6), max_size=6)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("stream")


def full_doc(vocab, number):
    """A Doc with everything a DocBin can hold."""
    text, tags = ["Ann", "likes", "Rome", str(number)], ["NNP", "VBZ", "NNP", "CD"]
    doc = Doc(vocab, words=text, spaces=[True, True, False, False], tags=tags, ents=["B-PER", "O", "B-LOC", "O"])
    doc.spans["more"] = [Span(doc, 0, 2, label="X")]
    doc.cats = {"a": 0.5, "b": 1.0}
    doc.user_data["source"] = {"file": "x", "numbers": list(range(20)), "none": None, "big": -(2**40)}
    return doc


def seen(doc):
    return [(token.text, token.whitespace_, token.tag_) for token in doc]


@settings(deadline=None)
@given(sentences)
def test_words_and_spaces_survive(folder, data):
    vocab = Vocab()
    docs = [Doc(vocab, words=[w for w, _ in row], spaces=[s for _, s in row]) for row in data]
    DocBin(docs=docs).to_disk(folder / "any.spacy")
    found = DocStream(folder / "any.spacy", Vocab())
    assert [seen(doc) for doc in found] == [seen(doc) for doc in docs]
    assert len(found) == len(docs)


@pytest.mark.parametrize("block", [7, 1 << 18])
def test_a_full_docbin_is_read_without_its_labels(tmp_path, monkeypatch, block):
    docs = [full_doc(Vocab(), number) for number in range(40)]
    DocBin(docs=docs, store_user_data=True).to_disk(tmp_path / "full.spacy")
    monkeypatch.setattr(inflate, "BLOCK", block)
    found = list(DocStream(tmp_path / "full.spacy", Vocab()))
    assert [seen(doc) for doc in found] == [seen(doc) for doc in docs]
    assert not any(doc.has_annotation("ENT_IOB") or doc.spans or doc.cats or doc.user_data for doc in found)


def test_a_folder_is_read_in_order_and_twice(tmp_path):
    vocab = Vocab()
    for name in ("b", "a"):
        DocBin(docs=[Doc(vocab, words=[name, "x"])]).to_disk(tmp_path / f"{name}.spacy")
    stream = DocStream(tmp_path, vocab)
    assert [doc[0].text for doc in stream] == [doc[0].text for doc in stream] == ["a", "b"]


def test_the_attributes_kept_do_not_matter(tmp_path):
    docs = [full_doc(Vocab(), 1)]
    DocBin(attrs=["ENT_TYPE"], docs=docs).to_disk(tmp_path / "x.spacy")
    (doc,) = DocStream(tmp_path / "x.spacy", Vocab())
    assert [token.text for token in doc] == ["Ann", "likes", "Rome", "1"]


@pytest.mark.parametrize("cut", [0, 1, 30, -1, -3])
def test_a_cut_file_is_refused(tmp_path, cut):
    data = DocBin(docs=[full_doc(Vocab(), n) for n in range(9)]).to_bytes()
    (tmp_path / "cut.spacy").write_bytes(data[: len(data) // 2 if cut == -1 else cut])
    with pytest.raises(ALError, match=r"A415.*cut\.spacy"):
        DocStream(tmp_path / "cut.spacy", Vocab())


@pytest.mark.parametrize(
    "message",
    [[1, 2], {"attrs": [65]}, {"attrs": [1], "tokens": b"", "lengths": b"", "spaces": b""}, {"attrs": "x"}],
)
def test_other_messages_are_refused(tmp_path, message):
    (tmp_path / "x.spacy").write_bytes(zlib.compress(srsly.msgpack_dumps(message)))
    with pytest.raises(ALError, match="A415"):
        DocStream(tmp_path / "x.spacy", Vocab())


def test_a_word_without_its_string_is_refused(tmp_path):
    docbin = DocBin(docs=[full_doc(Vocab(), 1)])
    docbin.strings.remove("Rome")
    docbin.to_disk(tmp_path / "x.spacy")
    with pytest.raises(ALError, match=r"A415.*x\.spacy.*string of a word"):
        list(DocStream(tmp_path / "x.spacy", Vocab()))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ALError, match=r"A003.*none\.spacy"):
        DocStream(tmp_path / "none.spacy", Vocab())


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text() | st.binary(max_size=300),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(), inner, max_size=20),
    max_leaves=40,
)


@settings(deadline=None)
@given(values)
def test_any_value_of_an_unknown_key_is_skipped_to_its_last_byte(folder, value):
    message = srsly.msgpack_loads(zlib.decompress(DocBin(docs=[full_doc(Vocab(), 1)]).to_bytes()))
    parts = list(message.items())
    (folder / "value.spacy").write_bytes(zlib.compress(srsly.msgpack_dumps(dict([("a", value), *parts, ("b", value)]))))
    (folder / "later.spacy").write_bytes(
        zlib.compress(srsly.msgpack_dumps(dict([*parts[:3], ("b", value), *parts[3:]])))
    )
    for name in ("value.spacy", "later.spacy"):
        (doc,) = DocStream(folder / name, Vocab())
        assert seen(doc) == seen(full_doc(Vocab(), 1))


@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=6, unique=True))
def test_attributes_of_any_size_are_read(folder, attributes):
    width = 8 * len(attributes)
    start = srsly.msgpack_dumps({"attrs": attributes, "tokens": bytes(width)})
    (folder / "attributes").write_bytes(zlib.compress(start))
    with (folder / "attributes").open("rb") as file:
        assert Message(file).tokens() == (attributes, b"", width, 0)


def test_a_list_that_says_it_is_endless_fills_no_memory(tmp_path):
    (tmp_path / "x.spacy").write_bytes(zlib.compress(b"\x81\xa5attrs\xdd\x7f\xff\xff\xff\x01"))
    with pytest.raises(ALError, match="A415"):
        DocStream(tmp_path / "x.spacy", Vocab())
