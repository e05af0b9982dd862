"""Wordpieces: equal to the tokenizer's own, windows that cover everything, batches that gather the right places."""

import numpy
import pytest
import spacy
import torch
from spacy.tokens import Doc
from transformers import AutoTokenizer

from spacy_al.ml import wordpieces
from spacy_al.ml.wordpieces import WordpieceTable, best_windows, collate, windows

from .helpers import tiny_transformer

WORDS = ["the", "olders", "Rome", "\u200b", "unseen", "towns"]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return WordpieceTable(AutoTokenizer.from_pretrained(tiny_transformer(tmp_path_factory.mktemp("bert"))))


@pytest.fixture(scope="module")
def vocab():
    return spacy.blank("en").vocab


def test_pieces_are_those_of_the_tokenizer_on_split_words(table, vocab):
    words = ["the", "olders", "Rome", "unseen", "towns"]
    (pieces,) = table.split([Doc(vocab, words=words)])
    expected = table.tokenizer(words, is_split_into_words=True, add_special_tokens=False)
    assert pieces.ids.tolist() == expected["input_ids"]
    assert pieces.counts.tolist() == numpy.bincount(expected.word_ids()).tolist()


def test_a_token_without_pieces_becomes_unknown(table, vocab):
    (pieces,) = table.split([Doc(vocab, words=["the", "\u200b", "Rome"])])
    assert pieces.counts.tolist() == [1, 1, 1]
    assert pieces.ids[1] == table.tokenizer.unk_token_id


def test_words_of_which_a_piece_is_unknown_are_counted_once_each(table, vocab):
    docs = [Doc(vocab, words=["Rome", "\u200b", "towns"]), Doc(vocab, words=["Rome", "\u6c49"])]
    assert table.unknown_share(docs) == 2 / 4
    assert table.unknown_share([]) == 0.0


@pytest.mark.parametrize("n_pieces", [1, 7, 8, 9, 12, 13, 40])
def test_windows_cover_every_piece_and_none_is_too_long(n_pieces):
    spans = windows(n_pieces, 8)
    assert set().union(*(range(start, end) for start, end in spans)) == set(range(n_pieces))
    assert all(end - start <= 8 for start, end in spans)


@pytest.mark.parametrize("n_pieces", [9, 12, 13, 40])
def test_a_piece_is_taken_from_a_window_that_holds_it_with_most_context(n_pieces):
    spans = windows(n_pieces, 8)
    for piece, chosen in enumerate(best_windows(n_pieces, spans)):

        def context(start, end, piece=piece):
            left = n_pieces if start == 0 else piece - start
            right = n_pieces if end == n_pieces else end - 1 - piece
            return min(left, right) if start <= piece < end else -1

        assert context(*spans[chosen]) == max(context(*span) for span in spans)


def test_a_batch_gathers_the_first_piece_of_each_token_across_windows(table, vocab):
    doc = Doc(vocab, words=["olders", "towns", "the"] * 10)
    (pieces,) = table.split([doc])
    batch = collate([pieces], table, window=8, mean=False, device=torch.device("cpu"))
    firsts = pieces.ids[numpy.cumsum(pieces.counts) - pieces.counts]
    assert batch.ids.flatten()[batch.pieces].tolist() == firsts.tolist()
    assert (batch.ids[:, 0] == table.tokenizer.cls_token_id).all()


def test_mean_pooling_gathers_every_piece_with_its_token(table, vocab):
    docs = [Doc(vocab, words=["olders", "towns"]), Doc(vocab, words=["the"])]
    batch = collate(table.split(docs), table, window=8, mean=True, device=torch.device("cpu"))
    assert batch.owners.tolist() == [0, 0, 0, 1, 1, 2]
    assert batch.ids.flatten()[batch.pieces].tolist() == numpy.concatenate([p.ids for p in table.split(docs)]).tolist()


def test_a_table_begun_anew_gives_the_same(table, vocab, monkeypatch):
    docs = [Doc(vocab, words=["the", f"town{number}", "olders"]) for number in range(9)]
    expected = [(one.ids.tolist(), one.counts.tolist()) for one in table.split(docs)]
    monkeypatch.setattr(wordpieces, "MOST_WORDS", 4)
    small = WordpieceTable(table.tokenizer)
    found = [small.split([doc])[0] for doc in docs]
    assert [(one.ids.tolist(), one.counts.tolist()) for one in found] == expected
    assert len(small.words) <= 7


def test_sentences_of_one_call_are_those_of_calls_of_their_own(table, vocab):
    docs = [Doc(vocab, words=row) for row in (["olders", "Rome"], [], ["the"], [], ["unseen", "the", "olders"])]
    together = table.split(docs)
    alone = [table.split([doc])[0] for doc in docs]
    assert [one.ids.tolist() for one in together] == [one.ids.tolist() for one in alone]
    assert [one.counts.tolist() for one in together] == [one.counts.tolist() for one in alone]
    assert table.split([]) == []
