"""Runs in which one model acquired and another was trained: what they are called, and the paper's Figures 3 and 4."""

import pytest

from spacy_al.errors import ALError
from spacy_al.paper.paper_tables import table_2, table_dropout
from spacy_al.report.build import Options, make_page, read_study
from spacy_al.report.compare import gather_places
from spacy_al.report.groups import group_runs
from spacy_al.report.mismatch import shown_groups, table_of_mismatch
from spacy_al.report.render import render_html
from spacy_al.report.runs import read_run
from spacy_al.report.settings import read_settings

DISTILBERT = "distilbert-base-cased"
ELECTRA = "google/electra-base-discriminator"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """ELECTRA by itself, by DistilBERT and at random, and DistilBERT by itself; two seeds."""
    from .synthetic import make_run

    top = tmp_path_factory.mktemp("mismatch")
    for seed in (0, 1):
        make_run(top / f"random-{seed}", measure="random", seed=seed, encoder=ELECTRA, sentences=False)
        make_run(top / f"native-{seed}", measure="mnlp", seed=seed, encoder=ELECTRA, sentences=False)
        make_run(top / f"lc-{seed}", measure="least_confidence", seed=seed, encoder=ELECTRA, sentences=False)
        make_run(top / f"small-{seed}", measure="mnlp", seed=seed, encoder=DISTILBERT, sentences=False)
        foreign = {"encoder": DISTILBERT, "successor": ELECTRA}
        make_run(top / f"foreign-{seed}", measure="mnlp", seed=seed, sentences=False, **foreign)
    return top


@pytest.fixture(scope="module")
def study(folder):
    return read_study([folder], Options())


@pytest.fixture(scope="module")
def place(study):
    return next(place for place in study.places if place.tagger == "ELECTRA")


def test_a_run_is_named_after_who_was_trained_and_who_acquired(folder):
    settings = read_settings(folder / "foreign-0" / "config.cfg")
    assert (settings.tagger, settings.encoder) == ("ELECTRA", ELECTRA)
    assert (settings.acquirer, settings.acquirer_encoder) == ("DistilBERT", DISTILBERT)
    assert settings.strategy == "MNLP, acq. DistilBERT"


def test_seeds_come_together_though_the_successors_config_lies_elsewhere(place):
    assert [group.label for group in place.groups] == ["Random", "MNLP", "LC", "MNLP, acq. DistilBERT"]
    assert [group.seeds for group in place.groups] == [[0, 1]] * 4


def test_other_hyperparameters_of_the_successor_are_another_experiment(make_run, tmp_path):
    one, two = (make_run(tmp_path / name, successor=ELECTRA, encoder=DISTILBERT) for name in "ab")
    path = two / "successor.cfg"
    path.write_text(path.read_text().replace("[nlp]", "[nlp]\nbatch_size = 7"))
    labels = [group.label for group in group_runs([read_run(one), read_run(two)])]
    assert len(set(labels)) == 2
    assert "batch_size = 7" in " ".join(labels)


def test_a_lost_successor_config_is_named(make_run, tmp_path):
    path = make_run(tmp_path / "a", successor=ELECTRA, encoder=DISTILBERT) / "successor.cfg"
    path.unlink()
    with pytest.raises(ALError, match=r"A003.*successor\.cfg"):
        read_settings(path.with_name("config.cfg"))


def test_the_figure_shows_random_native_and_foreign_only(place):
    assert [group.label for group in shown_groups(place)] == ["Random", "MNLP", "MNLP, acq. DistilBERT"]
    assert place.twin(place.groups[-1]).label == "MNLP"


def test_over_native_is_the_mean_difference_in_points(place, study):
    table = table_of_mismatch(study.places, seed=0)
    rows = {row[1]: row for row in table.rows}
    native, foreign = place.groups[1], place.groups[3]
    expected = 100 * (foreign.f1[:, 1:] - native.f1[:, 1:]).mean()
    said = rows["DistilBERT, MNLP"][-1]
    assert float(said.text.replace("−", "-")) == pytest.approx(expected, abs=0.006)
    low, high = (float(end.replace("−", "-")) for end in said.under.split(" to "))
    assert low <= expected <= high
    assert (rows["chance"][-2].text, rows["itself, MNLP"][-1].text) == ("–", "–")


def test_the_papers_other_tables_leave_them_out(place, study):
    strategies = [row[1] for row in table_dropout(5, "CoNLL-2003", study.places).rows]
    assert not [name for name in strategies if "acq." in name]
    alone = gather_places([group for group in place.groups if not group.native], None)
    assert {cell.text for row in table_2(alone).rows for cell in row[2:]} == {""}


def test_every_figure_and_table_names_both_models(study):
    pictures = {}
    page = make_page(study, Options(), pictures)
    html = render_html(page, footer="end")
    assert "mismatch.png" in pictures
    assert "CoNLL-2003, ELECTRA trained" in html
    table = next(b for s in page.sections for b in s.blocks if "Experiments" in getattr(b, "title", ""))
    assert "MNLP, acq. DistilBERT" in [row[3] for row in table.rows]
    assert f"DistilBERT (`{DISTILBERT}`)" in table.note


def test_without_successors_there_is_no_such_section(make_group):
    places = gather_places([make_group([[0.5, 0.6]])], None)
    assert not table_of_mismatch(places, seed=0).rows
