"""The recipe `al.query` for Prodigy: serves a run's batch in order of rank and feeds the answers back to it.

Only Prodigy loads this module, through the entry point group `prodigy_recipes`. It has been tested against a
stand-in, never with Prodigy itself, which is a commercial product.
"""

import json
from pathlib import Path
from typing import Dict, Iterator, List, Set

import prodigy

from ..corpus.annotation.prodigy import to_record
from ..loop.session import Session
from ..tasks import Task
from .intake import take
from .reading import Options


@prodigy.recipe(  # type: ignore[untyped-decorator,unused-ignore]
    "al.query",
    dataset=("Dataset to save annotations to", "positional", None, str),
    run=("Folder of a run that waits for people", "positional", None, Path),
    suggest=("Pre-annotate with the model's entities", "flag", "s", bool),
)
def al_query(dataset: str, run: Path, suggest: bool = False) -> Dict[str, object]:
    """Label the batch that a run of spacy_al waits for.

    dataset (str): Where Prodigy saves answers; they can also be taken in later: `prodigy db-out`, `al
        ingest`.
    run (Path): The run's folder.
    suggest (bool): Show the model's entities, to be corrected.
    RETURNS (Dict): The recipe's components. There is no sorter: the run's order is the order of rank.
    """
    opened = Session.open(run)
    tasks, labels = sorted(opened.batch(), key=lambda task: task.rank), opened.labels
    session = Sitting(opened, tasks, labels)
    return {
        "dataset": dataset,
        "view_id": "ner_manual",
        "stream": stream(tasks, suggest=suggest),
        "update": session.update,
        "progress": session.progress,
        "config": {"labels": labels, "exclude_by": "input", "auto_count_stream": False},
    }


def stream(tasks: List[Task], *, suggest: bool) -> Iterator[Dict[str, object]]:
    """Tasks as Prodigy wants them, hashed by Prodigy."""
    for task in tasks:
        yield prodigy.set_hashes(to_record(task if suggest else task.bare()))


class Sitting:
    """Answers of one sitting, handed to the run as Prodigy saves them. A later answer replaces the earlier one."""

    def __init__(self, run: Session, tasks: List[Task], labels: List[str]) -> None:
        self.run = run
        self.tasks = tasks
        self.options = Options(several="newest", labels=tuple(labels) or None)
        self.answered: Set[str] = set()

    def update(self, answers: List[Dict[str, object]]) -> None:
        """Prodigy's callback for a batch of answers; raises ALError A623 for answers that cannot be taken."""
        data = b"".join(json.dumps(answer, ensure_ascii=False).encode("utf8") + b"\n" for answer in answers)
        reading = take([(data, Path("prodigy"), "prodigy")], self.tasks, self.options)
        self.run.answer(reading.answers)
        self.answered.update(answer.id for answer in reading.answers)

    def progress(self, *_: object) -> float:
        """Share of the batch that is answered."""
        return len(self.answered) / max(len(self.tasks), 1)
