"""Throws mutated records at every importer: each is refused, or read as what it plainly says."""

import random
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional

import typer

sys.path.insert(0, str(Path(__file__).parent))

from fuzzing.mutations import mutate
from fuzzing.readers import Said, confirm, read_plainly, trimmed

from spacy_al.corpus.annotation.tools import FORMATS
from spacy_al.errors import ALError
from spacy_al.exchange.reading import Options
from spacy_al.exchange.tool_files import parse_files
from spacy_al.tasks import Answer, Task

LABELS = ("PER", "LOC", "ORG")
WORDS = [
    "Bob", "Rome", "met", "the", "U.S.", "'s", ",", ".", "😀", "👩‍👩‍👧", "🇫🇷", "e\u0301t\u00e9", "שלום",
    "مرحبا",    "東京", "𝔘𝔫𝔦", "aa", "a", "#", "-", "O", "B-PER", "&amp;", "<b>", "\\n", "\u00a0", "\n", "\t",
]  # fmt: skip
HANG = 10  # seconds
# Formats that `fuzzing.readers` reads without our importers.
JUDGED = ("prodigy", "label_studio", "doccano", "argilla", "conll", "conll4", "docbin")


@dataclass
class Outcome:
    """Counts for one importer: refused, read as before, read as the record now says; and the worst time."""

    counts: Counter
    slowest: float
    faults: List[str]


def sentences(rng: random.Random, count: int) -> Dict[str, Task]:
    """Random tasks with entities, with different texts."""
    tasks: Dict[str, Task] = {}
    while len(tasks) < count:
        words = tuple(rng.choice(WORDS) for _ in range(rng.randint(0 if tasks else 1, 9)))
        spaces = tuple(rng.random() < 0.7 for _ in words)
        cuts = sorted(rng.sample(range(len(words) + 1), min(len(words), rng.choice((0, 2, 4))) // 2 * 2))
        spans = tuple((a, b, rng.choice(LABELS)) for a, b in zip(cuts[::2], cuts[1::2], strict=True))
        task = Task(f"{len(tasks):04x}-0", words, spaces, spans, rank=len(tasks), measure="mnlp", utility=0.5)
        if all(task.text.rstrip() != other.text.rstrip() for other in tasks.values()):
            tasks[task.id] = task
    return tasks


def fuzz(name: str, records: int, seed: int) -> Outcome:
    """Mutate confirmed exports of one format and read them.

    name (str): One of JUDGED. records (int): How many. seed (int): Of all choices.
    RETURNS (Outcome): `faults` holds every crash, hang and answer that the record does not give.
    """
    rng = random.Random(seed)
    tasks = sentences(rng, 60)
    bases = [(task, confirm(FORMATS[name].dump([task]), name)) for task in tasks.values()]
    outcome = Outcome(Counter(), 0.0, [])
    for number in range(records):
        task, base = rng.choice(bases)
        options = Options(
            several=rng.choice(("fail", "newest")),
            untouched="accept",
            units=rng.choice(("auto", "auto", "codepoints")),
            labels=LABELS,
        )
        _one(name, mutate(base, name, rng), task, tasks, options, outcome, number)
    return outcome


def _one(
    name: str,
    data: bytes,
    task: Task,
    tasks: Dict[str, Task],
    options: Options,
    outcome: Outcome,
    number: int,
) -> None:
    started = time.perf_counter()
    signal.alarm(HANG)
    try:
        verdict = _judge(name, data, task, tasks, options)
    except Exception as error:  # the point of the script: anything else than ALError is a fault
        verdict = f"crash {type(error).__name__}: {error}"
    finally:
        signal.alarm(0)
    outcome.slowest = max(outcome.slowest, time.perf_counter() - started)
    if verdict in ("refused", "same", "as said", "no answer"):
        outcome.counts[verdict] += 1
    else:
        outcome.faults.append(f"{name} record {number}: {verdict}: {data[:600]!r}")


def _judge(name: str, data: bytes, task: Task, tasks: Dict[str, Task], options: Options) -> str:
    try:
        reading, _ = parse_files([(data, Path("in"), name)], list(tasks.values()), options)
    except ALError:
        return "refused"
    if reading.problems:
        return "refused"
    if not reading.answers:
        return "no answer" if _unanswered(name, data) else "lost without a word"
    # A blank line can make two records of one, and a file that has lost its ids is read by its texts.
    verdicts = {_judge_answer(name, data, task, tasks, answer) for answer in reading.answers}
    return next((verdict for verdict in verdicts if verdict not in ("same", "as said")), min(verdicts))


def _judge_answer(name: str, data: bytes, task: Task, tasks: Dict[str, Task], answer: Answer) -> str:
    whole = tuple(trimmed(task.spans, task))
    if answer.id == task.id and _what(answer) == ("accept", whole, (), ()):
        return "same"
    said = read_plainly(data, name, tasks[answer.id])
    if any(_matches(answer, each) for each in said):
        return "as said"
    return f"taken as {_what(answer)} where the record says {said}"


def _unanswered(name: str, data: bytes) -> bool:
    said = read_plainly(data, name, None)
    return not said or any(each.verdict is None for each in said)


def _matches(answer: Answer, said: Said) -> bool:
    return (answer.verdict, answer.spans, answer.missing) == (said.verdict, said.spans, said.missing)


def _what(answer: Answer) -> tuple:
    return (answer.verdict, answer.spans, answer.missing, answer.rejected)


def _hang(*_: object) -> None:
    raise TimeoutError(f"no end after {HANG} seconds")


def main(records: int = 100_000, seed: int = 0, only: Optional[str] = None) -> None:
    """
    Fuzz the importers; exits with status 1 on any fault.

    Example: python scripts/fuzz_importers.py --records 1000 --only conll
    """
    signal.signal(signal.SIGALRM, _hang)
    failed = False
    kinds = ("refused", "same", "as said", "no answer")
    head = " ".join(f"{kind:>9}" for kind in kinds)
    print(f"{'importer':>14} {'records':>9} {head} {'faults':>7} slowest")
    for name in [only] if only else JUDGED:
        outcome = fuzz(name, records, seed)
        cells = " ".join(f"{outcome.counts[kind]:>9}" for kind in kinds)
        print(
            f"{name:>14} {records:>9} {cells} {len(outcome.faults):>7} {outcome.slowest * 1000:.0f} ms",
            flush=True,
        )
        for fault in outcome.faults[:20]:
            print(fault, file=sys.stderr)
        failed = failed or bool(outcome.faults)
    raise typer.Exit(int(failed))


if __name__ == "__main__":
    typer.run(main)
