"""What an importer takes from a tool's file before it is checked against the tasks that were asked for."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Optional, Tuple

from ..tasks import Answer

MAX_FILE = 1 << 30  # bytes
SEVERAL = ("fail", "newest", "vote")
UNLABELLED = ("outside", "missing")
UNTOUCHED = ("fail", "accept", "skip")
UNANSWERED = "?"  # the answer written with suggestions, to be replaced by people
UNITS = ("auto", "codepoints", "utf16")


@dataclass(frozen=True)
class Chunk:
    """One record of a file, as bytes: a line, an item of a JSON array, a block of lines, a Doc.

    raw (bytes): Its bytes, enough to write it to another file of the same format.
    path (Path): The file.
    line (int): The line it begins on, from 1; for a DocBin, the Doc's number.
    item (int): Its place among the records, from 0.
    what (str): How messages call the item where lines say little, such as "item"; empty to name the line
        only.
    """

    raw: bytes
    path: Path
    line: int
    item: int
    what: str = ""

    @property
    def place(self) -> str:
        """File, line and item, for messages."""
        return f"{self.path}:{self.line}" + (f" ({self.what} {self.item + 1})" if self.what else "")


@dataclass(frozen=True)
class Mark:
    """An entity as a tool marks it: by characters, by tokens, or both, which then have to agree.

    label (str): The entity's label.
    chars (Tuple[int, int]): First character and character after the last, in the tool's own unit.
    tokens (Tuple[int, int]): First token and token after the last.
    text (str): The text it covers, if the tool says so; tells code points from UTF-16 units.
    """

    label: str
    chars: Optional[Tuple[int, int]] = None
    tokens: Optional[Tuple[int, int]] = None
    text: Optional[str] = None


@dataclass(frozen=True)
class Record:
    """One answer in a tool's file, not yet checked against its task.

    chunk (Chunk): Where it stands.
    id (str): The task's id; None if the tool lost it, then the text decides.
    verdict (str): One of VERDICTS; None if nobody has answered.
    marks (Tuple[Mark, ...]): Entities.
    text (str): The sentence as the tool has it.
    words (Tuple[str, ...]): The tokens as the tool has them.
    binary (bool): A yes or no about its marks, which says nothing of other tokens.
    missing (Tuple[int, ...]): Tokens that carry no tag at all.
    unsure (bool): The tool does not say whether anyone looked: there is no entity, or suggestions were shown.
    seconds (float): Time spent on it.
    annotator (str): Who answered.
    when (float): Time of the answer, in seconds since 1970.
    left_out (int): Results of other kinds (relations, choices) that are not entities.
    """

    chunk: Chunk
    id: Optional[str]
    verdict: Optional[str]
    marks: Tuple[Mark, ...] = ()
    text: Optional[str] = None
    words: Optional[Tuple[str, ...]] = None
    binary: bool = False
    missing: Tuple[int, ...] = ()
    unsure: bool = False
    seconds: Optional[float] = None
    annotator: Optional[str] = None
    when: Optional[float] = None
    left_out: int = 0


@dataclass(frozen=True)
class Options:
    """How to take answers in; every default refuses to guess.

    several (str): Several answers to one task: "fail" unless they agree, "newest", or "vote" (majority).
    snap (bool): Widen spans that cut tokens to whole tokens, instead of refusing them.
    unlabelled (str): What unmarked tokens of an accepted sentence are: "outside" (O) or "missing".
    untouched (str): Sentences of which the tool does not say whether anyone looked: "fail", "accept" as they
        are, or "skip" (not answered).
    units (str): What offsets count: "codepoints", "utf16", or "auto" to find out from the spans themselves.
    labels (Tuple[str, ...]): The labels allowed; None allows any.
    """

    several: str = "fail"
    snap: bool = False
    unlabelled: str = "outside"
    untouched: str = "fail"
    units: str = "auto"
    labels: Optional[Tuple[str, ...]] = None


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
    counts (Dict[str, int]): What was corrected or left out: "utf16", "snapped", "by_text", "unanswered",
        "duplicates", "other_results".
    """

    answers: List[Answer]
    problems: List[Problem]
    rest: Tuple[int, ...] = ()
    counts: Dict[str, int] = field(default_factory=dict)
