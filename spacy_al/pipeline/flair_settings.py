"""How a Flair tagger is made and trained, as checked settings; Flair itself is not needed to say so."""

import math
from dataclasses import dataclass

from .entities import at_least, check_values


@dataclass(frozen=True)
class Shape:
    """The network around the embeddings; by default the paper's section C.2, and Flair's rates of dropout.

    hidden_size (int): Units of the LSTM in each direction. rnn_layers (int): Its layers.
    use_crf (bool): Decode with a CRF instead of token by token.
    word_dropout, locked_dropout, dropout (float): Rates of Flair's three kinds of dropout.
    """

    hidden_size: int = 128
    rnn_layers: int = 1
    use_crf: bool = True
    word_dropout: float = 0.05
    locked_dropout: float = 0.5
    dropout: float = 0.0

    def check(self, section: str) -> "Shape":
        """Return it; raises ALError A008 naming a value that Flair cannot work with."""
        rate = (lambda value: 0 <= value < 1, "give a rate from 0 to below 1.")
        rules = dict.fromkeys(("word_dropout", "locked_dropout", "dropout"), rate)
        check_values(self, section, {**rules, "hidden_size": at_least(1), "rnn_layers": at_least(1)})
        return self


@dataclass(frozen=True)
class TrainerSettings:
    """How Flair's ModelTrainer trains; the paper's section C.2 by default.

    learning_rate (float): At the start. anneal_factor (float): It is multiplied by this ...
    patience (int): ... when the dev score has not risen for more than this number of epochs, and the best
        epoch's weights are put back.
    min_learning_rate (float): Training ends below it. max_epochs (int): Or after this number of epochs.
    mini_batch_size (int): Sentences in a batch. optimizer (str): "SGD" or "AdamW".
    """

    learning_rate: float = 0.1
    anneal_factor: float = 0.5
    patience: int = 3
    min_learning_rate: float = 0.0001
    max_epochs: int = 30
    mini_batch_size: int = 32
    optimizer: str = "SGD"

    def check(self, section: str) -> "TrainerSettings":
        """Return it; raises ALError A008 naming a value that Flair cannot work with."""
        positive = (lambda value: math.isfinite(value) and value > 0, "give a number above 0.")
        rules = {
            "learning_rate": positive,
            "min_learning_rate": positive,
            "patience": at_least(0),
            "max_epochs": at_least(1),
            "mini_batch_size": at_least(1),
            "anneal_factor": (lambda value: 0 < value < 1, "give a number between 0 and 1."),
            "optimizer": (lambda value: value in ("SGD", "AdamW"), "choose SGD or AdamW."),
        }
        check_values(self, section, rules)
        return self
