"""Judgements of made-up taggers whose errors and confidence are known."""

import numpy
import pytest
import torch
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_al.corpus.schemes import tag_names
from spacy_al.errors import ALError
from spacy_al.types import Sampling, TagSamples
from spacy_al.uncertainty.calibration import Reliability
from spacy_al.uncertainty.judgement import calibrate, detect, diagrams, judge
from spacy_al.uncertainty.measures import get_measures

TAGS = tag_names(["LOC", "PER"], "IOB2")
VOCAB = Vocab()


def make_doc(words, ents):
    return Doc(VOCAB, words=words, ents=ents)


class Fixed:
    """Gives one tag to every word, with one probability; equal shares for the other tags. Refuses labels."""

    tags, scheme = TAGS, "IOB2"

    def __init__(self, table):
        self.table = table

    def sample(self, docs, *, passes, dropout, seed):
        for number in sorted(range(len(docs)), key=lambda number: len(docs[number])):
            assert not docs[number].has_annotation("ENT_IOB") or not len(docs[number])
            rows = [self._row(token.text, dropout) for token in docs[number]]
            count = passes if dropout != "off" else 1
            probs = torch.tensor(rows, dtype=torch.float32).reshape(1, -1, len(TAGS)).expand(count, -1, -1)
            best = probs.argmax(-1)
            log_prob = probs.max(-1).values.log().sum(-1, keepdim=True)
            lengths = torch.tensor([len(rows)])
            yield TagSamples(probs, best, log_prob, lengths, [number], dropout != "off")

    def _row(self, word, dropout):
        tag, sure = self.table[word]
        row = [(1 - sure) / (len(TAGS) - 1)] * len(TAGS)
        row[TAGS.index(tag)] = sure
        return row


class Exact(Fixed):
    """Knows the probability of an entity."""

    def entity_scores(self, docs):
        return [{(0, 2, "PER"): 0.7}, *[{}] * (len(docs) - 1)]


GOLD = [
    make_doc(["Ann", "Lee", "slept"], ["B-PER", "I-PER", "O"]),
    make_doc(["Oslo"], ["B-LOC"]),
    make_doc(["Acme"], ["B-ORG"]),
    make_doc(["here"], ["O"]),
]
TAGGER = Fixed(
    {
        "Ann": ("B-PER", 0.9),
        "Lee": ("I-PER", 0.5),
        "slept": ("O", 1.0),
        "Oslo": ("B-PER", 0.4),
        "Acme": ("O", 0.6),
        "here": ("O", 0.8),
    }
)


def test_right_and_wrong_are_told_apart():
    found = judge(GOLD, TAGGER)
    assert found.wrong.tolist() == [False, True, True, False]
    assert found.token_right.tolist() == [True, True, True, False, False, True]
    assert found.entity_right == [True, False]


def test_confidence_is_that_of_the_prediction():
    found = judge(GOLD, TAGGER)
    assert found.token_confidence() == pytest.approx([0.9, 0.5, 1.0, 0.4, 0.6, 0.8])
    assert found.entity_confidence == pytest.approx([0.45, 0.4])


def test_exact_probabilities_of_entities_are_preferred():
    found = judge(GOLD, Exact(TAGGER.table))
    assert found.entity_confidence == [0.7, 0.0]


def test_calibration_by_hand():
    found = calibrate(judge(GOLD, TAGGER), bins=1)
    assert found["tokens"]["before"].ece == pytest.approx(abs(4 / 6 - 4.2 / 6))
    assert found["entities"]["before"].ece == pytest.approx(abs(0.5 - 0.425))
    assert set(diagrams(found)) == {"tokens, as it is", "entities, as it is"}


def random_tagger(rng, words, boast):
    return Fixed({word: (TAGS[rng.integers(len(TAGS))], sure) for word, sure in zip(words, boast, strict=True)})


def test_temperature_mends_a_boaster():
    rng = numpy.random.default_rng(0)
    words = [f"w{number}" for number in range(3000)]
    tagger = random_tagger(rng, words, rng.uniform(0.95, 0.999, 3000))
    docs = []
    for word in words:
        tag = tagger.table[word][0] if rng.random() < 0.7 else "O"
        docs.append(make_doc([word], [tag.replace("I-", "B-")]))
    found = calibrate(*(judge(part, tagger) for part in (docs[:1500], docs[1500:])))
    for level in ("tokens", "entities"):
        before, after = (found[level][when] for when in ("before", "after"))
        assert isinstance(before, Reliability)
        assert found[level]["temperature"] > 1.5
        assert after.ece < 0.5 * before.ece


def test_a_measure_that_sees_every_error_has_an_auroc_of_one():
    judgement = judge(GOLD, TAGGER)
    measures = get_measures(["entropy_max", "random", "variation_ratio"])
    (ties,) = get_measures(["least_confidence"])
    entropy, random, votes = detect(GOLD, judgement, TAGGER, measures, Sampling(3, "last", 0), ties=ties)
    # The least certain tokens have 0.4, 0.5, 0.6 and 0.8; those with 0.4 and 0.6 are in wrong sentences.
    assert entropy.sentences == 0.75
    assert (random.sentences, random.tied, random.tokens) == (0.5, 1.0, None)
    assert (votes.sentences, votes.tied) == (0.5, 1.0)
    # -log P is 0.80, 0.92, 0.51 and 0.22: wrong sentences win three comparisons of four.
    assert random.broken == 0.75


def test_missing_annotation_is_refused():
    with pytest.raises(ALError, match=r"A419.*left open"):
        judge([Doc(VOCAB, words=["left", "open"])], TAGGER)
