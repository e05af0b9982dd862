"""Runs put together by everything but their seed."""

import json
from dataclasses import replace

import numpy
import pytest

from spacy_al.errors import ALError
from spacy_al.report.groups import deviation, group_runs, tell_apart
from spacy_al.report.runs import read_run


@pytest.fixture
def groups_of(make_run, tmp_path):
    def make(*options):
        folders = [make_run(tmp_path / str(i), sentences=False, **o) for i, o in enumerate(options)]
        return group_runs(read_run(folder) for folder in folders)

    return make


def test_seeds_of_one_experiment_come_together(groups_of):
    (group,) = groups_of({"seed": 4}, {"seed": 1}, {"seed": 2})
    assert group.seeds == [1, 2, 4]
    assert group.f1.shape == (3, 4)


def test_strategies_stand_in_the_papers_order(groups_of):
    options = [
        ("bald", "all"),
        ("bald", "last"),
        ("mnlp", "off"),
        ("random", "off"),
        ("variation_ratio", "last"),
    ]
    groups = groups_of(*({"measure": measure, "dropout": dropout} for measure, dropout in options))
    expected = ["Random", "MNLP", "VR (MC last)", "BALD (MC last)", "BALD (MC all)"]
    assert [group.label for group in groups] == expected


def test_curves_end_where_the_slowest_seed_is(groups_of):
    (group,) = groups_of({"seed": 0, "rounds": 5}, {"seed": 1, "rounds": 2})
    assert group.numbers == [0, 1, 2]
    assert group.f1.shape == (2, 3)
    assert group.cut


def test_one_seed_twice_is_refused(groups_of):
    with pytest.raises(ALError, match=r"A703.*seed 1"):
        groups_of({"seed": 1}, {"seed": 1})


def test_equal_names_get_the_setting_that_differs(groups_of):
    groups = groups_of({"measure": "mnlp"}, {"measure": "mnlp", "more": "dev_fraction = 0.25"})
    assert sorted(g.label for g in groups) == ["MNLP (dev_fraction = 0.25)", "MNLP (dev_fraction = off)"]


def test_pools_of_other_content_are_other_experiments(groups_of):
    groups = groups_of({"seed": 0, "corpus": "news"}, {"seed": 1, "corpus": "mail"})
    assert [group.place for group in groups] == [("mail", "ELECTRA"), ("news", "ELECTRA")]


def test_a_whole_corpus_is_its_own_experiment(groups_of):
    groups = groups_of({"seed": 0}, {"full": True})
    assert [group.full for group in groups] == [False, True]


def test_deviation_is_that_of_a_sample():
    assert deviation(numpy.array([[1.0, 2.0], [3.0, 2.0]])) == pytest.approx([2**0.5, 0.0])
    assert deviation(numpy.array([[1.0, 2.0]])) == pytest.approx([0.0, 0.0])


def test_equal_settings_on_two_pools_of_one_name_get_their_folders(groups_of, tmp_path):
    groups = groups_of({"corpus": "a/news"}, {"corpus": "b/news"})
    assert [group.label for group in groups] == [f"Random ({tmp_path / '0'})", f"Random ({tmp_path / '1'})"]


def test_seeds_far_behind_are_left_out(groups_of):
    (group,) = groups_of({"seed": 0, "rounds": 5}, {"seed": 1, "rounds": 5}, {"seed": 2, "rounds": 1})
    assert group.f1.shape == (2, 6)  # 12 values; with seed 2 there would be 3 * 2
    assert [run.settings.seed for run in group.behind] == [2]


@pytest.fixture
def runs_of(make_run, tmp_path):
    def make(number):
        folders = [make_run(tmp_path / str(i), sentences=False, corpus="news") for i in range(number)]
        return [read_run(folder) for folder in folders]

    return make


def corpora(runs):
    return [run.settings.corpus for run in tell_apart(runs)]


def judged_by(run, path):
    return replace(run, settings=replace(run.settings, same={"active_learning.test": json.dumps(path)}))


def test_pools_of_one_name_and_other_sentences_are_not_compared(runs_of):
    first, second = runs_of(2)
    assert corpora([first, second]) == ["news", "news"]
    other = replace(second, pool="0" * 64)
    assert corpora([first, other]) == ["news (pool 1 of 20,000 tokens)", "news (pool 2 of 20,000 tokens)"]


def test_a_run_without_its_state_is_of_the_pool_at_the_same_path(runs_of):
    first, second = runs_of(2)
    bare = replace(second, facts={}, pool=second.settings.pool)
    assert corpora([first, bare]) == ["news", "news"]


def test_a_run_of_another_machine_without_its_state_is_of_the_pool_whose_path_ends_alike(runs_of):
    first, second, third = runs_of(3)
    far = "/home/x/" + first.settings.pool
    bare = [replace(run, facts={}, pool=far, settings=replace(run.settings, pool=far)) for run in (second, third)]
    assert corpora([first, bare[0]]) == ["news", "news"]
    near = replace(bare[1], pool=first.settings.pool, settings=first.settings)
    assert corpora([bare[0], near]) == ["news", "news"]


def test_scores_on_a_holdout_are_not_compared_with_those_on_a_test_set(runs_of):
    first, second, third = runs_of(3)
    tests = [judged_by(first, "a.spacy"), judged_by(second, "b.spacy"), replace(third)]
    assert corpora(tests) == ["news (on test a.spacy)", "news (on test b.spacy)", "news (on its holdout)"]
    assert corpora(tests[:1]) == ["news"]
