"""What a run has asked of people so far, counted every way: tokens, questions, sentences, seconds by the cost model."""

from typing import Any, Dict, Mapping, Optional, Sequence

import numpy
from spacy.tokens import Doc

from ..acquisition.costs import SecondsCost, create_seconds_cost, fit_seconds
from ..tasks import Answer, Task

# Added up over rounds in metrics.jsonl.
SUMS = ("questions", "windows", "shown_tokens", "labelled_entities", "estimated_seconds", "measured_seconds")

TIMED = 20  # answers with times from which an annotator's own constants are learnt
BREAK = 5  # a time of more than so many medians is no time of work


def effort(tasks: Sequence[Task], docs: Sequence[Doc]) -> Dict[str, float]:
    """What the answers of one round have cost.

    tasks (Sequence[Task]): What was asked. docs (Sequence[Doc]): The answers, some of the tasks' sentences.
    RETURNS (Dict[str, float]): `questions` that were answered (a sentence with its windows is one), their `windows`,
        `shown_tokens`, `labelled_entities`, `estimated_seconds` by `spacy-al.Seconds.v1` with its published constants,
        and `measured_seconds`, where answers say how long they took.
    """
    asked = {task.id: task for task in tasks}
    answers = [(asked.get(doc.user_data["id"]), doc) for doc in docs]
    shown = numpy.array([float(len(doc)) for doc in docs])
    entities = numpy.array([float(len(doc.ents)) for doc in docs])
    seconds = create_seconds_cost()(shown, shown, entities)
    return {
        "questions": len(docs),
        "windows": sum(len(task.windows) for task, _ in answers if task is not None),
        "shown_tokens": int(shown.sum()),
        "labelled_entities": int(entities.sum()),
        "estimated_seconds": float(seconds.sum()),
        "measured_seconds": float(sum(doc.user_data.get("seconds") or 0.0 for doc in docs)),
    }


def own_seconds(tasks: Sequence[Optional[Task]], answers: Sequence[Answer]) -> Optional[SecondsCost]:
    """What answers cost those who gave them; None where fewer than `TIMED` say how long they took.

    tasks (Sequence[Optional[Task]]): What each answer is to, None where that is not known. Breaks are left out.
    """
    timed = [
        (len(task.words), len(answer.spans), answer.seconds)
        for task, answer in zip(tasks, answers)
        if task is not None and answer.seconds and answer.verdict == "accept"
    ]
    if len(timed) < TIMED:
        return None
    shown, entities, seconds = numpy.array(timed, dtype=numpy.float64).T
    kept = seconds <= BREAK * numpy.median(seconds)
    return fit_seconds(shown[kept], entities[kept], seconds[kept])


def totals(rows: Sequence[Mapping[str, Any]], now: Mapping[str, float], round_: int) -> Dict[str, float]:
    """`now` added to the sums of the last row before a round; rows of earlier versions have none."""
    before: Mapping[str, Any] = next((row for row in reversed(rows) if row["round"] < round_), {})
    return {key: before.get(key, 0) + now[key] for key in SUMS}
