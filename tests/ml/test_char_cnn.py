"""The character CNN against its definition, and against padding."""

import torch

from spacy_al.ml.char_cnn import CharCNN
from spacy_al.ml.lexicon import spell


def make(*, window: int = 3, dropout: float = 0.0, seed: int = 0) -> CharCNN:
    cnn = CharCNN(width=5, filters=7, window=window, dropout=dropout).eval()
    cnn.redraw(torch.Generator().manual_seed(seed))
    return cnn


def by_definition(cnn: CharCNN, word: str) -> torch.Tensor:
    """tanh of the maximum, over characters, of filters applied to the window around each."""
    window, weight = cnn.window, cnn.convolution.weight
    rows = [cnn.embedding.weight[byte] for byte in word.encode("utf8")]
    left = (window - 1) // 2
    rows = [torch.zeros(5)] * left + rows + [torch.zeros(5)] * (window - 1 - left)
    places = [torch.stack(rows[at : at + window], 1) for at in range(len(rows) - window + 1)]
    return torch.stack([(weight * place).sum((1, 2)) + cnn.convolution.bias for place in places]).amax(0).tanh()


def test_it_computes_its_definition():
    for window in (1, 2, 3, 5):
        cnn, words = make(window=window), ["a", "Rome", "Zürich", "1996-08-22"]
        expected = torch.stack([by_definition(cnn, word) for word in words])
        torch.testing.assert_close(cnn(torch.from_numpy(spell(words).copy())), expected)


def test_a_words_vector_does_not_depend_on_the_others():
    cnn, bytes_ = make(), torch.from_numpy(spell(["of", "incomprehensibilities"]).copy())
    torch.testing.assert_close(cnn(bytes_)[:1], cnn(bytes_[:1, :2]))


def test_its_dropout_works_in_training_only():
    cnn, bytes_ = make(dropout=0.5), torch.from_numpy(spell(["Rome"]).copy())
    assert torch.equal(cnn(bytes_), cnn(bytes_))
    cnn.train()
    assert not torch.equal(cnn(bytes_), cnn(bytes_))


def test_redraw_depends_on_its_generator_alone():
    one, two, other = (dict(make(seed=seed).named_parameters()) for seed in (1, 1, 2))
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not any(torch.equal(one[name], other[name]) for name in one)
    assert not one["embedding.weight"][0].any()
