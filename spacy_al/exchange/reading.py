"""How answers are to be taken in, and what came of it."""

from dataclasses import dataclass, field
from typing import AbstractSet, Dict, List, Mapping, Optional, Tuple

from ..corpus.annotation.marks import UNTOUCHED
from ..corpus.annotation.merging import SEVERAL
from ..tasks import Answer

UNLABELLED = ("outside", "missing")
UNITS = ("auto", "codepoints", "utf16")
__all__ = ["SEVERAL", "UNITS", "UNLABELLED", "UNTOUCHED", "Options", "Problem", "Reading"]


@dataclass(frozen=True)
class Options:
    """How to take answers in; every default refuses to guess.

    several (str): Several answers to one task: "fail" unless they agree, "first", "newest", or "vote" (majority).
    snap (bool): Widen spans that cut tokens to whole tokens, instead of refusing them.
    unlabelled (str): What unmarked tokens of an accepted sentence are: "outside" (O) or "missing".
    untouched (str): Sentences of which the tool does not say whether anyone looked: "fail", "accept" as they
        are, or "skip" (not answered).
    units (str): What offsets count: "codepoints", "utf16", or "auto" to find out from the spans themselves.
    labels (Tuple[str, ...]): The labels allowed; None allows any.
    names (Mapping[str, str]): Labels that are to be renamed, or numbers of labels, with their new names.
    taken (AbstractSet[str]): Ids of sentences that were answered in earlier rounds.
    """

    several: str = "fail"
    snap: bool = False
    unlabelled: str = "outside"
    untouched: str = "fail"
    units: str = "auto"
    labels: Optional[Tuple[str, ...]] = None
    names: Mapping[str, str] = field(default_factory=dict)
    taken: AbstractSet[str] = frozenset()


@dataclass(frozen=True)
class Problem:
    """Why records were not taken. line (int): The first one's line. items: Their places among the chunks."""

    line: int
    message: str
    items: Tuple[int, ...]


@dataclass(frozen=True)
class Reading:
    """What was read from a tool's file.

    answers (List[Answer]): One per answered task, in the order of the tasks.
    problems (List[Problem]): In the order of the file; a task that has a problem has no answer.
    rest (Tuple[int, ...]): Places among the chunks of all records of those tasks, and of all others at fault.
    counts (Dict[str, int]): What was corrected or left out, by the keys of `ingest.NOTES`.
    given (List[Answer]): What each person said, also where it was merged with what others said.
    """

    answers: List[Answer]
    problems: List[Problem]
    rest: Tuple[int, ...] = ()
    counts: Dict[str, int] = field(default_factory=dict)
    given: List[Answer] = field(default_factory=list)
