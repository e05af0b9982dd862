"""Typed values out of JSON that somebody else wrote: what is not as expected is named, never guessed."""

import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Callable, Dict, List, Optional, Sequence, Tuple

from ...errors import ALError, Errors
from ...jsonl import parse_object
from ...tasks import VERDICTS
from ..schemes import decode, find_problem
from .chunks import Chunk
from .marks import Mark, Record

MISSING = "-"  # the tag of a token of which nobody has said anything
UNANSWERED = "?"  # the answer written with suggestions, to be replaced by people


@dataclass(frozen=True)
class Fields:
    """A JSON object with the place it came from; every getter raises ALError A608 for a missing or wrong
    value.

    values (Dict[str, object]): The object.
    place (str): File and line, for messages.
    where (str): Path inside the record, such as "spans[2].", for messages.
    """

    values: Dict[str, object]
    place: str
    where: str = ""

    def fail(self, key: str, problem: str) -> ALError:
        """The error for the value under `key`, to be raised."""
        return ALError(Errors.A608.format(place=self.place, field=self.where + key, problem=problem))

    def has(self, key: str) -> bool:
        """Whether there is a value other than null."""
        return self.values.get(key) is not None

    def text(self, key: str) -> str:
        """A string that can be written as UTF-8."""
        value = self._get(key)
        if not isinstance(value, str):
            raise self.fail(key, f"a string was expected, found {_short(value)}")
        try:
            value.encode("utf8")
        except UnicodeEncodeError as error:
            raise self.fail(key, f"half of a surrogate pair at character {error.start}") from error
        return value

    def maybe(self, key: str) -> Optional[str]:
        """A string; None when it is missing or null."""
        return self.text(key) if self.has(key) else None

    def texts(self, key: str) -> Tuple[str, ...]:
        """A JSON array of strings."""
        return tuple(Fields({key: value}, self.place, self.where).text(key) for value in self.array(key))

    def verdict(self, untouched: bool) -> Optional[str]:
        """What "answer" says of a sentence; None if it was not answered, as when it is `untouched` and says nothing."""
        if not self.has("answer"):
            return None if untouched else "accept"
        answer = self.choice("answer", (*VERDICTS, UNANSWERED))
        return None if answer == UNANSWERED else answer

    def choice(self, key: str, choices: Sequence[str]) -> str:
        """A string out of a few."""
        value = self.text(key)
        if value not in choices:
            raise self.fail(key, f"{value[:80]!r} is none of {', '.join(choices)}")
        return value

    def integer(self, key: str) -> int:
        """A whole number; true, false and 3.0 are none."""
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.fail(key, f"a whole number was expected, found {_short(value)}")
        return value

    def count(self, key: str) -> Optional[int]:
        """A whole number from 0, also one that a table or a comment holds as text; None when missing or null."""
        value = self.values.get(key)
        if isinstance(value, str) and re.fullmatch(r"\d{1,9}", value, re.ASCII):
            return int(value)
        if value is not None and (self.integer(key) < 0):
            raise self.fail(key, f"a number from 0 was expected, found {_short(value)}")
        return None if value is None else self.integer(key)

    def flag(self, key: str) -> bool:
        """true or false; false when it is missing or null."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.fail(key, f"true or false was expected, found {_short(value)}")
        return bool(value)

    def number(self, key: str) -> Optional[float]:
        """A finite number that is not negative; None when it is missing or null."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e15:
            raise self.fail(key, f"a number from 0 was expected, found {_short(value)}")
        return float(value)

    def label(self, key: str) -> str:
        """A label's name: a string with something in it and no white space at its ends."""
        value = self.text(key)
        if not value or value != value.strip():
            raise self.fail(key, f"{value[:80]!r} is no name of a label")
        return value

    def only_label(self, key: str) -> str:
        """The one label of a JSON array of labels."""
        labels = self.array(key)
        if len(labels) != 1:
            raise self.fail(key, f"one label was expected, found {len(labels)}")
        return Fields({key: labels[0]}, self.place, self.where).label(key)

    def name(self, key: str) -> Optional[str]:
        """A name or number that stands for somebody, as text; None when it is missing or null."""
        if not self.has(key):
            return None
        return str(self.integer(key)) if isinstance(self.values[key], int) else self.text(key)

    def time(self, key: str) -> Optional[float]:
        """An ISO 8601 time as seconds since 1970, UTC where no zone is given; None when missing or null."""
        if not self.has(key):
            return None
        value = self.text(key)
        try:
            time = datetime.fromisoformat(value.replace("Z", "+00:00"))
            return (time if time.tzinfo else time.replace(tzinfo=timezone.utc)).timestamp()
        except (ValueError, OverflowError) as error:
            raise self.fail(key, f"{value[:80]!r} is not a time such as 2024-05-01T12:00:00Z") from error

    def array(self, key: str) -> List[object]:
        """A JSON array."""
        value = self._get(key)
        if not isinstance(value, list):
            raise self.fail(key, f"an array was expected, found {_short(value)}")
        return value

    def objects(self, key: str) -> List["Fields"]:
        """A JSON array of objects."""
        return [self.wrap(value, f"{key}[{number}]") for number, value in enumerate(self.array(key))]

    def child(self, key: str) -> "Fields":
        """An object inside this one."""
        return self.wrap(self._get(key), key)

    def wrap(self, value: object, key: str) -> "Fields":
        """A value from inside this object, which has to be an object itself."""
        if not isinstance(value, dict):
            raise self.fail(key, f"an object was expected, found {_short(value)}")
        return Fields(value, self.place, f"{self.where}{key}.")

    def _get(self, key: str) -> object:
        if key not in self.values:
            raise self.fail(key, "it is missing")
        return self.values[key]


