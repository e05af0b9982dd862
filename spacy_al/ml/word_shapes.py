"""What an uncased tokenizer does not see: capitals and digits of each word, as an embedding beside its wordpieces'."""

from typing import Any, Dict

import torch
from torch import Tensor, nn

NO_WORD, LOWER, TITLE, UPPER, INITIAL, MIXED, DIGITS, LETTERS_DIGITS, OTHER = range(9)
SHAPES = 9


def shape_of(word: str) -> int:
    """The kind of spelling of a word, one of the constants above.

    "Mixed" is anything with a capital that is not the first letter or not alone: `McDonald`, `iPhone`, `Jean-Paul`.
    """
    letters = [sign for sign in word if sign.isalpha()]
    if any(sign.isdigit() for sign in word):
        return LETTERS_DIGITS if letters else DIGITS
    capitals = sum(sign.isupper() for sign in letters)
    if not capitals:
        return LOWER if letters else OTHER
    if capitals == len(letters):
        return UPPER if capitals > 1 else INITIAL
    return TITLE if capitals == 1 and letters[0].isupper() else MIXED


class WordShapes(nn.Module):
    """A vector for each kind of spelling, added to what a word's wordpieces are before the first layer that is trained:
    to their embeddings, or with frozen layers to the states that come out of those, which then need no gradients.

    The kind travels inside the wordpiece's id, as id + kind * vocabulary, so that batches, caches and CUDA graphs need
    not know of it. The vectors are zero at first: nothing changes before training (features of capitals as in Collobert
    et al. 2011, section 3.3, here below a pretrained encoder). Its learning rate is small for vectors that begin at
    zero, so the weights stand for vectors `SCALE` times as long. Of 1, 5 and 20, 5 was best (docs/results.md).
    """

    SCALE = 5.0

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(SHAPES, 0))

    def fit(self, embedding: nn.Embedding, width: int) -> None:
        """Take the width of what the vectors are added to, unless it is theirs already, and a model's device."""
        if self.weight.shape[1] != width:
            self.weight = nn.Parameter(embedding.weight.new_zeros(SHAPES, width))

    def forward(self, kinds: Tensor) -> Tensor:
        """Vectors of kinds of spellings, (rows, width, units). kinds (Tensor): int64, (rows, width)."""
        return self.SCALE * nn.functional.embedding(kinds, self.weight)

    def _load_from_state_dict(self, state_dict: Dict[str, Any], prefix: str, *rest: Any) -> None:
        # Loaded before the model whose width it has.
        self.weight = nn.Parameter(torch.empty_like(state_dict[prefix + "weight"]))
        super()._load_from_state_dict(state_dict, prefix, *rest)
