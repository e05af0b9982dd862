"""spaCy's own `ner` in the loop: from a plain label list, resumed, with dropout, from `spacy init config`."""

import json

import pytest
from spacy.cli.init_config import init_config
from spacy.util import load_config
from thinc.api import Config
from typer.testing import CliRunner

from spacy_al.cli import al_cli
from spacy_al.errors import ALError
from spacy_al.loop.session import Session, run

from .conftest import ROOT, chosen_ids, rows_without_seconds
from .test_resume import stop_before

SMALL = {"width": 24, "depth": 1}


@pytest.fixture
def labels(tmp_path):
    path = tmp_path / "labels.json"
    path.write_text('["LOC", "PER"]')
    return str(path)


@pytest.fixture
def ner_config(corpus, labels):
    """configs/al-ner.cfg, made small."""

    def make(**settings) -> Config:
        config = load_config(ROOT / "configs" / "al-ner.cfg")
        config["paths"] |= {"pool": corpus[0], "test": corpus[1], "labels": labels}
        config["components"]["tok2vec"]["model"]["encode"] |= SMALL
        config["components"]["tok2vec"]["model"]["embed"]["rows"] = [200, 100, 100, 100]
        config["training"]["max_epochs"] = 8
        config["active_learning"] |= {
            "unit": "sentences",
            "seed_budget": 50,
            "round_budget": 8,
            "rounds": 2,
            **settings,
        }
        return config

    return make


@pytest.mark.parametrize(
    "settings",
    [{}, {"dropout": "last", "passes": 3}, {"measure": "bald", "dropout": "all", "passes": 2}, {"measure": "random"}],
)
def test_runs_from_a_plain_label_list(ner_config, tmp_path, settings):
    run(ner_config(**settings), tmp_path / "run")
    rows = rows_without_seconds(tmp_path / "run")
    assert [row["labelled_sentences"] for row in rows] == [50, 58, 66]
    assert rows[-1]["ents_f"] > 0.3
    assert Session.open(tmp_path / "run").labels == ["LOC", "PER"]


def test_a_killed_run_goes_on_as_if_it_had_not_been(ner_config, tmp_path, monkeypatch):
    run(ner_config(dropout="last", passes=3), tmp_path / "whole")
    with monkeypatch.context() as patch:
        stop_before(patch, "_select", 2)
        with pytest.raises(KeyboardInterrupt):
            run(ner_config(dropout="last", passes=3), tmp_path / "cut")
    run(ner_config(dropout="last", passes=3), tmp_path / "cut")
    assert chosen_ids(tmp_path / "cut") == chosen_ids(tmp_path / "whole")
    assert rows_without_seconds(tmp_path / "cut") == rows_without_seconds(tmp_path / "whole")


@pytest.mark.parametrize("form", ["object", "label data of spaCy", "list in the config", "only in paths"])
def test_labels_in_other_forms(ner_config, labels, tmp_path, form):
    config = ner_config(rounds=0, measure="random")
    initialize = config["initialize"]["components"]
    if form == "object":
        (tmp_path / "labels.json").write_text('{"labels": ["LOC", "PER"]}')
    elif form == "label data of spaCy":
        actions = {"0": {}, "1": {"PER": 3, "LOC": 1}, "2": {"PER": 3}, "5": {"": 1}}
        (tmp_path / "labels.json").write_text(json.dumps(actions))
    elif form == "list in the config":
        initialize["ner"]["labels"] = ["LOC", "PER"]
    else:
        del initialize["ner"]
    run(config, tmp_path / "run")
    assert Session.open(tmp_path / "run").labels == ["LOC", "PER"]
    assert rows_without_seconds(tmp_path / "run")[0]["ents_f"] > 0


def test_a_label_that_is_not_declared_is_named(ner_config, labels, tmp_path):
    (tmp_path / "labels.json").write_text('["PER"]')
    with pytest.raises(ALError, match=r"A301.*'LOC'.*\['PER'\]"):
        run(ner_config(), tmp_path / "run")


@pytest.mark.parametrize("measure", ["mnlp", "random"])
def test_a_config_of_spacy_init_says_what_it_needs_and_runs_with_it(corpus, labels, tmp_path, measure):
    config = init_config(lang="en", pipeline=["ner"])
    path = tmp_path / "base.cfg"
    settings = f'unit = "sentences"\nseed_budget = 15\nround_budget = 8\nrounds = 1\nmeasure = "{measure}"'
    files = f'pool = "{corpus[0]}"\ntest = "{corpus[1]}"'
    path.write_text("\n".join([config.to_str(), "[active_learning]", settings, files]))
    with pytest.raises(ALError, match=r"A440.*--paths\.labels.*\[initialize\.components\.ner\]"):
        run(load_config(path, interpolate=False), tmp_path / "none")
    command = ["run", str(path), "--output", str(tmp_path / "run"), "--paths.labels", labels]
    done = CliRunner().invoke(al_cli, command)
    assert done.exit_code == 0, done.output
    assert len(rows_without_seconds(tmp_path / "run")) == 2


@pytest.mark.parametrize("factory", ["spancat", "spancat_singlelabel"])
@pytest.mark.parametrize("measure", ["mnlp", "random"])
def test_span_categorizers_are_told_what_they_lack(make_config, tmp_path, factory, measure):
    config = make_config(measure=measure)
    config["components"]["ner"] = {"factory": factory}
    with pytest.raises(ALError, match=rf"A441.*'{factory}' sets doc\.spans.*doc\.ents"):
        run(config, tmp_path / "run")


def test_an_object_of_labels_is_not_a_label_called_labels(make_config, tmp_path):
    (tmp_path / "labels.json").write_text('{"labels": ["PER", "LOC"]}')
    config = make_config(rounds=0)
    del config["components"]["ner"]["labels"]
    reader = {"@readers": "spacy.read_labels.v1", "path": str(tmp_path / "labels.json")}
    config["initialize"] = {"components": {"ner": {"labels": reader}}}
    run(config, tmp_path / "run")
    assert Session.open(tmp_path / "run").labels == ["PER", "LOC"]
    assert rows_without_seconds(tmp_path / "run")[0]["ents_f"] > 0


def test_tokens_that_nobody_answered_are_not_counted(make_config, corpus, tmp_path):
    from spacy.vocab import Vocab

    from spacy_al.corpus.reader import read_docs, write_docs

    docs = list(read_docs(corpus[0], Vocab()))
    for doc in docs:
        doc.set_ents([], missing=[doc[0:2]], default="unmodified") if len(doc) > 4 and not doc.ents else None
    (tmp_path / "pool.spacy").write_bytes(write_docs(docs))
    run(make_config(pool=str(tmp_path / "pool.spacy"), seed_budget=len(docs), rounds=0), tmp_path / "run")
    answered = sum(token.ent_iob != 0 for doc in docs for token in doc)
    assert answered < sum(map(len, docs))
    assert rows_without_seconds(tmp_path / "run")[0]["labelled_tokens"] == answered
