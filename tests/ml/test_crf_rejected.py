"""Rejected spans in a CRF, against enumeration of every tag sequence read by `decode`, and finite differences."""

from typing import List, Sequence, Tuple

import hypothesis.strategies as st
import numpy
import pytest
import torch
from hypothesis import given, settings

from spacy_al.corpus.schemes import PREFIXES, SCHEMES, allowed_transitions, decode, tag_names
from spacy_al.ml import crf
from spacy_al.ml.crf_head import CRFHead
from spacy_al.ml.crf_rejected import without_rejected
from spacy_al.ml.stages import IGNORE, Ragged
from spacy_al.tasks import TokenSpan

from .test_crf import enumerate_sequences, make_chain
from .test_crf_head import make_head, make_states

ENTITY = {"IOB1": ["I-X", "I-X", "I-X"], "IOB2": ["B-X", "I-X", "I-X"], "BILOU": ["B-X", "I-X", "L-X"]}


def constrained(chain: crf.Chain, tags: Sequence[str], scheme: str) -> crf.Chain:
    """The chain with no probability for what breaks the scheme."""
    start, steps, end = (torch.from_numpy(~rule) for rule in allowed_transitions(tags, scheme))
    no = crf.FORBIDDEN
    potentials = (chain.start.masked_fill(start, no), chain.transitions.masked_fill(steps, no))
    return crf.Chain(chain.emissions, chain.lengths, *potentials, chain.end.masked_fill(end, no))


def enumerated(chain: crf.Chain, row: int, tags: List[str], scheme: str, rejected: Sequence[TokenSpan]) -> float:
    """Log of the sum over sequences in which `decode` reads none of the spans."""
    scores = [
        score
        for numbers, score in enumerate_sequences(chain, row)
        if not set(decode([tags[number] for number in numbers], scheme)) & set(rejected)
    ]
    return float(numpy.logaddexp.reduce(scores))


@st.composite
def cases(draw) -> Tuple[crf.Chain, List[List[TokenSpan]], List[str], str]:
    """Sentences of up to four tokens, each with up to five rejected spans that may overlap."""
    scheme = draw(st.sampled_from(SCHEMES))
    labels = draw(st.sampled_from([["X"], ["X", "Y"]]))
    tags = tag_names(labels, scheme)
    lengths = draw(st.lists(st.integers(0, 4 if len(tags) < 6 else 3), min_size=1, max_size=3))
    chain = make_chain(draw(st.integers(0, 10_000)), lengths, len(tags), draw(st.sampled_from([0.1, 2.0, 30.0])))
    spans = [[(s, e, x) for s in range(n) for e in range(s + 1, n + 1) for x in labels] for n in lengths]
    rejected = [draw(st.lists(st.sampled_from(some), max_size=5, unique=True)) if some else [] for some in spans]
    return constrained(chain, tags, scheme) if draw(st.booleans()) else chain, rejected, tags, scheme


@settings(deadline=None, max_examples=150)
@given(cases())
def test_what_is_left_is_the_sum_over_sequences_without_the_spans(case):
    chain, rejected, tags, scheme = case
    found = crf.log_partition(without_rejected(chain, rejected, tags, scheme)).tolist()
    expected = [enumerated(chain, row, tags, scheme, spans) for row, spans in enumerate(rejected)]
    assert found == pytest.approx(expected, abs=1e-9, rel=1e-9)


@settings(deadline=None, max_examples=60)
@given(cases())
def test_a_constrained_chain_needs_fewer_states_for_the_same_sum(case):
    chain, rejected, tags, scheme = case
    chain = constrained(chain, tags, scheme)
    whole, fewer = (without_rejected(chain, rejected, tags, scheme, constrained=strict) for strict in (False, True))
    torch.testing.assert_close(crf.log_partition(fewer), crf.log_partition(whole), atol=1e-9, rtol=1e-9)
    assert fewer.emissions.shape[2] < whole.emissions.shape[2] or not any(rejected) or scheme == "IOB1"


@settings(deadline=None, max_examples=60)
@given(cases(), st.integers(0, 1000))
def test_known_tags_and_rejected_spans_hold_together(case, seed):
    chain, rejected, tags, scheme = case
    known = torch.randint(0, len(tags), chain.emissions.shape[:2], generator=torch.Generator().manual_seed(seed))
    known[torch.rand(known.shape, generator=torch.Generator().manual_seed(seed)) < 0.7] = IGNORE
    narrow = crf.restrict(chain, crf.allowed_tags(known, len(tags)))
    found = crf.log_partition(without_rejected(narrow, rejected, tags, scheme)).tolist()
    expected = [enumerated(narrow, row, tags, scheme, spans) for row, spans in enumerate(rejected)]
    # Where nothing is left, a sum is as small as the score of what is forbidden.
    assert [max(value, -5000) for value in found] == pytest.approx([max(value, -5000) for value in expected])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_gradients_equal_finite_differences(scheme):
    tags = tag_names(["X", "Y"], scheme)
    chain = make_chain(1, [4, 2], len(tags))
    inputs = [each.requires_grad_() for each in (chain.emissions, chain.start, chain.transitions, chain.end)]
    rejected = [[(1, 2, "X"), (1, 3, "X"), (2, 4, "X"), (0, 1, "Y")], []]

    def log_sum(emissions, start, transitions, end):
        potentials = crf.Chain(emissions, chain.lengths, start, transitions, end)
        return crf.log_partition(without_rejected(potentials, rejected, tags, scheme))

    assert torch.autograd.gradcheck(log_sum, inputs)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("certainty", [20.0, 60.0])
