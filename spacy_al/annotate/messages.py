"""What the page sends and is sent: strict reading of posts, tasks as JSON, answers to parts of a sentence joined."""

import hashlib
from dataclasses import asdict, replace
from typing import Annotated, Any, Dict, List, Literal, Optional, Tuple

from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationError

from ..errors import ALError, Errors
from ..loop.standing import Status
from ..tasks import Answer, Task, TokenSpan
from .context import document

LONGEST_NAME = 64
HELD, TYPE = ("f", "low", "high", "sentences", "entities"), ("f", "low", "high", "entities")
Count = Annotated[int, Field(ge=0, strict=True)]
Span = Annotated[Tuple[Count, Count, str], Strict(False)]  # which JSON writes as a list


class Post(BaseModel):
    """An answer as the page posts it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: str
    round: Count
    verdict: Literal["accept", "reject", "ignore"]
    when: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z$")]
    spans: List[Span] = []
    rejected: List[Span] = []
    missing: List[Count] = []
    seconds: Optional[float] = Field(default=None, ge=0, le=86_400)


def read_post(row: Any, annotator: Optional[str]) -> Answer:
    """Read one answer of a post; the moment it was given (`when`) tells it from any other answer of this person.

    Its round is the one that the page says.
    RAISES: ALError A713 for anything that the page would not send.
    """
    try:
        post = Post.model_validate(row)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "an answer"
        raise ALError(Errors.A713.format(problem=f"{where}: {first['msg']}")) from error
    spans, rejected = (tuple(sorted(some)) for some in (post.spans, post.rejected))
    missing = tuple(sorted(set(post.missing)))
    return Answer(post.id, post.verdict, spans, missing, rejected, post.seconds, annotator, post.when, post.round)


def read_annotator(value: Any) -> Optional[str]:
    """The name of the person who labels, None if they give none; raises ALError A713."""
    if value in (None, ""):
        return None
    if not isinstance(value, str) or len(value) > LONGEST_NAME or not value.isprintable() or value.strip() != value:
        raise ALError(Errors.A713.format(problem=f"annotator: give a name of at most {LONGEST_NAME} plain letters"))
    return value


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

    old (Optional[Answer]): The last one to another question; one to the same question is replaced.
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
