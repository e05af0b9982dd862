"""Tokens and entities given by character offsets, onto the tokens of a Doc."""

import re
from bisect import bisect_left, bisect_right
from typing import List, NamedTuple, Optional, Sequence, Set, Tuple

from spacy.tokens import Doc
from spacy.vocab import Vocab

from .schemes import Span

Offsets = List[Tuple[int, int]]
MARKS = frozenset(".,;:?!")  # a span that ends with such a token may be one too long
NO_PLACE = -1  # a UTF-16 offset in the middle of a surrogate pair


class BadRecord(ValueError):
    """A record that cannot be read; its text says why, the reader adds file and line."""


class CharSpan(NamedTuple):
    """An entity by characters: first, after the last, label."""

    start: int
    end: int
    label: str


def find_words(words: Sequence[str], text: str) -> Offsets:
    """Where words stand in a text that has them in order, with nothing but white space between.

    words (Sequence[str]): Tokens.
    text (str): The text.
    RETURNS (Offsets): First character and the one after the last, for each word.
    RAISES: BadRecord when a word is empty or is not where it should be.
    """
    offsets: Offsets = []
    place = 0
    for number, word in enumerate(words):
        while not text.startswith(word, place) and text[place : place + 1].isspace():
            place += 1
        if not word or not text.startswith(word, place):
            raise BadRecord(f"token {number} ({word!r}) is not in the text at character {place}")
        offsets.append((place, place + len(word)))
        place += len(word)
    return offsets


def make_doc(text: str, offsets: Offsets, vocab: Vocab, tags: Optional[List[str]] = None) -> Doc:
    """Make a Doc with exactly this text and these tokens, and tokens for white space beyond one space.

    text (str): The text.
    offsets (Offsets): Each token's first character and the one after its last, in order.
    vocab (Vocab): The vocabulary of the Doc.
    tags (Optional[List[str]]): Part-of-speech tags of the tokens.
    RETURNS (Doc): `doc.text == text`.
    RAISES: BadRecord when tokens are empty, overlap, or leave characters out that are not white space.
    """
    words: List[str] = []
    spaces: List[bool] = []
    kept: List[str] = []
    place = 0
    for number, (start, end) in enumerate([*offsets, (len(text), len(text))]):
        gap = text[place:start]
        last = number == len(offsets)
        if start < place or end > len(text) or (start >= end and not last) or gap.strip():
            raise BadRecord(f"token {number} ({start}-{end}) overlaps, is empty, or leaves out {gap!r} before it")
        if gap.startswith(" ") and words:
            spaces[-1], gap = True, gap[1:]
        fresh = ([gap] if gap else []) + ([] if last else [text[start:end]])
        words += fresh
        spaces += [False] * len(fresh)
        kept += [""] * bool(gap) + ([tags[number]] if tags and not last else [""] * (not last))
        place = end
    return Doc(vocab, words=words, spaces=spaces, tags=kept if tags else None)


def from_utf16(text: str) -> List[int]:
    """The code point offset of each UTF-16 offset, from 0 to the text's length; NO_PLACE inside a pair."""
    offsets: List[int] = []
    for number, character in enumerate(text):
        offsets.append(number)
        if ord(character) > 0xFFFF:
            offsets.append(NO_PLACE)
    return [*offsets, len(text)]


def has_pairs(text: str) -> bool:
    """Whether UTF-16 offsets into the text differ from code points anywhere."""
    return any(ord(character) > 0xFFFF for character in text)


def trim(text: str, start: int, end: int) -> Tuple[int, int]:
    """Borders without white space of any kind at either end; as they are where nothing else is between them."""
    inner = text[start:end]
    kept = inner.strip()
    if not kept:
        return start, end
    first = start + len(inner) - len(inner.lstrip())
    return first, first + len(kept)


def one_line(text: str) -> str:
    """The text with a space for each tab or line end, as formats with a sentence a line show it."""
    return re.sub(r"[\t\r\n]", " ", text)


def same_text(said: str, text: str) -> bool:
    """Whether a tool's copy of a text is that text, white space aside."""
    # Label Studio's page trims lines and writes their ends as a backslash and an n; offsets do count them.
    return said == text or "".join(said.replace("\\n", "").split()) == "".join(text.replace("\\n", "").split())


def align(spans: Sequence[CharSpan], doc: Doc) -> List[Tuple[int, int, bool]]:
    """The tokens that character spans touch, white space at their ends not counted.

    spans (Sequence[CharSpan]): The spans.
    doc (Doc): The Doc.
    RETURNS (List[Tuple[int, int, bool]]): For each its first token, the token after its last, and whether
        their borders are the span's.
    RAISES: BadRecord when a span is empty, outside the text or touches white space only.
    """
    size = len(doc.text)
    bounds = [(token.idx, token.idx + len(token)) for token in doc]
    spaces = [token.is_space for token in doc]
    found = []
    for span in spans:
        if not 0 <= span.start < span.end <= size:
            raise BadRecord(f"the span {tuple(span)} is empty or outside the text of {size} characters")
        first, after = trim_tokens(*touched((span.start, span.end), bounds), spaces)
        if first >= after:
            raise BadRecord(f"the span {tuple(span)} holds white space only")
        borders = trim(doc.text, bounds[first][0], bounds[after - 1][1])
        found.append((first, after, borders == trim(doc.text, span.start, span.end)))
    return found


def touched(chars: Tuple[int, int], bounds: Offsets) -> Tuple[int, int]:
    """The first token that holds some of these characters, and the one after the last.

    bounds (Offsets): Each token's first character and the one after its last.
    """
    first = bisect_right(bounds, chars[0], key=lambda bound: bound[1])
    return first, bisect_left(bounds, chars[1], key=lambda bound: bound[0])


def trim_tokens(first: int, after: int, spaces: Sequence[bool]) -> Tuple[int, int]:
    """A range of tokens without those of white space at its ends; empty where there are no others.

    spaces (Sequence[bool]): Whether each token is white space.
    """
    while first < after and spaces[first]:
        first += 1
    while first < after and spaces[after - 1]:
        after -= 1
    return first, after


def without_overlap(spans: Sequence[Span]) -> List[Span]:
    """Keep the longest of spans that overlap, the first of equals; sorted by place.

    spans (Sequence[Span]): Spans by token, end exclusive.
    RETURNS (List[Span]): Those kept.
    """
    kept: List[Span] = []
    taken: Set[int] = set()
    for start, end, label in sorted(spans, key=lambda span: (span[0] - span[1], span)):
        # No span before was shorter, so one that overlaps holds the first or the last token.
        if start not in taken and end - 1 not in taken:
            kept.append((start, end, label))
            taken.update(range(start, end))
    return sorted(kept)
