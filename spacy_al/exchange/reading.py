"""How answers are to be taken in, and what came of it."""

from dataclasses import dataclass, field
from typing import Dict, List, Tuple

from ..corpus.annotation.marks import UNTOUCHED
from ..corpus.annotation.merging import SEVERAL
from ..options import TakeOptions as Options
from ..tasks import Answer

UNLABELLED = ("outside", "missing")
UNITS = ("auto", "codepoints", "utf16")
__all__ = ["SEVERAL", "UNITS", "UNLABELLED", "UNTOUCHED", "Options", "Problem", "Reading"]


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
