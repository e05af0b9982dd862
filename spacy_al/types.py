"""The few types that everything passes: pools without labels, and what a tagger says about sentences."""

import hashlib
from dataclasses import dataclass, field
from itertools import islice
from typing import Callable, Dict, Iterable, Iterator, List, Optional, Protocol, Sequence

import numpy
from numpy.typing import NDArray
from spacy.attrs import ORTH, SPACY, TAG
from spacy.strings import StringStore
from spacy.tokens import Doc
from spacy.vocab import Vocab
from torch import Tensor

from .bulk import DOCS_AT_ONCE, make_docs
from .errors import ALError, Errors
from .ids import Numbers, make_ids, token_keys
from .ids import token_key as token_key  # where it was before

Progress = Callable[[int, int], None]  # is told how much is done, and of how much


def pool_array(doc: Doc) -> NDArray[numpy.uint64]:
    """ORTH, SPACY and TAG of a Doc's tokens, all that a pool keeps of it: (tokens, 3)."""
    # spaCy's stubs say float; the array holds 64-bit hashes.
    return doc.to_array([ORTH, SPACY, TAG]).reshape(-1, 3)  # type: ignore[return-value]


def _unlabelled(doc: Doc) -> Doc:
    # spaCy says of a Doc without tokens that it has every annotation.
    if (len(doc) and doc.has_annotation("ENT_IOB")) or doc.spans:
        raise ALError(Errors.A400.format(text=doc.text[:60]))
    return doc


@dataclass(frozen=True)
class TagSamples:
    """What a tagger says about a batch of sentences, in one or several stochastic passes.

    Sentences are ragged: their tokens stand one after the other along one axis, and `lengths` says where one
    ends. Everything stays on the device it was made on.

    probs (Tensor): float32 probability of each tag, (passes, tokens, tags). Marginals, for a CRF.
    best (Tensor): int64 tags of the best sequence of each pass, (passes, tokens).
    log_prob (Tensor): float32 natural log of the probability of that best sequence, (passes, sentences).
    lengths (Tensor): int64 tokens in each sentence, (sentences,).
    order (List[int]): Positions of these sentences in the sequence that was sampled, (sentences,).
    stochastic (bool): Whether the passes differ by dropout; False for a single deterministic pass.
    """

    probs: Tensor
    best: Tensor
    log_prob: Tensor
    lengths: Tensor
    order: List[int]
    stochastic: bool = False


class Sampler(Protocol):
    """The one way in to a tagger's uncertainty: every NER pipe that has it works in the loop, the `uncertainty`
    component and `al score`; adapters give it to pipes that do not (`spacy_al.pipeline.adapters`).
    """

    @property
    def tags(self) -> List[str]:
        """Names of the tags in the order of the last axis of `TagSamples.probs`; "O" first."""

    @property
    def scheme(self) -> str:
        """IOB1, IOB2 or BILOU (`spacy_al.corpus.schemes`)."""

    @property
    def dropouts(self) -> List[str]:
        """The kinds of dropout that `sample` knows, "off" first."""

    def sample(self, docs: Sequence[Doc], *, passes: int, dropout: str, seed: int) -> Iterator[TagSamples]:
        """Yield TagSamples in bounded batches, sorted by length; `order` says which Docs a batch holds.

        docs (Sequence[Doc]): Sentences. They are not changed.
        passes (int): Stochastic passes; ignored with dropout "off", which makes one deterministic pass.
        dropout (str): What stays random: "off", "last", "word", "locked" or "all".
        seed (int): Equal seeds give equal numbers. No global random state is touched.
        RAISES: ALError when this tagger has no such kind of dropout.
        """


def check_dropout(sampler: Sampler, dropout: str, name: str) -> None:
    """Raise ALError A413 when a sampler has no such kind of dropout."""
    if dropout not in sampler.dropouts:
        raise ALError(Errors.A413.format(name=name, dropout=dropout, known=", ".join(sampler.dropouts)))


@dataclass(frozen=True)
class Sampling:
    """How a tagger is asked: the arguments of `Sampler.sample`."""

    passes: int
    dropout: str
    seed: int

    def of(self, sampler: Sampler, docs: Sequence[Doc]) -> Iterator[TagSamples]:
        """What a tagger says of sentences, asked like this."""
        return sampler.sample(docs, passes=self.passes, dropout=self.dropout, seed=self.seed)


ONE_PASS = Sampling(passes=1, dropout="off", seed=0)


