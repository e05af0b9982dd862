"""Taking a file of answers in: all of it, or, on request, what is right of it and the rest to a file."""

import contextlib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from ..corpus.annotation.chunks import read_file
from ..corpus.annotation.tools import detect
from ..corpus.detect import check_start
from ..errors import ALError, Errors
from ..files import write_bytes
from ..tasks import SETTLED, Answer, Task
from .reading import SEVERAL, UNITS, UNLABELLED, UNTOUCHED, Options, Reading
from .tool_files import parse_files

NOTES = {
    "unanswered": "not answered yet",
    "duplicates": "repeated or further answers, merged",
    "by_text": "records without our id, found by their text",
    "utf16": "spans counted in UTF-16 units, corrected",
    "snapped": "spans widened to whole tokens",
    "taken": "answers that were taken in before",
    "trimmed": "spans with white space at an edge, trimmed",
    "marks": "spans that end with a punctuation mark, kept as marked",
    "copies": "spans given twice in one answer, counted once",
    "other_results": "results that are not entities, left out",
}


def check_options(options: Options) -> None:
    """Raise ALError A628 for an option with an unknown value."""
    choices = {"several": SEVERAL, "unlabelled": UNLABELLED, "untouched": UNTOUCHED, "units": UNITS}
    for name, known in choices.items():
        value = getattr(options, name)
        if value not in known:
            raise ALError(Errors.A628.format(option=f"--{name}", value=value, known=", ".join(known)))


def take_files(
    paths: Sequence[Path],
    tasks: Sequence[Task],
    options: Options,
    *,
    name: Optional[str] = None,
    rests: Sequence[Path] = (),
) -> Reading:
    """Read tools' files as if they were one, so that several people's files are weighed against each other.

    paths (Sequence[Path]): The files. name (str): Their format; None to find out that of each.
    The other arguments, and what else is raised, are those of `take`.
    RAISES: ALError A138 for a file of a known kind that is no tool's.
    """
    files = [(read_file(path), path) for path in paths]
    for data, path in files:
        check_start(data, path)
    return take([(data, path, name or detect(data, path)) for data, path in files], tasks, options, rests)


def take(
    files: Sequence[Tuple[bytes, Path, str]], tasks: Sequence[Task], options: Options, rests: Sequence[Path] = ()
) -> Reading:
    """Read answers.

    files (Sequence[Tuple[bytes, Path, str]]): Content, name (for messages) and format of each.
    tasks (Sequence[Task]): The sentences that were asked for.
    options (Options): How to take answers in.
    rests (Sequence[Path]): For each file, where records go that cannot be taken, in the same format; none to take all
        or nothing.
    RETURNS (Reading): The answers, in the order of the tasks.
    RAISES: ALError A623 with every problem when there are no `rests` and there is one; A635 for a rest that holds other
        records; A627 when nobody has answered.
    """
    check_options(options)
    reading, left = parse_files(files, tasks, options)
    path = files[0][1]
    if reading.problems and not rests:
        raise ALError(_all_problems(path, reading))
    for rest, data in zip(rests, left, strict=bool(rests)):
        if data and rest.is_file() and rest.read_bytes() != data:
            raise ALError(Errors.A635.format(path=rest))
    for rest, data in zip(rests, left):
        if data:
            write_bytes(rest, data)
    if not reading.answers and not reading.problems:
        raise ALError(Errors.A627.format(path=path, unanswered=reading.counts.get("unanswered", 0)))
    return reading


