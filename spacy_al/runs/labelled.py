"""All that has been answered in a run, sentence by sentence: answers of several rounds to one sentence become one."""

from typing import Any, Dict, List, Sequence

import numpy
from numpy.typing import NDArray
from spacy.attrs import ENT_IOB, ENT_TYPE
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from ..errors import ALError, Errors
from ..tasks import REJECTED
from .folder import RunFolder

MISSING = 0  # of token.ent_iob: nobody said anything about this token
TAKEN_BACK = "taken_back"  # of `user_data`: what was said of the sentence before does not count any more


class Labels:
    """The labelled Docs of a run in memory; rounds are read once, as they come."""

    def __init__(self, folder: RunFolder, vocab: Vocab) -> None:
        """folder (RunFolder): Where the answers are. vocab (Vocab): Of the Docs."""
        self.folder = folder
        self.vocab = vocab
        self.docs: Dict[str, Doc] = {}
        self.changed: List[str] = []  # ids whose Doc is another since `take_changed`
        self._rounds = 0

    def read(self, round_: int) -> None:
        """Take in the rounds up to `round_`."""
        for number in range(self._rounds, round_ + 1):
            for doc in self.folder.read_round(number, self.vocab):
                id_ = doc.user_data["id"]
                whole = id_ not in self.docs or doc.user_data.get(TAKEN_BACK)
                self.docs[id_] = doc if whole else merged(self.docs[id_], doc)
                self.changed.append(id_)
        self._rounds = max(self._rounds, round_ + 1)

    def get(self, ids: Sequence[str]) -> List[Doc]:
        """The Docs of these sentences; raises ALError A512 when one is missing."""
        missing = [id_ for id_ in ids if id_ not in self.docs]
        if missing:
            raise ALError(Errors.A512.format(path=self.folder.path, n=len(missing), id=missing[0]))
        return [self.docs[id_] for id_ in ids]

    @property
    def learnt(self) -> List[str]:
        """Ids of the sentences with labels, in the order they came; without those that lost theirs."""
        return [id_ for id_, doc in self.docs.items() if not is_gone(doc)]

    def take_changed(self) -> List[str]:
        """The ids whose Doc is new or another since the last call."""
        changed, self.changed = self.changed, []
        return changed


def is_gone(doc: Doc) -> bool:
    """Whether all that was said of a sentence has been taken back."""
    return bool(doc.user_data.get(TAKEN_BACK) == "all")


def answered(doc: Doc) -> NDArray[numpy.bool_]:
    """Which tokens of a labelled Doc have an answer, O or entity: (tokens,)."""
    known: NDArray[numpy.bool_] = numpy.asarray(doc.to_array([ENT_IOB])).reshape(-1) != MISSING
    return known


def merged(old: Doc, new: Doc) -> Doc:
    """Two answers to one sentence: `new` where it says something, `old` elsewhere.

    An old entity that a new answer touches goes: its other tokens are missing then, unless the new one labels them.

    old, new (Doc): The same tokens. RETURNS (Doc): `new`, with labels added.
    """
    before, after = _rows(old), _rows(new)
    said = after[:, 0] != MISSING
    if said.all() or not len(new):
        return new
    keep_rejected(old, new)
    kept = before.copy()
    for ent in old.ents:
        if said[ent.start : ent.end].any():
            kept[ent.start : ent.end] = 0
    kept[said] = after[said]
    return new.from_array([ENT_IOB, ENT_TYPE], kept)


def keep_rejected(old: Doc, new: Doc) -> None:
    """Take over what an old answer has rejected, and a new one neither rejects itself nor says to be an entity."""
    known = {(span.start, span.end, span.label_) for span in (*new.ents, *new.spans.get(REJECTED, ()))}
    more = [span for span in old.spans.get(REJECTED, ()) if (span.start, span.end, span.label_) not in known]
    if more:
        taken = [Span(new, span.start, span.end, label=span.label_) for span in more]
        new.spans[REJECTED] = [*new.spans.get(REJECTED, ()), *taken]


def _rows(doc: Doc) -> NDArray[Any]:
    return doc.to_array([ENT_IOB, ENT_TYPE]).reshape(-1, 2)
