"""Word representations for `flair_ner`: recipes named in configs, built by Flair when the tagger is made."""

import contextlib
import string
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ContextManager, Dict, List, Optional, Protocol, Tuple, Union

from ..errors import ALError, Errors, saying
from ..lending import lent
from ..ml.word_vectors import Floats, read_vectors

if TYPE_CHECKING:
    from flair.embeddings import TokenEmbeddings

Argument = Union[str, int, float, bool, List[str], List[int], None]

# Letters of the Latin alphabet with their diacritics, digits, punctuation and the commonest signs.
CHARACTERS = string.printable.strip() + "".join(map(chr, range(0xA1, 0x180))) + "–—‘’“”„•…€™"


class EmbeddingRecipe(Protocol):
    """What a config names; a saved pipeline is loaded without it, a new or restarted tagger needs it."""

    def build(self) -> "TokenEmbeddings":
        """Make the embeddings anew, random weights drawn from torch's current seed."""


@dataclass
class WordVectors:
    """Registered as `spacy-al.FlairWordVectors.v1`: fixed vectors of words, such as GloVe.

    They are looked up as Flair does: as is, lower case, digits as # and 0.

    source (str): See `spacy_al.ml.word_vectors.create_vectors_callback`: a text file, or `package:NAME`.
    """

    source: str
    _read: Optional[Tuple[List[str], Floats]] = field(default=None, init=False, repr=False)

    def build(self) -> "TokenEmbeddings":
        """Raises ALError A003, A251 or A252 when the vectors cannot be read. They are read once."""
        import torch
        from flair.embeddings import WordEmbeddings

        words, data = self._read = self._read or read_vectors(self.source)
        rows = {word: number for number, word in enumerate(words)}
        made = WordEmbeddings(None, vocab=rows, embedding_length=data.shape[1], name="vectors")
        with torch.no_grad():
            made.embedding.weight[:-1] = torch.from_numpy(data).to(made.embedding.weight)
        return made

    def __getstate__(self) -> Dict[str, Any]:
        return {"source": self.source, "_read": None}


create_word_vectors = WordVectors


@dataclass(frozen=True)
class Characters:
    """Registered as `spacy-al.FlairCharacters.v1`: a BiLSTM over the characters of each word (Lample et al. 2016).

    It is trained with the tagger.

    width (int): Width of a character's embedding. hidden_size (int): Units in each direction.
    characters (str): The alphabet; characters outside it share one embedding.
    """

    width: int = 25
    hidden_size: int = 25
    characters: str = CHARACTERS

    def build(self) -> "TokenEmbeddings":
        """Flair's own default alphabet would be fetched, and is a pickle: this one is in the config."""
        from flair.data import Dictionary
        from flair.embeddings import CharacterEmbeddings

        alphabet = Dictionary(add_unk=True)
        for character in self.characters:
            alphabet.add_item(character)
        return CharacterEmbeddings(
            alphabet, char_embedding_dim=self.width, hidden_size_char=self.hidden_size, name="characters"
        )


create_characters = Characters


@dataclass(frozen=True)
class Transformer:
    """Registered as `spacy-al.FlairTransformer.v1`: Flair's TransformerWordEmbeddings.

    name (str): A model's folder, or its name on the Hugging Face hub.
    fine_tune (bool): Train it with the tagger. layers (str): Such as "-1" or "all".
    subtoken_pooling (str): "first", "last", "first_last" or "mean".
    download (bool): Whether a model that is not on this machine may be fetched.
    """

    name: str
    fine_tune: bool = False
    layers: str = "-1"
    subtoken_pooling: str = "first"
    download: bool = False

    def build(self) -> "TokenEmbeddings":
        """Raises ALError A341 when the model is not found or cannot be loaded."""
        from flair.embeddings import TransformerWordEmbeddings

        with saying(Errors.A341, OSError, ValueError, name=f"TransformerWordEmbeddings {self.name}"):
            return TransformerWordEmbeddings(
                self.name,
                fine_tune=self.fine_tune,
                layers=self.layers,
                subtoken_pooling=self.subtoken_pooling,
                local_files_only=not self.download,
            )


create_transformer = Transformer


@dataclass(frozen=True)
class AnyEmbedding:
    """Registered as `spacy-al.FlairEmbedding.v1`: any embeddings of words that Flair has.

    Flair's own pretrained language models are pickles: loading one runs what its file says, so name only
    files you trust. They are not read again from a saved pipeline.

    embedding (str): Name of a class in `flair.embeddings`, such as "HashEmbeddings".
    arguments (Dict): Its arguments. download (bool): Whether Flair may fetch what is missing.
    """

    embedding: str
    arguments: Dict[str, Argument]
    download: bool = False

    def build(self) -> "TokenEmbeddings":
        """Raises ALError A340 for an unknown class, A341 when it cannot be made."""
        from flair.embeddings import TokenEmbeddings
        from flair.embeddings.base import EMBEDDING_CLASSES

        known = {name: made for name, made in EMBEDDING_CLASSES.items() if issubclass(made, TokenEmbeddings)}
        if self.embedding not in known:
            raise ALError(Errors.A340.format(name=self.embedding, known=", ".join(sorted(known))))
        named = saying(Errors.A341, OSError, TypeError, ValueError, ImportError, name=self.embedding)
        with named, contextlib.nullcontext() if self.download else _offline():
            return known[self.embedding](**self.arguments)


create_embedding = AnyEmbedding


@dataclass(frozen=True)
class Stack:
    """Several embeddings of each word, one after the other.

    parts (Tuple[EmbeddingRecipe, ...]): In their order.
    """

    parts: Tuple[EmbeddingRecipe, ...]

    def build(self) -> "TokenEmbeddings":
        """Raises what building a part raises."""
        from flair.embeddings import StackedEmbeddings

        return StackedEmbeddings([part.build() for part in self.parts])


def create_stack(*parts: EmbeddingRecipe) -> EmbeddingRecipe:
    """Registered as `spacy-al.FlairStack.v1`; see `Stack`. Raises ALError A341 without parts.

    In a config each part is a section of its own, [components.flair_ner.embeddings.*.words] and so on.
    """
    if not parts:
        raise ALError(Errors.A341.format(name="FlairStack", reason="it has no parts"))
    return Stack(parts)


def _offline() -> ContextManager[None]:
    """Let Flair and the hub use what is on this machine, and refuse to fetch the rest."""
    import flair.file_utils
    import huggingface_hub.constants

    def refuse(url: str, cache_dir: Any) -> Any:
        kept = cache_dir / url.rsplit("/", 1)[-1]
        if kept.exists():
            return kept
        raise OSError(f"{url} is not in {cache_dir}, and download is false")

    return lent([
        (flair.file_utils, "get_from_cache", refuse), (huggingface_hub.constants, "HF_HUB_OFFLINE", True),
    ])  # fmt: skip
