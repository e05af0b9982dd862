"""What everything here asks of a tagger."""

from typing import List, Protocol

from ..errors import ALError, Errors
from ..types import Sampler


class TagSampler(Sampler, Protocol):
    """A Sampler that also says what its numbers mean."""

    @property
    def tags(self) -> List[str]:
        """Names of the tags in the order of the last axis of `TagSamples.probs`; "O" first."""

    @property
    def scheme(self) -> str:
        """IOB1, IOB2 or BILOU (`spacy_al.corpus.schemes`)."""

    @property
    def dropouts(self) -> List[str]:
        """The kinds of dropout that `sample` knows, "off" first."""


def check_dropout(sampler: TagSampler, dropout: str, name: str) -> None:
    """Raise ALError A413 when a sampler has no such kind of dropout."""
    if dropout not in sampler.dropouts:
        raise ALError(Errors.A413.format(name=name, dropout=dropout, known=", ".join(sampler.dropouts)))
