"""What a feature-based CRF sees of a sentence: the paper's features, and keeping them from round to round."""

import hashlib
from dataclasses import dataclass
from typing import Any, Dict, List, Protocol, Sequence

import numpy
from spacy.attrs import ORTH, TAG
from spacy.tokens import Doc

from ..errors import ALError, Errors

CACHE_TOKENS = 2_000_000  # about 0.5 kB a token with the paper's features


class FeatureExtractor(Protocol):
    """Turns a sentence into the features of each token; a function of its words and `tag_`, nothing else.

    Features are kept from round to round under a hash of words and tags, so an extractor that reads anything
    else of the Doc would be given stale features. Register one under `al_features`.
    """

    def __call__(self, doc: Doc) -> Sequence[Sequence[str]]:
        """The names of the features that hold, for each token."""


@dataclass(frozen=True)
class PaperFeatures:
    """The features of Shelmanov et al. (2021), Appendix B; registered as `spacy-al.PaperFeatures.v1`.

    For each word: its lower-cased form; its last three and last two characters; whether it is capitalised,
    and whether it is all capitals; whether it is a number; its part-of-speech tag, and that tag's first two
    characters as the generalised part of speech (NNP and NNS are NN); whether it starts or ends the sentence.
    For the previous and the next word the same without the suffixes.

    use_pos (bool): Whether part-of-speech tags (`token.tag_`) are used. Tokens without have no such feature.
    """

    use_pos: bool = True

    def __call__(self, doc: Doc) -> List[List[str]]:
        """The features that hold, for each token; token texts and `tag_` are read."""
        last = len(doc) - 1
        own = [self._describe(token.text, token.tag_) for token in doc]
        for number, edge in ((0, "starts"), (last, "ends")):
            if len(doc):
                own[number].append(edge)
        features = []
        for number, token in enumerate(doc):
            row = [*own[number], f"suffix3={token.text[-3:]}", f"suffix2={token.text[-2:]}"]
            if number > 0:
                row += [f"-1:{name}" for name in own[number - 1]]
            if number < last:
                row += [f"+1:{name}" for name in own[number + 1]]
            features.append(row)
        return features

    def _describe(self, text: str, tag: str) -> List[str]:
        row = [f"lower={text.lower()}"]
        for name, holds in (("title", text.istitle()), ("upper", text.isupper()), ("digit", text.isdigit())):
            if holds:
                row.append(name)
        if self.use_pos and tag:
            row += [f"tag={tag}", f"tag2={tag[:2]}"]
        return row


create_paper_features = PaperFeatures


def feature_key(doc: Doc) -> bytes:
    """The 16 bytes that stand for a sentence's words and tags: what features may depend on."""
    array = numpy.ascontiguousarray(doc.to_array([ORTH, TAG]))
    return hashlib.blake2b(array.tobytes(), digest_size=16).digest()


class FeatureCache:
    """Features in python-crfsuite's own form (`ItemSequence`), kept by `feature_key` once `on` is set.

    A pipeline that is only loaded to be used keeps nothing; training sets `on`, so that the rounds after the
    first cost the fit and not the extraction. When CACHE_TOKENS are kept, no more are added: throwing out the
    oldest would miss every time, because rounds go through the pool in the same order.
    """

    def __init__(self, extractor: FeatureExtractor) -> None:
        """
        extractor (FeatureExtractor): What makes the features of a sentence.
        """
        self.extractor = extractor
        self.on = False
        self.n_tokens = 0
        self._kept: Dict[bytes, Any] = {}

    def get(self, doc: Doc) -> Any:
        """The features of a sentence as `pycrfsuite.ItemSequence`; raises ALError A336 if some lack."""
        if not self.on:
            return self._extract(doc)
        key = feature_key(doc)
        features = self._kept.get(key)
        if features is None:
            features = self._extract(doc)
            if self.n_tokens + len(doc) <= CACHE_TOKENS:
                self._kept[key] = features
                self.n_tokens += len(doc)
        return features

    def _extract(self, doc: Doc) -> Any:
        import pycrfsuite

        features = self.extractor(doc)
        if len(features) != len(doc):
            raise ALError(Errors.A336.format(found=len(features), expected=len(doc), text=doc.text[:60]))
        return pycrfsuite.ItemSequence(features)

    def __getstate__(self) -> Dict[str, Any]:
        # A worker process gets an empty cache: ItemSequence cannot be sent, and would be large.
        return {"extractor": self.extractor, "on": False, "n_tokens": 0, "_kept": {}}
