"""Sentences that several people labelled, and where their answers differ."""

from typing import Dict, List, Optional, Sequence

from ..tasks import SETTLED, Answer

Said = Dict[str, Dict[Optional[str], Answer]]  # by sentence, then by person; the latest answer stands last


def note(said: Said, answers: Sequence[Answer]) -> None:
    """Add answers, in their order."""
    for answer in answers:
        of = said.setdefault(answer.id, {})
        of.pop(answer.annotator, None)
        of[answer.annotator] = answer


def shared(said: Said) -> Dict[str, List[Answer]]:
    """Sentences that two people or more accepted, with their answers."""
    found = {id_: [one for who, one in of.items() if not is_settled(who) and one.verdict == "accept"]
             for id_, of in said.items()}  # fmt: skip
    return {id_: answers for id_, answers in found.items() if len(answers) > 1}


def is_settled(annotator: Optional[str]) -> bool:
    """Whether this is the name of somebody who settled differences."""
    return (annotator or "").startswith(SETTLED)


def open_differences(said: Said) -> List[str]:
    """Sentences whose answers differ and that nobody has settled since."""
    differ = [id_ for id_, answers in shared(said).items() if len({(one.spans, one.missing) for one in answers}) > 1]
    return [id_ for id_ in differ if not is_settled(list(said[id_])[-1])]
