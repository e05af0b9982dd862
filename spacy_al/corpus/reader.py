"""Reading DocBins for training: predicted Docs with words, tags and id, and never with entities."""

from itertools import islice
from pathlib import Path
from typing import Callable, Iterable, Iterator

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from ..bulk import make_docs
from ..types import pool_array
from .docbin import read_docs, write_docs

__all__ = ["create_corpus_reader", "create_pool_reader", "make_example", "read_docs", "without_labels", "write_docs"]


def create_corpus_reader(path: Path) -> Callable[[Language], Iterable[Example]]:
    """Registered as `spacy-al.Corpus.v1`: like spaCy's reader, but predicted Docs keep `tag_` and the id.

    path (Path): A .spacy file, or a folder of them.
    RETURNS (Callable[[Language], Iterable[Example]]): Reads the corpus when called.
    """

    def read(nlp: Language) -> Iterator[Example]:
        for doc in read_docs(path, nlp.vocab):
            yield make_example(doc)

    return read


def create_pool_reader(path: Path, limit: int) -> Callable[[Language], Iterable[Example]]:
    """Registered as `spacy-al.Pool.v1`: the first sentences of a pool, without labels on either side.

    Components are initialised with these, so that nothing can be learned from the pool's labels.

    path (Path): A .spacy file, or a folder of them.
    limit (int): Most sentences to read; 0 reads all.
    RETURNS (Callable[[Language], Iterable[Example]]): Reads the pool when called.
    """

    def read(nlp: Language) -> Iterator[Example]:
        for doc in islice(read_docs(path, nlp.vocab), limit or None):
            bare = without_labels(doc)
            yield Example(bare, without_labels(doc))

    return read


def make_example(doc: Doc) -> Example:
    """An Example whose predicted side has no entities."""
    return Example(without_labels(doc), doc)


def without_labels(doc: Doc) -> Doc:
    """A new Doc with the words, spaces, part-of-speech tags and plain user data of another; no annotation else."""
    rows = pool_array(doc)
    (bare,) = make_docs(doc.vocab, rows[:, 0], rows[:, 1].astype(bool), rows[:, 2], numpy.array([len(doc)]))
    bare.user_data.update({key: value for key, value in doc.user_data.items() if isinstance(key, str)})
    return bare
