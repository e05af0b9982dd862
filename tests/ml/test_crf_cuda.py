"""The CUDA kernels against the loop over tokens on the CPU, which brute force has proved."""

from dataclasses import replace

import pytest
import torch

from spacy_al.ml import crf_cuda
from spacy_al.ml.crf import (
    FORBIDDEN,
    Chain,
    allowed_tags,
    decode,
    log_partition,
    restrict,
    viterbi,
)

from .crf_helpers import log_prob, marginals

pytestmark = pytest.mark.gpu


def make(lengths, tags, *, seed=0, scale=2.0, forbid=0.0):
    draw = torch.Generator().manual_seed(seed)
    longest = max(lengths, default=0)
    transitions = scale * torch.randn(tags, tags, generator=draw)
    return Chain(
        scale * torch.randn(len(lengths), longest, tags, generator=draw),
        torch.tensor(lengths, dtype=torch.int64),
        torch.randn(tags, generator=draw),
        transitions.masked_fill(torch.rand(tags, tags, generator=draw) < forbid, FORBIDDEN),
        torch.randn(tags, generator=draw),
    )


def moved(chain, device="cuda", dtype=torch.float32):
    floats = {name: getattr(chain, name).to(device, dtype) for name in ("emissions", "start", "transitions", "end")}
    return replace(chain, lengths=chain.lengths.to(device), **floats)


CHAINS = {
    "ragged": make([5, 1, 0, 9], 9),
    "one tag": make([4, 2], 1),
    "32 tags": make([7, 3], 32),
    "33 tags": make([7, 3], 33),
    "OntoNotes": make([40, 12, 31], 73),
    "forbidden": make([12, 8, 30], 17, forbid=0.4),
    "steep": make([25, 14], 17, scale=60.0),
    "500 tokens": make([500, 499], 17),
    "empty": make([], 5),
}


@pytest.fixture(params=CHAINS)
def chain(request):
    return CHAINS[request.param]


def test_the_kernels_are_used(chain):
    assert crf_cuda.usable(moved(chain).emissions)


def test_log_partition_and_its_gradients_equal_the_loop(chain):
    one = moved(chain, "cpu", torch.float64)
    two = moved(chain)
    values = []
    for each in (one, two):
        potentials = [each.emissions, each.start, each.transitions, each.end]
        for potential in potentials:
            potential.requires_grad_()
        value = log_partition(each)
        weights = torch.arange(1, len(value) + 1, device=value.device)
        (value * weights).sum().backward()
        values.append([value.detach(), *(potential.grad for potential in potentials)])
    for expected, found in zip(*values):
        torch.testing.assert_close(found.cpu().double(), expected.double(), rtol=2e-4, atol=2e-4)


def test_marginals_equal_the_loop(chain):
    torch.testing.assert_close(
        marginals(moved(chain)).cpu().double(), marginals(moved(chain, "cpu", torch.float64)), rtol=1e-3, atol=1e-4
    )


def test_viterbi_equals_the_loop(chain):
    assert viterbi(moved(chain)).cpu().tolist() == viterbi(moved(chain, "cpu")).tolist()


def test_decode_gives_the_same_probability(chain):
    probs, best, found = decode(moved(chain))
    expected = log_prob(moved(chain, "cpu", torch.float64), best.cpu())
    torch.testing.assert_close(found.cpu().double(), expected, rtol=1e-4, atol=1e-3)
    assert not probs.isnan().any()


def test_partial_labels_equal_the_loop():
    chain = CHAINS["forbidden"]
    tags = torch.full(chain.emissions.shape[:2], -100)
    tags[:, 2] = viterbi(chain)[:, 2]
    allowed = allowed_tags(tags, chain.emissions.shape[2])
    expected = log_partition(restrict(moved(chain, "cpu", torch.float64), allowed))
    found = log_partition(restrict(moved(chain), allowed.cuda()))
    torch.testing.assert_close(found.cpu(), expected, rtol=1e-5, atol=1e-3)


def test_equal_calls_give_equal_bytes():
    def gradient():
        chain = moved(CHAINS["OntoNotes"])
        chain.transitions.requires_grad_()
        log_partition(chain).sum().backward()
        return chain.transitions.grad.cpu().numpy().tobytes()

    assert gradient() == gradient()


def test_more_tags_than_fit_take_the_loop():
    chain = make([3, 2], crf_cuda.MOST_TAGS + 1)
    assert not crf_cuda.usable(moved(chain).emissions)
    assert viterbi(moved(chain)).cpu().tolist() == viterbi(chain).tolist()
