"""The ELMo language model against the numbers of the original TensorFlow code."""

import json
from pathlib import Path
from typing import List

import h5py
import numpy
import pytest
import torch

from spacy_al.ml.elmo import BiLM, ELMoOptions, spell_elmo
from spacy_al.ml.elmo_weights import load_elmo


@pytest.fixture(scope="module")
def fixture(data_folder) -> Path:
    return data_folder / "elmo_fixture"


@pytest.fixture(scope="module")
def bilm(fixture) -> BiLM:
    bilm = BiLM()
    load_elmo(bilm, fixture / "options.json", fixture / "lm_weights.hdf5")
    return bilm


def random_bilm(**changes) -> BiLM:
    """Random weights, large enough that clipping matters."""
    options = {
        "char_dim": 3,
        "filters": [(1, 4), (3, 5)],
        "highways": 1,
        "activation": "tanh",
        "max_characters": 12,
    }
    options |= {"layers": 2, "cell": 6, "projection": 4, "cell_clip": 1.0, "proj_clip": 0.5, "skip": True}
    bilm = BiLM()
    bilm.build(ELMoOptions(**{**options, **changes}))
    generator = torch.Generator().manual_seed(0)
    for parameter in bilm.parameters():
        parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return bilm


def pad(bilm: BiLM, sentences: List[List[str]]):
    """Vectors of words between their borders, (batch, longest, width), and lengths."""
    rows = [bilm.embed(words) for words in sentences]
    rows = [torch.cat([row[:1], row[2:], row[1:2]]) for row in rows]
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


@pytest.mark.data
def test_word_vectors_equal_the_originals(bilm, fixture):
    words = (fixture / "vocab_test.txt").read_text("utf8").split()
    expected = torch.from_numpy(h5py.File(fixture / "elmo_token_embeddings.hdf5")["embedding"][...])
    vectors = bilm.embed(words)
    rows = [{"<S>": 0, "</S>": 1}.get(word, number + 2) for number, word in enumerate(words)]
    torch.testing.assert_close(vectors[rows], expected, atol=1e-6, rtol=0)


@pytest.mark.data
def test_top_layers_equal_the_originals(bilm, fixture):
    """State is carried from batch to batch, as the original did when it made these numbers."""
    lists = json.loads((fixture / "sentences.json").read_text("utf8"))
    files = [h5py.File(fixture / f"lm_embeddings_{number}.hdf5") for number in range(3)]
    state = bilm.zero_state(3)
    for number in range(10):
        vectors, lengths = pad(bilm, [sentences[number].split() for sentences in lists])
        states, state = bilm(vectors, lengths, state)
        for row, file_ in enumerate(files):
            top = states[row, 1 : lengths[row] - 1, -1]
            expected = torch.from_numpy(numpy.concatenate(file_[str(number)][...], axis=1))
            torch.testing.assert_close(top, expected, atol=1e-6, rtol=0)


def by_hand(bilm: BiLM, vectors: torch.Tensor, direction: int) -> List[torch.Tensor]:
    """One direction's layers of one sentence, (tokens, projection), by the equations, step by step."""
    inputs = vectors.flip(0) if direction else vectors
    layers = []
    for number, lstm in enumerate(bilm.lstms):
        weights = torch.cat([lstm.input[direction], lstm.recurrent[direction]])
        output, memory, outputs = torch.zeros(4), torch.zeros(6), []
        for vector in inputs:
            gates = torch.cat([vector, output]) @ weights + lstm.bias[direction, 0]
            into, candidate, forget, out = gates.split(6)
            memory = torch.sigmoid(forget + 1.0) * memory + torch.sigmoid(into) * torch.tanh(candidate)
            memory = memory.clip(-1.0, 1.0)
            output = ((torch.sigmoid(out) * torch.tanh(memory)) @ lstm.projection[direction]).clip(-0.5, 0.5)
            outputs.append(output)
        inputs = torch.stack(outputs) + inputs if number else torch.stack(outputs)
        layers.append(inputs.flip(0) if direction else inputs)
    return layers


def test_all_layers_equal_the_equations():
    bilm = random_bilm()
    vectors, lengths = pad(bilm, [["a", "bc", "d"], ["e"]])
    states, _ = bilm(vectors, lengths)
    for row, length in enumerate(lengths.tolist()):
        both = [by_hand(bilm, vectors[row, :length], direction) for direction in (0, 1)]
        for layer, (there, back) in enumerate(zip(*both, strict=True), start=1):
            torch.testing.assert_close(states[row, :length, layer], torch.cat([there, back], 1))
        torch.testing.assert_close(states[row, :length, 0], vectors[row, :length].repeat(1, 2))


def test_a_word_does_not_depend_on_the_words_beside_it():
    """Padding that no window needs is left out, and long words need more of it than short ones."""
    bilm = random_bilm()
    together = bilm.embed(["a", "internationalisation", "of"])
    for word, vector in zip(["a", "internationalisation", "of"], together[2:], strict=True):
        torch.testing.assert_close(bilm.embed([word])[2], vector)


def test_leaving_out_padding_changes_nothing():
    bilm = random_bilm()
    characters = spell_elmo(["a", "bcd"], 12)
    chars = bilm.chars
    states = chars.embedding(characters).transpose(1, 2)
    maxima = torch.cat([torch.tanh(convolution(states).amax(2)) for convolution in chars.convolutions], 1)
    gate = torch.sigmoid(chars.carries[0](maxima))
    highway = gate * torch.relu(chars.transforms[0](maxima)) + (1 - gate) * maxima
    torch.testing.assert_close(chars(characters), chars.projection(highway))


def test_spelling_is_shifted_by_one_between_borders():
    assert spell_elmo(["aé"], 7).tolist() == [[259, 98, 196, 170, 260, 261, 261]]
    assert spell_elmo(["abcdefgh"], 5).tolist() == [[259, 98, 99, 100, 260]]


def test_zero_state_is_the_default():
    bilm = random_bilm()
    vectors, lengths = pad(bilm, [["a", "b"], ["c"]])
    expected, _ = bilm(vectors, lengths)
    states, _ = bilm(vectors, lengths, bilm.zero_state(2))
    for row, length in enumerate(lengths):
        torch.testing.assert_close(states[row, :length], expected[row, :length])


@pytest.mark.parametrize("option", ["cell_clip", "proj_clip", "skip", "highways"])
def test_every_option_makes_a_difference(option):
    vectors, lengths = pad(random_bilm(), [["a", "b", "c"]])
    one, _ = random_bilm()(vectors, lengths)
    if option == "highways":
        two = random_bilm(highways=0)
        assert not torch.allclose(two.embed(["a"]), random_bilm().embed(["a"]))
    else:
        assert not torch.allclose(random_bilm(**{option: 0})(vectors, lengths)[0], one)


def test_weights_and_options_come_back_into_an_empty_model():
    one, two = random_bilm(), BiLM()
    two.load_state_dict(one.state_dict())
    assert two.options == one.options
    assert torch.equal(two.embed(["Rome"]), one.embed(["Rome"]))
    assert not any(parameter.requires_grad for parameter in two.parameters())
