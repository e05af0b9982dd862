"""The recipe `al.query` for Prodigy: serves a run's batch in order of rank and feeds the answers back to it.

Only Prodigy loads this module, through the entry point group `prodigy_recipes`. It has been tested against a
stand-in, never with Prodigy itself, which is a commercial product.
"""

import json
from pathlib import Path
from typing import Dict, Iterator, List

import prodigy

from ..loop.people import accept_answers, open_batch, open_labels
from ..tasks import Answer, Task
from .formats import parse_answers
from .ingest import take_bytes
from .prodigy import to_record
from .records import Options


@prodigy.recipe(
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
    tasks = sorted(open_batch(run), key=lambda task: task.rank)
    labels = open_labels(run)
    session = Session(run, tasks, labels)
    return {
        "dataset": dataset,
        "view_id": "ner_manual",
        "stream": stream(tasks, suggest=suggest),
        "update": session.update,
        "on_exit": session.finish,
        "progress": session.progress,
        "config": {"labels": labels, "exclude_by": "input", "auto_count_stream": False},
    }


def stream(tasks: List[Task], *, suggest: bool) -> Iterator[Dict[str, object]]:
    """Tasks as Prodigy wants them, hashed by Prodigy."""
    for task in tasks:
        yield prodigy.set_hashes(to_record(task if suggest else task.bare()))


class Session:
    """Answers of one sitting: collected as Prodigy saves them, handed to the run once, when all are there or
    at
    the end. A later answer to the same sentence replaces the earlier one."""

    def __init__(self, run: Path, tasks: List[Task], labels: List[str]) -> None:
        self.run = run
        self.tasks = tasks
        self.options = Options(several="newest", labels=tuple(labels) or None)
        self.saved: List[bytes] = []
        self.handed_over = False

    def update(self, answers: List[Dict[str, object]]) -> None:
        """Prodigy's callback for a batch of answers; raises ALError A623 for answers that cannot be taken."""
        lines = [json.dumps(answer, ensure_ascii=False).encode("utf8") + b"\n" for answer in answers]
        take_bytes(b"".join(lines), Path("prodigy"), self.tasks, self.options, name="prodigy")
        self.saved += lines
        if len(self.answers()) == len(self.tasks):
            self.finish(None)

    def answers(self) -> List[Answer]:
        """What has been answered so far, in order of rank."""
        by_id = {task.id: task for task in self.tasks}
        reading, _ = parse_answers(b"".join(self.saved), Path("prodigy"), by_id, "prodigy", self.options)
        return reading.answers

    def progress(self, *_: object) -> float:
        """Share of the batch that is answered."""
        return len(self.answers()) / max(len(self.tasks), 1)

    def finish(self, _: object) -> None:
        """Prodigy's callback when the server stops: hand what there is to the run, once."""
        answers = self.answers()
        if answers and not self.handed_over:
            accept_answers(self.run, answers)
            self.handed_over = True
