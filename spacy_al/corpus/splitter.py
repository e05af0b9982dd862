"""Running text to sentences by spaCy: tokens, sentence borders, and offsets into the source."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ContextManager, Iterable, Iterator, List, Optional, Sequence, Tuple

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Token
from spacy.vocab import Vocab, create_vocab

from ..errors import ALError, Errors, saying
from .align import trim_tokens
from .sentence import Sentence, numbered


@dataclass(frozen=True)
class Passage:
    """Text to split: a document, or a paragraph of one.

    text (str): The text.
    document (str): Id of its document.
    file (str): What its offsets name (`Sentence.file`).
    line (int): Where it starts in the file, from 1.
    offset (int): Where its first character stands in the source.
    """

    text: str
    document: str
    file: str
    line: int
    offset: int = 0


PIPELINE = (
    "Install it or name another with --pipeline, one with a parser, senter or sentencizer; without --pipeline a blank "
    "one of --lang is used."
)
LANGUAGE = (
    "Install what it needs, or give the code of another language, such as en or de; xx does for those that put spaces "
    "between words."
)


def make_splitter(lang: str = "en", pipeline: Optional[str] = None) -> Language:
    """Make the pipeline that splits text: a blank one with a `sentencizer`, or one of the user's.

    lang (str): Language code of the blank pipeline.
    pipeline (Optional[str]): Name or folder of a pipeline that sets sentence boundaries; its components that
        set entities are disabled.
    RETURNS (Language): The pipeline.
    RAISES: ALError A123 when it cannot be loaded.
    """
    with _loading(pipeline, PIPELINE) if pipeline else _loading(f"of the language {lang!r}", LANGUAGE):
        nlp = spacy.load(pipeline) if pipeline else spacy.blank(lang)
    if pipeline:
        for name in nlp.pipe_names:
            if "doc.ents" in nlp.get_pipe_meta(name).assigns:
                nlp.disable_pipe(name)
    else:
        nlp.add_pipe("sentencizer")
        # The limit is there for parsers; a tokenizer has no such need of memory.
        nlp.max_length = sys.maxsize
    return nlp


def make_vocab(lang: str) -> Vocab:
    """The vocabulary of a blank pipeline without the pipeline, for which spaCy would load every package that has
    components for it, which takes seconds.

    RAISES: ALError A123 for an unknown language.
    """
    with _loading(f"of the language {lang!r}", LANGUAGE):
        return create_vocab(lang, spacy.util.get_lang_class(lang).Defaults)


def _loading(name: str, cure: str) -> ContextManager[None]:
    problem = "cannot be loaded ({reason})"
    return saying(Errors.A123, OSError, ImportError, ValueError, pipeline=name, problem=problem, cure=cure)


def split_passages(passages: Iterable[Passage], nlp: Language, path: Path) -> Iterator[Sentence]:
    """Tokenise passages and split them into sentences; those of one document are numbered through.

    passages (Iterable[Passage]): Passages of a document stand one after the other.
    nlp (Language): What splits the text (`make_splitter`).
    path (Path): The file, for errors.
    YIELDS (Sentence): Sentences without labels (`spans` is None); their text is exactly the source from
        `start` to `end`.
    RAISES: ALError A123 (no sentence boundaries), A124 (longer than the pipeline's limit).
    """
    pairs = ((check_length(passage, nlp, path).text, passage) for passage in passages)
    docs = nlp.pipe(pairs, as_tuples=True)
    yield from numbered(make_sentence(doc, *place, of) for doc, of in docs for place in cut(doc, nlp=nlp))


def cut(doc: Doc, spans: Sequence[Tuple[int, int]] = (), *, nlp: Language) -> List[Tuple[int, int]]:
    """Where the sentences of a Doc are: at its own boundaries and at empty lines, never inside a span.

    doc (Doc): What a splitter made.
    spans (Sequence[Tuple[int, int]]): Token ranges that must stay whole, end exclusive.
    nlp (Language): The pipeline that made it, for the error.
    RETURNS (List[Tuple[int, int]]): Token ranges, end exclusive, no white space at their ends, not empty.
    RAISES: ALError A123 when the Doc has no sentence boundaries.
    """
    if len(doc) and not doc.has_annotation("SENT_START"):
        name = f"{nlp.meta['lang']}_{nlp.meta['name']}"
        raise ALError(Errors.A123.format(pipeline=name, problem="sets no sentence boundaries", cure=PIPELINE))
    inside = {token for start, end in spans for token in range(start + 1, end)}
    starts = [0]
    for token in list(doc)[1:]:
        if token.i not in inside and (token.is_sent_start or _is_empty_line(doc[token.i - 1])):
            starts.append(token.i)
    spaces = [token.is_space for token in doc]
    ranges = (trim_tokens(start, end, spaces) for start, end in zip(starts, [*starts[1:], len(doc)], strict=True))
    return [(start, end) for start, end in ranges if start < end]


def make_sentence(doc: Doc, start: int, end: int, passage: Passage) -> Sentence:
    """The tokens from `start` to `end` of a Doc as a sentence without labels.

    doc (Doc): A Doc of the passage's text.
    start (int): First token. end (int): The token after the last.
    passage (Passage): Where the text stands.
    RETURNS (Sentence): The sentence; `spans` is None.
    """
    tokens = list(doc[start:end])
    tags = [token.tag_ for token in tokens]
    return Sentence(
        words=[token.text for token in tokens],
        spans=None,
        document=passage.document,
        line=passage.line,
        file=passage.file,
        start=passage.offset + tokens[0].idx,
        end=passage.offset + tokens[-1].idx + len(tokens[-1]),
        pos=tags if any(tags) else None,
        spaces=[bool(token.whitespace_) for token in tokens[:-1]] + [False],
    )


def check_length(passage: Passage, nlp: Language, path: Path) -> Passage:
    """Give the passage back, or raise ALError A124 if its text is longer than the pipeline's limit."""
    size = len(passage.text)
    if size > nlp.max_length:
        raise ALError(Errors.A124.format(path=path, line=passage.line, size=size, limit=nlp.max_length))
    return passage


def _is_empty_line(token: Token) -> bool:
    return token.is_space and token.text.count("\n") > 1
