"""The character CNN of Ma and Hovy (2016): a word's spelling as a vector, over its UTF-8 bytes."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

PADDING = 0  # no UTF-8 text holds the byte 0 but NUL itself
N_BYTES = 256


class CharCNN(nn.Module):
    """tanh(max over characters of a convolution over their embeddings).

    Bytes stand for characters, so that there is no list of known characters to keep; for English the two are
    the same. A word's vector does not depend on the words it is batched with.
    """

    def __init__(self, *, width: int, filters: int, window: int, dropout: float) -> None:
        """
        width (int): Width of a character's embedding; 30 in the paper.
        filters (int): Width of a word's vector; 30 in the paper.
        window (int): Characters that a filter sees; 3 in the paper.
        dropout (float): Rate of dropout on the embeddings, in training only; 0.5 in the paper.
        """
        super().__init__()
        self.window = window
        self.dropout = dropout
        self.embedding = nn.Embedding(N_BYTES, width, padding_idx=PADDING)
        self.convolution = nn.Conv1d(width, filters, window)

    def redraw(self, generator: torch.Generator) -> None:
        """Draw embeddings uniformly within sqrt(3 / width) of 0, as Ma and Hovy do, filters as torch does."""
        width = self.embedding.embedding_dim
        draw_uniform(self.embedding, math.sqrt(3 / width), generator)
        draw_uniform(self.convolution, 1 / math.sqrt(width * self.window), generator)
        with torch.no_grad():
            self.embedding.weight[PADDING].zero_()

    def forward(self, bytes_: Tensor) -> Tensor:
        """A vector for each word: uint8 (words, longest), PADDING after a word's end -> (words, filters)."""
        states = functional.dropout(self.embedding(bytes_.long()), self.dropout, self.training)
        left = (self.window - 1) // 2
        states = functional.pad(states.transpose(1, 2), (left, self.window - 1 - left))
        states = self.convolution(states)  # (words, filters, longest)
        lengths = (bytes_ != PADDING).sum(1, keepdim=True).clamp(min=1)
        outside = torch.arange(bytes_.shape[1], device=bytes_.device) >= lengths
        return torch.tanh(states.masked_fill(outside[:, None], -torch.inf).amax(2))


def draw_uniform(module: nn.Module, bound: float, generator: torch.Generator) -> None:
    """Draw all parameters uniformly within `bound` of 0; on the CPU, so that a GPU gets the same."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_((2 * torch.rand(parameter.shape, generator=generator) - 1) * bound)
