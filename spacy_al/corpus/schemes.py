"""Entity spans to tags of a scheme and back: IOB1, IOB2 and BILOU, each by its own rules."""

from typing import Dict, List, Optional, Sequence, Tuple

import numpy
from numpy.typing import NDArray
from spacy.tokens import Doc

from ..errors import ALError, Errors

SCHEMES = ("IOB1", "IOB2", "BILOU")
PREFIXES: Dict[str, str] = {"IOB1": "BI", "IOB2": "BI", "BILOU": "BILU"}
Span = Tuple[int, int, str]


def tag_names(labels: Sequence[str], scheme: str) -> List[str]:
    """All tags of a scheme, in an order fixed by that of the labels: "O", then B-, I-, L-, U- of each label.

    labels (Sequence[str]): Entity labels, such as "PER".
    scheme (str): One of SCHEMES.
    RETURNS (List[str]): 1 + 2 * labels tags for IOB1 and IOB2, 1 + 4 * labels for BILOU.
    RAISES: ALError A100 for an unknown scheme, A101 for an empty or repeated label.
    """
    prefixes = _prefixes(scheme)
    for number, label in enumerate(labels):
        if not label or label.strip() != label or label in labels[:number]:
            raise ALError(Errors.A101.format(label=label, labels=list(labels)))
    return ["O"] + [f"{prefix}-{label}" for label in labels for prefix in prefixes]


def encode(spans: Sequence[Span], length: int, scheme: str) -> List[str]:
    """Write token spans as tags; `decode` reads them back.

    spans (Sequence[Tuple[int, int, str]]): First token, token after the last, label; sorted, without overlap.
    length (int): Tokens in the sentence.
    scheme (str): One of SCHEMES.
    RETURNS (List[str]): `length` tags.
    RAISES: ALError A100 for an unknown scheme, A102 for an empty, outside, unsorted or overlapping span.
    """
    _prefixes(scheme)
    tags = ["O"] * length
    before = (0, 0, "")
    for span in spans:
        start, end, label = span
        if not (before[1] <= start < end <= length) or not label:
            raise ALError(Errors.A102.format(span=span, before=before, length=length))
        tags[start:end] = _encode_span(end - start, label, scheme, touches=before[1:] == (start, label))
        before = span
    return tags


def decode(tags: Sequence[str], scheme: str) -> List[Span]:
    """Read tags as token spans, whatever sequence a model or file gives: no span is empty, none overlap.

    IOB1 and IOB2 are read as the CoNLL evaluation script `conlleval` does: a B- tag, and an I- tag after O or
    after another label, start an entity. BILOU likewise; L- and U- also end one, U- is one token on its own.
    A tag that the scheme does not have counts as O.

    tags (Sequence[str]): One tag per token.
    scheme (str): One of SCHEMES.
    RETURNS (List[Tuple[int, int, str]]): First token, token after the last, label; sorted.
    RAISES: ALError A100 for an unknown scheme.
    """
    prefixes = _prefixes(scheme)
    spans: List[Span] = []
    start, open_label = 0, ""
    for number, tag in enumerate([*tags, "O"]):
        prefix, label = split_tag(tag, prefixes)
        starts = prefix in ("B", "U") or (label != open_label and bool(label))
        if open_label and (starts or not label):
            spans.append((start, number, open_label))
            open_label = ""
        if starts:
            start, open_label = number, label
        if prefix in ("L", "U"):
            spans.append((start, number + 1, open_label))
            open_label = ""
    return spans


def entity_spans(doc: Doc) -> List[Span]:
    """The entities of a Doc: first token, token after the last, label."""
    return [(ent.start, ent.end, ent.label_) for ent in doc.ents]


def find_problem(tags: Sequence[str], scheme: str) -> Optional[Tuple[int, str]]:
    """The first place where tags break the strict rules of their scheme.

    tags (Sequence[str]): One tag per token.
    scheme (str): One of SCHEMES.
    RETURNS (Optional[Tuple[int, str]]): The token's number from 0 and what is wrong there, or None.
    RAISES: ALError A100 for an unknown scheme.
    """
    prefixes = _prefixes(scheme)
    before = "O"
    for number, tag in enumerate(tags):
        if tag != "O" and not split_tag(tag, prefixes)[1]:
            return number, f"{tag!r} is not a tag of {scheme}: O, or one of {prefixes} with a label (B-PER)"
        if not _may_follow(before, tag, scheme):
            place = f"follow {before!r}" if number else "start a sentence"
            return number, f"{tag!r} may not {place} in {scheme}"
        before = tag
    if not _may_follow(before, "O", scheme):
        return len(tags) - 1, f"{before!r} may not end a sentence in {scheme}"
    return None


def allowed_transitions(
    tags: Sequence[str], scheme: str
) -> Tuple[NDArray[numpy.bool_], NDArray[numpy.bool_], NDArray[numpy.bool_]]:
    """Which sequences of tags are valid under a scheme's strict rules, for decoding that never breaks them.

    tags (Sequence[str]): The T tags, in the order of the model's outputs (`tag_names`).
    scheme (str): One of SCHEMES.
    RETURNS (Tuple[NDArray, NDArray, NDArray]): bool (T,) may start a sentence; bool (T, T) row may be
        followed by column; bool (T,) may end a sentence.
    RAISES: ALError A100 for an unknown scheme, A103 for a tag that the scheme does not have.
    """
    prefixes = _prefixes(scheme)
    for tag in tags:
        if tag != "O" and not split_tag(tag, prefixes)[1]:
            raise ALError(Errors.A103.format(tag=tag, scheme=scheme))
    # The border of a sentence acts like an O on both sides of it.
    start = numpy.array([_may_follow("O", tag, scheme) for tag in tags], dtype=bool)
    step = numpy.array([[_may_follow(one, two, scheme) for two in tags] for one in tags], dtype=bool)
    end = numpy.array([_may_follow(tag, "O", scheme) for tag in tags], dtype=bool)
    return start, step.reshape(len(tags), len(tags)), end


def split_tag(tag: str, prefixes: str = "BILU") -> Tuple[str, str]:
    """Split "B-creative-work" into ("B", "creative-work"); ("O", "") for O and for what is not such a tag."""
    prefix, _, label = tag.partition("-")
    if len(prefix) == 1 and prefix in prefixes and label:
        return prefix, label
    return "O", ""


def _prefixes(scheme: str) -> str:
    if scheme not in PREFIXES:
        raise ALError(Errors.A100.format(scheme=scheme, known=", ".join(SCHEMES)))
    return PREFIXES[scheme]


def _encode_span(size: int, label: str, scheme: str, *, touches: bool) -> List[str]:
    """Tags of one entity; `touches` says that an entity of the same label ends right before it."""
    if scheme == "IOB1" and not touches:
        first = inside = last = only = "I"
    elif scheme == "BILOU":
        first, inside, last, only = "BILU"
    else:
        first, inside, last, only = "BIIB"
    if size == 1:
        return [f"{only}-{label}"]
    return [f"{first}-{label}", *[f"{inside}-{label}"] * (size - 2), f"{last}-{label}"]


def _may_follow(before: str, tag: str, scheme: str) -> bool:
    one, label_one = split_tag(before)
    two, label_two = split_tag(tag)
    if scheme == "IOB1":
        return two != "B" or label_one == label_two
    if scheme == "IOB2":
        return two != "I" or label_one == label_two
    inside = one in ("B", "I")
    return inside == (two in ("I", "L")) and (not inside or label_one == label_two)
