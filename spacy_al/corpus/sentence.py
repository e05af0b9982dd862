"""One sentence as every reader of corpora gives it, and the Doc it becomes."""

from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Iterable, Iterator, List, Optional, Union

from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from . import schemes


@dataclass(frozen=True)
class Sentence:
    """A sentence of a corpus file.

    words (List[str]): Its tokens, at least one.
    spans (Optional[List[Tuple[int, int, str]]]): Entities by token, end exclusive; None if not labelled.
    document (str): Id of its document.
    line (int): Where it starts in the file, from 1.
    file (str): The file's name, or its path below the folder that is converted; "FILE#ID" for one of several
        documents in a file.
    start (int): Its first character in the source: Unicode characters of the file without byte order mark,
        line ends as they are, or of the record's text. For columns, that is where its first line starts.
    end (int): The character after its last.
    pos (Optional[List[str]]): Part-of-speech tags; "" where missing.
    spaces (Optional[List[bool]]): Whether a space follows each token; None for a space between all.
    missing (List[int]): Tokens whose label is not known though the sentence was labelled.
    scheme (str): Tag scheme of the corpus.
    number (int): Its place in the document, from 0; readers leave it to `numbered`.
    """

    words: List[str]
    spans: Optional[List[schemes.Span]]
    document: str
    line: int
    file: str
    start: int
    end: int
    pos: Optional[List[str]] = None
    spaces: Optional[List[bool]] = None
    missing: List[int] = field(default_factory=list)
    scheme: str = "IOB2"
    number: int = 0


def numbered(sentences: Iterable[Sentence]) -> Iterator[Sentence]:
    """Sentences with their places in their documents; those of a document stand one after the other."""
    for _, some in groupby(sentences, key=lambda one: one.document):
        for number, sentence in enumerate(some):
            yield replace(sentence, number=number)


def readable(name: str) -> str:
    """The name of a file as it can be written anywhere: bytes that are not UTF-8 become U+FFFD."""
    return name.encode("utf8", "surrogateescape").decode("utf8", "replace")


def to_doc(sentence: Sentence, vocab: Vocab) -> Doc:
    """Make the Doc of a sentence; `DocBin(store_user_data=True)` keeps all of it.

    sentence (Sentence): What a reader gave.
    vocab (Vocab): The vocabulary of the Doc.
    RETURNS (Doc): Words, `tag_`, one sentence, and entities: none means O throughout (`doc.ents = []`) if the
        sentence was labelled, missing if not. `user_data` has "doc", "sent", "start_char" and "source", which
        is "FILE:START-END".
    """
    length = len(sentence.words)
    spaces = sentence.spaces or [True] * (length - 1) + [False]
    starts: List[Union[bool, int, None]] = [number == 0 for number in range(length)]
    doc = Doc(vocab, words=sentence.words, spaces=spaces, tags=sentence.pos, sent_starts=starts)
    if sentence.spans is not None:
        entities = [Span(doc, start, end, label=label) for start, end, label in sentence.spans]
        doc.set_ents(entities, missing=[doc[i : i + 1] for i in sentence.missing], default="outside")
    doc.user_data["doc"] = readable(sentence.document)
    doc.user_data["sent"] = sentence.number
    doc.user_data["start_char"] = sentence.start
    doc.user_data["source"] = f"{readable(sentence.file)}:{sentence.start}-{sentence.end}"
    return doc
