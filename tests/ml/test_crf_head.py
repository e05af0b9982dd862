"""The CRF head: its loss, missing tags, constraints, stochastic passes and weights."""

import pickle
from typing import List

import pytest
import torch

from spacy_al.corpus.schemes import find_problem, tag_names
from spacy_al.errors import ALError
from spacy_al.ml.crf_head import CRFHead, create_crf_head
from spacy_al.ml.dropout import KeyedNoise
from spacy_al.ml.stages import IGNORE, Ragged

from . import crf_helpers

TAGS = tag_names(["PER", "LOC"], "IOB2")


def make_head(scheme: str = "IOB2", *, seed: int = 0, scale: float = 1.0, **options) -> CRFHead:
    head = CRFHead(6, tag_names(["PER", "LOC"], scheme), scheme, **options).eval()
    head.redraw(torch.Generator().manual_seed(seed))
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.mul_(scale)
    return head


def make_states(lengths: List[int], *, passes: int = 1, seed: int = 0) -> Ragged:
    generator = torch.Generator().manual_seed(seed)
    return Ragged(torch.randn(passes, sum(lengths), 6, generator=generator), torch.tensor(lengths))


def per_sentence(head: CRFHead, states: Ragged, tags: torch.Tensor) -> List[float]:
    """-log P of each sentence's tags, one sentence at a time."""
    parts = zip(states.data[0].split(states.lengths.tolist()), tags.split(states.lengths.tolist()), strict=True)
    chains = [(head.chain(Ragged(part[None], torch.tensor([len(part)]))), gold) for part, gold in parts]
    return [-float(crf_helpers.log_prob(chain, gold[None])) for chain, gold in chains]


@pytest.mark.parametrize(("average", "count"), [("sentences", 3), ("tokens", 9), ("none", 1)])
def test_loss_is_minus_log_probability_averaged_as_asked(average, count):
    head, states = make_head(average=average), make_states([4, 2, 3])
    tags = torch.tensor([0, 1, 2, 0, 3, 4, 1, 1, 0])
    expected = sum(per_sentence(head, states, tags)) / count
    assert head.loss(states, tags).item() == pytest.approx(expected, rel=1e-5)


def test_missing_tags_are_summed_over():
    head, states = make_head(), make_states([3])
    some = torch.tensor([1, IGNORE, 0])
    all_ = [torch.tensor([1, tag, 0]) for tag in range(len(TAGS))]
    expected = torch.logsumexp(-torch.tensor([per_sentence(head, states, tags)[0] for tags in all_]), 0)
    assert head.loss(states, some).item() == pytest.approx(-expected.item(), rel=1e-4)


def test_unlabelled_sentences_change_neither_loss_nor_average():
    head, states = make_head(), make_states([3, 2])
    tags = torch.tensor([1, 2, 0, IGNORE, IGNORE])
    alone = head.loss(Ragged(states.data[:, :3], states.lengths[:1]), tags[:3])
    assert head.loss(states, tags).item() == pytest.approx(alone.item(), rel=1e-5)
    assert head.loss(states, torch.full((5,), IGNORE)).item() == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("scheme", ["IOB1", "IOB2", "BILOU"])
def test_constrained_sequences_never_break_the_scheme(scheme):
    head, lengths = make_head(scheme, scale=20.0), [1, 2, 7, 12, 5]
    best = head.predict(make_states(lengths)).best[0]
    for numbers in best.split(lengths):
        assert find_problem([tag_names(["PER", "LOC"], scheme)[n] for n in numbers], scheme) is None


def test_unconstrained_sequences_may_break_the_scheme():
    head = make_head(scale=20.0, constrained=False)
    best = head.predict(make_states([30])).best[0]
    assert find_problem([TAGS[n] for n in best], "IOB2") is not None


def test_impossible_first_tags_have_no_probability():
    probs = make_head().predict(make_states([4])).probs[0, 0]
    assert [float(probs[TAGS.index(tag)]) for tag in ("I-PER", "I-LOC")] == [0.0, 0.0]
    assert float(probs.sum()) == pytest.approx(1.0)


def test_folded_passes_give_what_single_passes_give():
    head, states = make_head(), make_states([4, 1, 6], passes=3)
    together = head.predict(states)
    for number in range(3):
        alone = head.predict(Ragged(states.data[number : number + 1], states.lengths))
        torch.testing.assert_close(together.probs[number], alone.probs[0])
        torch.testing.assert_close(together.log_prob[number], alone.log_prob[0])
        assert torch.equal(together.best[number], alone.best[0])


def test_its_own_dropout_is_what_last_keeps_on():
    head, states = make_head(dropout=0.5), make_states([4, 3])
    options = {"passes": 5, "seed": 1}
    noise = KeyedNoise(torch.tensor([11, 12]), kinds=frozenset(["last"]), **options)
    probs = head.predict(states, noise).probs
    assert probs.shape == (5, 7, len(TAGS))
    assert float(probs.std(0).max()) > 0.01


def test_one_sentence_is_learnt():
    head, states, tags = make_head(), make_states([5]), torch.tensor([1, 2, 0, 3, 0])
    optimizer = torch.optim.SGD(head.parameters(), lr=0.5)
    for _ in range(200):
        optimizer.zero_grad()
        head.loss(states, tags).backward()
        optimizer.step()
    assert torch.equal(head.predict(states).best[0], tags)
    assert float(head.predict(states).log_prob) > -0.05


def test_redraw_depends_on_its_generator_alone():
    one, two, other = (make_head(seed=seed).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not any(torch.equal(one[name], other[name]) for name in one)


def test_redraw_leaves_the_global_generator():
    head, before = make_head(), torch.get_rng_state()
    head.redraw(torch.Generator().manual_seed(1))
    assert torch.equal(before, torch.get_rng_state())


def test_builder_travels_to_other_processes():
    build = pickle.loads(pickle.dumps(create_crf_head(0.1, True, "tokens")))
    head = build(6, TAGS, "IOB2")
    assert (head.average, head.dropout.rate, head.output.in_features) == ("tokens", 0.1, 6)


def test_an_unknown_average_is_an_error():
    with pytest.raises(ALError, match=r"A250.*'mean'"):
        create_crf_head(0.0, True, "mean")
