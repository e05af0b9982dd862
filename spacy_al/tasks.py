"""What goes out to people and what comes back: a sentence to label, and the answer to it."""

import math
import re
import unicodedata
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Any, Dict, List, Optional, Sequence, Tuple

from pydantic import TypeAdapter

from .errors import ALError, Errors
from .jsonl import HALVES

TokenSpan = Tuple[int, int, str]  # first token, token after the last, label
VERDICTS = ("accept", "reject", "ignore")
# Span group of a labelled Doc: spans known not to be entities of their label. The name is that of spaCy's
# documentation, whose `ner` learns from it when `incorrect_spans_key` says so.
REJECTED = "incorrect_spans"
JOINERS = re.compile("(?<!^)[\u200c\u200d](?!$)")
SETTLED = "settled by "  # begins the annotator of an answer that was made of several people's


@dataclass(frozen=True, order=True)
class Question:
    """Words to be labelled: the tokens `start` to `end` (exclusive) of a sentence; a whole sentence is `0..n`."""

    id: str
    start: int
    end: int


@dataclass(frozen=True)
class Task:
    """A sentence to be labelled by people, as it is shown to them: one or several questions about it.

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
    windows (Tuple[Tuple[int, int], ...]): The words that are asked about, first token and token after the last, rising
        and apart; the rest is context and stays missing. Empty: the whole sentence.
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
    windows: Tuple[Tuple[int, int], ...] = ()

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

    @property
    def char_spans(self) -> List[TokenSpan]:
        """The model's entities by characters, in code points."""
        bounds = self.bounds
        return [(bounds[start][0], bounds[end - 1][1], label) for start, end, label in self.spans or ()]

    @property
    def questions(self) -> List[Question]:
        """What is asked about this sentence."""
        return [Question(self.id, start, end) for start, end in self.windows or [(0, len(self.words))]]

    def about(self) -> Dict[str, Any]:
        """What tools carry along and show beside the text: our id, the ranking, and what is asked if not everything."""
        about: Dict[str, Any] = {
            "al_id": self.id, "round": self.round, "rank": self.rank, "measure": self.measure, "utility": self.utility,
        }  # fmt: skip
        if self.source is not None:
            about["source"] = self.source
        if self.windows:
            about["ask"] = self.ask
        return about

    @property
    def ask(self) -> str:
        """The words that are asked about, for people, with their first character: "Rome (12) | May (30)"."""
        shown = [(self.bounds[start][0], self.bounds[end - 1][1]) for start, end in self.windows if end > start]
        return " | ".join(f"{self.text[start:end]} ({start})" for start, end in shown)

    def to_row(self) -> Dict[str, Any]:
        """The line of selected.jsonl that stands for this task."""
        chance = self.round == 0 and self.measure == "random"
        row = {
            "id": self.id, "round": self.round, "rank": self.rank, "measure": self.measure,
            "utility": None if chance else self.utility,
            "n_tokens": len(self.words), "text": self.text, "source": self.source,
            "words": list(self.words), "spaces": list(self.spaces), "pos": list(self.pos) or None,
            "spans": None if self.spans is None else [list(span) for span in self.spans],
        }  # fmt: skip
        return row | ({"windows": [list(window) for window in self.windows]} if self.windows else {})

    @classmethod
    def from_row(cls, row: Dict[str, Any]) -> "Task":
        """The task that a line of selected.jsonl stands for; older versions wrote no utility for seed sentences.

        RAISES: ValidationError where it is none.
        """
        return TASK.validate_python({**row, "pos": row.get("pos") or (), "utility": row.get("utility") or 0.0})

    def bare(self) -> "Task":
        """The same task without the model's entities, so that they cannot sway people."""
        return replace(self, spans=None)


TASK = TypeAdapter(Task)


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
    when (str): Moment of the answer, ISO 8601; None when the tool does not say.
    round (int): The round whose question it answers; None when the tool lost it, and in files of earlier versions.
    """

    id: str
    verdict: str
    spans: Tuple[TokenSpan, ...] = ()
    missing: Tuple[int, ...] = ()
    rejected: Tuple[TokenSpan, ...] = ()
    seconds: Optional[float] = None
    annotator: Optional[str] = None
    when: Optional[str] = None
    round: Optional[int] = None

    def to_row(self) -> Dict[str, Any]:
        """The line of answers.jsonl that stands for this answer; what it does not say is left out."""
        row = {
            "id": self.id, "verdict": self.verdict, "spans": [list(span) for span in self.spans],
            "missing": list(self.missing), "rejected": [list(span) for span in self.rejected],
            "seconds": self.seconds, "annotator": self.annotator, "when": self.when, "round": self.round,
        }  # fmt: skip
        return {key: value for key, value in row.items() if value is not None and value != []}

    @classmethod
    def from_row(cls, row: Dict[str, Any]) -> "Answer":
        """The answer that a line of answers.jsonl stands for; raises ValueError where it is none."""
        return ANSWER.validate_python(row)

    def to(self, task: Task) -> "Answer":
        """The same answer, which says by itself what it was to, and that the context of windows is missing."""
        missing = {*self.missing, *outside(task, self.spans)} if self.verdict == "accept" else self.missing
        return replace(self, round=task.round, missing=tuple(sorted(missing)))

    @property
    def teaches(self) -> bool:
        """Whether it says anything of the sentence's entities, to a tagger that learns from rejected spans too."""
        return self.verdict == "accept" or bool(self.rejected)


