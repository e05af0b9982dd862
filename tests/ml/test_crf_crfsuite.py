"""The CRF against CRFsuite on the same potentials: probabilities, marginals and best sequences."""

import random
from typing import Dict, List, Tuple

import pycrfsuite
import pytest
import torch

from spacy_al.ml import crf

from . import crf_helpers

WORDS = ["Ann", "of", "Rome", "sees", "Bob", "in", "Paris"]


@pytest.fixture(scope="module")
def sentences() -> List[List[str]]:
    rng = random.Random(1)
    return [[rng.choice(WORDS) for _ in range(rng.randint(1, 9))] for _ in range(40)]


@pytest.fixture(scope="module")
def tagger(tmp_path_factory, sentences) -> pycrfsuite.Tagger:
    """CRFsuite trained on noise: what matters is that it has weights of its own."""
    rng = random.Random(2)
    trainer = pycrfsuite.Trainer(verbose=False, params={"max_iterations": 30, "c2": 0.1, "c1": 0.0})
    for words in sentences:
        trainer.append([[word] for word in words], [rng.choice(["O", "PER", "LOC"]) for _ in words])
    path = str(tmp_path_factory.mktemp("crf") / "model")
    trainer.train(path)
    tagger = pycrfsuite.Tagger()
    tagger.open(path)
    return tagger


@pytest.fixture(scope="module")
def chain(tagger, sentences) -> Tuple[List[str], crf.Chain]:
    """Potentials read from CRFsuite's dump, all sentences in one padded batch. CRFsuite has no borders."""
    labels, info = sorted(tagger.labels()), tagger.info()
    weights: Dict[Tuple[str, str], float] = info.state_features
    emissions = torch.zeros(len(sentences), 9, len(labels), dtype=torch.float64)
    for row, words in enumerate(sentences):
        for place, word in enumerate(words):
            emissions[row, place] = torch.tensor([weights.get((word, label), 0.0) for label in labels])
    steps = [[info.transitions.get((one, two), 0.0) for two in labels] for one in labels]
    border = torch.zeros(len(labels), dtype=torch.float64)
    lengths = torch.tensor([len(words) for words in sentences])
    return labels, crf.Chain(emissions, lengths, border, torch.tensor(steps, dtype=torch.float64), border)


# The dump prints weights with six decimals.
TOLERANCE = 2e-5


def test_marginals_equal_crfsuite(tagger, chain, sentences):
    labels, potentials = chain
    marginals = crf_helpers.marginals(potentials)
    for row, words in enumerate(sentences):
        tagger.set([[word] for word in words])
        expected = [[tagger.marginal(label, place) for label in labels] for place in range(len(words))]
        torch.testing.assert_close(
            marginals[row, : len(words)], torch.tensor(expected, dtype=torch.float64), atol=TOLERANCE, rtol=0
        )


def test_best_sequences_and_their_probabilities_equal_crfsuite(tagger, chain, sentences):
    labels, potentials = chain
    _, best, log_prob = crf.decode(potentials)
    for row, words in enumerate(sentences):
        tags = tagger.tag([[word] for word in words])
        assert [labels[number] for number in best[row, : len(words)]] == tags
        assert float(log_prob[row].exp()) == pytest.approx(tagger.probability(tags), abs=TOLERANCE)


def test_any_sequence_has_crfsuites_probability(tagger, chain, sentences):
    labels, potentials = chain
    drawn = torch.randint(len(labels), potentials.mask.shape, generator=torch.Generator().manual_seed(5))
    log_prob = crf_helpers.log_prob(potentials, drawn)
    for row, words in enumerate(sentences):
        tagger.set([[word] for word in words])
        tags = [labels[number] for number in drawn[row, : len(words)]]
        assert float(log_prob[row].exp()) == pytest.approx(tagger.probability(tags), abs=TOLERANCE)
