"""From records to answers: every record is matched, placed on tokens and merged, or named as a problem."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Dict, Iterable, List, Optional, Sequence, Set, Tuple
from typing import Counter as Counts

from ..corpus.align import MARKS
from ..corpus.annotation.marks import Record, rename
from ..corpus.annotation.merging import Given, merge, without_copies
from ..errors import ALError, Errors
from ..tasks import Answer, Task, TokenSpan, find_overlap
from .matching import Asked
from .reading import Options, Problem, Reading
from .units import place_marks, proved_units

Key = Tuple[str, int]  # id and round of a task


@dataclass
class _Work:
    """What is known of a file so far; units, `proved` and `default`, are as `place_marks` takes them."""

    options: Options
    problems: List[Problem]
    default: Optional[str] = None
    proved: Set[str] = field(default_factory=set)
    counts: Counts[str] = field(default_factory=Counter)
    given: Dict[Key, List[Given]] = field(default_factory=lambda: defaultdict(list))
    items: Dict[Key, Set[int]] = field(default_factory=lambda: defaultdict(set))
    failed: Set[Key] = field(default_factory=set)

    def fail(self, error: ALError, records: Sequence[Record]) -> None:
        items = tuple(sorted({record.chunk.item for record in records}))
        self.problems.append(Problem(records[0].chunk.line, str(error), items))


def resolve(
    records: Sequence[Record],
    tasks: Iterable[Task],
    options: Options,
    *,
    default_unit: Optional[str],
    mixed: bool,
    problems: Sequence[Problem] = (),
) -> Reading:
    """Check records against the tasks that were asked for.

    records (Sequence[Record]): What a format's module read.
    tasks (Iterable[Task]): The tasks; of one sentence there may be several, of different rounds.
    options (Options): How to take them in.
    default_unit (str): What the tool's offsets count where nothing proves it; None to refuse such records.
    mixed (bool): One record's offsets prove nothing of those of other records.
    problems (Sequence[Problem]): Those met before, while parsing.
    RETURNS (Reading): A task that has any problem has no answer.
    """
    work = _Work(options, list(problems), default_unit)
    keys = list(dict.fromkeys(map(_key, tasks)))
    pairs = _match(records, Asked(tasks), work)
    work.proved = set() if mixed else proved_units(pairs, options)
    for record, task in pairs:
        _take(record, task, work)
    answers = [answer for key in keys if (answer := _merge(key, work)) is not None]
    work.problems.sort(key=lambda problem: problem.items)
    rest = {item for problem in work.problems for item in problem.items}
    rest |= {item for key in work.failed for item in work.items[key]}
    said = [each.answer for key in keys if key not in work.failed for each in work.given.get(key, [])]
    return Reading(answers, work.problems, tuple(sorted(rest)), {k: n for k, n in work.counts.items() if n}, said)


def _match(records: Sequence[Record], asked: Asked, work: _Work) -> List[Tuple[Record, Task]]:
    pairs = []
    has_ids = any(record.id is not None for record in records)
    for record in records:
        named = asked.named(record)
        work.counts["other_results"] += record.left_out
        if named is not None:
            work.items[_key(named)].add(record.chunk.item)
        try:
            task = asked.find(record, has_ids=has_ids)
            record = rename(record, work.options.names, work.options.labels or ())
        except ALError as error:
            work.fail(error, [record])
            work.failed |= {_key(named)} if named is not None else set()
            continue
        work.items[_key(task)].add(record.chunk.item)
        work.counts["by_text"] += record.id is None
        pairs.append((record, task))
    return pairs


def _take(record: Record, task: Task, work: _Work) -> None:
    try:
        answer = _answer(record, task, work)
    except ALError as error:
        work.fail(error, [record])
        work.failed.add(_key(task))
        return
    if answer is None:
        work.counts["unanswered"] += 1
    else:
        work.given[_key(task)].append(Given(answer, record))


def _merge(key: Key, work: _Work) -> Optional[Answer]:
    given = without_copies(work.given.get(key, []))
    if not given or key in work.failed:
        return None
    work.counts["duplicates"] += len(work.given[key]) - 1
    try:
        return merge(given, work.options.several)
    except ALError as error:
        work.fail(error, [each.record for each in given])
        work.failed.add(key)
        return None


def _answer(record: Record, task: Task, work: _Work) -> Optional[Answer]:
    verdict = record.verdict
    about_span = verdict == "reject" and record.binary and len(record.marks) == 1
    if verdict is None:
        said = sorted((*mark.tokens, mark.label) for mark in record.marks if mark.tokens)
        if said and task.spans is not None and said != sorted(task.spans):
            raise ALError(Errors.A634.format(place=record.chunk.place))
        return None
    who: Dict[str, Any] = {"seconds": record.seconds, "annotator": record.annotator, "when": _moment(record.when)}
    if verdict != "accept" and not about_span:
        return Answer(task.id, verdict, **who).to(task)
    if record.unsure:
        if work.options.untouched == "skip":
            return None
        if work.options.untouched == "fail":
            raise ALError(Errors.A619.format(place=record.chunk.place))
    spans = _spans(record, task, work)
    if about_span:
        return Answer(task.id, verdict, rejected=spans, **who).to(task)
    missing = _missing(record, spans, task, work.options)
    return Answer(task.id, verdict, spans, missing, **who).to(task)


def _spans(record: Record, task: Task, work: _Work) -> Tuple[TokenSpan, ...]:
    labels = work.options.labels
    for mark in record.marks:
        if labels is not None and mark.label not in labels:
            raise ALError(Errors.A613.format(place=record.chunk.place, label=mark.label[:80], labels=", ".join(labels)))
    unit, placed = place_marks(record, task, work.options, proved=work.proved, default=work.default)
    spans = tuple(sorted(set(placed.spans)))
    work.counts["copies"] += len(placed.spans) - len(spans)
    work.counts["trimmed"] += placed.trimmed
    work.counts["marks"] += sum(end - start > 1 and task.words[end - 1] in MARKS for start, end, _ in spans)
    overlap = find_overlap(spans)
    if overlap:
        raise ALError(Errors.A606.format(place=record.chunk.place, first=overlap[0], second=overlap[1]))
    work.counts["snapped"] += placed.snapped
    work.counts["utf16"] += len(spans) if unit == "utf16" else 0
    return spans


def _missing(record: Record, spans: Iterable[TokenSpan], task: Task, options: Options) -> Tuple[int, ...]:
    if not record.binary and options.unlabelled == "outside":
        return record.missing
    covered = {token for start, end, _ in spans for token in range(start, end)}
    return tuple(token for token in range(len(task.words)) if token not in covered)


def _key(task: Task) -> Key:
    return task.id, task.round


def _moment(seconds: Optional[float]) -> Optional[str]:
    return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc).isoformat()
