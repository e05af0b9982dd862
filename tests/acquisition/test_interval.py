"""F1 with its interval: counted as seqeval counts, covered as often as said, against hand-worked numbers."""

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import f1_score
from seqeval.scheme import IOB2

from spacy_al.acquisition.interval import by_document, count_spans, documents, estimate, f1
from spacy_al.corpus.schemes import encode

LABELS = ["LOC", "PER"]


@st.composite
def sentence_spans(draw):
    spans, end = set(), 0
    while end < 8 and draw(st.booleans()):
        start = draw(st.integers(end, 8))
        end = draw(st.integers(start + 1, 9))
        spans.add((start, end, draw(st.sampled_from(LABELS))))
    return spans


SENTENCES = st.lists(st.tuples(sentence_spans(), sentence_spans()), min_size=1, max_size=6)


@settings(deadline=None, max_examples=100)
@given(SENTENCES)
def test_f1_is_seqevals(pairs):
    gold, said = zip(*pairs)
    tags = [[encode(sorted(spans), 10, "IOB2") for spans in side] for side in (gold, said)]
    _, counts = count_spans(gold, said)
    ours = float(f1(counts.sum((0, 1))))
    assert ours == pytest.approx(f1_score(*tags, mode="strict", scheme=IOB2, zero_division=0))


def test_counts_by_hand():
    gold = [{(0, 1, "PER"), (3, 5, "LOC")}, set()]
    said = [{(0, 1, "PER"), (3, 4, "LOC")}, {(0, 1, "PER")}]
    labels, counts = count_spans(gold, said)
    assert labels == LABELS
    assert counts.tolist() == [[[0, 1, 1], [1, 0, 0]], [[0, 0, 0], [0, 1, 0]]]


def test_nothing_to_find_is_no_estimate():
    assert estimate(numpy.array([[0, 3, 0]]), numpy.random.default_rng(0)) is None
    assert estimate(numpy.zeros((0, 3), dtype=int), numpy.random.default_rng(0)) is None


@pytest.mark.parametrize(("counts", "low", "high"), [([1, 0, 0], 0.83, 1.0), ([0, 0, 1], 0.0, 0.17)])
def test_twenty_of_twenty_and_none_of_twenty_are_not_certain(counts, low, high):
    one = estimate(numpy.array([counts] * 20), numpy.random.default_rng(0))
    assert (one.low, one.high) == (pytest.approx(low, abs=0.005), pytest.approx(high, abs=0.005))


def draw_sentences(number, rng):
    """Sentences of which some are hard: errors come in clusters. F1 of the population is known by its size."""
    hard = rng.random(number) < 0.3
    entities = rng.poisson(1.5, number)
    missed = rng.binomial(entities, numpy.where(hard, 0.4, 0.05))
    made_up = rng.binomial(entities, numpy.where(hard, 0.3, 0.05))
    return numpy.stack([entities - missed, made_up, missed], axis=1)


def test_the_interval_holds_about_95_times_in_100():
    rng = numpy.random.default_rng(0)
    truth = float(f1(draw_sentences(400_000, rng).sum(0)))
    found = [estimate(draw_sentences(150, rng), rng) for _ in range(400)]
    held = numpy.mean([one.low <= truth <= one.high for one in found])
    assert 0.91 <= held <= 0.98


def width(one):
    return one.high - one.low


def test_so_many_more_entities_halve_the_interval():
    rng = numpy.random.default_rng(1)
    few = estimate(draw_sentences(200, rng), rng)
    many = estimate(draw_sentences(200 * (few.entities + 3 * few.entities) // few.entities, rng), rng)
    assert width(many) / width(few) == pytest.approx(0.5, abs=0.08)


def test_f_85_within_2_points_takes_some_1200_entities():
    # An entity that is not found is a made-up one too: F1 is a share of n, and n = 1.96² f (1 - f) / 0.02².
    rng = numpy.random.default_rng(2)
    found = rng.binomial(1, 0.85, 1225)  # each entity a sentence, each miss a made-up entity too
    one = estimate(numpy.stack([found, 1 - found, 1 - found], axis=1), rng)
    assert width(one) / 2 == pytest.approx(0.02, abs=0.002)


def test_sentences_of_a_document_are_drawn_together():
    sources = [f"{name}.txt:{start}-{start + 9}" for name in range(20) for start in (0, 10)]
    assert len(set(documents(sources))) == 20
    assert documents(sources)[0] == documents(sources)[1]
    counts = numpy.arange(120).reshape(40, 3)
    assert by_document(counts, documents(sources)).sum() == counts.sum()


@pytest.mark.parametrize("sources", [["a:0-1", None], ["a:0-1", "a:2-3"], []])
def test_few_or_unknown_documents_leave_sentences(sources):
    assert documents(sources) == list(range(len(sources)))
