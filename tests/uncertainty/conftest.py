"""Samples made by hand or at random, with no tagger behind them."""

import numpy
import pytest
import torch

from spacy_al.types import TagSamples


def make_samples(probs, lengths, *, best=None, log_prob=None, stochastic=None):
    """TagSamples as a softmax tagger gives them: best tags and their log-probability follow from `probs`."""
    probs = torch.as_tensor(numpy.asarray(probs), dtype=torch.float32)
    best = probs.argmax(-1) if best is None else torch.as_tensor(best)
    if log_prob is None:
        logs = probs.gather(-1, best[..., None])[..., 0].log()  # (passes, tokens)
        log_prob = torch.stack([part.sum(-1) for part in logs.split(list(lengths), dim=1)], dim=1)
    stochastic = len(probs) > 1 if stochastic is None else stochastic
    return TagSamples(probs, best, log_prob, torch.tensor(lengths), list(range(len(lengths))), stochastic)


def random_samples(seed, *, passes=4, tags=5, lengths=(3, 0, 1, 7, 2), sharpness=2.0):
    rng = numpy.random.default_rng(seed)
    logits = sharpness * rng.standard_normal((passes, sum(lengths), tags))
    probs = numpy.exp(logits) / numpy.exp(logits).sum(-1, keepdims=True)
    return make_samples(probs, lengths)


@pytest.fixture(scope="session", name="make_samples")
def make_samples_fixture():
    return make_samples


@pytest.fixture(scope="session", name="random_samples")
def random_samples_fixture():
    return random_samples
