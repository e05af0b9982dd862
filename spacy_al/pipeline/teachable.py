"""What the loop asks of a component that it trains, and the adapter that gives it to any other component of spaCy."""

from typing import Any, Optional, Protocol, Sequence

from spacy.training import Example

from ..ml.snapshot import Snapshot
from ..tasks import REJECTED


class Teachable(Protocol):
    """A component that can be trained again from its initial weights; defaults are those of a neural tagger.

    trains_in_one_go (bool): Whether it learns in its own `fit`, not batch by batch in spaCy's `update`.
    learns_from_rejected (bool): Whether `doc.spans[REJECTED]` of a labelled Doc teach it anything.
    """

    @property
    def trains_in_one_go(self) -> bool:
        """See above."""
        return False

    @property
    def learns_from_rejected(self) -> bool:
        """See above."""
        return False

    def restart(self, seed: int) -> None:
        """Go back to the weights of the first call, and draw anew from `seed` what is not pretrained."""

    def fit(self, examples: Sequence[Example], dev: Sequence[Example], seed: int) -> None:
        """Learn from all examples at once; `dev` is held out. Called only if `trains_in_one_go`."""
        return


class StockPipe(Teachable):
    """Any component of spaCy: restarts from a snapshot; `ner` learns from rejected spans if it is told to."""

    def __init__(self, pipe: Any) -> None:
        """pipe (Any): The component, a `TrainablePipe`."""
        self.pipe = pipe
        self.start: Optional[Snapshot] = None

    @property
    def learns_from_rejected(self) -> bool:
        """By the setting `incorrect_spans_key` of spaCy's `ner`."""
        return bool(getattr(self.pipe, "cfg", {}).get("incorrect_spans_key") == REJECTED)

    def restart(self, seed: int) -> None:
        """See Teachable; nothing is drawn anew, since nothing says what is pretrained."""
        if self.start is None:
            self.start = Snapshot(self.pipe.model)
        self.start.restore()


def teachable(pipe: Any) -> Teachable:
    """A component as the loop trains it: itself if it can restart, else in a `StockPipe`."""
    return pipe if hasattr(pipe, "restart") else StockPipe(pipe)
