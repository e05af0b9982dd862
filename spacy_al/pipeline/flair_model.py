"""Flair's SequenceTagger: made from settings, fed with Docs, saved as safetensors and JSON."""

import contextlib
import logging
import warnings
from dataclasses import asdict
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
from ..lending import lent
from .flair_settings import Shape

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
    logger = logging.getLogger("flair")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), lent([(flair.nn.model.Tqdm, "tqdm", lambda batches, **kw: batches)]):
            warnings.simplefilter("ignore")
            yield
    finally:
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
