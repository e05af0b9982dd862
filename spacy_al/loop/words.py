"""Whether a pipeline's own tokenizer cuts text into the words that the pool has: at the end it is given raw text."""

import warnings
from pathlib import Path
from typing import Sequence

from spacy.language import Language
from spacy.tokens import Doc

from ..errors import Warnings

ALIKE = 0.8  # English corpora with words of their own have 0.97 and more, Chinese cut as English 0.4


def check_words(nlp: Language, docs: Sequence[Doc], path: Path) -> None:
    """Warn (W504) where the tokenizer finds other words than the pool has.

    nlp (Language): What is trained. docs (Sequence[Doc]): Some sentences of the pool. path (Path): The pool.
    """
    shared = alike(nlp, docs)
    if shared < ALIKE:
        warnings.warn(Warnings.W504.format(path=path, lang=nlp.lang, shared=shared), stacklevel=2)


def alike(nlp: Language, docs: Sequence[Doc]) -> float:
    """How alike the words are: F1 of the places where words begin, 0..1; 1 where there are none.

    nlp (Language): Its tokenizer is asked. docs (Sequence[Doc]): What it is compared with.
    """
    both = total = 0
    for doc in docs:
        pool, own = ({token.idx for token in one if not token.is_space} for one in (doc, nlp.tokenizer(doc.text)))
        both, total = both + 2 * len(pool & own), total + len(pool) + len(own)
    return both / total if total else 1.0