def test_float32_keeps_its_digits_where_the_span_is_nearly_certain(scheme, certainty):
    tags = tag_names(["X"], scheme)
    chain = constrained(make_chain(2, [9], len(tags), dtype=torch.float32), tags, scheme)
    for place, tag in enumerate([*"OOO", *ENTITY[scheme], *"OOO"]):
        chain.emissions[0, place, tags.index(tag)] += certainty
    exact = crf.Chain(*(each if each.dtype == torch.long else each.double() for each in vars(chain).values()))
    rejected = [[(3, 6, "X")]]
    wide, narrow = (
        crf.log_partition(one) - crf.log_partition(without_rejected(one, rejected, tags, scheme))
        for one in (exact, chain)
    )
    assert narrow.item() == pytest.approx(wide.item(), abs=1e-5, rel=1e-5)
    assert wide.item() > certainty / 2  # where 1 - P is 0 in float32


@pytest.mark.parametrize("scheme", SCHEMES)
def test_only_labels_with_rejected_spans_cost_more_tags(scheme):
    tags = tag_names([f"L{number}" for number in range(18)], scheme)
    wide = without_rejected(make_chain(3, [5], len(tags)), [[(0, 2, "L3"), (0, 3, "L3")]], tags, scheme)
    assert len(tags) < wide.emissions.shape[2] <= len(tags) + 4 * len(PREFIXES[scheme])


def log_probs(head: CRFHead, states: Ragged) -> List[Tuple[List[str], float]]:
    """Every tag sequence of one sentence, with the log of its probability."""
    with torch.no_grad():
        chain = head.chain(states)
    log_z = float(crf.log_partition(chain))
    return [([head.tags[n] for n in numbers], score - log_z) for numbers, score in enumerate_sequences(chain, 0)]


@pytest.mark.parametrize("scheme", ["IOB1", "IOB2"])
def test_loss_is_minus_log_of_the_probability_of_what_was_said(scheme):
    head, states = make_head(scheme), make_states([4])
    known = torch.tensor([IGNORE, IGNORE, IGNORE, 0])
    rejected = [(0, 2, "PER"), (1, 2, "LOC")]
    agreeing = [
        value
        for tags, value in log_probs(head, states)
        if tags[3] == "O" and not set(decode(tags, scheme)) & set(rejected)
    ]
    expected = -float(numpy.logaddexp.reduce(agreeing))
    assert head.loss(states, known, [rejected]).item() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("average", "count"), [("sentences", 2), ("tokens", 4), ("none", 1)])
def test_a_sentence_with_rejected_spans_counts_in_the_average(average, count):
    head, states = make_head(average=average), make_states([2, 3])
    known, rejected = torch.tensor([0, 1, *[IGNORE] * 3]), [(0, 1, "PER"), (1, 3, "LOC")]
    alone = make_head(average="none")
    parts = [
        alone.loss(Ragged(states.data[:, :2], states.lengths[:1]), known[:2]),
        alone.loss(Ragged(states.data[:, 2:], states.lengths[1:]), known[2:], [rejected]),
    ]
    assert head.loss(states, known, [[], rejected]).item() == pytest.approx(sum(parts).item() / count, rel=1e-5)


def test_a_rejected_span_is_unlearnt_and_its_neighbours_stay_free():
    head, states = make_head(), make_states([5])
    learn(head, states, torch.tensor([1, 2, 0, 3, 0]))
    learn(head, states, torch.tensor([IGNORE] * 5), [[(0, 2, "PER")]])
    found = decode([head.tags[number] for number in head.predict(states).best[0]], "IOB2")
    assert (0, 2, "PER") not in found
    assert (3, 4, "LOC") in found


def learn(head: CRFHead, states: Ragged, tags: torch.Tensor, rejected: Sequence[Sequence[TokenSpan]] = ()) -> None:
    optimizer = torch.optim.SGD(head.parameters(), lr=0.5)
    for _ in range(60):
        optimizer.zero_grad()
        head.loss(states, tags, rejected).backward()
        optimizer.step()
