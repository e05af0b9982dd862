"""What scripts/smoke.sh runs where there is nothing but the package: text, project, questions, answers, model."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import spacy

from spacy_al import Session
from spacy_al.tasks import Answer, Task

TEXT = "Anna Smith lives in Berlin. Paul met Maria in Rome on day {0}.\n\nThe mayor of Oslo spoke {0} times.\n"
NAMES = {"Anna": "PERSON", "Paul": "PERSON", "Maria": "PERSON", "Berlin": "PLACE", "Rome": "PLACE", "Oslo": "PLACE"}


def call(line: str, folder: str = ".") -> None:
    """One command of the documentation, in this environment's Python."""
    sys.stdout.write(f"$ python {line}\n")
    sys.stdout.flush()
    subprocess.run([sys.executable, *line.split()], cwd=folder, check=True, stdin=subprocess.DEVNULL)


def answer_all(run: str) -> int:
    """Answer every question of a run by a list of names, whole sentences or windows."""
    here = os.getcwd()
    os.chdir("news")  # where the paths of its config begin
    session = Session.open(run)
    tasks = session.next()
    session.answer([make_answer(task) for task in tasks])
    os.chdir(here)
    return len(tasks)


def make_answer(task: Task) -> Answer:
    """All names of a sentence as its entities."""
    spans = [(number, number + 1, NAMES[word]) for number, word in enumerate(task.words) if word in NAMES]
    return Answer(task.id, "accept", tuple(spans))


def main() -> None:
    """Fail with the first thing that does not work."""
    Path("texts").mkdir()
    for number in range(30):
        (Path("texts") / f"{number}.txt").write_text(TEXT.format(number), encoding="utf8")
    call("-m spacy al init news --text texts --labels PERSON,PLACE --tagger ner")
    call("-m spacy debug config config.cfg", "news")
    call("-m spacy project run start .", "news")
    for _ in range(2):
        sys.stdout.write(f"{answer_all('runs/main')} answers\n")
        call("-m spacy project run ask .", "news")
    call("-m spacy project run status .", "news")
    call("-m spacy al run config.cfg --output runs/main --accept-changes --active_learning.rounds 2", "news")
    answer_all("runs/main")
    call("-m spacy al run config.cfg --output runs/main --active_learning.rounds 2", "news")
    found = {ent.text: ent.label_ for ent in spacy.load("news/runs/main/model")("Paul met Maria in Rome .").ents}
    if found != {"Paul": "PERSON", "Maria": "PERSON", "Rome": "PLACE"}:
        raise SystemExit(f"the trained pipeline finds {found}")
    versions = ", ".join(f"{name} {version(name)}" for name in ("spacy_al", "spacy", "torch", "transformers", "numpy"))
    sys.stdout.write(f"Python {sys.version.split()[0]}, {versions}: works\n")


if __name__ == "__main__":
    main()
