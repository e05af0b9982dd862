"""TXT and CSV files without labels."""

import csv
import json

import pytest

from spacy_al.corpus.conversion import Options, read_corpus
from spacy_al.corpus.detect import detect_format
from spacy_al.corpus.json_corpus import Rules
from spacy_al.corpus.repairs import Repairs
from spacy_al.corpus.text import read_folder, read_text
from spacy_al.errors import ALError


def read_csv(path, repairs, *, nlp, **options):
    return read_corpus(path, "csv", Options(**options), repairs, nlp=nlp)


def test_offsets_point_into_the_file(write, nlp):
    content = "Title\r\n\r\nOne two. Thrée\r\nfour.\r\n \r\nFive\r\n"
    sentences = list(read_text(write("a.txt", "\ufeff" + content), Repairs(), nlp=nlp))
    assert [content[one.start : one.end] for one in sentences] == [
        "Title",
        "One two.",
        "Thrée\r\nfour.",
        "Five",
    ]


def test_a_file_is_one_document_numbered_through(write, nlp):
    sentences = list(read_text(write("a.txt", "Ann ran. Bob ran.\n\nCas ran.\n"), Repairs(), nlp=nlp))
    assert [(one.document, one.number, one.line) for one in sentences] == [
        ("a.txt", 0, 1),
        ("a.txt", 1, 1),
        ("a.txt", 2, 3),
    ]


def test_lines_can_be_documents(write, nlp):
    content = "so true\n\n omg. lol\n"
    sentences = list(read_text(write("a.txt", content), Repairs(), nlp=nlp, per_line=True))
    assert [(one.document, one.number) for one in sentences] == [
        ("a.txt-1", 0),
        ("a.txt-3", 0),
        ("a.txt-3", 1),
    ]
    assert [content[one.start : one.end] for one in sentences] == ["so true", "omg.", "lol"]


def test_a_file_without_text_is_refused(write, nlp):
    with pytest.raises(ALError, match=r"A110.*a\.txt"):
        list(read_text(write("a.txt", " \n"), Repairs(), nlp=nlp))


def test_a_folder_is_read_in_order(write, nlp, tmp_path):
    write("t/b.txt", "B.")
    write("t/a/c.txt", "C.")
    write("t/d.md", "D.")
    sentences = read_folder(tmp_path / "t", Repairs(), nlp=nlp)
    assert [(one.file, one.document) for one in sentences] == [("a/c.txt", "a/c.txt"), ("b.txt", "b.txt")]


def test_a_folder_is_read_as_its_format_is_told_capitals_in_and_hidden_files_out(write, nlp, tmp_path):
    write("t/A.TXT", "A.")
    write("t/._A.TXT", b"\x00\xff")
    write("t/.old/b.txt", "B.")
    assert detect_format(tmp_path / "t") == "txt"
    assert [one.file for one in read_folder(tmp_path / "t", Repairs(), nlp=nlp)] == ["A.TXT"]


