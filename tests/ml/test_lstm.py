"""The LSTM without padding against torch's own, forwards and backwards."""

from typing import List, Tuple

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_sequence, unpack_sequence

from spacy_al.ml.lstm import pack, run_lstm, run_padded_lstm

LENGTHS = [[4], [1, 1], [3, 5, 1, 5, 2], [0, 2, 0], [7, 7, 7]]


def make_lstm(layers: int = 1) -> nn.LSTM:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.LSTM(3, 4, layers, batch_first=True, bidirectional=True).double()


def make_states(lengths: List[int]) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(sum(lengths), 3, generator=generator, dtype=torch.float64)


def by_torch(lstm: nn.LSTM, states: Tensor, lengths: List[int]) -> Tensor:
    """Sentence by sentence through torch's packed sequences; empty ones, which those do not know, left out."""
    parts = [part for part in states.split(lengths) if len(part)]
    packed, _ = lstm(pack_sequence(parts, enforce_sorted=False))
    return torch.cat(unpack_sequence(packed))


def gradients(lstm: nn.LSTM, states: Tensor, outputs: Tensor) -> Tuple[Tensor, ...]:
    weights = torch.linspace(-1, 1, outputs.numel(), dtype=torch.float64).view_as(outputs)
    return torch.autograd.grad((outputs * weights).sum(), [states, *lstm.parameters()])


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("layers", [1, 2])
def test_states_equal_torchs(lengths, layers):
    lstm, states = make_lstm(layers), make_states(lengths)
    found = run_lstm(lstm, states, pack(torch.tensor(lengths)))
    torch.testing.assert_close(found, by_torch(lstm, states, lengths), atol=1e-12, rtol=0)


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("layers", [1, 2])
def test_padded_states_equal_torchs(lengths, layers):
    lstm, states, sizes = make_lstm(layers), make_states(lengths), torch.tensor(lengths)
    padded = nn.utils.rnn.pad_sequence(states.split(lengths), batch_first=True, padding_value=9.0)
    found = run_padded_lstm(lstm, padded, sizes)[torch.arange(max(lengths)) < sizes[:, None]]
    torch.testing.assert_close(found, by_torch(lstm, states, lengths), atol=1e-12, rtol=0)


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("layers", [1, 2])
def test_gradients_equal_torchs(lengths, layers):
    lstm, states = make_lstm(layers), make_states(lengths).requires_grad_()
    found = gradients(lstm, states, run_lstm(lstm, states, pack(torch.tensor(lengths))))
    for one, two in zip(found, gradients(lstm, states, by_torch(lstm, states, lengths)), strict=True):
        torch.testing.assert_close(one, two, atol=1e-12, rtol=0)


def test_gradients_equal_finite_differences():
    lstm, lengths = make_lstm(), [3, 1, 2]
    states = make_states(lengths).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: run_lstm(lstm, x, pack(torch.tensor(lengths))), (states,))


def test_no_sentences_have_no_states():
    states = run_lstm(make_lstm(), torch.zeros(0, 3, dtype=torch.float64), pack(torch.zeros(0, dtype=torch.long)))
    assert states.shape == (0, 8)


def test_a_packing_visits_every_token_once_in_each_direction():
    packing = pack(torch.tensor([2, 0, 3]))
    # Tokens 0 and 1, then 2, 3 and 4: the longer sentence first, forwards and backwards in turns.
    assert packing.order.tolist() == [4, 9, 0, 3, 6, 7, 2, 1, 8, 5]
    assert packing.sizes == [2, 2, 1]
    assert packing.before.tolist() == [0, 1, 2]
    assert packing.order[packing.back].tolist() == list(range(10))
