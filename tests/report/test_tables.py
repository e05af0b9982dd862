"""Tables of our own results."""

from dataclasses import replace

import pytest

from spacy_al.report.compare import compare_pairs, gather_places
from spacy_al.report.comparison_tables import table_of_savings, table_of_tests
from spacy_al.report.findings import findings, gaps
from spacy_al.report.page import Cell
from spacy_al.report.tables import (
    phase_seconds,
    shown_rounds,
    table_of_facts,
    table_of_runs,
    table_of_scores,
    table_of_types,
)


@pytest.fixture
def random(make_group):
    return make_group([[0.5, 0.6, 0.7], [0.5, 0.62, 0.7]], measure="random", label="Random")


@pytest.fixture
def mnlp(make_group):
    return make_group([[0.5, 0.8, 0.89], [0.5, 0.82, 0.91]])


def texts(row):
    return [cell.text if isinstance(cell, Cell) else cell for cell in row]


def test_scores_by_round(random, mnlp):
    (place,) = gather_places([random, mnlp], None)
    table = table_of_scores(place)
    assert texts(table.rows[1]) == ["MNLP", "2", "50.0 ± 0.0", "81.0 ± 1.4", "90.0 ± 1.4"]
    assert [cell.strong for cell in table.rows[1][2:]] == [True, True, True]
    assert [cell.strong for cell in table.rows[0][2:]] == [True, False, False]


def test_savings_and_areas(random, mnlp):
    table = table_of_savings(gather_places([random, mnlp], 0.9))
    assert texts(table.rows[0]) == [
        "CoNLL-2003, ELECTRA",
        "Random",
        "90.0",
        "> 6 %",
        "> 6 %",
        "60.50 ± 0.71",
        "–",
        "70.0 ± 0.0",
    ]
    # Areas of the two seeds: (0.65 + 0.845) / 2 and (0.66 + 0.865) / 2
    assert texts(table.rows[1])[3:] == ["6 %", "6 %", "75.50 ± 1.06", "+15.00", "90.0 ± 1.4"]


def test_tests_of_a_pair(random, mnlp):
    (place,) = gather_places([random, mnlp], None)
    table = table_of_tests([place], {place.name: compare_pairs(place, seed=0)})
    row = texts(table.rows[0])
    assert row[1:4] == ["MNLP", "Random", "+20.00"]
    assert row[5:] == ["2 of 2", "4 of 4", "0.125"]  # 2 / 2^4


def test_rounds_of_the_paper_are_shown_where_they_were_run(make_group):
    assert shown_rounds([make_group([[0.5] * 25], shares=[0.02] * 25)]) == [1, 5, 10, 15, 20, 24]
    assert shown_rounds([make_group([[0.5] * 4])]) == [0, 1, 2, 3]
    assert shown_rounds([make_group([[0.5] * 13], shares=[0.02] * 13)])[-1] == 12


def test_a_phase_of_zero_seconds_was_not_run(make_group):
    group = make_group([[0.5, 0.6]], seconds={"train": 4.0, "score": 0.0})
    assert phase_seconds(group, "train") == 4.0
    assert phase_seconds(group, "score") is None
    assert phase_seconds(group, "select") is None


def test_what_runs_noted_is_counted(study):
    table = table_of_facts(study.groups)
    assert ["torch", "2.13.0"] in [list(row) for row in table.rows]
    assert not table_of_facts([]).rows


def test_every_experiment_has_a_row(study):
    table = table_of_runs(study.groups)
    assert [row[3] for row in table.rows] == [
        "Random",
        "MNLP",
        "VR (MC last)",
        "BALD (MC last)",
        "whole corpus",
    ]
    assert [row[5] for row in table.rows] == ["0–1"] * 4 + ["0"]


def test_types_are_columns(study):
    assert list(table_of_types(study.places[0]).head) == ["Strategy", "Labelled", "LOC", "MISC", "ORG", "PER"]


def test_runs_without_types_have_no_such_table(random):
    assert not table_of_types(gather_places([random], None)[0]).rows


def test_findings_say_what_the_tables_say(random, mnlp):
    (place,) = gather_places([random, mnlp], 0.9)
    area, saved, sure = findings(place, compare_pairs(place, seed=0))
    assert area.startswith("MNLP has the largest area under the curve, a mean F1 of 75.5 between 2 % and 6 %")
    assert saved.endswith("takes 6 % of the tokens with MNLP, more than 6 % of the tokens with Random.")
    assert sure.startswith("MNLP minus Random is +20.00 points")
    assert sure.endswith("above 0 in 2 of 2 seeds.")


def test_findings_do_not_praise_a_single_strategy(mnlp):
    (place,) = gather_places([mnlp], None)
    assert findings(place, []) == ["MNLP has a mean F1 of 75.5 between 2 % and 6 % of the tokens."]


def test_seeds_behind_others_are_named(make_group, random):
    late = make_group([[0.5]], seeds=[7]).runs
    (said,) = gaps([replace(random, behind=late)], [])
    assert said.startswith("CoNLL-2003, ELECTRA, Random: left out")
    assert said.endswith("come to round 2: seed 7 at round 0.")


def test_curves_without_a_share_in_common_have_no_area(make_group, random):
    far = make_group([[0.8], [0.8]], shares=[0.15])
    (place,) = gather_places([random, far], None)
    assert findings(place, [])[0].startswith("One curve begins where another has ended already")
    assert {cell.text for row in table_of_savings([place]).rows for cell in row[5:]} == {"–"}


def test_gaps_are_named(make_group, random):
    single = make_group([[0.5, 0.6]])
    said = gaps([random, single], ["runs/late"])
    assert said == [
        "One seed only, so no spread is known. CoNLL-2003, ELECTRA: MNLP.",
        "No finished round yet, left out: `runs/late`.",
    ]
