"""The paper's studies: every value of its sections 5.1 and C stands in a config, and every cell of its tables."""

from collections import Counter

import pytest
from spacy.util import load_config

from spacy_al.loop.study_checks import cell_config
from spacy_al.loop.study_plan import read_study
from spacy_al.paper import published as paper
from spacy_al.report.names import corpus_name, strategy_name

TAGGERS = {
    "crf": paper.CRF, "bilstm": paper.CNN_BILSTM_CRF, "elmo": paper.ELMO_BILSTM_CRF,
    "distilbert": paper.DISTILBERT, "bert": paper.BERT, "electra": paper.ELECTRA,
}  # fmt: skip
STUDIES = ("table1", "fig1", "fig2", "tables56", "fig34", "table2", "subsample", "installable")
CORPORA = {"conll2003": paper.CONLL, "ontonotes": paper.ONTONOTES}


@pytest.fixture(autouse=True)
def _here(root, monkeypatch):
    monkeypatch.chdir(root)


def cells(root, study, protocol):
    folder = root / "configs" / "paper"
    return read_study([folder / f"{study}.cfg", folder / f"{protocol}.cfg"])


def config_of(cell):
    config = load_config(cell.config, overrides=dict(cell.settings)).interpolate()
    return config, config["active_learning"]


@pytest.mark.parametrize("protocol", CORPORA)
@pytest.mark.parametrize("study", STUDIES)
def test_every_cell_has_a_sound_config(root, study, protocol):
    for cell in cells(root, study, protocol):
        if cell.name.endswith("seed-0"):
            cell_config(cell)


@pytest.mark.parametrize("tagger", TAGGERS)
@pytest.mark.parametrize(
    ("protocol", "scheme", "fraction", "repeats"),
    [("conll2003", "IOB1", 1.0, 5), ("ontonotes", "IOB2", 0.5, 3)],
)
def test_the_protocol_is_the_papers_for_every_tagger(root, protocol, scheme, fraction, repeats, tagger):
    mine = [cell for cell in cells(root, "fig1", protocol) if cell.name.startswith(f"{tagger}.mnlp.")]
    assert [cell.settings["active_learning.seed"] for cell in mine] == list(range(repeats))
    config, settings = config_of(mine[0])
    assert config["components"]["ner"]["scheme"] == scheme
    assert (settings["unit"], settings["seed_budget"], settings["round_budget"]) == ("fraction", 0.02, 0.02)
    assert (settings["rounds"], settings["dev_fraction"], settings["passes"]) == (24, 0.25, 10)
    assert settings["pool_fraction"] == fraction
    assert corpus_name(settings["pool"]) == CORPORA[protocol]


@pytest.mark.parametrize(
    ("tagger", "name"),
    [
        ("bert", "bert-base-cased"),
        ("electra", "google/electra-base-discriminator"),
        ("distilbert", "distilbert-base-cased"),
    ],
)
def test_transformers_are_trained_as_in_section_c3(root, tagger, name):
    config, settings = config_of(first(root, tagger))
    training = config["training"]
    assert config["components"]["ner"]["model"]["encoder"]["name"] == name
    assert training["optimizer"]["@optimizers"] == "Adam.v1"
    assert training["optimizer"]["L2_is_weight_decay"] is True
    rate = training["optimizer"]["learn_rate"]
    assert (rate["@schedules"], rate["initial_rate"], rate["warmup_steps"]) == ("warmup_linear.v1", 5e-5, 0)
    batcher = training["batcher"]
    assert (training["max_epochs"], batcher["size"], batcher["min_size"], batcher["min_batches"]) == (
        4,
        16,
        4,
        50,
    )
    assert not settings.get("anneal_patience")


@pytest.mark.parametrize("tagger", ["bilstm", "elmo"])
def test_bilstm_crfs_are_trained_as_in_section_c2(root, tagger):
    config, settings = config_of(first(root, tagger))
    encoder, training = config["components"]["ner"]["model"]["encoder"], config["training"]
    assert (encoder["layers"], encoder["hidden"]) == (1, 128)
    assert (training["max_epochs"], training["batcher"]["size"]) == (30, 32)
    assert training["batcher"]["min_size"] == 32
    assert (training["optimizer"]["@optimizers"], training["optimizer"]["learn_rate"]) == ("SGD.v1", 0.1)
    assert (settings["anneal_patience"], settings["anneal_factor"]) == (3, 0.5)


