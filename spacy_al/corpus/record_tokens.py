"""The tokens that a JSON record brings along, and the Doc they make."""

from typing import List, Optional, Tuple

from spacy.tokens import Doc
from spacy.vocab import Vocab

from .align import BadRecord, Offsets, find_words, make_doc
from .fields import Record, as_object, get, number


def read_tokens(record: Record, text: Optional[str], vocab: Vocab) -> Optional[Tuple[Doc, Offsets]]:
    """Make the Doc of a record's own "tokens", with its "sents" as sentence borders if it has them.

    record (Record): "tokens" are strings, or objects with "text", or "start" and "end"; also "ws", "tag".
    text (Optional[str]): The record's text; None: the tokens' texts, a space after each unless "ws" is false.
    vocab (Vocab): The vocabulary of the Doc.
    RETURNS (Optional[Tuple[Doc, Offsets]]): The Doc and the characters of each token in the record; None if
        the record has no tokens.
    RAISES: BadRecord when they are malformed or not the text's.
    """
    items = get(record, "tokens", list)
    if not items:
        return None
    tokens = [_token(item, place) for place, item in enumerate(items)]
    text, offsets = _offsets(tokens, text)
    tags = [get(token, "tag", str) or "" for token in tokens]
    doc = make_doc(text, offsets, vocab, tags if any(tags) else None)
    _mark_sentences(doc, record)
    return doc, offsets


def _token(item: object, place: int) -> Record:
    return {"text": item} if isinstance(item, str) else as_object(item, f"token ({place})")


def _offsets(tokens: List[Record], text: Optional[str]) -> Tuple[str, Offsets]:
    words = [get(token, "text", str) for token in tokens]
    if text is None:
        tails = ["" if get(token, "ws", bool) is False else " " for token in tokens]
        text = "".join(f"{word or ''}{tail}" for word, tail in zip(words, tails, strict=True)).removesuffix(" ")
    if not all("start" in token and "end" in token for token in tokens):
        return text, find_words([word or "" for word in words], text)
    offsets = [(number(token, "start"), number(token, "end")) for token in tokens]
    for place, ((start, end), word) in enumerate(zip(offsets, words, strict=True)):
        if word is not None and (start < 0 or text[start:end] != word):
            there = text[max(start, 0) : end]
            raise BadRecord(f"token {place} is {word!r}, but the text from {start} to {end} is {there!r}")
    return text, offsets


def _mark_sentences(doc: Doc, record: Record) -> None:
    sents = get(record, "sents", list)
    if not sents:
        return
    firsts = {number(as_object(sent, "sentence"), "start") for sent in sents}
    stray = firsts - {token.idx for token in doc}
    if stray:
        raise BadRecord(f"a sentence starts at character {min(stray)}, where no token does")
    for token in doc:
        token.is_sent_start = token.i == 0 or token.idx in firsts
