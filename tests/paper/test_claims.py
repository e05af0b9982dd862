"""Claims of the paper: each test's comparison, and the verdict that evidence comes to."""

import numpy
import pytest

from spacy_al.loop.study_plan import read_study
from spacy_al.paper import published as paper
from spacy_al.paper.claim_table import TAGGERS, claim_blocks, missing_models, verdict
from spacy_al.paper.claim_tests import (
    against_simple,
    cheaper_to_acquire,
    compare_strategies,
    labels_saved,
    little_overhead,
    mismatch,
    smaller_kin,
)
from spacy_al.paper.claims import CLAIMS, Claim
from spacy_al.paper.evidence import Evidence, Outcome, above, alike, no_worse, weigh
from spacy_al.report.compare import gather_places
from spacy_al.report.page import Points, Table
from spacy_al.report.statistics import Interval

SHAPE = (3, 9)  # seeds, rounds


@pytest.fixture
def place_of(make_group):
    """One tagger's experiments from the F1 that each strategy adds to random; every curve rises alike."""

    def make(extra, *, full=None, tagger="ELECTRA", seeds=3, **options):
        rng = numpy.random.default_rng(0)
        base = 0.6 + 0.02 * numpy.arange(SHAPE[1]) + rng.normal(0, 0.0005, (seeds, SHAPE[1]))
        groups = []
        for (measure, dropout, acquirer), more in extra.items():
            label = f"{measure} {dropout} {acquirer}".strip()
            seconds = {"train": 10.0 + len(acquirer), "score": 1.0 + (dropout == "last") * 0.2 + 9 * (dropout == "all")}
            choice = {"measure": measure, "dropout": dropout, "acquirer": acquirer, "label": label}
            groups.append(make_group(base + more, tagger=tagger, seconds=seconds, **choice, **options))
        (place,) = gather_places(groups, full)
        return place

    return make


def outcomes(test, *places):
    return [(one.own, one.outcome) for one in test(places, 0)]


RANDOM, MNLP = ("random", "off", ""), ("mnlp", "off", "")
GAIN = compare_strategies(("transformer", "CRF"), [("mnlp", "off", "random", "off")], above)


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ((0.001, 0.02), (Outcome.YES, Outcome.YES, Outcome.OPEN)),
        ((-0.02, -0.001), (Outcome.NO, Outcome.OPEN, Outcome.OPEN)),
        ((-0.02, -0.006), (Outcome.NO, Outcome.NO, Outcome.NO)),
        ((-0.004, 0.004), (Outcome.OPEN, Outcome.YES, Outcome.YES)),
        ((-0.006, 0.02), (Outcome.OPEN, Outcome.OPEN, Outcome.OPEN)),
        ((0.006, 0.02), (Outcome.YES, Outcome.YES, Outcome.NO)),
    ],
)
def test_intervals_are_judged_by_where_they_lie(interval, expected):
    one = Interval(sum(interval) / 2, *interval)
    assert (above(one), no_worse(one), alike(one)) == expected


def test_few_seeds_only_lean():
    assert [weigh(outcome, 2) for outcome in (Outcome.YES, Outcome.NO, Outcome.OPEN)] == [
        Outcome.LEANS_YES,
        Outcome.LEANS_NO,
        Outcome.OPEN,
    ]
    assert weigh(Outcome.YES, 3) is Outcome.YES


@pytest.mark.parametrize(("more", "expected"), [(0.02, Outcome.YES), (-0.02, Outcome.NO), (0.0, Outcome.OPEN)])
def test_a_gain_over_random_is_found_lost_or_open(place_of, more, expected):
    noise = numpy.random.default_rng(1).normal(0, 0.002, SHAPE)
    assert outcomes(GAIN, place_of({RANDOM: 0.0, MNLP: more + noise - noise.mean()})) == [(True, expected)]


def test_a_handful_of_rounds_is_open(make_group):
    rounds = {"mnlp": [[0.6, 0.7, 0.71, 0.72]], "random": [[0.6, 0.6, 0.6, 0.6]]}
    groups = [make_group(f1, measure=measure, label=measure) for measure, f1 in rounds.items()]
    assert outcomes(GAIN, *gather_places(groups, None)) == [(True, Outcome.OPEN)]


