"""Run folders with invented numbers, for all tests of the report."""

from pathlib import Path

import numpy
import pytest

from spacy_al.report.build import Options, make_page, read_study
from spacy_al.report.groups import Group
from spacy_al.report.render import render_html, render_markdown
from spacy_al.report.runs import Round, Run
from spacy_al.report.settings import Settings

from .synthetic import make_run as make_run_folder
from .synthetic import make_study as make_study_folder


@pytest.fixture(scope="session")
def study_folder(tmp_path_factory):
    """Two seeds of four strategies over five rounds, and a full-corpus run."""
    folder = tmp_path_factory.mktemp("study")
    make_study_folder(folder, seeds=2, rounds=5)
    return folder


@pytest.fixture(scope="session")
def study(study_folder):
    return read_study([study_folder], Options())


@pytest.fixture
def make_run():
    return make_run_folder


def make_group(
    f1,
    *,
    measure="mnlp",
    dropout="off",
    label="MNLP",
    shares=None,
    seeds=None,
    seconds=None,
    tagger="ELECTRA",
    kind="transformer",
    acquirer="",
    corpus="CoNLL-2003",
):
    """An experiment from its F1 in 0..1, (seeds, rounds)."""
    f1 = numpy.asarray(f1)
    shares = [0.02 * (number + 1) for number in range(f1.shape[1])] if shares is None else shares
    runs = []
    for seed, curve in zip(range(len(f1)) if seeds is None else seeds, f1, strict=True):
        settings = Settings(
            tagger=tagger, kind=kind, encoder="", acquirer=acquirer, acquirer_encoder="",
            measure=measure, dropout=dropout, strategy=label, passes=1, seed=seed, rounds=len(curve) - 1,
            seed_budget="2 %", round_budget="2 %", corpus=corpus, pool="p", same={},
        )  # fmt: skip
        rounds = [
            Round(i, 10 * i, 100 * i, share, value, value, value, {}, seconds or {}, {})
            for i, (share, value) in enumerate(zip(shares, curve, strict=True))
        ]
        runs.append(Run(Path(f"{label}-{seed}"), settings, rounds, "p", {}))
    return Group(runs, label)


@pytest.fixture(name="make_group")
def make_group_fixture():
    return make_group


@pytest.fixture(scope="session")
def study_page(study):
    pictures = {}
    return make_page(study, Options(), pictures), pictures


@pytest.fixture(scope="session")
def study_html(study_page):
    return render_html(study_page[0], footer="end")


@pytest.fixture(scope="session")
def study_markdown(study_page):
    return render_markdown(study_page[0])
