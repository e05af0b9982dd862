"""Seed batches that a ready pipeline or rare words choose, instead of chance."""

import json
import math
from collections import Counter

import numpy
import pytest
import spacy
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_al.acquisition.scoring import score_docs
from spacy_al.corpus.reader import read_docs, without_labels
from spacy_al.errors import ALError
from spacy_al.loop.cold_start import rarity
from spacy_al.loop.session import run
from spacy_al.pipeline.adapters import get_sampler
from spacy_al.types import ONE_PASS, Pool
from spacy_al.uncertainty.measures import get_measures

from .conftest import chosen_ids


def seed_rows(folder):
    text = (folder / "rounds" / "0000" / "selected.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def test_rarity_is_the_mean_surprise_of_words():
    vocab = Vocab()
    sentences = [["a", "b"], [], ["a", "a", "c"]]
    pool = Pool.from_docs([Doc(vocab, words=words) for words in sentences], vocab)
    counts = Counter(word for words in sentences for word in words)
    expected = [
        sum(-math.log(counts[word] / 5) for word in words) / len(words) if words else 0.0 for words in sentences
    ]
    assert rarity(pool) == pytest.approx(expected)


def test_the_longest_tail_takes_the_rarest_first(make_config, tmp_path):
    run(make_config(start="longest-tail", rounds=0), tmp_path / "run")
    rows = seed_rows(tmp_path / "run")
    utilities = [row["utility"] for row in rows]
    vocab = Vocab()
    docs = [without_labels(doc) for doc in read_docs(make_config()["active_learning"]["pool"], vocab)]
    assert utilities == pytest.approx(sorted(rarity(Pool.from_docs(docs, vocab)), reverse=True)[: len(rows)])
    assert {row["measure"] for row in rows} == {"longest-tail"}


def test_a_ready_pipeline_chooses_what_it_is_unsure_of(make_config, tmp_path):
    run(make_config(rounds=0, seed=5), tmp_path / "ready")
    model = str(tmp_path / "ready" / "model")
    run(make_config(start=model, rounds=0), tmp_path / "run")
    nlp = spacy.load(model)
    docs = [without_labels(doc) for doc in read_docs(make_config()["active_learning"]["pool"], nlp.vocab)]
    sampler, measures = get_sampler(nlp, "ner"), get_measures(["mnlp"])
    values = score_docs(docs, sampler, measures, ONE_PASS)["mnlp"]
    rows = seed_rows(tmp_path / "run")
    assert [row["utility"] for row in rows] == pytest.approx(numpy.sort(values)[::-1][: len(rows)], abs=1e-6)


def test_chance_chooses_without_a_start(make_config, tmp_path):
    run(make_config(rounds=0), tmp_path / "random")
    run(make_config(start="longest-tail", rounds=0), tmp_path / "tail")
    assert chosen_ids(tmp_path / "random") != chosen_ids(tmp_path / "tail")
    assert {row["utility"] for row in seed_rows(tmp_path / "random")} == {None}


def test_a_start_that_is_no_pipeline_is_named(make_config, tmp_path):
    with pytest.raises(ALError, match="A515.*no_such_pipeline"):
        run(make_config(start="no_such_pipeline"), tmp_path / "run")
