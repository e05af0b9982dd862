"""The configs of the BiLSTM taggers in the loop: stochastic passes, development set, a model that loads."""

import json

import pytest
import spacy
from spacy.util import load_config
from thinc.api import Config

from spacy_al.corpus.reader import read_docs
from spacy_al.ids import token_key
from spacy_al.loop.session import run
from spacy_al.ml.elmo import BiLM
from tests.ml.bilstm_models import write_elmo, write_vectors

from .conftest import PEOPLE, PLACES, rows_without_seconds

FAST = {
    "components.ner.model.encoder.hidden": 16,
    "training.max_epochs": 3,
    "active_learning.unit": "sentences",
    "active_learning.seed_budget": 24,
    "active_learning.round_budget": 12,
    "active_learning.rounds": 2,
}
STRATEGIES = [("mnlp", "off"), ("bald", "locked"), ("variation_ratio", "word"), ("bald", "all")]


@pytest.fixture
def make(root, corpus, tmp_path):
    """A config of configs/ for the small corpus, with vectors and an ELMo of its own."""
    (tmp_path / "labels.json").write_text(json.dumps(["LOC", "PER"]))
    elmo = write_elmo(tmp_path)
    paths = {
        "al-bilstm-crf": {"word_vectors": write_vectors(tmp_path / "v.txt", [*PEOPLE, *PLACES, "saw", "."])},
        "al-elmo": {"elmo_options": elmo[0], "elmo_weights": elmo[1]},
    }

    def config(name: str, **settings: object) -> Config:
        files = {**paths[name], "pool": corpus[0], "test": corpus[1], "labels": str(tmp_path / "labels.json")}
        overrides = {**FAST, **{f"paths.{key}": value for key, value in files.items()}}
        overrides |= {f"active_learning.{key}": value for key, value in settings.items()}
        return load_config(root / "configs" / f"{name}.cfg", overrides=overrides, interpolate=False)

    return config


@pytest.mark.parametrize(("measure", "dropout"), STRATEGIES)
@pytest.mark.parametrize("name", ["al-bilstm-crf", "al-elmo"])
def test_a_run_ends_with_a_model_that_loads(make, tmp_path, name, measure, dropout):
    run(make(name, measure=measure, dropout=dropout, passes=3), tmp_path / "run")
    rows = rows_without_seconds(tmp_path / "run")
    assert [row["labelled_sentences"] for row in rows] == [24, 36, 48]
    nlp = spacy.load(tmp_path / "run" / "model")
    assert nlp("Anna saw Rome .").has_annotation("ENT_IOB")


def test_equal_seeds_give_equal_runs(make, tmp_path):
    for name in ("one", "two"):
        run(make("al-bilstm-crf", measure="bald", dropout="all", passes=3), tmp_path / name)
    assert rows_without_seconds(tmp_path / "one") == rows_without_seconds(tmp_path / "two")


def test_elmo_reads_every_sentence_once_in_a_whole_run(make, corpus, tmp_path, monkeypatch):
    """Over epochs, rounds, evaluations and stochastic passes."""
    counted, forward = [], BiLM.forward

    def count(self, vectors, lengths, start=None):
        counted.append(len(lengths))
        return forward(self, vectors, lengths, start)

    monkeypatch.setattr(BiLM, "forward", count)
    run(make("al-elmo", measure="bald", dropout="all", passes=3), tmp_path / "run")
    vocab = spacy.blank("en").vocab
    assert sum(counted) == len({token_key(doc) for path in corpus for doc in read_docs(path, vocab)})