def test_an_empty_file_of_a_folder_is_refused_or_counted(write, nlp, tmp_path):
    write("t/a.txt", "A.")
    write("t/b.txt", "\ufeff\n")
    with pytest.raises(ALError, match=r"A110.*b\.txt"):
        list(read_folder(tmp_path / "t", Repairs(), nlp=nlp))
    repairs = Repairs("warn")
    assert len(list(read_folder(tmp_path / "t", repairs, nlp=nlp))) == 1
    assert list(repairs.first.values()) == [f"{tmp_path / 't' / 'b.txt'}:1"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_rows_are_documents(write, nlp, delimiter):
    content = 'id,text\nx,"One, ""two"". Three"\n,Four\n'.replace(",", delimiter)
    sentences = list(read_csv(write("p.csv", content), Repairs(), nlp=nlp))
    assert [(one.document, one.number, one.line) for one in sentences] == [
        ("x", 0, 2),
        ("x", 1, 2),
        ("p.csv-3", 0, 3),
    ]
    text = f'One{delimiter} "two". Three'
    assert text[sentences[1].start : sentences[1].end] == "Three"


def test_csv_cells_may_hold_line_ends(write, nlp):
    content = 'text\r\n"One\r\ntwo"\r\nthree\r\n'
    sentences = list(read_csv(write("p.csv", "\ufeff" + content), Repairs(), nlp=nlp))
    assert [(one.words, one.line) for one in sentences] == [(["One", "\r\n", "two"], 2), (["three"], 4)]


def test_a_csv_column_can_be_named(write, nlp):
    sentences = read_csv(write("p.csv", "key,body\nk,a\n"), Repairs(), nlp=nlp, text_field="body", id_field="key")
    assert [(one.words, one.document, one.file) for one in sentences] == [(["a"], "k", "p.csv#k")]


def test_a_csv_without_the_column_is_refused(write, nlp):
    with pytest.raises(ALError, match=r"A121.*p.csv:1: no column 'text' in the header 'id,body'.*--text-field"):
        list(read_csv(write("p.csv", "id,body\n1,a\n"), Repairs(), nlp=nlp))


BAD_ROWS = {"too many cells": "1,a,b", "too few": "1", "quote": '1,"a"b'}


@pytest.mark.parametrize("row", BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_bad_csv_row_is_refused_with_its_line(write, nlp, row):
    with pytest.raises(ALError, match=r"A120.*p.csv:3: "):
        list(read_csv(write("p.csv", f"id,text\n0,ok\n{row}\n2,fine\n"), Repairs(), nlp=nlp))


@pytest.mark.parametrize("row", BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_bad_csv_row_is_left_out_and_counted(write, nlp, row):
    repairs = Repairs("warn")
    path = write("p.csv", f"id,text\n0,ok\n{row}\n2,fine\n")
    assert [one.document for one in read_csv(path, repairs, nlp=nlp)] == ["0", "2"]
    assert list(repairs.counts.values()) == [1]


def test_a_quote_that_is_never_closed_is_refused(write, nlp):
    with pytest.raises(ALError, match=r"A120.*p.csv:2: unexpected end"):
        list(read_csv(write("p.csv", 'id,text\n0,"ok\n2,fine\n'), Repairs(), nlp=nlp))


def test_a_row_without_text_is_noted(write, nlp):
    repairs = Repairs()
    assert len(list(read_csv(write("p.csv", "id,text\n0,\n1,a\n"), repairs, nlp=nlp))) == 1
    assert list(repairs.counts.values()) == [1]


def test_long_cells_are_read_and_the_global_limit_put_back(write, nlp):
    path = write("p.csv", "text\n" + "word " * 40_000 + "\n")
    before = csv.field_size_limit(1000)
    try:
        assert [len(one.words) for one in read_csv(path, Repairs(), nlp=nlp)] == [40_000]
        assert csv.field_size_limit() == 1000
    finally:
        csv.field_size_limit(before)


CELLS = {
    "python": """[(0, 3, 'PER')]""",
    "json": """[[0, 3, ""PER""]]""",
    "objects": """[{'start': 0, 'end': 3, 'label': 'PER'}]""",
    "tags": "B-PER O O",
}


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
@pytest.mark.parametrize("column", ["entities", "spans", "label", "labels"])
def test_entities_in_a_column_are_read(write, nlp, cell, column):
    path = write("p.csv", f'text,{column}\nAna left Oslo,"{cell}"\nBo met Ana,"[]"\n')
    sentences = list(read_csv(path, Repairs(), nlp=nlp))
    assert sentences[0].spans == [(0, 1, "PER")]
    assert sentences[1].spans == (None if column.startswith("label") else [])


def test_entities_in_a_column_of_another_name_are_refused_with_the_name(write, nlp):
    path = write("p.csv", """text,gold\nAna left,"[(0, 3, 'PER')]"\n""")
    with pytest.raises(ALError, match=r"p\.csv:2: 'gold' seems to hold entities.*--spans-field gold"):
        list(read_csv(path, Repairs(), nlp=nlp))
    (sentence,) = read_csv(path, Repairs(), nlp=nlp, rules=Rules(spans_field="gold"))
    assert sentence.spans == [(0, 1, "PER")]


def test_a_column_that_promises_entities_and_holds_none_is_refused(write, nlp):
    with pytest.raises(ALError, match=r"A135.*p\.csv:2: the column 'entities' holds 'PER: Ana'"):
        list(read_csv(write("p.csv", "text,entities\nAna left,PER: Ana\n"), Repairs(), nlp=nlp))


def test_a_table_of_label_studio_is_read(write, nlp):
    cell = json.dumps([{"start": 0, "end": 3, "text": "Ana", "labels": ["PER"]}]).replace('"', '""')
    path = write("p.csv", f'text,id,ner,annotator,annotation_id,lead_time\nAna left,4,"{cell}",1,2,3.5\n')
    (sentence,) = read_csv(path, Repairs(), nlp=nlp)
    assert (sentence.spans, sentence.document) == ([(0, 1, "PER")], "4")
