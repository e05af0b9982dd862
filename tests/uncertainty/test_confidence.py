"""Confidence of given entities by hand, and against sampling tags at random."""

import numpy
import pytest
import torch

from spacy_al.corpus.schemes import decode, tag_names
from spacy_al.types import TagSamples
from spacy_al.uncertainty.confidence import span_confidences, tag_numbers, token_slices

TAGS = {tag: number for number, tag in enumerate(tag_names(["LOC", "PER"], "IOB2"))}  # O B-LOC I-LOC B-PER I-PER


def test_confidence_by_hand():
    probs = numpy.full((1, 4, 5), 0.05, dtype=numpy.float32)
    probs[0, [1, 2, 3], [TAGS["B-PER"], TAGS["I-PER"], TAGS["B-LOC"]]] = [0.9, 0.5, 0.8]
    spans = [(1, 3, "PER"), (3, 4, "LOC")]
    assert span_confidences(probs, spans, TAGS, "IOB2") == pytest.approx([0.45, 0.8])


def test_passes_are_averaged_after_multiplying():
    probs = numpy.zeros((2, 2, 5), dtype=numpy.float32)
    probs[:, 0, TAGS["B-PER"]], probs[:, 1, TAGS["I-PER"]] = [1.0, 0.5], [1.0, 0.5]
    assert span_confidences(probs, [(0, 2, "PER")], TAGS, "IOB2") == [(1 + 0.25) / 2]


def test_confidence_is_how_often_sampled_tags_agree():
    rng = numpy.random.default_rng(0)
    probs = rng.dirichlet(numpy.ones(5), size=3).astype(numpy.float32)
    draws = numpy.stack([rng.choice(5, size=20_000, p=row / row.sum()) for row in probs.astype(float)], axis=1)
    hits = (draws[:, :2] == [TAGS["B-LOC"], TAGS["I-LOC"]]).all(1).mean()
    assert span_confidences(probs[None], [(0, 2, "LOC")], TAGS, "IOB2")[0] == pytest.approx(hits, abs=0.01)


def test_a_label_the_tagger_does_not_have_has_no_confidence():
    probs = numpy.full((1, 2, 5), 0.2, dtype=numpy.float32)
    assert span_confidences(probs, [(0, 1, "ORG"), (1, 2, "LOC")], TAGS, "IOB2") == [None, pytest.approx(0.2)]


@pytest.mark.parametrize("scheme", ["IOB1", "IOB2", "BILOU"])
def test_tag_numbers_spell_the_entities(scheme):
    names = tag_names(["LOC", "PER"], scheme)
    spans = [(0, 2, "PER"), (2, 3, "PER"), (4, 7, "LOC")]
    numbers = tag_numbers(spans, 8, {name: number for number, name in enumerate(names)}, scheme)
    assert decode([names[number] for number in numbers], scheme) == spans


def test_slices_of_sentences():
    nothing = torch.zeros(0)
    samples = TagSamples(nothing, nothing, nothing, torch.tensor([2, 0, 3]), [2, 0, 1])
    assert token_slices(samples) == [(2, slice(0, 2)), (0, slice(2, 2)), (1, slice(2, 5))]
