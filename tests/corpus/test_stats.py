"""Counting corpora and showing the counts."""

from pathlib import Path

from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from spacy_al.corpus.repairs import Repairs
from spacy_al.corpus.stats import format_repairs, format_table

from .conftest import count_docs

VOCAB = Vocab()


def doc(document, entities=None, missing=()):
    one = Doc(VOCAB, words=["a", "b", "c"], user_data={"doc": document})
    if entities is not None:
        spans = [Span(one, start, end, label=label) for start, end, label in entities]
        one.set_ents(spans, missing=[one[i : i + 1] for i in missing], default="outside")
    return one


def test_counts_are_those_of_the_docs():
    counts = count_docs([doc("x", [(0, 1, "PER"), (1, 3, "LOC")]), doc("x", [(0, 2, "PER")]), doc("y", [])])
    assert (len(counts.documents), counts.sentences, counts.tokens) == (2, 3, 9)
    assert counts.entities == {"PER": 2, "LOC": 1}
    assert (counts.unlabelled, counts.missing) == (0, 0)


def test_what_is_missing_is_counted_apart():
    counts = count_docs([doc("x"), doc("x", [(0, 1, "PER")], missing=[2]), doc("x", [])])
    assert (counts.unlabelled, counts.missing) == (1, 1)


def test_the_table_has_a_column_for_each_part_and_labels_by_frequency():
    parts = {
        "one": count_docs([doc("x", [(0, 1, "LOC")])] * 1200),
        "two": count_docs([doc("y", [(0, 1, "PER")])]),
    }
    rows = [line.split() for line in format_table(parts).splitlines() if line.strip()]
    assert rows[0] == ["one", "two"]
    assert ["Sentences", "1,200", "1"] in rows
    assert ["Tokens", "3,600", "3"] in rows
    assert rows[-2:] == [["LOC", "1,200", "0"], ["PER", "0", "1"]]


def test_the_table_shows_what_is_missing():
    assert "Sentences without annotation" in format_table({"x": count_docs([doc("x")])})
    assert "Sentences without annotation" not in format_table({"x": count_docs([doc("x", [])])})


def test_equal_sentences_with_other_entities_are_counted():
    said = [[(0, 1, "PER")], [(0, 1, "PER")], [(0, 1, "LOC")], [], None]
    counts = count_docs([doc("x", entities) for entities in said])
    assert counts.differing == 2
    assert "with other entities too" in format_table({"x": counts})


def test_repairs_are_listed_with_their_first_place():
    repairs = Repairs("warn")
    for line in (4, 9):
        repairs.problem("word", "", path=Path("f"), line=line)
    lines = [" ".join(line.split()) for line in format_repairs(repairs).splitlines()]
    assert lines == ["Repairs and notes:", "2 lines without a word: left out (first: f:4)"]


def test_no_repairs_are_said_to_be_none():
    assert format_repairs(Repairs()) == "Repairs: none"
