"""The factory `flair_ner`; Flair itself is imported only when the component is made."""

from dataclasses import asdict
from typing import TYPE_CHECKING, List

from spacy.language import Language

from .entities import RECOGNIZER, SCORER, Scorer, check_settings, require
from .flair_embeddings import EmbeddingRecipe
from .flair_settings import Shape, TrainerSettings

if TYPE_CHECKING:
    from .flair_component import FlairNER

# Needs no file: characters, and words hashed into a table. For the paper's GloVe see configs/al-flair.cfg.
DEFAULT_EMBEDDINGS = {
    "@misc": "spacy-al.FlairStack.v1",
    "*": {
        "characters": {"@misc": "spacy-al.FlairCharacters.v1"},
        "words": {
            "@misc": "spacy-al.FlairEmbedding.v1",
            "embedding": "HashEmbeddings",
            "arguments": {"num_embeddings": 10000, "embedding_length": 100},
        },
    },
}


@Language.factory(
    "flair_ner",
    default_config={
        "labels": [],
        "scheme": "IOB2",
        "embeddings": DEFAULT_EMBEDDINGS,
        **asdict(Shape()),
        **asdict(TrainerSettings()),
        "scorer": SCORER,
    },
    **RECOGNIZER,
)
def make_flair_ner(
    nlp: Language,
    name: str,
    labels: List[str],
    scheme: str,
    embeddings: EmbeddingRecipe,
    hidden_size: int,
    rnn_layers: int,
    use_crf: bool,
    word_dropout: float,
    locked_dropout: float,
    dropout: float,
    learning_rate: float,
    anneal_factor: float,
    patience: int,
    min_learning_rate: float,
    max_epochs: int,
    mini_batch_size: int,
    optimizer: str,
    scorer: Scorer,
) -> "FlairNER":
    """Make a `flair_ner` component; the paper's section C.2 by default.

    labels (List[str]): Such as "PER"; if empty, those given to `initialize`, or its examples'.
    scheme (str): "IOB1", "IOB2" or "BILOU"; the last is what Flair calls BIOES.
    embeddings (EmbeddingRecipe): One of `spacy-al.FlairWordVectors.v1`, `FlairCharacters`,
        `FlairTransformer`, `FlairEmbedding` (any of Flair's) and `FlairStack` (several).
    hidden_size to dropout: See `flair_settings.Shape`.
    learning_rate to optimizer: See `flair_settings.TrainerSettings`.
    scorer (Optional[Callable]): The scoring method.
    RAISES: ALError A330 when Flair is not installed, A008 for a setting out of range, A100 or A101 for a bad
        scheme or label.
    """
    require("flair", pipe=name, extra="flair")
    from .flair_component import FlairNER

    shape = Shape(hidden_size, rnn_layers, use_crf, word_dropout, locked_dropout, dropout)
    trainer = TrainerSettings(
        learning_rate, anneal_factor, patience, min_learning_rate, max_epochs, mini_batch_size,
        optimizer,  # type: ignore[arg-type]  # any text, until it has been checked
    )  # fmt: skip
    for settings in (shape, trainer):
        check_settings(settings, f"components.{name}")
    return FlairNER(
        nlp.vocab,
        name,
        embeddings=embeddings,
        labels=labels,
        scheme=scheme,
        shape=shape,
        trainer=trainer,
        scorer=scorer,
    )
