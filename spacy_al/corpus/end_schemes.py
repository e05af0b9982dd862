"""IOE1 and IOE2, which mark where an entity ends and are only read: as BILOU with E- for L-."""

from collections import Counter
from itertools import pairwise
from typing import Optional, Sequence, Tuple

from .schemes import split_tag

SCHEMES = ("IOE1", "IOE2")
LETTERS = "IE"


def choose(sequences: Sequence[Sequence[str]]) -> Tuple[Optional[str], str]:
    """Tell the scheme from the way that entities before O or another label end.

    sequences (Sequence[Sequence[str]]): Tags of each sentence, without other letters than I and E.
    RETURNS (Tuple[Optional[str], str]): IOE2 if at least 90 % end with E-, IOE1 if at most 10 % do, None if unsure; and
        the counts, in words.
    """
    ends = Counter({"I": 0, "E": 0})
    for tags in sequences:
        found = [split_tag(tag, LETTERS) for tag in [*tags, "O"]]
        ends.update(one for (one, label), (_, after) in pairwise(found) if label and label != after)
    seen = f"of {sum(ends.values())} entities not right before their like, {ends['E']} end with E-, {ends['I']} with I-"
    if ends["E"] >= 0.9 * sum(ends.values()):
        return "IOE2", seen
    return ("IOE1" if ends["E"] <= 0.1 * sum(ends.values()) else None), seen


def find_problem(tags: Sequence[str], scheme: str) -> Optional[Tuple[int, str]]:
    """The first place where an entity does not end as the scheme says, from 0, and what is wrong there; or None."""
    found = [split_tag(tag, LETTERS) for tag in [*tags, "O"]]
    for number, ((prefix, label), (_, after)) in enumerate(pairwise(found)):
        wrong = "I" if scheme == "IOE2" else "E"
        if prefix == wrong and label != after:
            return number, f"{tags[number]!r} may not end an entity before {[*tags, 'O'][number + 1]!r} in {scheme}"
    return None
