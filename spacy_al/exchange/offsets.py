"""From a tool's offsets to tokens: code points or UTF-16 units, exact token boundaries, or widened ones."""

from dataclasses import dataclass
from typing import List, Optional, Tuple

from ..corpus.align import from_utf16, same_text, touched, trim, trim_tokens
from ..corpus.annotation.marks import Mark
from ..errors import ALError, Errors
from ..tasks import Task, TokenSpan


@dataclass(frozen=True)
class Placed:
    """Marks as token spans.

    spans (List[TokenSpan]): In the order of the marks. snapped (int): How many were widened to whole tokens.
    trimmed (int): How many had white space at an edge.
    """

    spans: List[TokenSpan]
    snapped: int
    trimmed: int = 0


def place(marks: Tuple[Mark, ...], task: Task, *, unit: str, snap: bool, place: str) -> Placed:
    """Find the tokens of each mark.

    marks (Tuple[Mark, ...]): Entities as the tool marks them.
    task (Task): The sentence.
    unit (str): What the offsets count: "codepoints" or "utf16".
    snap (bool): Widen spans that cut tokens, instead of refusing them.
    place (str): File and line, for messages.
    RAISES: ALError A605 (off token boundaries), A609 (outside the text, or not where the span's own text
        says), A610 (offsets and token numbers disagree).
    """
    table = from_utf16(task.text) if unit == "utf16" else None
    bounds, spaces = task.bounds, [word.isspace() for word in task.words]
    spans, snapped, trimmed = [], 0, 0
    for mark in marks:
        chars = _chars(mark, task, table, place)
        if chars is None:
            whole = _by_tokens(mark, task, place)
            start, end = _trimmed(whole, spaces)
            trimmed += (start, end) != whole
        else:
            inner = trim(task.text, *chars)
            start, end = _trimmed(touched(inner, bounds), spaces)
            exact = start < end and trim(task.text, bounds[start][0], bounds[end - 1][1]) == inner
            if start >= end or not (exact or snap):
                raise _off_boundary(chars, mark, task, place)
            snapped += not exact
            trimmed += inner != chars
        if mark.tokens is not None and _trimmed(mark.tokens, spaces) != (start, end):
            raise ALError(
                Errors.A610.format(
                    place=place, label=mark.label, chars=mark.chars, found=(start, end), tokens=mark.tokens
                )
            )
        spans.append((start, end, mark.label))
    return Placed(spans, snapped, trimmed)


def _chars(mark: Mark, task: Task, table: Optional[List[int]], place: str) -> Optional[Tuple[int, int]]:
    if mark.chars is None:
        return None
    start, end = mark.chars
    limit = len(task.text) if table is None else len(table) - 1
    if 0 <= start <= end <= limit and table is not None:
        start, end = table[start], table[end]
    text = task.text[max(start, 0) : max(end, 0)]
    inside = 0 <= start < end <= len(task.text)
    if not inside or (mark.text is not None and not same_text(mark.text, text)):
        said = f", which the tool says is {mark.text[:80]!r}" if mark.text is not None else ""
        raise ALError(
            Errors.A609.format(place=place, label=mark.label, chars=mark.chars, text=text[:80], said=said, length=limit)
        )
    return start, end


def _by_tokens(mark: Mark, task: Task, place: str) -> Tuple[int, int]:
    start, end = mark.tokens or (0, 0)
    if not 0 <= start < end <= len(task.words):
        raise ALError(
            Errors.A610.format(place=place, label=mark.label, chars=None, found="no tokens", tokens=mark.tokens)
        )
    return start, end


def _trimmed(tokens: Tuple[int, int], spaces: List[bool]) -> Tuple[int, int]:
    """Tokens without those of white space at either end; as they are if there are no others."""
    start, end = trim_tokens(max(tokens[0], 0), min(tokens[1], len(spaces)), spaces)
    return (start, end) if start < end else tokens


def _off_boundary(chars: Tuple[int, int], mark: Mark, task: Task, place: str) -> ALError:
    near = [bound for bound in task.bounds if bound[0] < chars[1] and bound[1] > chars[0]]
    text = task.text[chars[0] : chars[1]]
    return ALError(Errors.A605.format(place=place, label=mark.label, chars=chars, text=text[:80], tokens=near[:4]))