@dataclass(eq=False, repr=False)
class Pool:
    """Sentences without labels: ids, tokens and where they came from, in flat arrays.

    An id is a hash of the tokens plus an occurrence number (`spacy_al.ids`), so it is the same in every run over the
    same corpus. There is nowhere to put a label: `from_docs` refuses Docs that carry entities.

    strings (StringStore): Where the hashes in `attributes` are spelled out.
    ids (List[str]): One id per sentence.
    starts (NDArray[int64]): First token of each sentence and, last, the number of tokens: (sentences + 1,).
    attributes (NDArray[uint64]): ORTH, SPACY and TAG of each token: (tokens, 3).
    sources (List[str]): Where a sentence stands in its source document, for people; None if unknown.
    index (Dict[str, int]): The number of each id.
    """

    strings: StringStore
    ids: List[str]
    starts: NDArray[numpy.int64]
    attributes: NDArray[numpy.uint64]
    sources: List[Optional[str]] = field(default_factory=list)
    index: Dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.sources = self.sources or [None] * len(self.ids)
        self.index = {id_: number for number, id_ in enumerate(self.ids)}

    @classmethod
    def from_docs(cls, docs: Iterable[Doc], vocab: Vocab) -> "Pool":
        """Take the tokens, spaces and part-of-speech tags of Docs that share `vocab`.

        RAISES: ALError A400 if a Doc carries labels.
        """
        arrays, sources = [numpy.zeros((0, 3), dtype=numpy.uint64)], []
        for doc in docs:
            arrays.append(pool_array(_unlabelled(doc)))
            sources.append(doc.user_data.get("source"))
        lengths = numpy.array([len(array) for array in arrays[1:]], dtype=numpy.int64)
        return cls.from_flat(numpy.concatenate(arrays), lengths, sources, vocab.strings)

    @classmethod
    def from_flat(
        cls,
        attributes: NDArray[numpy.uint64],
        lengths: NDArray[numpy.int64],
        sources: List[Optional[str]],
        strings: StringStore,
        known: Optional[Numbers] = None,
    ) -> "Pool":
        """Build a pool from the `pool_array`s of all sentences in one, (tokens, 3), and their lengths, (sentences,).

        known (Optional[NDArray[int32]]): Occurrence numbers that files carry (`spacy_al.ids.occurrences`).
        """
        starts = numpy.zeros(len(lengths) + 1, dtype=numpy.int64)
        numpy.cumsum(lengths, out=starts[1:])
        ids = make_ids(token_keys(attributes[:, 0], lengths), known)
        return cls(strings, ids, starts, attributes, sources)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def lengths(self) -> NDArray[numpy.int64]:
        """Tokens in each sentence, (sentences,)."""
        return numpy.diff(self.starts)

    @property
    def n_tokens(self) -> int:
        """Tokens in the whole pool."""
        return int(self.starts[-1])

    def words(self, number: int) -> List[str]:
        """The tokens of sentence `number` as strings."""
        rows = self.attributes[self.starts[number] : self.starts[number + 1]]
        return [self.strings[orth] for orth in rows[:, 0]]

    def doc(self, number: int, vocab: Vocab) -> Doc:
        """A new Doc of sentence `number`: words, spaces and `tag_`, never entities; its id in `user_data["id"]`."""
        return self._docs([number], vocab)[0]

    def docs(self, numbers: Iterable[int], vocab: Vocab) -> Iterator[Doc]:
        """New Docs of several sentences, in the order asked for, DOCS_AT_ONCE made at a time."""
        iterator = iter(numbers)
        while part := list(islice(iterator, DOCS_AT_ONCE)):
            yield from self._docs(part, vocab)

    def _docs(self, numbers: List[int], vocab: Vocab) -> List[Doc]:
        lengths = self.starts[numpy.asarray(numbers) + 1] - self.starts[numbers]
        rows = numpy.concatenate([self.attributes[self.starts[number] : self.starts[number + 1]] for number in numbers])
        if vocab.strings is not self.strings:
            for string in numpy.unique(rows[:, [0, 2]]).tolist():
                vocab.strings.add(self.strings[string])
        docs = make_docs(vocab, rows[:, 0], rows[:, 1].astype(bool), rows[:, 2], lengths)
        for doc, number in zip(docs, numbers):
            doc.user_data["id"] = self.ids[number]
        return docs

    def fingerprint(self) -> str:
        """A SHA-256 over all ids: two pools with equal fingerprints hold the same sentences in the same order."""
        digest = hashlib.sha256()
        for id_ in self.ids:
            digest.update(id_.encode("ascii"))
        return digest.hexdigest()
