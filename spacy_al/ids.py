"""Ids of sentences: a hash of the tokens, and which of the equal sentences of a whole pool it is."""

import hashlib
from typing import List, Optional

import numpy
from numpy.typing import NDArray
from spacy.attrs import ORTH
from spacy.tokens import Doc

from .errors import ALError, Errors

UNKNOWN = -1  # the occurrence number of a sentence whose file does not say it
Keys = NDArray[numpy.uint64]  # (sentences, 2)
Numbers = NDArray[numpy.int32]  # (sentences,)


def token_key(doc: Doc) -> bytes:
    """The 16 bytes that stand for a sentence's tokens, whatever Doc object carries them.

    Features are cached under this key, because spaCy copies Docs in `nlp.update` and `nlp.evaluate`.
    """
    orths: NDArray[numpy.uint64] = numpy.ascontiguousarray(doc.to_array([ORTH]))
    return hashlib.blake2b(orths.data, digest_size=16).digest()


def token_keys(orths: NDArray[numpy.uint64], lengths: NDArray[numpy.int64]) -> Keys:
    """The `token_key` of each of many sentences.

    orths (NDArray[uint64]): ORTH of all tokens, (tokens,). lengths (NDArray[int64]): Of sentences, (sentences,).
    RETURNS (NDArray[uint64]): (sentences, 2).
    """
    flat, keys, start = numpy.ascontiguousarray(orths), bytearray(), 0
    for end in numpy.cumsum(lengths).tolist():
        keys += hashlib.blake2b(flat[start:end].data, digest_size=16).digest()
        start = end
    return numpy.frombuffer(keys, dtype=numpy.uint64).reshape(-1, 2)


def make_ids(keys: Keys, known: Optional[Numbers] = None) -> List[str]:
    """Ids such as "3f…-0", the same in every run over the same pool.

    keys (NDArray[uint64]): See `token_keys`. known (Optional[NDArray[int32]]): See `occurrences`.
    RETURNS (List[str]): (sentences,). RAISES: ALError A444 when two would be the same.
    """
    raw, numbers = numpy.ascontiguousarray(keys).tobytes(), occurrences(keys, known).tolist()
    return [make_id(raw[16 * place : 16 * place + 16], number) for place, number in enumerate(numbers)]


def make_id(key: bytes, number: int) -> str:
    """The id of one sentence. key (bytes): Its `token_key`. number (int): Its occurrence number."""
    return f"{key.hex()}-{number}"


def same_tokens(id_: str) -> str:
    """The part of an id that equal sentences share."""
    return id_.rpartition("-")[0]


def occurrences(keys: Keys, known: Optional[Numbers] = None) -> NDArray[numpy.int64]:
    """The number at the end of each id: how many equal sentences of the pool come before it.

    A file that is one of several of a pool carries these numbers (`spacy_al.corpus.numbering`), so that they are the
    same when it is read alone. Sentences without follow the last of their equals that has one, in order.

    keys (NDArray[uint64]): (sentences, 2). known (Optional[NDArray[int32]]): UNKNOWN where a file does not say.
    RETURNS (NDArray[int64]): (sentences,).
    RAISES: ALError A444 when two equal sentences carry the same number: their files were numbered apart.
    """
    count = len(keys)
    if not count:
        return numpy.zeros(0, dtype=numpy.int64)
    # In 32 bits where they suffice, and column by column: this is the most memory that a ranking of millions takes.
    places = numpy.arange(count, dtype=numpy.int32 if count < 2**31 else numpy.int64)
    given = numpy.full(count, UNKNOWN, dtype=places.dtype) if known is None else known
    # Equal sentences stand together: first those that have a number, rising, then the others in their order.
    order = numpy.lexsort([given, given == UNKNOWN, keys[:, 0], keys[:, 1]])
    numbers, new = given[order], numpy.zeros(count, dtype=bool)
    for column in (0, 1):
        ordered = keys[order, column]
        new[1:] |= ordered[1:] != ordered[:-1]
    new[0] = True
    twice = numpy.flatnonzero(~new[1:] & (numbers[1:] == numbers[:-1]) & (numbers[1:] != UNKNOWN))
    if len(twice):
        raise ALError(Errors.A444.format(id=make_id(keys[order[twice[0]]].tobytes(), int(numbers[twice[0]]))))
    # The sentence that the count goes on from: the last with a number, or the one before the first.
    last = numpy.maximum.accumulate(numpy.where(new | (numbers != UNKNOWN), places, 0))
    fresh = places - last + numpy.maximum(numbers[last], 0)  # UNKNOWN is -1
    result = numpy.empty(count, dtype=numpy.int64)
    result[order] = fresh
    return result
