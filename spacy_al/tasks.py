"""What goes out to people and what comes back: a sentence to label, and the answer to it."""

import math
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import List, Optional, Tuple

from .errors import ALError, Errors

TokenSpan = Tuple[int, int, str]  # first token, token after the last, label
VERDICTS = ("accept", "reject", "ignore")
# Span group of a labelled Doc: spans known not to be entities of their label. The name is that of spaCy's
# documentation, whose `ner` learns from it when `incorrect_spans_key` says so.
REJECTED = "incorrect_spans"


@dataclass(frozen=True)
class Task:
    """A sentence to be labelled by people.

    id (str): The sentence's id in the pool.
    words (Tuple[str, ...]): Its tokens; `text` is words and spaces, as spaCy's `doc.text`.
    spaces (Tuple[bool, ...]): Whether a space follows each token.
    spans (Tuple[TokenSpan, ...]): The model's entities, for people to correct; None when none were asked for.
    pos (Tuple[str, ...]): Part-of-speech tags; empty when unknown.
    round (int): The round that chose the sentence.
    rank (int): Its place in the batch; people see low ranks first.
    measure (str): What the ranking rests on.
    utility (float): The measure's value; higher is more useful.
    source (str): Where the sentence stands in its source document.
    RAISES: ALError A600 for empty or unwritable words, wrong lengths, or spans outside or overlapping.
    """

    id: str
    words: Tuple[str, ...]
    spaces: Tuple[bool, ...]
    spans: Optional[Tuple[TokenSpan, ...]] = None
    pos: Tuple[str, ...] = ()
    round: int = 0
    rank: int = 0
    measure: str = ""
    utility: float = 0.0
    source: Optional[str] = None

    def __post_init__(self) -> None:
        problem = _task_problem(self)
        if problem:
            raise ALError(Errors.A600.format(id=self.id, problem=problem))

    @property
    def text(self) -> str:
        """The sentence as one string."""
        return "".join(word + " " * space for word, space in zip(self.words, self.spaces, strict=True))

    @property
    def bounds(self) -> List[Tuple[int, int]]:
        """First character and character after the last of each token, in code points: (tokens,)."""
        sizes = (len(word) + space for word, space in zip(self.words, self.spaces, strict=True))
        starts = accumulate(sizes, initial=0)
        return [(start, start + len(word)) for start, word in zip(starts, self.words, strict=False)]

    def bare(self) -> "Task":
        """The same task without the model's entities, so that they cannot sway people."""
        return replace(self, spans=None)


@dataclass(frozen=True)
class Answer:
    """What people said of one task. `reject` and `ignore` are not "no entities": they say nothing about O.

    id (str): The task's id.
    verdict (str): "accept": `spans` are right, and every other token is O unless in `missing`. "reject":
        what was shown is wrong; `rejected` holds the span it was about, when it was about one. "ignore": no
        answer.
    spans (Tuple[TokenSpan, ...]): Entities, sorted, without overlap; empty unless accepted.
    missing (Tuple[int, ...]): Tokens of which nothing is known: neither O nor part of an entity.
    rejected (Tuple[TokenSpan, ...]): Spans known not to be entities of that label, beside those that are when
        several were asked about one by one: a constraint for a CRF head. They may overlap.
    seconds (float): What the answer cost, over all who worked on it; None when the tool does not say.
    annotator (str): Who answered, as the tool names them.
    """

    id: str
    verdict: str
    spans: Tuple[TokenSpan, ...] = ()
    missing: Tuple[int, ...] = ()
    rejected: Tuple[TokenSpan, ...] = ()
    seconds: Optional[float] = None
    annotator: Optional[str] = None

    @property
    def teaches(self) -> bool:
        """Whether it says anything of the sentence's entities, to a tagger that learns from rejected spans too."""
        return self.verdict == "accept" or bool(self.rejected)


def find_overlap(spans: Tuple[TokenSpan, ...]) -> Optional[Tuple[TokenSpan, TokenSpan]]:
    """The first two of sorted spans that share a token; None if there are none."""
    for before, span in pairwise(spans):
        if span[0] < before[1]:
            return before, span
    return None


def _task_problem(task: Task) -> Optional[str]:
    if len(task.words) != len(task.spaces):
        return f"{len(task.words)} words but {len(task.spaces)} spaces"
    if task.pos and len(task.pos) != len(task.words):
        return f"{len(task.words)} words but {len(task.pos)} part-of-speech tags"
    if not _is_plain(task.id):
        return "its id is empty or holds white space at an end or unprintable characters"
    if "" in task.words:
        return f"token {task.words.index('')} is empty"
    if not math.isfinite(task.utility):
        return f"its utility is {task.utility}"
    try:
        "".join((task.id, task.measure, *task.words)).encode("utf8")
    except UnicodeEncodeError as error:
        return f"it cannot be written as UTF-8 ({error.reason})"
    return _spans_problem(task.spans or (), len(task.words))


def _spans_problem(spans: Tuple[TokenSpan, ...], length: int) -> Optional[str]:
    for start, end, label in spans:
        if not _is_plain(label):
            return f"the label {label!r} is empty or holds white space at an end or unprintable characters"
        if not 0 <= start < end <= length:
            return f"the span {(start, end, label)} does not lie in its {length} tokens"
    if list(spans) != sorted(spans) or find_overlap(spans):
        return f"its spans {spans} overlap or are not sorted"
    return None


def _is_plain(name: str) -> bool:
    return bool(name) and name.isprintable() and name.strip() == name
