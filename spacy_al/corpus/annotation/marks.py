"""What is taken from one record of a tool's file, before it is checked against its text."""

import unicodedata
from dataclasses import dataclass, replace
from typing import Collection, Mapping, Optional, Tuple

from ...errors import ALError, Errors
from .chunks import Chunk

UNTOUCHED = ("fail", "accept", "skip")
TAGGED = (
    "{label!r} is the tag of a token; give whole entities with their type (Hugging Face pipelines do so with "
    'aggregation_strategy="simple"), or, if it is the name of a type, give it another with --rename {label}=NEW'
)


@dataclass(frozen=True)
class Mark:
    """An entity as a tool marks it: by characters, by tokens, or both, which then have to agree.

    label (str): The entity's label.
    chars (Tuple[int, int]): First character and character after the last, in the tool's own unit.
    tokens (Tuple[int, int]): First token and token after the last.
    text (str): The text it covers, if the tool says so; tells code points from UTF-16 units.
    number (bool): The label is the number that the tool gives to a label, not its name.
    tag (Optional[str]): Where the label stands in its record, if it looks like the tag of a token, such as B-PER.
    """

    label: str
    chars: Optional[Tuple[int, int]] = None
    tokens: Optional[Tuple[int, int]] = None
    text: Optional[str] = None
    number: bool = False
    tag: Optional[str] = None


@dataclass(frozen=True)
class Record:
    """One answer in a tool's file, not yet checked against its task.

    chunk (Chunk): Where it stands.
    id (str): The task's id; None if the tool lost it, then the text decides.
    verdict (str): One of VERDICTS; None if nobody has answered.
    marks (Tuple[Mark, ...]): Entities.
    text (str): The sentence as the tool has it.
    words (Tuple[str, ...]): The tokens as the tool has them.
    binary (bool): A yes or no about its marks, which says nothing of other tokens.
    missing (Tuple[int, ...]): Tokens that carry no tag at all.
    unsure (bool): The tool does not say whether anyone looked: there is no entity, or suggestions were shown.
    seconds (float): Time spent on it.
    annotator (str): Who answered.
    when (Optional[float]): Time of the answer, in seconds since 1970.
    left_out (int): Results of other kinds (relations, choices) that are not entities.
    round (Optional[int]): The round that asked, if the tool kept it.
    """

    chunk: Chunk
    id: Optional[str]
    verdict: Optional[str]
    marks: Tuple[Mark, ...] = ()
    text: Optional[str] = None
    words: Optional[Tuple[str, ...]] = None
    binary: bool = False
    missing: Tuple[int, ...] = ()
    unsure: bool = False
    seconds: Optional[float] = None
    annotator: Optional[str] = None
    when: Optional[float] = None
    left_out: int = 0
    round: Optional[int] = None


def rename(record: Record, names: Mapping[str, str], declared: Collection[str] = ()) -> Record:
    """The record with its labels under other names.

    names (Mapping[str, str]): New names by old ones, or by the numbers that a tool gives to labels.
    declared (Collection[str]): Names of types, also where they look like tags of tokens. A label that is one of them in
        other code points (an umlaut as a letter and a mark, as macOS writes it) gets its spelling.
    RAISES: ALError A133 for the number of a label without a name, A608 for a tag without a name that is not declared.
    """
    tag = next((one for one in record.marks if one.tag and one.label not in names and one.label not in declared), None)
    if tag is not None:
        problem = TAGGED.format(label=tag.label)
        raise ALError(Errors.A608.format(place=record.chunk.place, field=tag.tag, problem=problem))
    unknown = next((mark.label for mark in record.marks if mark.number and mark.label not in names), None)
    if unknown is not None:
        raise ALError(Errors.A133.format(place=record.chunk.place, label=unknown))
    if not names and (not declared or all(mark.label in declared for mark in record.marks)):
        return record
    spelling = {unicodedata.normalize("NFC", label): label for label in declared} | {label: label for label in declared}
    labels = [names.get(mark.label, mark.label) for mark in record.marks]
    labels = [spelling.get(label, spelling.get(unicodedata.normalize("NFC", label), label)) for label in labels]
    marks = zip(record.marks, labels, strict=True)
    return replace(record, marks=tuple(replace(mark, label=label, number=False) for mark, label in marks))
