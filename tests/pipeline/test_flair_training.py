"""Training through Flair's ModelTrainer: best weights kept, nothing said, nothing global changed."""

import random
from types import SimpleNamespace

import numpy
import pytest
import torch
from torch import nn

from spacy_al.errors import ALError
from spacy_al.pipeline.flair_settings import TrainerSettings
from spacy_al.pipeline.flair_training import KeepBest, labelled_sentence

from .flair_helpers import example, make

SENTENCES = [
    (["John", "met", "Anna"], ["B-PER", "O", "B-PER"]),
    (["In", "New", "York"], ["O", "B-LOC", "I-LOC"]),
    (["Nothing", "here"], ["O", "O"]),
]
FAST = {"max_epochs": 3, "mini_batch_size": 2}


def examples_of(nlp):
    return [example(nlp, words, ents) for words, ents in SENTENCES]


def ready_to_fit(**config):
    nlp, pipe = make(**{**FAST, **config})
    pipe.restart(0)
    return nlp, pipe


def trainer_stub(value):
    """A trainer with one weight and one learning rate, as far as plugins see it."""
    model = nn.Linear(1, 1, bias=False)
    model.weight.data.fill_(value)
    return SimpleNamespace(model=model, optimizer=SimpleNamespace(param_groups=[{"lr": 0.1}]))


def run_epoch(keep, trainer, weight, *, best):
    keep.before_training_epoch(epoch=1)
    started_at = trainer.model.weight.item()
    trainer.model.weight.data.fill_(weight)
    keep.after_evaluation(current_model_is_best=best)
    return started_at


def test_best_weights_come_back_after_annealing_and_at_the_end():
    keep, trainer = KeepBest(), trainer_stub(0.0)
    keep._pluggable = trainer
    started = [run_epoch(keep, trainer, weight, best=weight == 2) for weight in (1.0, 2.0, 3.0)]
    trainer.optimizer.param_groups[0]["lr"] = 0.05
    started.append(run_epoch(keep, trainer, 4.0, best=False))
    assert started == [0.0, 1.0, 2.0, 2.0]
    keep.after_training()
    assert trainer.model.weight.item() == 2.0


def test_the_best_epoch_on_dev_is_kept(monkeypatch):
    nlp, pipe = ready_to_fit(max_epochs=8, learning_rate=0.3)
    scores, weights = [], []
    evaluate = pipe.tagger.evaluate

    def spy(*args, **kwargs):
        result = evaluate(*args, **kwargs)
        scores.append(result.main_score)
        weights.append(pipe.tagger.linear.weight.detach().clone())
        return result

    monkeypatch.setattr(pipe.tagger, "evaluate", spy)
    pipe.fit(examples_of(nlp), examples_of(nlp), 1)
    assert len(scores) == 8
    assert max(scores) > 0
    assert torch.equal(pipe.tagger.linear.weight, weights[scores.index(max(scores))])


def test_defaults_are_section_c2_of_the_paper():
    _, pipe = make()
    assert pipe.trainer == TrainerSettings(0.1, 0.5, 3, 0.0001, 30, 32, "SGD")
    assert pipe.shape.rnn_layers == 1


def test_the_learning_rate_is_annealed_by_flair(monkeypatch):
    nlp, pipe = ready_to_fit(max_epochs=6, patience=0, learning_rate=1e-3, min_learning_rate=1e-9)
    rates = []
    before = KeepBest.before_training_epoch

    def spy(self, **kw):
        rates.append(self.trainer.optimizer.param_groups[0]["lr"])
        before(self, **kw)

    spy._plugin_hook_events = before._plugin_hook_events
    monkeypatch.setattr(KeepBest, "before_training_epoch", spy)
    monkeypatch.setattr(pipe.tagger, "evaluate", constant_score(pipe.tagger.evaluate))
    pipe.fit(examples_of(nlp), examples_of(nlp), 0)
    assert rates == pytest.approx([1e-3, 1e-3, 5e-4, 2.5e-4, 1.25e-4, 6.25e-5])


def constant_score(evaluate):
    """Evaluation whose score and loss never change, so that every epoch but the first is a bad one."""

    def run(*args, **kwargs):
        result = evaluate(*args, **kwargs)
        result.main_score, result.scores["loss"] = 0.5, 1.0
        return result

    return run


def test_training_says_nothing_and_leaves_no_random_state_changed(capfd):
    nlp, pipe = ready_to_fit()
    states = torch.get_rng_state(), random.getstate(), numpy.random.get_state()[1].tolist()
    pipe.fit(examples_of(nlp), examples_of(nlp), 0)
    assert capfd.readouterr() == ("", "")
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (random.getstate(), numpy.random.get_state()[1].tolist()) == states[1:]


def test_another_seed_gives_other_weights():
    weights = []
    for seed in (1, 1, 2):
        nlp, pipe = ready_to_fit()
        pipe.fit(examples_of(nlp), [], seed)
        weights.append(pipe.tagger.linear.weight.detach())
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_ctrl_c_ends_more_than_flairs_trainer(monkeypatch):
    nlp, pipe = ready_to_fit()

    def interrupt(batch):
        raise KeyboardInterrupt

    monkeypatch.setattr(pipe.tagger, "forward_loss", interrupt)
    with pytest.raises(KeyboardInterrupt):
        pipe.fit(examples_of(nlp), [], 0)


def test_the_learning_rate_falling_too_low_is_an_ordinary_end():
    nlp, pipe = ready_to_fit(max_epochs=50, patience=0, learning_rate=2e-4)
    pipe.fit(examples_of(nlp), [], 0)
    assert not pipe.tagger.training


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ("IOB1", ["I-PER", "B-PER", "O", "I-LOC", "I-LOC"]),
        ("IOB2", ["B-PER", "B-PER", "O", "B-LOC", "I-LOC"]),
        ("BILOU", ["S-PER", "S-PER", "O", "B-LOC", "E-LOC"]),
    ],
)
def test_flair_learns_the_tags_of_the_scheme(scheme, expected):
    nlp, pipe = make(scheme=scheme)
    pipe.restart(0)
    words = ["Anna", "Otto", "in", "New", "York"]
    doc = example(nlp, words, None).predicted
    sentence = labelled_sentence(doc, [(0, 1, "PER"), (1, 2, "PER"), (3, 5, "LOC")])
    assert pipe.tagger._get_gold_labels([sentence]) == expected


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("learning_rate", 0.0),
        ("anneal_factor", 1.0),
        ("max_epochs", 0),
        ("optimizer", "Adam"),
        ("dropout", 1.0),
        ("hidden_size", 0),
    ],
)
def test_a_setting_out_of_range_is_named(key, value):
    with pytest.raises(ALError, match=rf"A008\] \[components.flair_ner\] {key} = {value!r}"):
        make(**{key: value})
