"""When a report has the paper's sections: for the runs of its study, and where they are asked for."""

import json

import pytest
from catalogue import RegistryError

from spacy_al.errors import ALError
from spacy_al.loop.study_cells import keep_study
from spacy_al.loop.study_file import read_study_file
from spacy_al.paper.sections import paper_sections
from spacy_al.registry import registry
from spacy_al.report.build import Options, make_page, read_study
from spacy_al.report.runs import asked_sections

PAPER = ["Claims of the paper", "Beside the paper"]


def titles(folders, **options):
    study = read_study(folders, Options(**options))
    return [section.title for section in make_page(study, Options(**options), {}).sections]


@pytest.fixture
def runs(make_run, tmp_path):
    """Two runs on a corpus of the paper, and beside them what `al study` keeps."""
    make_run(tmp_path / "cells" / "a", sentences=False)
    make_run(tmp_path / "cells" / "b", measure="mnlp", sentences=False)
    return tmp_path / "cells"


def keep(folder, **values):
    (folder / "fig1.json").write_text(json.dumps({"cells": {}, **values}))


def test_they_are_registered():
    assert registry.get("al_report_sections", "spacy-al.paper.v1") is paper_sections


def test_a_users_report_does_not_carry_the_paper(runs):
    keep(runs, sections=[])
    assert not set(PAPER) & set(titles([runs]))


def test_they_come_where_they_are_asked_for(runs):
    shown = titles([runs], sections=["paper"])
    assert shown[shown.index("Strategies compared") + 1 : shown.index("Time and memory")] == PAPER


def test_a_study_that_asks_has_them_whenever_it_is_reported_and_once(runs):
    keep(runs, sections=["paper"])
    shown = titles([runs], sections=["paper"])
    assert [title for title in shown if title in PAPER] == PAPER
    assert set(PAPER) <= set(titles([runs]))
    assert not set(PAPER) & set(titles([runs / "a"]))


def test_runs_on_another_corpus_have_nothing_to_show_beside_it(make_run, tmp_path):
    make_run(tmp_path / "a", corpus="mine", sentences=False)
    assert not set(PAPER) & set(titles([tmp_path], sections=["paper"]))
    assert "Beside the paper" in titles([tmp_path], sections=["paper"], corpus="conll2003")


def test_scores_of_several_test_sets_are_said_to_be_left_out(make_run, tmp_path):
    for name in ("a", "b"):
        make_run(tmp_path / name, sentences=False, more=f'test = "{name}.spacy"')
    study = read_study([tmp_path], Options())
    (section,) = [one for one in paper_sections(study, Options(), {}) if one.blocks]
    assert "CoNLL-2003 (on test a.spacy), CoNLL-2003 (on test b.spacy)" in section.blocks[0].text


def test_a_name_that_is_not_registered_is_refused(runs):
    with pytest.raises(RegistryError, match="paperr"):
        titles([runs], sections=["paperr"])


def test_the_papers_protocols_ask_for_them(root):
    for protocol in ("conll2003", "ontonotes"):
        files = [root / "configs" / "paper" / f"{name}.cfg" for name in ("fig1", protocol)]
        assert read_study_file(files).study.sections == ["paper"]
    assert read_study_file([root / "configs" / "paper" / "fig1.cfg"]).study.sections == []


def test_what_a_study_asks_for_is_kept_beside_its_cells(runs):
    keep_study([], runs, "fig1", sections=["paper"])
    assert asked_sections([runs]) == ["paper"]


@pytest.mark.parametrize("value", ['"paper"', "[1]", "true"])
def test_sections_of_a_study_are_a_list_of_names(tmp_path, value):
    path = tmp_path / "study.cfg"
    path.write_text(
        f'[study]\nsections = {value}\n\n[taggers]\n\n[taggers.a]\nconfig = "a.cfg"\nstrategies = ["mnlp"]\n'
    )
    with pytest.raises(ALError, match=r"A582.*sections"):
        read_study_file([path])
