"""What the page sends and is sent: strict reading of posts, tasks as JSON, answers to parts of a sentence joined."""

import hashlib
import re
from dataclasses import asdict, dataclass, replace
from typing import Any, Dict, List, Optional, Tuple

from ..errors import ALError, Errors
from ..loop.standing import Status
from ..tasks import VERDICTS, Answer, Task, TokenSpan
from .context import document

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
LONGEST_NAME = 64
HELD, TYPE = ("f", "low", "high", "sentences", "entities"), ("f", "low", "high", "entities")
FIELDS = {"id", "round", "verdict", "spans", "missing", "rejected", "seconds", "when"}


@dataclass(frozen=True)
class Posted:
    """An answer as it was posted, and the round whose question it answers."""

    round: int
    answer: Answer


def read_post(row: Any, annotator: Optional[str]) -> Posted:
    """Read one answer of a post; the moment it was given (`when`) tells it from any other answer of this person.

    RAISES: ALError A713 for anything that the page would not send.
    """
    if not isinstance(row, dict) or not set(row) <= FIELDS:
        raise ALError(Errors.A713.format(problem="an answer is not an object with the known keys"))
    id_, verdict, when, round_, seconds = (row.get(key) for key in ("id", "verdict", "when", "round", "seconds"))
    if not isinstance(id_, str) or verdict not in VERDICTS or not (isinstance(when, str) and MOMENT.fullmatch(when)):
        raise ALError(Errors.A713.format(problem="id, verdict or when is missing or not as the page writes it"))
    if not is_count(round_) or not (seconds is None or (is_number(seconds) and 0 <= seconds <= 86_400)):
        raise ALError(Errors.A713.format(problem=f"round = {round_!r} or seconds = {seconds!r} is out of range"))
    missing = row.get("missing", [])
    if not isinstance(missing, list) or not all(is_count(number) for number in missing):
        raise ALError(Errors.A713.format(problem="missing is not a list of token numbers"))
    spans, rejected = _spans(row.get("spans", [])), _spans(row.get("rejected", []))
    answer = Answer(id_, verdict, spans, tuple(sorted(set(missing))), rejected, seconds, annotator, when)
    return Posted(int(round_ or 0), answer)


def read_annotator(value: Any) -> Optional[str]:
    """The name of the person who labels, None if they give none; raises ALError A713."""
    if value in (None, ""):
        return None
    if not isinstance(value, str) or len(value) > LONGEST_NAME or not value.isprintable() or value.strip() != value:
        raise ALError(Errors.A713.format(problem=f"annotator: give a name of at most {LONGEST_NAME} plain letters"))
    return value


def is_count(value: Any) -> bool:
    """Whether it is a whole number from 0."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_number(value: Any) -> bool:
    """Whether it is a number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _spans(value: Any) -> Tuple[TokenSpan, ...]:
    good = isinstance(value, list) and all(
        isinstance(span, list) and len(span) == 3 and is_count(span[0]) and is_count(span[1])
        and isinstance(span[2], str) for span in value
    )  # fmt: skip
    if not good:
        raise ALError(Errors.A713.format(problem="spans are not lists of first token, token after the last, label"))
    return tuple(sorted((start, end, label) for start, end, label in value))


def task_message(task: Task) -> Dict[str, Any]:
    """A task as the page gets it; of the source only the file's own name, and a sign that tells documents apart."""
    within = document(task.source)
    path = (task.source or "").rpartition(":")[0] or task.source or ""
    source = path.replace("\\", "/").rsplit("/", 1)[-1]
    return {
        "id": task.id, "round": task.round, "words": list(task.words), "spaces": list(task.spaces),
        "windows": [list(window) for window in task.windows], "source": source,
        "document": within and hashlib.sha256(within.encode("utf8", "replace")).hexdigest()[:16],
        "spans": None if task.spans is None else [list(span) for span in task.spans],
    }  # fmt: skip


def answer_message(answer: Answer) -> Dict[str, Any]:
    """What the page shows of somebody's answer."""
    return {"annotator": answer.annotator, "spans": [list(span) for span in answer.spans]}


def outlook_message(status: Status) -> Optional[Dict[str, Any]]:
    """What the page shows of how good the model is, what more answers should bring, and when to stop."""
    if status.outlook is None or not status.rows:
        return None
    row, held = status.rows[-1], status.rows[-1].get("holdout") or {}
    types = (held.get("per_type") or {}) if held.get("f") is not None else {}
    return {
        "held": {key: held[key] for key in HELD} if held.get("f") is not None else None,
        "types": [{"label": label, **{key: one[key] for key in TYPE}} for label, one in types.items()],
        "test": row.get("ents_f"), "agreement": row.get("agreement"), "withheld": status.outlook.withheld,
        "curve": [asdict(point) for point in status.outlook.curve], "signs": status.outlook.signs,
        "expected": [asdict(one) for one in status.outlook.expected],
    }  # fmt: skip


def covers(answer: Answer, task: Task) -> bool:
    """Whether an answer says all that a task asks; of a whole sentence the person decides what they say."""
    if answer.verdict == "ignore" or not task.windows:
        return True
    asked = {number for start, end in task.windows for number in range(start, end)}
    return not asked & set(answer.missing)


def combined(task: Task, old: Optional[Answer], new: Answer) -> Answer:
    """An answer to windows of a sentence, with what the same person said of its other words before.

    Words outside the windows and outside the entities are missing. Only the last answer to a sentence counts in a
    round, so it has to hold the earlier one.
    """
    if not task.windows or new.verdict != "accept":
        return new
    known = {number for start, end in task.windows for number in range(start, end)} - set(new.missing)
    known |= {number for start, end, _ in new.spans for number in range(start, end)}
    spans: List[TokenSpan] = list(new.spans)
    if old is not None and old.verdict == "accept":
        before = set(range(len(task.words))) - set(old.missing)
        for start, end, label in old.spans:
            if known & set(range(start, end)):
                before -= set(range(start, end))
            else:
                spans.append((start, end, label))
        known |= before
    return replace(new, spans=tuple(sorted(spans)), missing=tuple(sorted(set(range(len(task.words))) - known)))
