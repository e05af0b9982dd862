"""The CRF against enumeration of every tag sequence, finite differences and limits of float32."""

import itertools
import math
from typing import List, Tuple

import hypothesis.strategies as st
import numpy
import pytest
import torch
from hypothesis import given, settings

from spacy_al.ml import crf, crf_recursion
from spacy_al.ml.stages import IGNORE

from . import crf_helpers


def make_chain(seed: int, lengths: List[int], n_tags: int, scale: float = 2.0, dtype=torch.float64) -> crf.Chain:
    generator = torch.Generator().manual_seed(seed)
    longest = max(lengths, default=0)

    def draw(*shape: int) -> torch.Tensor:
        return (torch.randn(*shape, generator=generator, dtype=torch.float64) * scale).to(dtype)

    emissions = draw(len(lengths), longest, n_tags)
    return crf.Chain(
        emissions, torch.tensor(lengths, dtype=torch.long), draw(n_tags), draw(n_tags, n_tags), draw(n_tags)
    )


def enumerate_sequences(chain: crf.Chain, row: int) -> List[Tuple[Tuple[int, ...], float]]:
    """Every tag sequence of one sentence with its score, by the definition in `Chain`."""
    length, n_tags = int(chain.lengths[row]), len(chain.start)
    emissions, transitions = chain.emissions[row].tolist(), chain.transitions.tolist()
    start, end = chain.start.tolist(), chain.end.tolist()
    result = []
    for tags in itertools.product(range(n_tags), repeat=length):
        score = sum(emissions[place][tag] for place, tag in enumerate(tags))
        score += sum(transitions[one][two] for one, two in itertools.pairwise(tags))
        result.append((tags, score + (start[tags[0]] + end[tags[-1]] if tags else 0.0)))
    return result


def enumerated_log_partition(chain: crf.Chain, row: int) -> float:
    return float(numpy.logaddexp.reduce([score for _, score in enumerate_sequences(chain, row)]))


chains = st.builds(
    make_chain,
    st.integers(0, 10_000),
    st.lists(st.integers(0, 4), min_size=1, max_size=4),
    st.integers(1, 4),
    st.sampled_from([0.1, 2.0, 30.0, 300.0]),
)


@settings(deadline=None, max_examples=60)
@given(chains)
def test_log_partition_is_the_sum_over_all_sequences(chain):
    expected = [enumerated_log_partition(chain, row) for row in range(len(chain.lengths))]
    assert crf.log_partition(chain).tolist() == pytest.approx(expected, abs=1e-9, rel=1e-9)


@settings(deadline=None, max_examples=60)
@given(chains)
def test_marginals_are_sums_over_sequences_with_that_tag(chain):
    expected = torch.zeros_like(chain.emissions)
    for row in range(len(chain.lengths)):
        log_z = enumerated_log_partition(chain, row)
        for tags, score in enumerate_sequences(chain, row):
            for place, tag in enumerate(tags):
                expected[row, place, tag] += math.exp(score - log_z)
    torch.testing.assert_close(crf_helpers.marginals(chain), expected, atol=1e-9, rtol=0)


@settings(deadline=None, max_examples=60)
@given(chains)
def test_viterbi_finds_a_sequence_of_the_highest_score(chain):
    scores = crf.score(chain, crf.viterbi(chain)).tolist()
    best = [max(score for _, score in enumerate_sequences(chain, row)) for row in range(len(scores))]
    assert scores == pytest.approx(best, abs=1e-9)


@settings(deadline=None, max_examples=30)
@given(chains)
def test_log_prob_of_every_sequence_is_score_minus_log_partition(chain):
    for row in range(len(chain.lengths)):
        log_z = enumerated_log_partition(chain, row)
        for tags, score in enumerate_sequences(chain, row):
            padded = torch.zeros(chain.emissions.shape[:2], dtype=torch.long)
            padded[row, : len(tags)] = torch.tensor(tags, dtype=torch.long)
            assert float(crf_helpers.log_prob(chain, padded)[row]) == pytest.approx(score - log_z, abs=1e-9)


@settings(deadline=None, max_examples=40)
@given(chains, st.integers(0, 1000))
def test_restricted_log_partition_sums_over_sequences_that_agree(chain, seed):
    generator = torch.Generator().manual_seed(seed)
    n_tags = len(chain.start)
    known = torch.randint(0, n_tags, chain.emissions.shape[:2], generator=generator)
    known[torch.rand(known.shape, generator=generator) < 0.5] = IGNORE
    allowed = crf.allowed_tags(known, n_tags)
    for row, value in enumerate(crf.log_partition(crf.restrict(chain, allowed)).tolist()):
        agreeing = [
            score
            for tags, score in enumerate_sequences(chain, row)
            if all(allowed[row, place, tag] for place, tag in enumerate(tags))
        ]
        assert value == pytest.approx(float(numpy.logaddexp.reduce(agreeing)), abs=1e-9, rel=1e-9)


def test_gradients_equal_finite_differences():
    chain = make_chain(1, [3, 0, 5, 1], 4)
    inputs = [t.requires_grad_() for t in (chain.emissions, chain.start, chain.transitions, chain.end)]

    def log_z(emissions, start, transitions, end):
        return crf.log_partition(crf.Chain(emissions, chain.lengths, start, transitions, end))

    assert torch.autograd.gradcheck(log_z, inputs)


