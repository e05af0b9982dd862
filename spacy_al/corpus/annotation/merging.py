"""Several answers to one task become one: those to one question by a policy, those to several questions together."""

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import DefaultDict, Dict, Hashable, Iterable, List, Optional, Sequence, Set, Tuple, TypeVar

from ...errors import ALError, Errors
from ...tasks import Answer, TokenSpan, find_overlap
from .marks import Record

SEVERAL = ("fail", "first", "newest", "vote")
T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True)
class Given:
    """An answer with the record it was made from."""

    answer: Answer
    record: Record

    @property
    def said(self) -> Tuple[object, ...]:
        """What was answered, whoever did it in whatever time."""
        return (self.answer.verdict, self.answer.spans, self.answer.missing, self.answer.rejected)


def merge(given: Sequence[Given], policy: str) -> Answer:
    """One answer out of several to the same task; `seconds` adds up what all of them cost.

    Yes-or-no answers about different spans are answers to different questions: each question is settled by the
    policy, and what is known of all of them is put together.

    given (Sequence[Given]): At least one, in the order of the file.
    policy (str): One of SEVERAL. Answers that say the same are merged under every policy, and a skip says nothing
        where somebody else has answered.
    RAISES: ALError A607 when they differ under "fail", when some have no time under "newest", when there is
        no strict majority under "vote"; when answers about different spans contradict each other.
    """
    if len(given) == 1:
        return given[0].answer
    cost = _sum(each.answer.seconds for each in given)
    given = [each for each in given if each.answer.verdict != "ignore"] or given
    return replace(_merge(given, policy), seconds=cost)


def _merge(given: Sequence[Given], policy: str) -> Answer:
    questions: DefaultDict[Tuple[TokenSpan, ...], List[Given]] = defaultdict(list)
    for each in given:
        questions[(each.answer.spans or each.answer.rejected) if each.record.binary else ()].append(each)
    if len(questions) == 1 or not all(each.record.binary for each in given):
        return _settle(given, policy)
    known = [_settle(asked, policy) for shown, asked in questions.items() if shown]
    return _together(known, given)


def _settle(given: Sequence[Given], policy: str) -> Answer:
    """One answer to one question."""
    first = given[0].answer
    if len(given) == 1:
        return first
    everyone = ", ".join(sorted({each.answer.annotator for each in given if each.answer.annotator})) or None
    if len({each.said for each in given}) == 1:
        merged = replace(first, annotator=everyone)
    elif policy == "first":
        merged = _by_time(given)[0].answer
    elif policy == "newest":
        merged = _by_time(given)[-1].answer
    elif policy == "vote":
        merged = replace(_vote(given), annotator=everyone)
    else:
        raise _differ(given, "they differ")
    return replace(merged, when=max((each.answer.when for each in given if each.answer.when), default=None))


def _together(known: Sequence[Answer], given: Sequence[Given]) -> Answer:
    """What answers to different questions about a sentence say of it. known (Sequence[Answer]): One a question."""
    spans = tuple(sorted(span for answer in known for span in answer.spans))
    rejected = tuple(sorted({span for answer in known for span in answer.rejected}))
    if find_overlap(spans) or set(spans) & set(rejected):
        raise _differ(given, "spans accepted in some of them overlap, or are accepted and rejected")
    unknown = [set(answer.missing) for answer in known if answer.verdict == "accept"]
    annotators = sorted({answer.annotator for answer in known if answer.annotator})
    return Answer(
        id=given[0].answer.id,
        round=given[0].answer.round,
        verdict="accept" if unknown else "reject",
        spans=spans,
        missing=tuple(sorted(set.intersection(*unknown))) if unknown else (),
        rejected=rejected,
        annotator=", ".join(annotators) or None,
    )


def without_copies(given: Sequence[Given]) -> List[Given]:
    """Drop records that repeat another one exactly, person and time included: a file exported twice."""
    kept: Dict[Tuple[object, ...], Given] = {}
    for each in given:
        kept.setdefault((*each.said, each.answer.seconds, each.answer.annotator, each.record.when), each)
    return list(kept.values())


def _by_time(given: Sequence[Given]) -> List[Given]:
    """From the first answer to the newest; of equal times, the earlier line comes first."""
    times = [each.record.when for each in given]
    if all(time is None for time in times):
        # A tool without times appends: what stands later in the file was answered later.
        return list(given)
    if any(time is None for time in times):
        raise _differ(given, "only some of them say when they were made")
    return sorted(given, key=lambda each: each.record.when or 0.0)


def _vote(given: Sequence[Given]) -> Answer:
    """Spans that more than half have marked; a token is O if more than half say so, and missing where nothing wins."""
    verdict = _majority((each.answer.verdict for each in given), len(given))
    if not verdict:
        raise _differ(given, "no verdict has a majority")
    voters = [each.answer for each in given if each.answer.verdict == verdict[0]]
    # Two spans that each have more than half of the votes share a voter, so they cannot overlap.
    spans = sorted(_majority((span for answer in voters for span in answer.spans), len(voters)))
    covered = {token for start, end, _ in spans for token in range(start, end)}
    rejected = _majority((span for answer in voters for span in answer.rejected), len(voters))
    doubts = Counter(token for answer in voters for token in _not_outside(answer))  # O has the other votes
    return Answer(
        id=given[0].answer.id,
        round=given[0].answer.round,
        verdict=verdict[0],
        spans=tuple(spans),
        missing=tuple(sorted(t for t, votes in doubts.items() if 2 * votes >= len(voters) and t not in covered)),
        rejected=tuple(sorted(rejected)),
    )


def _not_outside(answer: Answer) -> Set[int]:
    return {token for start, end, _ in answer.spans for token in range(start, end)} | set(answer.missing)


def _majority(values: Iterable[T], voters: int) -> List[T]:
    return [value for value, votes in Counter(values).items() if 2 * votes > voters]


def _sum(seconds: Iterable[Optional[float]]) -> Optional[float]:
    known = [value for value in seconds if value is not None]
    return sum(known) if known else None


def _differ(given: Sequence[Given], problem: str) -> ALError:
    chunks = [each.record.chunk for each in given]
    one_file = len({chunk.path for chunk in chunks}) == 1
    lines = ", ".join(chunk.place.rsplit(":", 1)[1] if one_file else chunk.place for chunk in chunks[:9])
    return ALError(
        Errors.A607.format(place=chunks[0].place, id=given[0].answer.id, n=len(given), lines=lines, problem=problem)
    )
