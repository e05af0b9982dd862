"""Strategies compared: savings, areas and pairs."""

import numpy
import pytest

from spacy_al.errors import ALError
from spacy_al.report.compare import areas, compare_pairs, gather_places, needed, needed_range, paired_differences

BASE = [[0.5, 0.6, 0.7], [0.5, 0.62, 0.7]]


@pytest.fixture
def random(make_group):
    return make_group(BASE, measure="random", label="Random")


def place_of(*groups, full_f1=None):
    (place,) = gather_places(groups, full_f1)
    return place


def test_saving_is_the_first_share_at_the_level_of_the_mean(make_group):
    group = make_group([[0.5, 0.88, 0.9], [0.5, 0.9, 0.9]])
    assert (needed(group, 0.882), needed(group, 0.891)) == (0.04, 0.06)  # means 0.89, 0.9
    assert (needed_range(group, 0.882), needed_range(group, 0.891)) == ((0.04, 0.06), (0.04, 0.06))


def test_saving_is_none_when_out_of_reach(make_group):
    group = make_group([[0.5, 0.6], [0.5, 0.9]])
    assert needed(group, 0.891) is None
    assert needed_range(group, 0.891) is None


def test_areas_use_the_span_all_curves_have(make_group, random):
    long = make_group([[0.4, 0.6, 0.8, 0.9]], shares=[0.02, 0.04, 0.06, 0.08])
    place = place_of(random, long)
    assert place.span == (0.02, 0.06)
    assert areas(long, place.span) == pytest.approx([0.6])
    assert areas(random, place.span) == pytest.approx([0.6, 0.61])


def test_a_full_run_gives_the_full_f1(make_group, random):
    full = make_group([[0.92], [0.90]], shares=[1.0])
    assert place_of(random, full).full_f1 == pytest.approx(0.91)
    assert place_of(random, full_f1=0.8).full_f1 == 0.8


def test_a_given_full_f1_stands_for_one_tagger_only(make_group, random):
    other = make_group([[0.5, 0.6]], tagger="CRF")
    with pytest.raises(ALError, match="A712.*CoNLL-2003, ELECTRA; CoNLL-2003, CRF"):
        gather_places([random, other], 0.9)
    full = make_group([[0.92]], shares=[1.0])
    assert [place.full_f1 for place in gather_places([random, full, other], 0.8)] == [0.92, 0.8]


def test_differences_pair_seeds_and_leave_the_first_round_out(make_group, random):
    other = make_group([[0.5, 0.7, 0.9], [0.5, 0.1, 0.2]], seeds=[1, 7])
    differences, seeds = paired_differences(other, random)
    assert seeds == [1]
    assert differences == pytest.approx(numpy.array([[0.08, 0.2]]))


def test_rounds_of_other_size_are_not_compared(make_group, random):
    other = make_group(BASE, shares=[0.02, 0.07, 0.12])
    assert paired_differences(other, random)[0].size == 0
    assert compare_pairs(place_of(random, other), seed=0) == []


def test_strategies_without_a_common_seed_are_not_compared(make_group, random):
    assert paired_differences(make_group(BASE, seeds=[8, 9]), random)[0].size == 0


def test_a_pair_counts_seeds_and_rounds(make_group, random):
    better = make_group([[0.5, 0.7, 0.8], [0.5, 0.6, 0.69]])
    (pair,) = compare_pairs(place_of(random, better), seed=0)
    assert (pair.first, pair.second, pair.won) == ("MNLP", "Random", 1)
    assert (pair.signs.wins, pair.signs.losses) == (2, 2)
    assert pair.difference.mean == pytest.approx((0.1 + 0.1 - 0.02 - 0.01) / 4)


def test_many_strategies_are_compared_with_random_and_mnlp_only(make_group, random):
    others = [make_group(BASE, measure="bald", label=f"B{i}") for i in range(6)]
    pairs = compare_pairs(place_of(random, make_group(BASE), *others), seed=0)
    assert len(pairs) == 13  # 7 with Random, 6 more with MNLP
    assert all(pair.corrected >= pair.signs.p for pair in pairs)
