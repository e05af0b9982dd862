"""DocBins of any size, read a sentence at a time: words, spaces and part-of-speech tags, never labels."""

from collections import deque
from pathlib import Path
from typing import Iterator, List

import numpy
from numpy.typing import NDArray
from spacy.attrs import ORTH, TAG
from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..bulk import DOCS_AT_ONCE, make_docs
from ..errors import ALError, Errors
from ..ids import Numbers
from .docbin import DAMAGE, read_numbers, spacy_files
from .inflate import Message


class DocStream:
    """The sentences of a .spacy file, or of all such files in a folder; may be iterated several times.

    A DocBin is one compressed message in which all tokens come before the lengths of sentences. So it is
    read twice: once for lengths, spaces and strings, which stay in memory (4 bytes a sentence, 1 byte a
    token, each distinct word once), and then for the tokens, as a stream.
    """

    def __init__(self, path: Path, vocab: Vocab) -> None:
        """
        path (Path): A .spacy file or a folder. vocab (Vocab): For the Docs; strings are added to it.
        RAISES: ALError A003 when there is no such file, A415 when a file is not a whole DocBin.
        """
        self.vocab = vocab
        self.parts = [_Part(file_, vocab) for file_ in spacy_files(path)]

    @property
    def occurrences(self) -> Numbers:
        """The occurrence numbers that the files carry, UNKNOWN where they carry none: (sentences,)."""
        return numpy.concatenate([part.occurrences for part in self.parts] or [numpy.zeros(0, dtype=numpy.int32)])

    def __len__(self) -> int:
        """Sentences."""
        return sum(len(part.lengths) for part in self.parts)

    def __iter__(self) -> Iterator[Doc]:
        """Docs with words, spaces and, where the file has them, `tag_`; without labels."""
        return self.docs(0, len(self))

    def docs(self, first: int, last: int) -> Iterator[Doc]:
        """Docs of the sentences from `first` to before `last`; those before them in their file are skipped."""
        for part in self.parts:
            size = len(part.lengths)
            if first < size and last > 0:
                yield from part.docs(self.vocab, max(first, 0), min(last, size))
            first, last = first - size, last - size


class _Part:
    """One file: what has to be known before its tokens can be read."""

    def __init__(self, path: Path, vocab: Vocab) -> None:
        self.path = path
        self.attrs: List[int] = []
        self.start = 0  # of the tokens, in bytes of the inflated message
        self.lengths: NDArray[numpy.int32] = numpy.zeros(0, dtype=numpy.int32)
        self.spaces: NDArray[numpy.bool_] = numpy.zeros(0, dtype=bool)
        self._numbers = b""
        size = self._read_all(vocab)
        width = 8 * len(self.attrs)
        tokens = int(self.lengths.sum())
        sane = ORTH in self.attrs and (self.lengths >= 0).all()
        if not sane or size != tokens * width or len(self.spaces) != tokens:
            raise self._fail("its tokens, lengths and spaces do not belong together")
        try:
            self.occurrences = read_numbers(self._numbers, len(self.lengths))
        except ValueError as error:
            raise self._fail(str(error)) from error

    def _read_all(self, vocab: Vocab) -> int:
        """Read everything but the tokens; return the size of these in bytes."""
        needed = {"lengths", "spaces", "strings"}
        with self.path.open("rb") as file:
            message = Message(file)
            try:
                self.attrs, self._numbers, size, left = message.tokens()
                self.start = message.tell()
                message.pass_over(size)
                for _ in range(left):
                    key = message.unpack()
                    if key == "lengths":
                        self.lengths = numpy.frombuffer(message.unpack(), dtype=numpy.int32)
                    elif key == "spaces":
                        self.spaces = numpy.frombuffer(message.unpack(), dtype=bool)
                    elif key == "strings":
                        for _ in range(message.read_array_header()):
                            vocab.strings.add(message.unpack())
                    else:
                        message.skip()
                    needed.discard(key)
                    if not needed:
                        # User data of every sentence: skipping them one by one takes long.
                        deque(message.rest(), maxlen=0)
                        break
            except DAMAGE as error:
                raise self._fail(str(error) or "it ends too early") from error
        return size

    def docs(self, vocab: Vocab, start: int, stop: int) -> Iterator[Doc]:
        """The sentences from `start` to before `stop`, in order."""
        orth, tag = self.attrs.index(ORTH), self.attrs.index(TAG) if TAG in self.attrs else None
        width, place = len(self.attrs), int(self.lengths[:start].sum(dtype=numpy.int64))
        with self.path.open("rb") as file:
            message = Message(file)
            message.pass_over(self.start + place * 8 * width)
            for first in range(start, stop, DOCS_AT_ONCE):
                lengths = self.lengths[first : min(first + DOCS_AT_ONCE, stop)].astype(numpy.int64)
                total = int(lengths.sum())
                raw = message.exactly(total * 8 * width)
                rows = numpy.frombuffer(raw, dtype=numpy.uint64).reshape(total, width)
                tags = None if tag is None else rows[:, tag]
                try:
                    docs = make_docs(vocab, rows[:, orth], self.spaces[place : place + total], tags, lengths)
                except KeyError as error:
                    raise self._fail("it lacks the string of a word") from error
                yield from docs
                place += total

    def _fail(self, reason: str) -> ALError:
        return ALError(Errors.A415.format(path=self.path, reason=reason))
