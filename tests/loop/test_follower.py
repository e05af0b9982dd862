"""Annealing as in the paper's section C.2, on development scores that are made up."""

import numpy
import pytest

from spacy_al.corpus.reader import make_example, read_docs
from spacy_al.loop import training
from spacy_al.loop.self_training import Lesson
from spacy_al.loop.session import run
from spacy_al.loop.training import Trainer
from spacy_al.schemas import check_active_learning, fill_active_learning


@pytest.fixture
def trainer(make_config):
    config = make_config(anneal_patience=2, anneal_factor=0.5, dev_fraction=0.25)
    config["training"] |= {"max_epochs": 7, "optimizer": {"@optimizers": "SGD.v1", "learn_rate": 0.1}}
    filled = fill_active_learning(config)
    return Trainer(filled, check_active_learning(filled))


def follow(trainer, corpus, monkeypatch, scores):
    """Train with these development scores: the rate and a weight after each epoch, and the weight at the end."""
    examples = [make_example(doc) for doc in read_docs(corpus[0], trainer.nlp.vocab)][:12]
    seen, rates, left = [], [], list(scores)
    weight = trainer.nlp.get_pipe("ner")._shim.state.network.head.output.weight

    def score(nlp, dev):
        seen.append(weight.detach().numpy().copy())
        return {"ents_f": left.pop(0)}

    original = training.Follower.after_step

    def after_step(follower):
        original(follower)
        if follower.report.steps % follower.per_epoch == 0:
            rates.append(follower.optimizer.learn_rate)

    monkeypatch.setattr(training, "span_scores", score)
    monkeypatch.setattr(training.Follower, "after_step", after_step)
    report = trainer.train(Lesson(examples), examples[:2], seed=0)
    return report, rates, seen, weight.detach().numpy()


def test_the_rate_is_halved_after_epochs_without_improvement(trainer, corpus, monkeypatch):
    report, rates, _, _ = follow(trainer, corpus, monkeypatch, [0.1, 0.5, 0.4, 0.5, 0.3, 0.2, 0.1])
    assert report.dev_f == [0.1, 0.5, 0.4, 0.5, 0.3, 0.2, 0.1]
    assert rates == pytest.approx([0.1, 0.1, 0.1, 0.05, 0.05, 0.025, 0.025])


def test_the_best_weights_are_kept_at_the_end(trainer, corpus, monkeypatch):
    _, _, seen, final = follow(trainer, corpus, monkeypatch, [0.1, 0.2, 0.9, 0.3, 0.2, 0.1, 0.0])
    assert numpy.array_equal(final, seen[2])
    assert not numpy.array_equal(final, seen[6])


def test_the_best_weights_are_put_back_when_the_rate_is_halved(trainer, corpus, monkeypatch):
    rising = follow(trainer, corpus, monkeypatch, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])[2]
    falling = follow(trainer, corpus, monkeypatch, [0.9, 0.2, 0.1, 0.0, 0.0, 0.0, 0.0])[2]
    assert numpy.array_equal(rising[2], falling[2])  # nothing happened yet
    # After two bad epochs the first epoch's weights are back, so the next epoch starts near them again.
    assert numpy.abs(falling[3] - falling[0]).max() < numpy.abs(rising[3] - rising[0]).max()


@pytest.mark.filterwarnings("ignore:.*W330")  # no part-of-speech tags
def test_a_component_that_trains_in_one_go_stands_beside_the_others(make_config, tmp_path):
    pytest.importorskip("pycrfsuite")
    config = make_config(anneal_patience=1, dev_fraction=0.25, rounds=0)
    config["nlp"]["pipeline"] = ["ner", "crf"]
    config["components"]["crf"] = {"factory": "crfsuite_ner", "labels": ["PER", "LOC"]}
    assert run(config, tmp_path / "run").phase == "done"