def only_here(path: Path, name: str, tasks: Sequence[Task], log: Sequence[Answer]) -> int:
    """How many answers stand in a file that is about to be replaced, such as a batch that was labelled in place, alone.

    path (Path): The file, there or not. name (str): The format that it would have, and has where it cannot be told.
    tasks (Sequence[Task]): All that the run has asked. log (Sequence[Answer]): What it has got.
    """
    if not path.is_file():
        return 0
    options = Options(several="first", untouched="skip")
    try:
        data = read_file(path)
        with contextlib.suppress(ALError):
            name = detect(data, path)
        reading, _ = parse_files([(data, path, name)], tasks, options)
    except ALError:
        return 0  # a file of something else, which may be replaced as any output
    known = {(answer.id, _said(answer)) for answer in log}
    # What cannot be taken is somebody's work too, but for records of other batches.
    wrong = sum(problem.message[1:5] not in ("A603", "A612", "A629") for problem in reading.problems)
    return wrong + sum(answer.teaches and (answer.id, _said(answer)) not in known for answer in reading.answers)


def log_lines(reading: Reading, log: Sequence[Answer]) -> Tuple[List[Answer], Counter[str]]:
    """What of a reading goes into a run's log: where several people answered, what each said, then what that comes to.

    log (Sequence[Answer]): What is there already; a question of which nothing new is said is left out.
    RETURNS (Tuple[List[Answer], Counter[str]]): The answers; how many questions were "taken" before, how many
        earlier answers are "replaced", and how many of these by some that "differ".
    """
    before, given = (_by_question(answers) for answers in (log, reading.given))
    lines: List[Answer] = []
    counts: Counter[str] = Counter()
    for answer in reading.answers:
        people = given.get((answer.id, answer.round), [])
        told = [answer]
        if len({one.annotator for one in people}) > 1:
            told = [*people, replace(answer, annotator=f"{SETTLED}{answer.annotator or 'several'}", seconds=None)]
        old = before.get((answer.id, answer.round)) or before.get((answer.id, None)) or []
        if old and old[-1] == told[-1] and all(one in old for one in told):
            counts["taken"] += 1
            continue
        lines += told
        counts.update({"replaced": len(old[:1]), "differ": sum(_said(one) != _said(answer) for one in old[-1:])})
    return lines, counts


def told_of(counts: Mapping[str, int]) -> List[str]:
    """What `log_lines` counted, as lines for people."""
    lines = [f"{counts['taken']} {NOTES['taken']}"] if counts["taken"] else []
    told = f"{counts['replaced']} earlier answers replaced, {counts['differ']} of them by answers that differ"
    return lines + ([told] if counts["replaced"] else [])


def _by_question(answers: Sequence[Answer]) -> Dict[Tuple[str, Optional[int]], List[Answer]]:
    found: Dict[Tuple[str, Optional[int]], List[Answer]] = {}
    for answer in answers:
        found.setdefault((answer.id, answer.round), []).append(answer)
    return found


def _said(answer: Answer) -> Tuple[object, ...]:
    return answer.verdict, answer.spans, answer.missing, answer.rejected


def summary(reading: Reading) -> List[str]:
    """What was taken in, as lines for people."""
    verdicts = Counter(answer.verdict for answer in reading.answers)
    spans = sum(len(answer.spans) for answer in reading.answers)
    empty = sum(answer.verdict == "accept" and not answer.spans for answer in reading.answers)
    lines = [
        f"{verdicts['accept']} accepted with {spans} entities ({empty} without any), "
        f"{verdicts['reject']} rejected, {verdicts['ignore']} ignored"
    ]
    rejected = sum(len(answer.rejected) for answer in reading.answers)
    if rejected:
        lines.append(f"{rejected} spans known not to be entities, for a tagger that learns from that (a CRF head)")
    lines += [f"{reading.counts[key]} {note}" for key, note in NOTES.items() if reading.counts.get(key)]
    seconds = sum(answer.seconds or 0.0 for answer in reading.answers)
    return lines + ([f"{seconds / 60:.1f} minutes of work"] if seconds else [])


def _all_problems(path: Path, reading: Reading) -> str:
    total = len(reading.answers) + len(reading.rest)
    problems = "\n".join(f"  {problem.message}" for problem in reading.problems)
    return Errors.A623.format(path=path, n=len(reading.rest), total=total, problems=problems)
