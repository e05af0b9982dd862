"""What a Flair tagger says of sentences: true marginals, best tags, and passes with its own dropout."""

import contextlib
import hashlib
from typing import Dict, Iterator, List, Sequence, Tuple

import torch
from flair.data import Sentence
from flair.models import SequenceTagger
from spacy.tokens import Doc
from torch import Tensor, nn

from ..ids import token_key
from ..lending import lent
from ..ml.crf import Chain, decode
from ..types import Sampling, TagSamples
from .flair_model import columns, make_sentence

BATCH_SENTENCES = 32
KINDS: Dict[str, Tuple[str, ...]] = {
    "word": ("word_dropout",),
    "locked": ("locked_dropout",),
    "all": ("word_dropout", "locked_dropout", "dropout"),
}


def dropout_modules(tagger: SequenceTagger, dropout: str) -> List[str]:
    """Names of the tagger's dropout modules of a kind; Flair makes none where the rate is 0."""
    return [name for name in KINDS.get(dropout, ()) if isinstance(getattr(tagger, name, None), nn.Module)]


def dropouts(tagger: SequenceTagger) -> List[str]:
    """The kinds of dropout that a tagger has."""
    return [kind for kind in KINDS if dropout_modules(tagger, kind)]


class PerSentence(nn.Module):
    """Applies one of Flair's dropout modules to each sentence by itself, from a seed of its own.

    A sentence's masks then depend on seed, pass and sentence, and not on what stands in the batch with it.
    """

    def __init__(self, inner: nn.Module, keys: Sequence[bytes], lengths: Sequence[int], salt: str) -> None:
        """
        inner (nn.Module): Flair's module. keys (Sequence[bytes]): One for each sentence of the batch.
        lengths (Sequence[int]): Tokens of each. salt (str): What else the seed is drawn from.
        """
        super().__init__()
        self.inner, self.keys, self.lengths, self.salt = inner, keys, lengths, salt
        self.calls = 0  # Flair applies locked dropout before and after the LSTM

    def forward(self, states: Tensor) -> Tensor:
        """Drop units of padded states, (sentences, longest, width)."""
        result = torch.zeros_like(states)
        salt = f"{self.salt}/{self.calls}".encode()
        self.calls += 1
        for row, (key, length) in enumerate(zip(self.keys, self.lengths, strict=True)):
            digest = hashlib.blake2b(salt + key, digest_size=8).digest()
            torch.manual_seed(int.from_bytes(digest, "little") >> 1)
            result[row : row + 1, :length] = self.inner(states[row : row + 1, :length])
        return result


def sample(tagger: SequenceTagger, docs: Sequence[Doc], tags: Sequence[str], how: Sampling) -> Iterator[TagSamples]:
    """Yield TagSamples, longest sentences first; the embeddings of a batch are computed once for all passes.

    tagger (SequenceTagger): Not in training mode, and so again after each batch.
    docs (Sequence[Doc]): Sentences. tags (Sequence[str]): Names of the tags, in the order wanted.
    """
    order = sorted(range(len(docs)), key=lambda number: -len(docs[number]))
    salts = [""] if how.dropout == "off" else [f"{how.seed}/{number}" for number in range(how.passes)]
    for start in range(0, len(order), BATCH_SENTENCES):
        chosen = order[start : start + BATCH_SENTENCES]
        some = [docs[number] for number in chosen]
        lengths = torch.tensor([len(doc) for doc in some], device=tagger.linear.weight.device)
        full = [doc for doc in some if len(doc)]  # Flair knows no empty sentence; they are the last
        with torch.inference_mode():
            scores = _emissions(tagger, full, how.dropout, salts) if full else lengths.new_zeros(len(salts), 0, 0, 0)
            probs, best, log_prob = _decode(tagger, scores, lengths, tags)
        yield TagSamples(probs, best, log_prob, lengths, chosen, stochastic=how.dropout != "off")


def _emissions(tagger: SequenceTagger, docs: Sequence[Doc], dropout: str, salts: Sequence[str]) -> Tensor:
    """Flair's scores of its tags before the CRF: (passes, sentences, longest, Flair's tags)."""
    sentences: List[Sentence] = [make_sentence(doc) for doc in docs]
    states, lengths = tagger._prepare_tensors(sentences)
    keys = [token_key(doc) for doc in docs]
    kept: List[Tensor] = []
    hook = tagger.linear.register_forward_hook(lambda module, inputs, output: kept.append(output))
    try:
        for salt in salts:
            with _switched_on(tagger, dropout, keys, lengths.tolist(), salt):
                tagger(states, lengths)
    finally:
        hook.remove()
    return torch.stack(kept).float()


@contextlib.contextmanager
def _switched_on(
    tagger: SequenceTagger, dropout: str, keys: Sequence[bytes], lengths: Sequence[int], salt: str
) -> Iterator[None]:
    """Flair's dropout modules of a kind at work inside the block, everything put back after it."""
    modules = {name: getattr(tagger, name) for name in dropout_modules(tagger, dropout)}
    device = tagger.linear.weight.device
    values: List[Tuple[nn.Module, str, object]] = [(module, "training", True) for module in modules.values()]
    values += [(tagger, name, PerSentence(one, keys, lengths, f"{name}/{salt}")) for name, one in modules.items()]
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []), lent(values):
        yield


def _decode(
    tagger: SequenceTagger, scores: Tensor, lengths: Tensor, tags: Sequence[str]
) -> Tuple[Tensor, Tensor, Tensor]:
    """Ragged probabilities and best tags, and the log-probability of the best sequence, of every pass."""
    passes, sentences = len(scores), len(lengths)
    padded = scores.new_zeros(passes, sentences, scores.shape[2], len(tags))
    if scores.numel():
        padded[:, : scores.shape[1]] = scores[..., columns(tagger, tags)]
    chain = make_chain(tagger, padded.flatten(0, 1).float(), lengths.repeat(passes), tags)
    probs, best, log_prob = decode(chain)
    mask = chain.mask[:sentences]
    return (
        probs.view(passes, sentences, *probs.shape[1:])[:, mask],
        best.view(passes, sentences, *best.shape[1:])[:, mask],
        log_prob.view(passes, sentences),
    )


def make_chain(tagger: SequenceTagger, emissions: Tensor, lengths: Tensor, tags: Sequence[str]) -> Chain:
    """Flair's transitions as ours. Flair writes them [to, from], with a start and a stop among its tags.

    A tagger without CRF is a chain whose transitions are all equal: tokens are then independent.
    """
    n_tags = len(tags)
    zeros = emissions.new_zeros(n_tags + 1, n_tags)
    if not tagger.use_crf:
        return Chain(emissions, lengths, zeros[0], zeros[1:], zeros[0])
    ours = columns(tagger, tags)
    start, stop = (tagger.label_dictionary.get_idx_for_item(name) for name in ("<START>", "<STOP>"))
    weights = tagger.crf.transitions.detach()
    return Chain(emissions, lengths, weights[ours, start], weights[ours][:, ours].T, weights[stop, ours])