def test_the_number_is_the_mean_difference_in_points(place_of):
    (one,) = GAIN([place_of({RANDOM: 0.0, MNLP: 0.0213})], 0)
    assert (one.found, one.seeds, one.compared) == ("+2.13 points", "3 of 3", "mnlp off minus random off")
    # 3 seeds x 8 rounds, all won: 2 * 0.5 ** 24
    assert one.p == pytest.approx(2 * 0.5**24)


def test_a_corpus_that_is_not_the_papers_stands_in(place_of):
    assert outcomes(GAIN, place_of({RANDOM: 0.0, MNLP: 0.02}, corpus="news")) == [(False, Outcome.YES)]


def test_what_another_model_acquired_is_no_strategy_of_this_one(place_of):
    assert outcomes(GAIN, place_of({RANDOM: 0.0, ("mnlp", "off", "DistilBERT"): 0.02})) == []


@pytest.mark.parametrize(
    ("more", "found", "expected"),
    [(0.1, "14 %", Outcome.YES), (0.02, "26 %", Outcome.NO), (0.0, "> 26 %", Outcome.NO)],
)
def test_savings_hold_the_papers_share_against_ours(place_of, more, found, expected):
    # 99 % of 0.78 is 0.772; curves rise by 0.02 a round from 0.6 and `more`, and shares by 3 % from 2 %.
    place = place_of({RANDOM: 0.0, MNLP: more}, full=0.78, shares=[0.02 + 0.03 * i for i in range(9)])
    (one,) = labels_saved([place], 0)
    assert (one.own, one.found, one.outcome) == (True, found, expected)


def test_savings_are_open_while_the_curve_is_shorter_than_the_papers_share(place_of):
    (one,) = labels_saved([place_of({RANDOM: 0.0, MNLP: 0.0}, full=0.99)], 0)
    assert one.outcome is Outcome.OPEN


def test_pretraining_is_held_against_the_best_without(place_of):
    deep = place_of({RANDOM: 0.0, MNLP: 0.05})
    crf = place_of({RANDOM: 0.0, MNLP: 0.01}, tagger="CRF", kind="CRF")
    bilstm = place_of({RANDOM: 0.0, MNLP: 0.06}, tagger="CNN-BiLSTM-CRF", kind="BiLSTM")
    test = against_simple(above, gains=False)
    assert outcomes(test, deep, crf) == [(True, Outcome.YES)]
    (one,) = test([deep, crf, bilstm], 0)
    assert (one.outcome, one.taggers) == (Outcome.NO, ["ELECTRA", "CNN-BiLSTM-CRF"])


def test_gains_are_compared_at_equal_seed_and_round(place_of):
    deep = place_of({RANDOM: 0.0, MNLP: 0.02})
    crf = place_of({RANDOM: -0.1, MNLP: -0.05}, tagger="CRF", kind="CRF")
    (one,) = against_simple(above, gains=True)([deep, crf], 0)
    assert (one.found, one.outcome) == ("+3.00 points", Outcome.YES)


def test_overhead_is_the_ratio_of_scoring(place_of):
    (one,) = little_overhead([place_of({MNLP: 0.0, ("bald", "last", ""): 0.0})], 0)
    assert (one.found, one.outcome) == ("1.20 times", Outcome.YES)
    slow = place_of({MNLP: 0.0, ("bald", "last", ""): 0.0})
    for run in slow.groups[1].runs:
        for round_ in run.rounds:
            round_.seconds["score"] = 2.0
    assert next(little_overhead([slow], 0)).outcome is Outcome.NO


@pytest.mark.parametrize(
    ("small", "large", "expected"),
    [
        ("DistilBERT", "BERT", True),
        ("BERT", "DistilBERT", False),
        ("MiniLM-L3", "MiniLM-L6", True),
        ("MiniLM-L6", "MiniLM-L3", False),
        ("DistilBERT", "ELECTRA", False),
    ],
)
def test_families(small, large, expected):
    assert smaller_kin(small, large) is expected


