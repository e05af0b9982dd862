"""Rankings: ids of the pool, ties, limits, and the same rows whatever the way through the stream."""

import json

import numpy
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_al.acquisition.ranking import occurrences, top_docs, write_ranking
from spacy_al.types import Pool, TagSamples
from spacy_al.uncertainty.measures import get_measures

from .taggers import rank_docs

SENTENCES = [["a"], ["b", "c"], ["a"], [], ["d", "é", "\U0001f600"], ["b", "c"], ["a"]]


class ByLength:
    """A sampler whose probability of the best tag falls with the length of a sentence."""

    def sample(self, docs, *, passes, dropout, seed):
        for number, doc in enumerate(docs):
            probs = torch.full((1, len(doc), 2), 0.1)
            probs[..., 0] = 0.9
            log_prob = torch.tensor([[len(doc) * numpy.log(0.9)]], dtype=torch.float32)
            best = torch.zeros((1, len(doc)), dtype=torch.int64)
            yield TagSamples(probs, best, log_prob, torch.tensor([len(doc)]), [number])


def make_docs():
    vocab = Vocab()
    return [Doc(vocab, words=words) for words in SENTENCES]


def rank(names, **options):
    options = {"passes": 1, "dropout": "off", "seed": 0, **options}
    return rank_docs(make_docs(), ByLength(), get_measures(names), **options)


def read(path):
    return [json.loads(line) for line in path.read_text("utf8").splitlines()]


def test_the_most_useful_come_first(tmp_path):
    with rank(["least_confidence"]) as ranking:
        assert write_ranking(tmp_path / "out.jsonl", ranking) == 7
    rows = read(tmp_path / "out.jsonl")
    assert [row["n_tokens"] for row in rows] == [3, 2, 2, 1, 1, 1, 0]
    assert [row["rank"] for row in rows] == list(range(7))
    assert rows[0]["text"] == "d é \U0001f600 "
    assert rows[0]["utilities"]["least_confidence"] == pytest.approx(-3 * numpy.log(0.9), rel=1e-6)
    assert rows[0]["shown"]["least_confidence"] == pytest.approx(1 - 0.9**3, rel=1e-6)


def test_ids_are_those_of_the_pool(tmp_path):
    docs = [doc for doc in make_docs() if len(doc)]
    with rank(["mnlp"]) as ranking:
        write_ranking(tmp_path / "out.jsonl", ranking)
    found = [row["id"] for row in read(tmp_path / "out.jsonl") if row["n_tokens"]]
    assert sorted(found) == sorted(Pool.from_docs(docs, docs[0].vocab).ids)


def test_a_second_measure_breaks_ties():
    with rank(["random", "least_confidence"]) as ranking:
        assert [len(SENTENCES[number]) for number in ranking.order] == [3, 2, 2, 1, 1, 1, 0]


def test_the_seed_breaks_what_is_left():
    orders = {tuple(rank(["random"], seed=seed).order.tolist()) for seed in range(20)}
    assert len(orders) > 15
    assert all(sorted(order) == list(range(7)) for order in orders)
    assert rank(["random"], seed=3).order.tolist() == rank(["random"], seed=3).order.tolist()


@pytest.mark.parametrize(("limit", "count"), [(0, 0), (3, 3), (99, 7), (None, 7)])
def test_a_limit_keeps_the_most_useful(tmp_path, limit, count):
    with rank(["mnlp"]) as ranking:
        assert write_ranking(tmp_path / "out.jsonl", ranking, limit=limit) == count
    assert len(read(tmp_path / "out.jsonl")) == count


def test_an_empty_pool_gives_an_empty_file(tmp_path):
    measures = get_measures(["mnlp"])
    with rank_docs([], ByLength(), measures, passes=1, dropout="off", seed=0) as ranking:
        assert write_ranking(tmp_path / "out.jsonl", ranking) == 0
    assert (tmp_path / "out.jsonl").read_bytes() == b""


def test_top_docs_are_found_again():
    with rank(["least_confidence"]) as ranking:
        found = top_docs(make_docs(), ranking, 2)
    assert [[token.text for token in doc] for doc in found] == [
        ["d", "é", "\U0001f600"],
        SENTENCES[ranking.order[1]],
    ]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=30))
def test_occurrences_equal_counting(rows):
    keys = numpy.array(rows, dtype=numpy.uint64).reshape(-1, 2)
    assert occurrences(keys).tolist() == [rows[:place].count(row) for place, row in enumerate(rows)]
