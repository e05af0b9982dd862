"""The paper's tables with our numbers beside them."""

import pytest

from spacy_al.paper import published as paper
from spacy_al.paper.paper_tables import paper_blocks, table_1, table_2, table_dropout
from spacy_al.report.compare import gather_places
from spacy_al.report.page import Cell, Points, Table, Text


@pytest.fixture
def places(make_group):
    f1 = [[0.5 + 0.01 * i for i in range(11)]]
    seconds = {"train": 30.0, "score": 2.0, "select": 0.5}
    ours = make_group(f1, seconds=seconds, label="MNLP")
    full = make_group([[0.9], [0.92]], shares=[1.0])
    other = make_group(f1, measure="random", label="Random", tagger="MiniLM-L6")
    return gather_places([ours, full, other], None)


def rows_of(table):
    return {row[0]: row for row in table.rows if row[0]}


def test_table_1_has_ours_and_theirs(places):
    rows = rows_of(table_1(places))
    assert list(rows["ELECTRA"])[2:] == ["91.0 ± 1.4", "91.5 ± 0.2"]
    assert list(rows["CRF"])[2:] == ["–", "78.2"]
    assert list(rows["MiniLM-L6"])[2:] == ["–", "–"]


def test_table_2_is_of_round_5_with_mnlp(places):
    rows = rows_of(table_2(places))
    assert [(cell.text, cell.under) for cell in rows["ELECTRA"][2:]] == [
        ("30.0", "100"),
        ("2.5", "50"),
        ("32.5", "150"),
    ]
    assert [(cell.text, cell.under) for cell in rows["DistilBERT"][2:]] == [
        ("", "61"),
        ("", "27"),
        ("", "88"),
    ]
    assert "MiniLM-L6" not in rows  # it was run with random sampling only


def test_table_5_keeps_the_rows_that_were_not_run(places):
    table = table_dropout(5, paper.CONLL, places)
    assert len(table.rows) == 8 + 6 + 6 + 1
    assert [table.rows[i][0] for i in table.breaks[:2]] == [
        Cell("ELMo-BiLSTM-CRF", "needs hub weights"),
        Cell("DistilBERT", "needs hub weights"),
    ]
    electra = table.breaks[2]
    assert table.rows[electra][0] == "ELECTRA"
    cells = table.rows[electra][2:]
    assert [(cell.text, cell.under) for cell in cells[:3]] == [
        ("51.0", "85.0 ± 0.8"),
        ("55.0", "89.6 ± 0.1"),
        ("60.0", "90.6 ± 0.1"),
    ]
    assert cells[3].text == "–"


def test_what_was_not_run_is_named_with_its_command(places):
    points = paper_blocks(places)[-1]
    assert isinstance(points, Points)
    assert len(points.items) == len(paper.MODELS) - 1
    assert any("hub weights (bert-base-cased)" in i and "project run al-bert`" in i for i in points.items)


def test_other_corpora_bring_no_paper(make_group, monkeypatch):
    places = gather_places([make_group([[0.5, 0.6]])], None)
    object.__setattr__(places[0], "corpus", "news")
    assert paper_blocks(places) == []


def test_ontonotes_has_table_6_and_no_durations(make_group):
    places = gather_places([make_group([[0.5, 0.6]])], None)
    object.__setattr__(places[0], "corpus", paper.ONTONOTES)
    titles = [block.title for block in paper_blocks(places) if isinstance(block, Table)]
    assert [title.split(":")[0] for title in titles] == ["The paper's Table 1", "The paper's Table 6"]


def test_a_corpus_of_another_size_is_not_the_papers(places):
    assert isinstance(paper_blocks(places)[0], Text)  # a hundred tokens of "CoNLL-2003"
    assert "203,621 in the paper" in paper_blocks(places)[0].text
