"""Sentences as a page on which uncertain tokens are shaded, in the manner of displaCy."""

from dataclasses import dataclass, field
from typing import Dict, List, Optional, Sequence, Tuple

from ..templates import environment


@dataclass(frozen=True)
class Piece:
    """Tokens that stand together: an entity with its label and confidence as text, or one token without a label."""

    tokens: Sequence[int]
    label: str = ""


@dataclass(frozen=True)
class ShadedSentence:
    """One sentence to show.

    words (Sequence[str]), spaces (Sequence[bool]): Tokens, and whether a space follows.
    values (Sequence[float]): Uncertainty of each token, not negative.
    entities (Sequence[Tuple]): First token, token after the last, label, and confidence in 0..1 or None.
    facts (Dict[str, float]): Numbers to show under the sentence, by name.
    """

    words: Sequence[str]
    spaces: Sequence[bool]
    values: Sequence[float]
    entities: Sequence[Tuple[int, int, str, Optional[float]]] = ()
    facts: Dict[str, float] = field(default_factory=dict)

    def pieces(self) -> List[Piece]:
        """All tokens in order, those of an entity in one piece."""
        starts = {start: (end, label, confidence) for start, end, label, confidence in self.entities}
        pieces: List[Piece] = []
        place = 0
        while place < len(self.words):
            end, label, confidence = starts.get(place, (place + 1, "", None))
            pieces.append(Piece(range(place, end), label if confidence is None else f"{label} {confidence:.2f}"))
            place = end
        return pieces


def render_sentences(sentences: Sequence[ShadedSentence], *, title: str, note: str = "", page: bool = True) -> str:
    """HTML of sentences: the darker a token, the less sure the tagger; entities are boxed, with confidence.

    sentences (Sequence[ShadedSentence]): In the order to show.
    title (str): Heading. note (str): Text under it.
    page (bool): A whole page that needs no other file; or else the list alone, to put into one's own page.
    RETURNS (str): HTML; all text from the sentences is escaped.
    """
    top = max((value for one in sentences for value in one.values), default=0.0)
    template = environment(__package__).get_template("shading.html" if page else "sentences.html")
    return template.render(sentences=sentences, title=title, note=note, top=top)
