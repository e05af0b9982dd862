"""Many Docs at once, from columns."""

import contextlib
import gc
from typing import Iterator, List, Optional

import numpy
from numpy.typing import NDArray
from spacy.attrs import TAG
from spacy.tokens import Doc
from spacy.vocab import Vocab

DOCS_AT_ONCE = 1024


def make_docs(
    vocab: Vocab,
    orths: NDArray[numpy.uint64],
    spaces: NDArray[numpy.bool_],
    tags: Optional[NDArray[numpy.uint64]],
    lengths: NDArray[numpy.int64],
) -> List[Doc]:
    """New Docs from columns.

    vocab (Vocab): Has the strings of all hashes; given hashes, spaCy need not look words up by their spelling.
    orths (NDArray[uint64]), spaces (NDArray[bool]), tags (Optional[NDArray[uint64]]): Of all tokens, (tokens,).
    lengths (NDArray[int64]): Tokens of each sentence, (sentences,).
    RETURNS (List[Doc]): `tag_` is set where a token of the sentence has one.
    """
    words, spaced, ends = orths.tolist(), spaces.tolist(), numpy.cumsum(lengths).tolist()
    places = list(zip([0, *ends], ends))
    with collector_paused():
        docs = [Doc(vocab, words=words[start:end], spaces=spaced[start:end]) for start, end in places]
    if tags is not None and tags.any():
        for doc, (start, end) in zip(docs, places):
            if tags[start:end].any():
                doc.from_array([TAG], tags[start:end].reshape(-1, 1))  # type: ignore[arg-type]
    return docs


@contextlib.contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the collector inside the block.

    It runs after every 700 new objects, and a Doc is made of ten: without a pause building Docs takes three times
    as long, the longer the more objects there are in the process. Blocks may be nested; a collector that was off
    stays off.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
