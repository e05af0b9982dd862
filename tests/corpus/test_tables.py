"""Tables as people write them: capitals in the names of columns, Excel's first line, labels without texts."""

from pathlib import Path

import pytest

from spacy_al.corpus.conversion import Options, read_corpus
from spacy_al.corpus.lines import is_utf16
from spacy_al.corpus.repairs import Repairs
from spacy_al.corpus.table_corpus import known_names
from spacy_al.errors import ALError

SPANS = '"[[0, 3, ""PER""]]"'


def spans_of(path: Path, nlp, repairs=None):
    return [one.spans for one in read_corpus(path, "csv", Options(), repairs or Repairs(), nlp=nlp)]


@pytest.mark.parametrize(
    "table",
    [
        f"Text,Entities\nAna left,{SPANS}\n",
        f"text,Spans\nAna left,{SPANS}\n",
        f"TEXT, spans\nAna left,{SPANS}\n",
        "text,Start,End,Label\nAna left,0,3,PER\n",
        "Text;startoffset;ENDOFFSET;Label\r\nAna left;0;3;PER\r\n",
        "Text,Tags\nAna left,B-PER O\n",
        "Sentence_id,Word,Tag\n1,Ana,B-PER\n1,left,O\n,,\n",
        'text|spans\nAna left|[[0, 3, "PER"]]\n',
        f"sep=;\r\ntext;spans\r\nAna left;{SPANS}\r\n",
    ],
)
def test_labels_are_read_whatever_letters_name_their_columns(write, nlp, table):
    assert spans_of(write("t.csv", table), nlp) == [[(0, 1, "PER")]]


def test_names_that_were_changed_are_told_and_exact_ones_come_first(write, nlp):
    repairs = Repairs()
    spans_of(write("t.csv", f"Text,spans\nAna left,{SPANS}\n"), nlp, repairs)
    assert [what for what in repairs.counts if "capitals" in what]
    assert known_names(["Text", "text", "Label "], ["text", "label"]) == ["Text", "text", "label"]


def test_rows_after_excels_first_line_have_their_own_numbers(write, nlp):
    with pytest.raises(ALError, match=r"A135.*t.csv:4"):
        spans_of(write("t.csv", "sep=,\ntext,spans\nBo,\nAna,x\n"), nlp)


def test_a_table_without_names_of_columns_is_told_to_get_some(write, nlp):
    with pytest.raises(ALError, match="A121.*put one above it"):
        spans_of(write("t.csv", "Ana left\nBo too\n"), nlp)


def test_a_table_of_words_without_sentences_is_told_to_number_them(write, nlp):
    with pytest.raises(ALError, match="A136.*sentence_id"):
        spans_of(write("t.csv", "Word,Tag\nAna,B-PER\n"), nlp)


def test_a_row_that_only_numbers_the_next_sentence_ends_the_one_before(write, nlp):
    rows = "1,,\n,Ana,B-PER\n,left,O\n2,,\n,Bo,B-PER\n"
    assert len(spans_of(write("t.csv", f"Sentence #,Word,Tag\n{rows}"), nlp)) == 2


@pytest.mark.parametrize("text", ["", " "])
def test_labels_without_a_text_are_refused(write, nlp, text):
    with pytest.raises(ALError, match=r"A007.*t.csv:3"):
        spans_of(write("t.csv", f"text,spans\nAna left,{SPANS}\n{text},{SPANS}\n"), nlp)


@pytest.mark.parametrize("cell", ["Ana", '"[""Ana""]"'])
def test_a_column_for_each_type_is_refused(write, nlp, cell):
    with pytest.raises(ALError, match="A007.*'PER' seems to hold entities"):
        spans_of(write("t.csv", f"text,PER\nAna left,{cell}\n"), nlp)
    assert spans_of(write("t.csv", "text,PER\nAna left,\n"), nlp) == [None]


def test_a_column_about_the_text_is_no_column_of_names(write, nlp):
    assert spans_of(write("t.csv", "TEXT,LOCATION\nAna left,Rome\n"), nlp) == [None]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_named_without_its_mark_too(write, nlp, encoding):
    with pytest.raises(ALError, match="A522"):
        spans_of(write("t.csv", f"text,spans\nAna left,{SPANS}\n".encode(encoding)), nlp)
    assert not any(map(is_utf16, (b"", b"a\n", "日本".encode())))
