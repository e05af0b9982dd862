"""How a Flair tagger is made and trained, as checked settings; Flair itself is not needed to say so."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

Rate = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


@dataclass(frozen=True)
class Shape:
    """The network around the embeddings; by default the paper's section C.2, and Flair's rates of dropout.

    hidden_size (int): Units of the LSTM in each direction. rnn_layers (int): Its layers.
    use_crf (bool): Decode with a CRF instead of token by token.
    word_dropout, locked_dropout, dropout (float): Rates of Flair's three kinds of dropout.
    """

    hidden_size: PositiveInt = 128
    rnn_layers: PositiveInt = 1
    use_crf: bool = True
    word_dropout: Rate = 0.05
    locked_dropout: Rate = 0.5
    dropout: Rate = 0.0


@dataclass(frozen=True)
class TrainerSettings:
    """How Flair's ModelTrainer trains; the paper's section C.2 by default.

    learning_rate (float): At the start. anneal_factor (float): It is multiplied by this ...
    patience (int): ... when the dev score has not risen for more than this number of epochs, and the best
        epoch's weights are put back.
    min_learning_rate (float): Training ends below it. max_epochs (int): Or after this number of epochs.
    mini_batch_size (int): Sentences in a batch. optimizer (str): "SGD" or "AdamW".
    """

    learning_rate: Positive = 0.1
    anneal_factor: Annotated[float, Field(gt=0, lt=1)] = 0.5
    patience: NonNegativeInt = 3
    min_learning_rate: Positive = 0.0001
    max_epochs: PositiveInt = 30
    mini_batch_size: PositiveInt = 32
    optimizer: Literal["SGD", "AdamW"] = "SGD"
