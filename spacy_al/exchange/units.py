"""Whether a tool's offsets count code points or UTF-16 units: proved by a record, by the file, or not."""

from typing import Dict, Iterable, Optional, Set, Tuple

from ..corpus.align import has_pairs
from ..corpus.annotation.marks import Record
from ..errors import ALError, Errors
from ..tasks import Task
from .offsets import Placed, place
from .reading import Options


def place_marks(
    record: Record, task: Task, options: Options, *, proved: Set[str], default: Optional[str]
) -> Tuple[str, Placed]:
    """The tokens of a record's marks, and the unit its offsets turned out to count.

    proved (Set[str]): Units proved elsewhere in the file (`proved_units`), for records that fit both ways.
    default (str): The tool's documented unit, where the file proves none; None if it has none.
    RAISES: ALError A605, A609, A610 as `offsets.place`; A611 when both units fit and nothing decides.
    """
    fits = _fits(record, task, options)
    unit = _decide(fits)
    if unit is None:
        unit = next(iter(proved)) if len(proved) == 1 else (default if not proved else None)
    if unit is None:
        spans = [_show(fits[each].spans, task) for each in ("codepoints", "utf16")]
        raise ALError(Errors.A611.format(place=record.chunk.place, codepoints=spans[0], utf16=spans[1]))
    return unit, fits[unit]


def proved_units(pairs: Iterable[Tuple[Record, Task]], options: Options) -> Set[str]:
    """The units that at least one record of the file fits in no other way."""
    proved: Set[str] = set()
    for record, task in pairs:
        if _undecided(record, task, options):
            try:
                fits = _fits(record, task, options)
            except ALError:
                continue  # it is reported when its own turn comes
            if len(fits) == 1 or fits["codepoints"].spans != fits["utf16"].spans:
                proved |= {_decide(fits) or ""}
    return proved - {""}


def _undecided(record: Record, task: Task, options: Options) -> bool:
    return options.units == "auto" and has_pairs(task.text) and any(mark.chars for mark in record.marks)


def _fits(record: Record, task: Task, options: Options) -> Dict[str, Placed]:
    undecided = _undecided(record, task, options)
    units = ["codepoints", "utf16"] if undecided else [options.units]
    fits: Dict[str, Placed] = {}
    first: Optional[ALError] = None
    for unit in units:
        try:
            name = "codepoints" if unit == "auto" else unit
            fits[name] = place(record.marks, task, unit=name, snap=options.snap, place=record.chunk.place)
        except ALError as error:
            first = first or error
    if first is not None and (not fits or (undecided and _far_fetched(record, fits))):
        raise first
    return fits


def _far_fetched(record: Record, fits: Dict[str, Placed]) -> bool:
    # UTF-16 that fits only after widening, with no text to vouch for it, proves nothing: it is a plain error.
    text = all(mark.text is not None for mark in record.marks)
    return "codepoints" not in fits and bool(fits["utf16"].snapped) and not text


def _decide(fits: Dict[str, Placed]) -> Optional[str]:
    if len(fits) == 1 or fits["codepoints"].spans == fits["utf16"].spans:
        return next(iter(fits))
    exact = [unit for unit, placed in fits.items() if not placed.snapped]
    return exact[0] if len(exact) == 1 else None


def _show(spans: Iterable[Tuple[int, int, str]], task: Task) -> str:
    texts = [repr(" ".join(task.words[start:end])[:40]) for start, end, _ in spans]
    return ", ".join(texts[:3])