def test_gradients_in_log_space_equal_those_of_products(monkeypatch):
    chain = make_chain(2, [6, 4], 5)
    chain.transitions.requires_grad_()
    fast = torch.autograd.grad(crf.log_partition(chain).sum(), chain.transitions)[0]
    monkeypatch.setattr(crf_recursion, "_floor", lambda dtype: math.inf)
    monkeypatch.setattr(crf_recursion, "CHUNK", 60)
    slow = torch.autograd.grad(crf.log_partition(chain).sum(), chain.transitions)[0]
    torch.testing.assert_close(fast, slow, atol=1e-12, rtol=0)


def test_marginals_are_the_gradient_of_the_log_partition():
    chain = make_chain(3, [7, 2], 3)
    chain.emissions.requires_grad_()
    gradient = torch.autograd.grad(crf.log_partition(chain).sum(), chain.emissions)[0]
    torch.testing.assert_close(crf_helpers.marginals(chain), gradient, atol=1e-12, rtol=0)


def test_asking_for_marginals_does_not_cost_the_score_its_gradient():
    chain, tags = make_chain(3, [4, 2], 3), torch.tensor([[0, 1, 2, 0], [2, 2, 0, 0]])
    chain.emissions.requires_grad_()
    crf_helpers.marginals(chain)
    gradient = torch.autograd.grad(crf.score(chain, tags).sum(), chain.emissions)[0]
    expected = torch.nn.functional.one_hot(tags, 3).double() * chain.mask[..., None]
    torch.testing.assert_close(gradient, expected)


def test_decode_gives_what_its_parts_give():
    chain = make_chain(4, [7, 2, 0], 3)
    _, best, log_prob = crf.decode(chain)
    assert torch.equal(best, crf.viterbi(chain))
    torch.testing.assert_close(log_prob, crf_helpers.log_prob(chain, best))


@pytest.mark.parametrize("scale", [1.0, 8.0, 60.0])
def test_float32_is_stable_over_500_tokens(scale):
    wide = make_chain(5, [500, 3, 499], 17, scale)
    narrow = crf.Chain(*(t if t.dtype == torch.long else t.float() for t in vars(wide).values()))
    exact = crf.Chain(*(t if t.dtype == torch.long else t.double() for t in vars(narrow).values()))
    probs, best, log_prob = crf.decode(narrow)
    torch.testing.assert_close(probs.double(), crf_helpers.marginals(exact), atol=2e-5 * scale, rtol=0)
    torch.testing.assert_close(log_prob.double(), crf_helpers.log_prob(exact, best), atol=1e-4 * scale, rtol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_tag_reachable_only_from_far_behind_is_still_counted(dtype):
    # Tag 1 follows only tag 1, which is 200 nats behind at the first token, and is all there is at the last.
    emissions = torch.tensor([[[0.0, -200.0], [0.0, 0.0], [crf.FORBIDDEN, 0.0]]], dtype=dtype)
    transitions = torch.tensor([[0.0, crf.FORBIDDEN], [0.0, 0.0]], dtype=dtype)
    border = torch.zeros(2, dtype=dtype)
    chain = crf.Chain(emissions, torch.tensor([3]), border, transitions, border)
    assert crf.log_partition(chain).item() == pytest.approx(-200.0, abs=1e-4)
    assert crf_helpers.marginals(chain)[0, :, 1].tolist() == pytest.approx([1.0, 1.0, 1.0])


def test_padding_has_no_influence_even_if_not_a_number():
    chain = make_chain(6, [4, 2], 3)
    chain.emissions[1, 2:] = math.nan
    alone = crf.Chain(chain.emissions[1:, :2], chain.lengths[1:], chain.start, chain.transitions, chain.end)
    torch.testing.assert_close(crf.log_partition(chain)[1:], crf.log_partition(alone))
    torch.testing.assert_close(crf_helpers.marginals(chain)[1:, :2], crf_helpers.marginals(alone))
    assert torch.equal(crf.viterbi(chain)[1:, :2], crf.viterbi(alone))


@pytest.mark.parametrize("lengths", [[], [0], [0, 0]])
def test_sentences_without_tokens_have_one_empty_sequence(lengths):
    chain = make_chain(7, lengths, 3)
    probs, best, log_prob = crf.decode(chain)
    assert crf.log_partition(chain).tolist() == [0.0] * len(lengths) == log_prob.tolist()
    assert probs.shape == (len(lengths), 0, 3)
    assert best.shape == (len(lengths), 0)


@pytest.mark.parametrize("lengths", [[], [0], [0, 0]])
def test_sentences_without_tokens_have_no_gradient(lengths):
    chain = make_chain(7, lengths, 3)
    chain.transitions.requires_grad_()
    crf.log_partition(chain).sum().backward()
    assert chain.transitions.grad.tolist() == [[0.0] * 3] * 3


def test_everything_but_the_loss_works_in_inference_mode():
    chain = make_chain(10, [5, 3], 4)
    expected = crf_helpers.marginals(chain)
    with torch.inference_mode():
        assert torch.equal(crf.decode(chain)[0], expected)
        assert crf.log_partition(chain).shape == (2,)


def test_autocast_does_not_cost_precision():
    chain = make_chain(11, [30, 9], 9, dtype=torch.float32)
    expected = crf_helpers.marginals(chain)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(crf_helpers.marginals(chain), expected, atol=1e-6, rtol=0)