ANSWER = TypeAdapter(Answer)


def outside(task: Task, spans: Sequence[TokenSpan]) -> List[int]:
    """Tokens that were not asked about and lie in no entity: what is shown as context says nothing of O."""
    if not task.windows:
        return []
    places = [*task.windows, *((start, end) for start, end, _ in spans)]
    known = {number for start, end in places for number in range(start, end)}
    return [number for number in range(len(task.words)) if number not in known]


def find_overlap(spans: Tuple[TokenSpan, ...]) -> Optional[Tuple[TokenSpan, TokenSpan]]:
    """The first two of sorted spans that share a token; None if there are none."""
    for before, span in pairwise(spans):
        if span[0] < before[1]:
            return before, span
    return None


def answer_problem(answer: Answer, task: Optional[Task], labels: Sequence[str]) -> Optional[str]:
    """Why an answer cannot be one to a task, in words for people; None if it can.

    answer (Answer): The answer. task (Optional[Task]): What was asked under its id, None if nothing was.
    labels (Sequence[str]): The declared entity types; none: any label will do.
    """
    if task is None:
        return "no such sentence was asked about"
    if answer.verdict not in VERDICTS:
        return f"the verdict {answer.verdict!r} is none of {', '.join(VERDICTS)}"
    if answer.verdict != "accept" and answer.spans:
        return f"it holds entities although its verdict is {answer.verdict!r}"
    length = len(task.words)
    if any(not 0 <= number < length for number in answer.missing):
        return f"missing tokens {answer.missing} do not lie in its {length} tokens"
    if any(start <= number < end for number in answer.missing for start, end, _ in answer.spans):
        return f"missing tokens {answer.missing} are part of an entity"
    if answer.seconds is not None and not 0 <= answer.seconds < math.inf:
        return f"it took {answer.seconds} seconds"
    if half := HALVES.search(f"{answer.annotator}{answer.when}"):
        return f"{half[0]!r} is half of a surrogate pair, which is no character"
    for span in answer.rejected:
        if problem := _spans_problem((span,), length):
            return problem
    unknown = {label for _, _, label in (*answer.spans, *answer.rejected)} - set(labels)
    if labels and unknown:
        return f"the label {sorted(unknown)[0]!r} is not declared; labels are {', '.join(labels)}"
    return _spans_problem(answer.spans, length)


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
    return _windows_problem(task.windows, len(task.words)) or _spans_problem(task.spans or (), len(task.words))


def _windows_problem(windows: Tuple[Tuple[int, int], ...], length: int) -> Optional[str]:
    ends = [0, *(end for _, end in windows)]
    if any(not before <= start < end <= length for before, (start, end) in zip(ends, windows)):
        return f"its windows {windows} overlap, are not sorted, or do not lie in its {length} tokens"
    return None


def _spans_problem(spans: Tuple[TokenSpan, ...], length: int) -> Optional[str]:
    for start, end, label in spans:
        if not is_name(label):
            return f"the label {label!r} is empty or holds white space at an end or unprintable characters"
        if not 0 <= start < end <= length:
            return f"the span {(start, end, label)} does not lie in its {length} tokens"
    if list(spans) != sorted(spans) or find_overlap(spans):
        return f"its spans {spans} overlap or are not sorted"
    return None


def _is_plain(name: str) -> bool:
    return bool(name) and name.isprintable() and name.strip() == name


def is_name(label: str) -> bool:
    """Whether a label can be told apart by eye and stands on one line: no white space at its ends, nothing unprintable
    but the joiners of Persian, Indic and emoji, and no-break spaces."""
    return _is_plain("".join(" " if unicodedata.category(one) == "Zs" else one for one in JOINERS.sub("", label)))


def whole(tasks: Sequence[Task], tool: str) -> Sequence[Task]:
    """The tasks, for a tool whose files have no place for windows. RAISES: ALError A631 for the first that has some."""
    for task in tasks:
        if task.windows:
            raise ALError(Errors.A631.format(tool=tool, id=task.id))
    return tasks
