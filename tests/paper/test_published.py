"""The paper's numbers: spot checks by eye, and against the paper's own text where it is at hand."""

import re

import pytest

from spacy_al.paper import published as paper


def test_every_strategy_has_a_score_for_each_round():
    for corpus in paper.DROPOUT.values():
        for model, strategies in corpus.items():
            assert len(strategies) == (8 if model == paper.ELMO_BILSTM_CRF else 6)
            assert all(len(scores) == len(paper.ROUNDS) for scores in strategies.values())


def test_table_5_by_eye():
    assert paper.DROPOUT[paper.CONLL][paper.ELECTRA]["BALD (MC last)"][1] == paper.Score(90.4, 0.2)
    assert paper.DROPOUT[paper.CONLL][paper.DISTILBERT]["Random"][5] == paper.Score(88.2, 0.5)


def test_table_6_by_eye():
    assert paper.DROPOUT[paper.ONTONOTES][paper.BERT]["VR (MC all)"][0] == paper.Score(82.2, 0.5)


@pytest.mark.data
@pytest.mark.parametrize(("number", "corpus"), [(5, paper.CONLL), (6, paper.ONTONOTES)])
def test_tables_5_and_6_equal_the_paper(data_folder, number, corpus):
    source = data_folder.parent / "paper.txt"
    if not source.is_file():
        pytest.skip(f"no text of the paper at {source}")
    text = source.read_text(encoding="utf8")
    start = text.index(f"Table {number}: Results of AL")
    columns = re.findall(r"(\d\d\.\d) ± (\d\.\d)", text[start : start + 4000])[:120]  # printed round by round
    ours = [scores for strategies in paper.DROPOUT[corpus].values() for scores in strategies.values()]
    flat = [(f"{row[i].f1}", f"{row[i].deviation}") for i in range(6) for row in ours]
    assert flat == columns
