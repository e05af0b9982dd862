"""Entities of Docs as tag numbers for the loss, and tag numbers back as entities."""

from typing import Dict, List, Optional, Sequence

import numpy
from numpy.typing import NDArray
from spacy.attrs import ENT_IOB, ENT_TYPE, ORTH
from spacy.tokens import Doc, Span
from spacy.training import Example

from ..corpus.schemes import decode, encode, entity_spans
from ..tasks import REJECTED, TokenSpan
from .stages import IGNORE

MISSING = 0  # of token.ent_iob: nobody said anything about this token


class TagCodec:
    """Entities <-> numbers of tags, in one scheme over fixed labels; what it encoded is remembered by content."""

    def __init__(self, tags: Sequence[str], scheme: str) -> None:
        """tags (Sequence[str]): Names, from `spacy_al.corpus.schemes.tag_names`. scheme (str): IOB1, IOB2, BILOU."""
        self.tags = list(tags)
        self.scheme = scheme
        self.numbers = {tag: number for number, tag in enumerate(tags)}
        self.known: Dict[bytes, NDArray[numpy.int64]] = {}

    def gold(self, eg: Example) -> NDArray[numpy.int64]:
        """Tag numbers of the predicted Doc's tokens, IGNORE where annotation is missing or misaligned: (tokens,).

        RAISES: KeyError with the unknown tag, for a label that is not declared.
        """
        if len(eg.x) == len(eg.y) and (eg.x.to_array(ORTH) == eg.y.to_array(ORTH)).all():
            return self.of_doc(eg.y)
        return self._aligned(eg)

    def of_doc(self, doc: Doc) -> NDArray[numpy.int64]:
        """Tag numbers of a Doc's own entities; see `gold`."""
        array = doc.to_array([ENT_IOB, ENT_TYPE])
        key = array.tobytes()
        if key not in self.known:
            if len(self.known) > 500_000:
                self.known.clear()
            self.known[key] = self._numbers(entity_spans(doc), len(doc), array.reshape(-1, 2)[:, 0] == MISSING)
        return self.known[key]

    def _aligned(self, eg: Example) -> NDArray[numpy.int64]:
        spans = [(span.start, span.end, span.label_) for span in eg.get_aligned_spans_y2x(eg.y.ents)]
        missing = numpy.array([tag is None for tag in eg.get_aligned_ner()], dtype=bool)
        return self._numbers(spans, len(eg.x), missing)

    def _numbers(self, spans: List[TokenSpan], length: int, missing: NDArray[numpy.bool_]) -> NDArray[numpy.int64]:
        tags = encode(spans, length, self.scheme)
        numbers = numpy.array([self.numbers[tag] for tag in tags], dtype=numpy.int64)
        numbers[missing] = IGNORE
        return numbers

    def rejected(self, eg: Example) -> List[TokenSpan]:
        """Spans of the predicted Doc that are known not to be entities; those that cut its tokens are left out."""
        group = eg.y.spans.get(REJECTED)
        if not group:
            return []
        spans: Sequence[Span] = list(group)
        if [token.text for token in eg.x] != [token.text for token in eg.y]:
            spans = eg.get_aligned_spans_y2x(spans, allow_overlap=True)
        return [(span.start, span.end, span.label_) for span in spans]

    def spans(self, doc: Doc, numbers: Sequence[int]) -> List[Span]:
        """Entities that a sequence of tag numbers means; always valid, whatever the sequence."""
        if not any(numbers):
            return []  # all O
        found = decode([self.tags[number] for number in numbers], self.scheme)
        return [Span(doc, start, end, label=label) for start, end, label in found]


def first_unknown_label(doc: Doc, labels: Sequence[str]) -> Optional[str]:
    """The first label of a Doc's entities that is not declared."""
    return next((ent.label_ for ent in doc.ents if ent.label_ not in labels), None)
