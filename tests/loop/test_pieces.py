"""The small parts of the loop: budgets, batches, schedules, seeds, oracle, lock, strategies."""

import fcntl
import subprocess
import sys
import threading

import numpy
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import f1_score
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.vocab import Vocab

from spacy_al.corpus.schemes import encode
from spacy_al.corpus.split import split_dev, take_budget
from spacy_al.errors import ALError
from spacy_al.loop.batching import create_paper_batcher, paper_batch_size
from spacy_al.loop.oracle import SimulatedOracle
from spacy_al.loop.seeds import phase_seed
from spacy_al.loop.training import resolve_training, with_steps
from spacy_al.runs.lock import held, locked
from spacy_al.tasks import Task
from spacy_al.types import Pool

from .conftest import make_sentences, separate


def docs_of(number, vocab):
    docs = []
    for words, spans in make_sentences(number, 3):
        doc = Doc(vocab, words=words)
        doc.set_ents([Span(doc, start, end, label=label) for start, end, label in spans], default="outside")
        docs.append(doc)
    return docs


@given(st.lists(st.integers(1, 40), min_size=1), st.floats(0, 500))
def test_a_budget_is_met_and_overshot_by_the_crossing_sentence_at_most(costs, budget):
    taken = take_budget(range(len(costs)), numpy.array(costs), budget)
    spent = sum(costs[number] for number in taken)
    assert taken == list(range(len(taken)))
    assert spent >= min(budget, sum(costs))
    assert not taken or spent - costs[taken[-1]] < budget


@pytest.mark.parametrize(("n", "size"), [(10, 4), (199, 4), (250, 5), (500, 10), (799, 15), (800, 16), (10000, 16)])
def test_the_papers_batch_size(n, size):
    assert paper_batch_size(n, 16, 4, 50) == size
    batches = list(create_paper_batcher(16, 4, 50)(range(n)))
    assert [item for batch in batches for item in batch] == list(range(n))


def test_steps_are_set_wherever_they_stand():
    block = {"learn_rate": {"@schedules": "warmup_linear.v1", "total_steps": 1}, "beta1": 0.9}
    changed = {"@schedules": "warmup_linear.v1", "total_steps": 70}
    assert with_steps(block, {"total_steps": 70, "warmup_steps": 7}) == {"learn_rate": changed, "beta1": 0.9}


@pytest.mark.parametrize(("warmup", "rates"), [(0.0, [1.0, 0.9, 0.8, 0.7]), (0.2, [0.0, 0.5, 1.0, 0.875])])
def test_the_rate_rises_for_a_share_of_the_steps_and_falls_to_the_last(warmup, rates):
    schedule = {"@schedules": "warmup_linear.v1", "initial_rate": 1.0, "warmup_steps": 0, "total_steps": 1}
    training = spacy.blank("en").config.interpolate()["training"]
    training["optimizer"] = {"@optimizers": "Adam.v1", "learn_rate": schedule}
    optimizer = resolve_training(training, steps=10, warmup=warmup)["optimizer"]
    found = []
    for _ in rates:
        found.append(float(optimizer.learn_rate))
        optimizer.step_schedules()
    assert found == pytest.approx(rates)


def test_held_out_sentences_are_a_share_of_tokens_and_apart():
    docs = [Doc(Vocab(), words=["word"] * length) for length in range(1, 41)]
    train, dev = split_dev([Example(doc, doc) for doc in docs], 0.25, numpy.random.default_rng(0))
    kept, held_out = ([len(eg.y) for eg in part] for part in (train, dev))
    assert sorted(kept + held_out) == list(range(1, 41))
    assert 0.25 <= sum(held_out) / sum(range(41)) < 0.25 + 40 / sum(range(41))


def test_one_of_few_sentences_is_always_learnt_from():
    doc = Doc(Vocab(), words=["word"])
    assert [len(part) for part in split_dev([Example(doc, doc)], 0.9, numpy.random.default_rng(0))] == [1, 0]
    assert split_dev([], 0.9, numpy.random.default_rng(0)) == ([], [])


def test_phase_seeds_differ_by_round_phase_and_root():
    seeds = [phase_seed(root, round_, phase) for root in (0, 1) for round_ in (0, 1) for phase in ("train", "score")]
    assert len(set(seeds)) == 8
    assert phase_seed(0, 1, "train") == seeds[2]


def test_a_pool_with_labels_cannot_be_built():
    vocab = Vocab()
    with pytest.raises(ALError, match="A400"):
        Pool.from_docs(docs_of(1, vocab), vocab)


def test_gold_is_only_inside_the_oracle_and_comes_back_as_it_was():
    vocab = Vocab()
    docs = docs_of(20, vocab)
    pool, labels = separate(docs, vocab)
    assert not any(doc.has_annotation("ENT_IOB") for doc in pool.docs(range(20), vocab))
    assert pool.attributes.shape[1] == 3
    answers = SimulatedOracle(pool, labels, vocab).annotate([Task(id_, (), ()) for id_ in pool.ids[::-1]])
    gold = [[(ent.start, ent.end, ent.label_) for ent in doc.ents] for doc in docs[::-1]]
    assert [[(ent.start, ent.end, ent.label_) for ent in doc.ents] for doc in answers] == gold


def test_a_pool_without_labels_cannot_answer():
    vocab = Vocab()
    pool, labels = separate([Doc(vocab, words=["a"])], vocab)
    with pytest.raises(ALError, match="A501"):
        SimulatedOracle(pool, labels, vocab)


def test_ids_are_stable_and_tell_repeated_sentences_apart():
    vocab = Vocab()
    docs = [Doc(vocab, words=words) for words in (["a", "b"], ["c"], ["a", "b"])]
    first, again = Pool.from_docs(docs, vocab), Pool.from_docs(docs, vocab)
    assert first.ids == again.ids
    assert first.ids[0][:-1] == first.ids[2][:-1]
    assert [id_[-2:] for id_ in first.ids] == ["-0", "-0", "-1"]


def test_spacys_span_scores_are_those_of_seqeval():
    from spacy.scorer import get_ner_prf

    vocab, rng = Vocab(), numpy.random.default_rng(0)
    gold, guesses = docs_of(60, vocab), docs_of(60, vocab)
    for doc in guesses:
        doc.set_ents([ent for ent in doc.ents if rng.random() < 0.7], default="outside")

    def tags(docs):
        return [encode([(ent.start, ent.end, ent.label_) for ent in doc.ents], len(doc), "IOB2") for doc in docs]

    scores = get_ner_prf([Example(guess, right) for guess, right in zip(guesses, gold)])
    assert 0 < scores["ents_f"] < 1
    assert scores["ents_f"] == pytest.approx(f1_score(tags(gold), tags(guesses)))


def test_a_second_process_is_kept_out(tmp_path):
    imports = "from pathlib import Path; from spacy_al.runs.lock import held, locked"
    code = f"{imports}\nwith locked(Path({str(tmp_path / 'lock')!r})): pass"
    with locked(tmp_path / "lock"):
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "A504" in other.stderr
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_look_at_the_lock_keeps_nobody_out(tmp_path):
    path = tmp_path / "lock"
    path.touch()
    with path.open("rb") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)  # as `held` for a moment
        threading.Timer(0.1, fcntl.flock, (looking, fcntl.LOCK_UN)).start()
        with locked(path):
            assert held(path)


def test_a_look_at_a_lock_where_there_are_none_says_so(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(37, "No locks available")

    (tmp_path / "lock").touch()
    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(ALError, match="A016.*No locks"):
        held(tmp_path / "lock")
