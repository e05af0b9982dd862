"""What is taken from one record of a tool's file, before it is checked against its text."""

from dataclasses import dataclass, replace
from typing import Dict, Mapping, Optional, Sequence, Tuple

from ...errors import ALError, Errors
from .chunks import Chunk

UNTOUCHED = ("fail", "accept", "skip")


@dataclass(frozen=True)
class Mark:
    """An entity as a tool marks it: by characters, by tokens, or both, which then have to agree.

    label (str): The entity's label.
    chars (Tuple[int, int]): First character and character after the last, in the tool's own unit.
    tokens (Tuple[int, int]): First token and token after the last.
    text (str): The text it covers, if the tool says so; tells code points from UTF-16 units.
    number (bool): The label is the number that the tool gives to a label, not its name.
    """

    label: str
    chars: Optional[Tuple[int, int]] = None
    tokens: Optional[Tuple[int, int]] = None
    text: Optional[str] = None
    number: bool = False


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


def rename(record: Record, names: Mapping[str, str]) -> Record:
    """The record with its labels under other names.

    names (Mapping[str, str]): New names by old ones, or by the numbers that a tool gives to labels.
    RAISES: ALError A133 for the number of a label without a name.
    """
    unknown = next((mark.label for mark in record.marks if mark.number and mark.label not in names), None)
    if unknown is not None:
        raise ALError(Errors.A133.format(place=record.chunk.place, label=unknown))
    if not names:
        return record
    marks = tuple(replace(mark, label=names.get(mark.label, mark.label), number=False) for mark in record.marks)
    return replace(record, marks=marks)


def parse_names(pairs: Sequence[str]) -> Dict[str, str]:
    """New names of labels by old ones, from OLD=NEW; raises ALError A628 for anything else."""
    names: Dict[str, str] = {}
    for pair in pairs:
        old, mark, new = pair.partition("=")
        if not mark or not old or new != new.strip() or not new or old in names:
            raise ALError(Errors.A628.format(option="--rename", value=pair, known="OLD=NEW, each OLD once"))
        names[old] = new
    return names
