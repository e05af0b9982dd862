"""Choosing in bfloat16: only where it is faster, and where an engine chooses what float32 chooses."""

import json

import numpy
import pytest
import torch
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_al.acquisition.costs import create_sentence_cost, create_token_cost
from spacy_al.acquisition.score_shard import Column, PoolDocs
from spacy_al.loop import precision
from spacy_al.loop.precision import RoundScoring
from spacy_al.loop.session import run
from spacy_al.ml import inference
from spacy_al.ml.cpu_speed import Speeds
from spacy_al.schemas import check_active_learning, fill_active_learning
from spacy_al.types import Pool, TagSamples
from spacy_al.uncertainty.measures import get_measures

from ..ml.helpers import tiny_transformer, transformer_model
from .conftest import rows_without_seconds

(MNLP,) = get_measures(["mnlp"])
COLUMNS = {"mnlp": Column(MNLP.function)}
pytestmark = pytest.mark.filterwarnings("ignore:.W231")
ROWS = [{"round": 1, "labelled_tokens": 100}]


class Doctored:
    """A tagger whose answers in lower precision are off by some noise."""

    def __init__(self, noise, *, levels=1_000_000):
        self.noise, self.levels, self.lower, self.asked = noise, levels, False, []

    def lower_pays(self, size):
        return True

    def choose_lower(self, on):
        self.lower = on

    def sample(self, docs, *, passes, dropout, seed):
        self.asked.append((len(docs), self.lower))
        values = torch.tensor([float(doc[0].text) * self.levels // 3000 for doc in docs]) / self.levels
        if self.lower:
            values = values + self.noise * torch.randn(len(docs), generator=torch.Generator().manual_seed(0))
        lengths = torch.tensor([len(doc) for doc in docs])
        tags = torch.zeros(1, int(lengths.sum()), dtype=torch.int64)
        yield TagSamples(tags[..., None].float(), tags, values[None] * lengths, lengths, list(range(len(docs))))


@pytest.fixture(scope="module")
def pool():
    vocab = Vocab()
    return Pool.from_docs([Doc(vocab, words=[str(number), "x", "y"]) for number in range(3000)], vocab)


@pytest.fixture
def scoring(pool, make_settings):
    return lambda **settings: RoundScoring(make_settings(**settings), [MNLP], create_token_cost(), pool)


@pytest.fixture
def make_settings(make_config):
    defaults = {"unit": "fraction", "round_budget": 0.1, "seed_budget": 0.1}
    return lambda **given: check_active_learning(fill_active_learning(make_config(**(defaults | given))))


def ask(scoring, sampler, pool, rows=ROWS, numbers=None):
    numbers = numpy.arange(len(pool)) if numbers is None else numbers
    shard = PoolDocs(pool, Vocab())
    return scoring(sampler, shard, numbers, COLUMNS, rows, seed=0, progress=lambda done, total: None)["mnlp"]


def test_an_engine_that_chooses_the_same_is_used(scoring, pool):
    sampler, one = Doctored(1e-6), scoring()
    with pytest.warns(UserWarning, match=r"\[W231\].*the 100 that .* sample of 1000, .*%"):
        found = ask(one, sampler, pool)
    assert sampler.asked == [(1000, False), (1000, True), (3000, True)]
    record = one.row()["precision"]
    assert (record["states"], record["chosen"], record["sample"], record["checked"]) == ("bfloat16", 100, 1000, 1)
    assert record["overlap"] >= 0.95
    assert not numpy.array_equal(found, ask(scoring(), Doctored(0), pool))
    assert not sampler.lower


def test_a_doctored_engine_is_refused_and_float32_decides(scoring, pool):
    sampler, one = Doctored(0.05), scoring()
    assert numpy.array_equal(ask(one, sampler, pool), ask(scoring(), Doctored(0), pool))
    assert sampler.asked[-1] == (3000, False)
    assert one.row()["precision"]["states"] == "float32"
    assert one.row()["precision"]["overlap"] < 0.95


def test_equal_utilities_are_put_in_one_order_for_both(scoring, pool):
    one = scoring()
    ask(one, Doctored(0, levels=3), pool)
    assert one.row()["precision"]["overlap"] == 1.0


def test_what_was_found_holds_until_labels_have_doubled(scoring, pool):
    one = scoring()
    ask(one, Doctored(0), pool)
    rows = [ROWS[0] | one.row(), {"round": 2, "labelled_tokens": 199}]
    later = Doctored(0)
    again = scoring()
    ask(again, later, pool, rows)
    assert later.asked == [(3000, True)]
    ask(again, later, pool, rows)  # further columns of the same round
    assert later.asked == [(3000, True)] * 2
    rows[-1] |= again.row()
    ask(scoring(), later, pool, [*rows, {"round": 3, "labelled_tokens": 200}])
    assert later.asked[2:] == [(1000, False), (1000, True), (3000, True)]
    other = Doctored(0)
    ask(scoring(dropout="last"), other, pool, [*rows, {"round": 3, "labelled_tokens": 199}])
    assert len(other.asked) == 3  # checked for other passes


def test_a_small_pool_or_a_tagger_that_has_no_choice_is_scored_in_float32(scoring, pool, monkeypatch):
    one, sampler = scoring(), Doctored(0)
    ask(one, sampler, pool, numbers=numpy.arange(1500))
    assert one.row() == {}
    monkeypatch.delattr(Doctored, "lower_pays")
    ask(one, sampler, pool)
    assert one.row() == {}
    assert [lower for _, lower in sampler.asked] == [False, False]


def test_the_sample_is_as_large_as_the_budget_asks(make_settings, pool):
    sizes = {0.02: 5000, 0.002: 10_000, 0.5: 1000}
    for share, size in sizes.items():
        one = RoundScoring(make_settings(round_budget=share), [MNLP], create_token_cost(), pool)
        assert one._size(numpy.arange(3000)) == size
    few = RoundScoring(
        make_settings(unit="sentences", round_budget=60, seed_budget=60), [MNLP], create_sentence_cost(), pool
    )
    assert few._size(numpy.arange(3000)) == 5000


@pytest.mark.filterwarnings("ignore:.*W233")  # the encoder is a tiny one
def test_a_run_says_in_its_metrics_what_it_chose_by(make_config, monkeypatch, tmp_path):
    speeds = Speeds(
        training_bfloat16=1.0, bfloat16=3.0, openvino=0.0, openvino_bfloat16=0.0, rate=100.0, conversion=2.0
    )
    for name, value in {"cpu_speeds": lambda: speeds, "has_bfloat16": lambda: True, "PAYS": 0}.items():
        monkeypatch.setattr(inference, name, value)
    for name, value in {"LEAST": 10, "CHOSEN": 5}.items():
        monkeypatch.setattr(precision, name, value)
    config = make_config(rounds=1, round_budget=60, unit="tokens", seed_budget=60)
    config["components"]["ner"]["model"] = transformer_model(tiny_transformer(tmp_path / "tiny"), inference="auto")
    run(config, tmp_path / "run")
    rows = rows_without_seconds(tmp_path / "run")
    assert rows[0]["precision"]["states"] in ("bfloat16", "float32")
    assert rows[0]["precision"]["by"] == "mnlp, off, 10 passes"
    assert "precision" not in rows[1]  # after the last round nothing is chosen
    assert json.dumps(rows)