def test_the_crf_is_trained_as_in_section_c1(root):
    config, _ = config_of(first(root, "crf"))
    component = config["components"]["ner"]
    assert (component["c1"], component["c2"], component["max_iterations"]) == (0.1, 0.1, 100)


def first(root, tagger):
    return next(cell for cell in cells(root, "fig1", "conll2003") if cell.tagger == tagger)


@pytest.mark.parametrize("protocol", CORPORA)
def test_tables_5_and_6_have_every_row_of_the_paper(root, protocol):
    rows = {tagger: set(strategies) for tagger, strategies in paper.DROPOUT[CORPORA[protocol]].items()}
    ours = {}
    for cell in cells(root, "tables56", protocol):
        measure, dropout = (cell.settings[f"active_learning.{key}"] for key in ("measure", "dropout"))
        ours.setdefault(TAGGERS[cell.tagger], set()).add(strategy_name(measure, dropout, ""))
    assert {tagger: ours[tagger] for tagger in rows} == rows


@pytest.mark.parametrize("protocol", CORPORA)
def test_table_1_trains_every_tagger_once_on_everything(root, protocol):
    runs = cells(root, "table1", protocol)
    assert Counter(TAGGERS[cell.tagger] for cell in runs) == dict.fromkeys(paper.FULL, paper.RUNS[CORPORA[protocol]])
    budgets = {(cell.settings["active_learning.seed_budget"], cell.settings["active_learning.rounds"]) for cell in runs}
    assert budgets == {(1.0, 0)}


def test_table_2_times_round_5_in_three_runs(root):
    runs = cells(root, "table2", "conll2003")
    assert Counter(TAGGERS[cell.tagger] for cell in runs) == dict.fromkeys(paper.DURATIONS, 3)
    assert {cell.settings["active_learning.rounds"] for cell in runs} == {paper.DURATION_ROUND + 1}
    assert {cell.settings["active_learning.measure"] for cell in runs} == {"mnlp"}


def test_figures_3_and_4_have_every_pair_of_the_paper(root):
    runs = [cell for cell in cells(root, "fig34", "conll2003") if cell.name.endswith("seed-0")]
    pairs = {(cell.successor.name, cell.config.stem) for cell in runs if cell.successor}
    wanted = "electra distilbert, distilbert electra, bert distilbert, distilbert bert, electra bert, bert electra"
    assert pairs == {(a, f"al-{b}") for a, b in (pair.split() for pair in wanted.split(", "))}
    native = {cell.name for cell in runs if not cell.successor}
    assert native == {f"{t}.{s}.seed-0" for t in ("distilbert", "bert", "electra") for s in ("random", "mnlp")}


def test_the_subsamples_are_those_of_the_issue(root):
    runs = [cell for cell in cells(root, "subsample", "conll2003") if cell.tagger == "electra"]
    assert {cell.settings["active_learning.pool_fraction"] for cell in runs} == {1.0, 0.5, 0.25, 0.1}


def test_studies_of_one_corpus_share_cells_only_where_settings_agree(root):
    asked = {}
    for study in STUDIES:
        for cell in cells(root, study, "conll2003"):
            assert asked.setdefault(cell.name, cell.settings) == cell.settings


def test_the_docs_count_the_cells_that_there_are(root):
    text = (root / "docs" / "study.md").read_text(encoding="utf8")
    rows = [[cell.strip(" `") for cell in line.split("|")] for line in text.splitlines() if "| `paper-" in line]
    said = {row[1].removeprefix("paper-"): (int(row[3]), int(row[4])) for row in rows}
    studies = [study for study in STUDIES if study != "installable"]
    assert said == {study: tuple(len(cells(root, study, protocol)) for protocol in CORPORA) for study in studies}


def test_the_study_in_the_docs_is_one(root, tmp_path):
    text = (root / "docs" / "study.md").read_text(encoding="utf8")
    path = tmp_path / "docs.cfg"
    path.write_text(text.split("```ini\n")[1].split("```")[0], encoding="utf8")
    assert len(read_study([path])) == 14
