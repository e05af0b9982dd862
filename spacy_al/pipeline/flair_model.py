"""Flair's SequenceTagger: made from settings, fed with Docs, saved as safetensors and JSON."""

import contextlib
import logging
import math
import warnings
from dataclasses import asdict, dataclass
from typing import Iterator, List, Sequence

import flair
import flair.nn.model
import torch
from flair.data import Dictionary, Sentence
from flair.embeddings import TokenEmbeddings
from flair.models import SequenceTagger
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from spacy.tokens import Doc
from thinc.api import get_torch_default_device

from ..corpus.schemes import encode
from ..errors import ALError, Errors

TAG_TYPE = "ner"
FORMATS = {"IOB1": "BIO", "IOB2": "BIO", "BILOU": "BIOES"}
FLAIR_PREFIXES = {"L-": "E-", "U-": "S-"}


def use_device() -> torch.device:
    """Point Flair, which has one device for everything, at the one spaCy chose, and return it."""
    flair.device = get_torch_default_device()
    return flair.device


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep Flair's log, warnings and progress bars away from the output of whoever uses a pipeline."""
    logger, tqdm = logging.getLogger("flair"), flair.nn.model.Tqdm.tqdm
    level = logger.level
    logger.setLevel(logging.ERROR)
    setattr(flair.nn.model.Tqdm, "tqdm", staticmethod(lambda batches, **kw: batches))  # noqa: B010
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        setattr(flair.nn.model.Tqdm, "tqdm", staticmethod(tqdm))  # noqa: B010
        logger.setLevel(level)


def make_sentence(doc: Doc) -> Sentence:
    """A Flair sentence with the tokens of a Doc; raises ALError A345 if Flair sees other tokens."""
    sentence = Sentence([token.text for token in doc], use_tokenizer=False)
    if len(sentence) != len(doc):
        raise ALError(Errors.A345.format(text=doc.text[:60], found=len(sentence), expected=len(doc)))
    return sentence


def flair_tag(tag: str) -> str:
    """Flair's name of one of our tags: L- is E-, U- is S-."""
    return FLAIR_PREFIXES.get(tag[:2], tag[:2]) + tag[2:]


def columns(tagger: SequenceTagger, tags: Sequence[str]) -> torch.Tensor:
    """Where our tags stand among Flair's, (tags,) int64."""
    numbers = [tagger.label_dictionary.get_idx_for_item(flair_tag(tag)) for tag in tags]
    return torch.tensor(numbers, dtype=torch.long, device=tagger.linear.weight.device)


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
        for key in ("word_dropout", "locked_dropout", "dropout"):
            _require(
                section,
                key,
                getattr(self, key),
                0 <= getattr(self, key) < 1,
                "give a rate from 0 to below 1.",
            )
        for key in ("hidden_size", "rnn_layers"):
            _require(section, key, getattr(self, key), getattr(self, key) >= 1, "give a number of at least 1.")
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
        for key in ("learning_rate", "min_learning_rate"):
            value = getattr(self, key)
            _require(section, key, value, math.isfinite(value) and value > 0, "give a number above 0.")
        for key, least in (("patience", 0), ("max_epochs", 1), ("mini_batch_size", 1)):
            value = getattr(self, key)
            _require(section, key, value, value >= least, f"give a number of at least {least}.")
        inside = 0 < self.anneal_factor < 1
        _require(section, "anneal_factor", self.anneal_factor, inside, "give a number between 0 and 1.")
        known = self.optimizer in ("SGD", "AdamW")
        _require(section, "optimizer", self.optimizer, known, "choose SGD or AdamW.")
        return self


def _require(section: str, key: str, value: object, holds: bool, problem: str) -> None:
    if not holds:
        raise ALError(Errors.A008.format(section=section, key=key, value=value, problem=problem))


def build_tagger(embeddings: TokenEmbeddings, shape: Shape, labels: Sequence[str], scheme: str) -> SequenceTagger:
    """Make a SequenceTagger with new weights around embeddings, drawn from torch's current seed.

    embeddings (TokenEmbeddings): Flair's embeddings. shape (Shape): The network.
    labels (Sequence[str]): Entity labels. scheme (str): "IOB1", "IOB2" or "BILOU".
    """
    dictionary = Dictionary(add_unk=False)
    dictionary.span_labels = True
    for label in labels:
        dictionary.add_item(label)
    options = asdict(shape)
    with quiet():
        tagger = SequenceTagger(embeddings, dictionary, TAG_TYPE, tag_format=FORMATS[scheme], **options)
    if scheme == "IOB1":
        # Flair writes gold spans as IOB2; its tags, and how it reads predicted ones, are those of IOB1 too.
        setattr(tagger, "_get_gold_labels", _iob1_labels)  # noqa: B010
    tagger.eval()
    return tagger


def _iob1_labels(sentences: List[Sentence]) -> List[str]:
    tags: List[str] = []
    for sentence in sentences:
        spans = sorted(
            (label.data_point[0].idx - 1, label.data_point[-1].idx, label.value)
            for label in sentence.get_labels(TAG_TYPE)
        )
        tags += encode(spans, len(sentence), "IOB1")
    return tags


def dump_weights(tagger: SequenceTagger) -> bytes:
    """All weights of a tagger, embeddings included, in the format safetensors."""
    return save_tensors(
        {name: value.detach().cpu().contiguous().clone() for name, value in tagger.state_dict().items()}
    )


def load_weights(tagger: SequenceTagger, data: bytes, *, path: str) -> None:
    """Put saved weights in place; raises ALError A344 when they are damaged or of another tagger."""
    try:
        tagger.load_state_dict(load_tensors(data))
    except (SafetensorError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]  # torch lists every weight
        raise ALError(Errors.A344.format(path=path, reason=reason)) from error
    tagger.to(flair.device)
    tagger.eval()
