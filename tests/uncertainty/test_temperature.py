"""Temperature scaling recovers a temperature that was put in, and improves calibration."""

import math

import pytest
import torch

from spacy_al.errors import ALError
from spacy_al.uncertainty.calibration import reliability
from spacy_al.uncertainty.temperature import fit_temperature, golden_section, temper


def overconfident(temperature, tokens=40_000):
    """Labels drawn from softmax(logits), and a tagger that says softmax(temperature * logits)."""
    generator = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(tokens, 5, generator=generator)
    gold = torch.multinomial(logits.softmax(-1), 1, generator=generator)[:, 0]
    return (temperature * logits).softmax(-1), gold


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0, 4.0])
def test_the_temperature_put_in_is_found(temperature):
    assert fit_temperature(*overconfident(temperature)) == pytest.approx(temperature, rel=0.03)


def test_scaling_mends_calibration():
    probs, gold = overconfident(3.0)
    before, after = probs, temper(probs, fit_temperature(probs, gold))
    errors = [reliability(p.max(-1).values, p.argmax(-1) == gold).ece for p in (before, after)]
    assert errors[0] > 0.15
    assert errors[1] < 0.02


def test_fit_equals_lbfgs():
    probs, gold = overconfident(2.5, tokens=2000)
    log_t = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([log_t], max_iter=100, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(probs.double().log() / log_t.exp(), gold)
        loss.backward()
        return loss

    optimizer.step(closure)
    assert fit_temperature(probs, gold) == pytest.approx(math.exp(log_t.item()), rel=1e-3)


def test_temper_keeps_zeros_ones_and_sums():
    probs = temper(torch.tensor([[1.0, 0.0], [0.8, 0.2]]), 2.0)
    assert probs[0].tolist() == [1.0, pytest.approx(0.0, abs=1e-15)]
    assert probs[1].tolist() == pytest.approx([2 / 3, 1 / 3])


def test_tokens_without_gold_take_no_part():
    probs, gold = overconfident(2.0, tokens=3000)
    mixed = torch.cat([gold, torch.full((3000,), -1)])
    assert fit_temperature(torch.cat([probs, probs.flip(-1)]), mixed) == fit_temperature(probs, gold)


def test_nothing_known_is_an_error():
    with pytest.raises(ALError, match="A407"):
        fit_temperature(torch.ones(2, 3) / 3, torch.tensor([-1, -1]))


def test_a_tagger_that_is_never_wrong_stays_in_bounds():
    assert fit_temperature(torch.tensor([[0.9, 0.1]]), torch.tensor([0])) == pytest.approx(0.05, rel=1e-3)


def test_golden_section_finds_a_valley():
    assert golden_section(lambda x: (x - 0.3) ** 2, -5, 5, tolerance=1e-6) == pytest.approx(0.3, abs=1e-5)
