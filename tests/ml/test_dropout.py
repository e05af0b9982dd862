"""Dropout: keyed masks do not depend on batching or order, have the right rate, and keep Flair's meaning."""

import pytest
import torch

from spacy_al.ml.dropout import (
    KeyedNoise,
    LockedDropout,
    UnitDropout,
    WordDropout,
    hashed,
    key_numbers,
    mask_table,
)
from spacy_al.ml.stages import Ragged

KEYS = [b"a" * 16, b"bcdefghijklmnopq", b"c" * 16]
LENGTHS = [3, 5, 2]


def noise(keys, **settings):
    values = {"passes": 4, "seed": 7, "kinds": frozenset({"last", "word", "locked"})} | settings
    return KeyedNoise(torch.from_numpy(key_numbers(keys)), **values)


def ragged(lengths, width=6):
    return Ragged(torch.ones(1, sum(lengths), width), torch.tensor(lengths))


LAYERS = [UnitDropout(0.5, stream=1), WordDropout(0.5, stream=2), LockedDropout(0.5, stream=3)]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.kind)
def test_masks_are_the_same_in_any_batch_and_order(layer):
    layer.eval()
    together = layer(ragged(LENGTHS), noise(KEYS)).data.split(LENGTHS, dim=1)
    backwards = layer(ragged(LENGTHS[::-1]), noise(KEYS[::-1])).data.split(LENGTHS[::-1], dim=1)
    alone = [layer(ragged([n]), noise([key])).data for n, key in zip(LENGTHS, KEYS)]
    for one, other, single in zip(together, backwards[::-1], alone):
        assert torch.equal(one, other)
        assert torch.equal(one, single)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.kind)
def test_passes_differ_and_seeds_differ(layer):
    layer.eval()
    lengths, keys = [200], [KEYS[0]]
    first = layer(ragged(lengths), noise(keys)).data
    assert not torch.equal(first[0], first[1])
    assert not torch.equal(first, layer(ragged(lengths), noise(keys, seed=8)).data)


def test_rate_and_scale_of_unit_dropout():
    table = mask_table(0, 10, 0.1, 64, 0)
    assert abs(float(table.float().mean()) - 0.9) < 0.002
    layer = UnitDropout(0.1).eval()
    data = layer(ragged([400], 64), noise([KEYS[0]])).data
    assert data.unique().tolist() == pytest.approx([0.0, 1 / 0.9])


def test_word_dropout_drops_whole_words_and_does_not_rescale():
    data = LAYERS[1].eval()(ragged([300]), noise([KEYS[0]])).data
    assert set(data.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(data.amin(-1), data.amax(-1))


def test_locked_dropout_keeps_one_mask_for_a_sentence():
    data = LAYERS[2].eval()(ragged([50]), noise([KEYS[0]])).data
    assert (data == data[:, :1]).all()
    assert set(data.unique().tolist()) == {0.0, 2.0}


def test_a_kind_that_is_not_asked_for_stays_off():
    layer = LAYERS[2].eval()
    assert torch.equal(layer(ragged(LENGTHS), noise(KEYS, kinds=frozenset({"word"}))).data, ragged(LENGTHS).data)
    assert torch.equal(layer(ragged(LENGTHS)).data, ragged(LENGTHS).data)


def test_padding_and_back_is_lossless():
    states = Ragged(torch.arange(2 * 10 * 3.0).reshape(2, 10, 3), torch.tensor(LENGTHS))
    padded = states.to_padded()
    assert padded.shape == (6, 5, 3)
    assert torch.equal(states.from_padded(padded).data, states.data)
    assert states.positions().tolist() == [0, 1, 2, 0, 1, 2, 3, 4, 0, 1]


def test_the_hash_is_murmurs_finaliser():
    def reference(number):
        word = number % 2**64
        for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
            word = (word ^ (word >> 33)) * factor % 2**64
        return (word ^ (word >> 33)) & 0xFFFF

    numbers = [0, 1, 2, 12345, 2**40 + 7, 2**62 + 99]
    assert hashed(torch.tensor(numbers)).tolist() == [reference(number) for number in numbers]


def test_masks_are_spread_evenly_over_passes_rows_and_units():
    table = mask_table(3, 20, 0.1, 96, 2).float()
    for axes in ((1, 2), (0, 2), (0, 1)):
        means, count = table.mean(axes), table.numel() / table.mean(axes).numel()
        deviations = (means - 0.9) / (0.09 / count) ** 0.5  # standard normal for independent draws
        assert deviations.abs().max() < 5
        assert 0.7 < float(deviations.std()) < 1.3
