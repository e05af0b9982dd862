"""Numbers and features of words: capitalisation, spelling, growth."""

from typing import List

import numpy
import pytest
from spacy.vectors import Vectors
from spacy.vocab import Vocab

from spacy_al.ml.lexicon import CAPITALS, MAX_BYTES, Lexicon, capitalisation, spell


@pytest.fixture
def vocab() -> Vocab:
    vocab = Vocab()
    vocab.vectors = Vectors(
        strings=vocab.strings, data=numpy.eye(2, dtype="f"), keys=[vocab.strings.add(w) for w in "ab"]
    )
    return vocab


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("EU", "allCaps"),
        ("I", "allCaps"),
        ("U.N.", "allCaps"),
        ("Rome", "upperInitial"),
        ("Élysée", "upperInitial"),
        ("of", "lowercase"),
        ("e-mail", "lowercase"),
        ("iPhone", "mixedCaps"),
        ("McDonald", "mixedCaps"),
        ("1996", "noinfo"),
        (",", "noinfo"),
        ("東京", "noinfo"),
        ("", "noinfo"),
    ],
)
def test_capitalisation_is_one_of_five_kinds(word, kind):
    assert capitalisation(word) == kind


def test_spelling_is_utf8_without_the_middle_of_very_long_words():
    rows = spell(["Ü", "x" * 40 + "y" * 40])
    assert rows[0].tolist() == [0xC3, 0x9C] + [0] * (MAX_BYTES - 2)
    assert bytes(rows[1]) == b"x" * 32 + b"y" * 32


def orths(vocab: Vocab, words: List[str]) -> List[int]:
    return [vocab.strings.add(word) for word in words]


def test_words_keep_their_numbers_and_features_as_the_lexicon_grows(vocab):
    lexicon = Lexicon(vocab)
    first = lexicon.add(orths(vocab, ["b", "Rome", "b"]))
    many = lexicon.add(orths(vocab, [f"word{number}" for number in range(5000)]))
    assert first.tolist() == [0, 1, 0] == lexicon.add(orths(vocab, ["b", "Rome", "b"])).tolist()
    assert many.tolist() == list(range(2, 5002))
    assert lexicon.features["row"][:3].tolist() == [1, -1, -1]
    assert CAPITALS[lexicon.features["capitals"][1]] == "upperInitial"
    assert bytes(lexicon.features["spelling"][5001]).rstrip(b"\0") == b"word4999"