def open_chunk(chunk: Chunk) -> Fields:
    """The chunk's JSON object, parsed strictly; raises ALError A005, A007."""
    return Fields(parse_object(chunk.raw, path=chunk.path, line=chunk.line), chunk.place)


def find_task(fields: Fields, *inside: str) -> Tuple[Optional[str], Optional[int]]:
    """Our id, under "al_id" in the object itself or in one of the objects named, and the round beside it."""
    holders = [fields] + [fields.child(key) for key in inside if isinstance(fields.values.get(key), dict)]
    holder = next((one for one in holders if one.has("al_id")), None)
    return (None, None) if holder is None else (holder.text("al_id"), holder.count("round"))


def tagged_marks(tags: Sequence[str], place_of: Callable[[int], str]) -> List[Mark]:
    """Entities of IOB2 tags.

    tags (Sequence[str]): One a token; `MISSING` ends an entity as O does.
    place_of (Callable): The place of a token, for messages.
    RAISES: ALError A614 for a tag that may not stand where it does.
    """
    known = ["O" if tag == MISSING else tag for tag in tags]
    wrong = find_problem(known, "IOB2")
    if wrong:
        raise ALError(Errors.A614.format(place=place_of(wrong[0]), tag=tags[wrong[0]], problem=wrong[1]))
    return [Mark(label, tokens=(start, end)) for start, end, label in decode(known, "IOB2")]


def token_record(
    fields: Fields, chunk: Chunk, words: Tuple[str, ...], marks: Sequence[Mark], missing: Tuple[int, ...],
    seconds: Optional[float],
) -> Record:  # fmt: skip
    """The answer that a sentence of tokens stands for; without any tag and "answer" it has not been answered.

    RAISES: ALError A608 for one that is accepted although it says nothing of any token, and would teach nothing.
    """
    untouched = bool(words) and len(missing) == len(words)
    verdict = fields.verdict(untouched)
    if untouched and verdict == "accept":
        raise fields.fail(
            "answer", "'accept', and no word has a tag: where there is no entity, each is O (in spaCy `doc.ents = []`)"
        )
    about = {"annotator": fields.name("annotator"), "round": fields.count("round")}
    id_ = fields.maybe("id")
    return Record(chunk, id_, verdict, tuple(marks), words=words, missing=missing, seconds=seconds, **about)  # type: ignore[arg-type]


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