def test_distillation_is_about_bert_and_others_stand_in(place_of):
    claim = next(claim for claim in CLAIMS if "without loss" in claim.text)
    bert = place_of({MNLP: 0.0, ("mnlp", "off", "DistilBERT"): -0.001}, tagger="BERT")
    minilm = place_of({MNLP: 0.0, ("mnlp", "off", "MiniLM-L3"): -0.02}, tagger="MiniLM-L6")
    assert outcomes(claim.test, bert, minilm) == [(True, Outcome.YES), (False, Outcome.NO)]
    assert verdict(claim, claim.test([minilm], 0)) == "needs hub weights"
    assert outcomes(cheaper_to_acquire, bert) == [(True, Outcome.NO)]  # 10 s more in these made-up runs


def test_mismatch_compares_other_families_with_native_and_all_with_random(place_of):
    strategies = {RANDOM: 0.0, MNLP: 0.02, ("mnlp", "off", "DistilBERT"): 0.01}
    place = place_of(strategies)
    assert outcomes(mismatch(above, native=True), place) == [(True, Outcome.YES)]
    assert outcomes(mismatch(above, native=False), place) == [(True, Outcome.YES)]
    kin = place_of({RANDOM: 0.0, MNLP: 0.02, ("mnlp", "off", "MiniLM-L3"): 0.01}, tagger="MiniLM-L6")
    assert outcomes(mismatch(above, native=True), kin) == []


def evidence(outcome, *, own=True, tagger="ELECTRA"):
    return Evidence("CoNLL-2003, ELECTRA", own, [tagger], "a minus b", "0", "0", "3 of 3", 0.5, outcome)


CLAIM = Claim("conclusion", "Something.", ("ELECTRA", "CRF"), "paper-fig1", lambda places, seed: [])
YES, NO, OPEN = Outcome.YES, Outcome.NO, Outcome.OPEN


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([YES, YES], "reproduced"),
        ([NO], "not reproduced"),
        ([YES, NO], "reproduced in part"),
        ([YES, OPEN], "undecided"),
        ([OPEN], "undecided"),
        ([YES, Outcome.LEANS_YES], "points to it"),
        ([Outcome.LEANS_NO], "points against it"),
        ([], "needs hub weights"),
    ],
)
def test_verdicts(found, expected):
    assert verdict(CLAIM, [evidence(outcome) for outcome in found]) == expected


def test_stand_ins_do_not_count():
    assert verdict(CLAIM, [evidence(NO, own=False), evidence(YES)]) == "reproduced"
    assert missing_models(CLAIM, [evidence(NO, own=False, tagger="CRF"), evidence(YES)]) == ["CRF"]


def test_without_runs_of_models_that_need_no_weights_there_are_no_runs():
    assert verdict(Claim("5.2", "Text.", ("CRF",), "paper-fig1", CLAIM.test), []) == "no runs"


def test_every_claim_has_a_row_and_missing_models_a_command(place_of):
    warning, _, table, _, points = claim_blocks([place_of({RANDOM: 0.0, MNLP: 0.02})], seed=0)
    assert "do not compare" in warning.text  # the made-up corpus is a small one
    assert isinstance(table, Table)
    assert isinstance(points, Points)
    texts = [row[0].text for row in table.rows if row[0]]
    assert texts == [claim.text for claim in CLAIMS]
    assert any("project run paper-tables56 . --vars.only distilbert,bert,electra" in item for item in points.items)


def test_other_corpora_bring_no_claims(place_of):
    assert claim_blocks([place_of({RANDOM: 0.0, MNLP: 0.02}, corpus="news")], seed=0) == []


def test_workflows_have_the_taggers_that_the_commands_name(root, monkeypatch):
    monkeypatch.chdir(root)
    for claim in CLAIMS:
        if claim.models:
            study = root / "configs" / "paper" / f"{claim.workflow.removeprefix('paper-')}.cfg"
            protocol = root / "configs" / "paper" / "conll2003.cfg"
            known = {cell.tagger for cell in read_study([study, protocol])}
            assert {TAGGERS[model] for model in claim.models} <= known
    assert set(TAGGERS) == set(paper.MODELS)
