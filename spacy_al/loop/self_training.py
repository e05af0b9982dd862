"""Self-training: sentences that nobody labelled, as a round's tagger tags them where it is sure of every word."""

from typing import List, Optional, Sequence

import numpy
from numpy.typing import NDArray
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.vocab import Vocab

from ..acquisition.queries import Columns
from ..corpus.reader import make_example
from ..corpus.schemes import decode
from ..types import Pool

SURE = 0.95  # probability of the likeliest tag of every token
COLUMNS = ("tags", "token:mnlp")
MOST = 10_000  # sentences kept of a round


def sure_sentences(columns: Columns, starts: NDArray[numpy.int64], sure: float = SURE) -> NDArray[numpy.int64]:
    """Places of sentences in which the tagger is sure of every token.

    columns (Columns): "token:mnlp", -log of the likeliest tag's probability, (tokens,). starts (NDArray[int64]): First
    token of each sentence and, last, their number. RETURNS (NDArray): Rising.
    """
    lengths = numpy.diff(starts)
    owners = numpy.repeat(numpy.arange(len(lengths)), lengths)
    unsure = columns["token:mnlp"] > -numpy.log(sure)
    return numpy.flatnonzero((numpy.bincount(owners[unsure], minlength=len(lengths)) == 0) & (lengths > 0))


def balanced(
    places: NDArray[numpy.int64], inside: NDArray[numpy.bool_], share: float, rng: numpy.random.Generator
) -> NDArray[numpy.int64]:
    """Some of the places, in random order, so that a share of them has entities: the sure ones are mostly without.

    places (NDArray[int64]): Sentences. inside (NDArray[bool]): Which of them have an entity, (places,).
    share (float): Of sentences with entities among those that people labelled; 0 takes none.
    """
    found, without = rng.permutation(places[inside]), rng.permutation(places[~inside])
    if not share:
        return places[:0]
    total = min(MOST, len(found) / share, len(without) / (1 - share) if share < 1 else MOST)
    some = [found[: round(total * share)], without[: round(total * (1 - share))]]
    chosen: NDArray[numpy.int64] = rng.permutation(numpy.concatenate(some))
    return chosen


def pseudo_labelled(
    pool: Pool,
    numbers: NDArray[numpy.int64],
    columns: Columns,
    tags: Sequence[str],
    labelled: Sequence[Doc],
    *,
    vocab: Vocab,
    rng: numpy.random.Generator,
) -> List[Doc]:
    """Docs of sure sentences with the tagger's entities.

    pool (Pool), numbers (NDArray[int64]): The candidates of a round. columns (Columns): What its tagger says of them.
    tags (Sequence[str]): Names of its tags, of any scheme. labelled (Sequence[Doc]): By people; these are not taken.
    RETURNS (List[Doc]): With the pool's ids, in random order.
    """
    known = {doc.user_data["id"] for doc in labelled}
    starts = numpy.concatenate([[0], numpy.cumsum(pool.lengths[numbers])]).astype(numpy.int64)
    places = sure_sentences(columns, starts)
    fresh = numpy.array([pool.ids[numbers[place]] not in known for place in places], dtype=bool)
    places = places[fresh]
    owners = numpy.repeat(numpy.arange(len(numbers)), numpy.diff(starts))
    outside = tags.index("O")
    entities = numpy.bincount(owners[columns["tags"] != outside], minlength=len(numbers)) > 0
    share = float(numpy.mean([bool(doc.ents) for doc in labelled])) if labelled else 0.0
    chosen = balanced(places, entities[places], share, rng)
    docs = list(pool.docs(numbers[chosen].tolist(), vocab))
    for doc, place in zip(docs, chosen.tolist()):
        said = [tags[tag] for tag in columns["tags"][starts[place] : starts[place + 1]].tolist()]
        spans = [Span(doc, start, end, label=label) for start, end, label in decode(said, "BILOU")]
        doc.set_ents(spans, default="outside")
        doc.user_data["id"] = pool.ids[numbers[place]]
    return docs


class Lesson:
    """What one training learns from: people's labels in every epoch, and each time other pseudo-labels beside them."""

    def __init__(self, examples: Sequence[Example], pseudo: Sequence[Doc] = (), ratio: float = 0.0) -> None:
        """
        examples (Sequence[Example]): Labelled. pseudo (Sequence[Doc]): See `pseudo_labelled`.
        ratio (float): Pseudo-labelled ones for each labelled one.
        """
        self.examples, self.pseudo = examples, pseudo
        self.amount = min(round(ratio * len(examples)), len(pseudo))
        self._made: List[Optional[Example]] = [None] * len(pseudo)

    def epoch(self, rng: numpy.random.Generator) -> List[Example]:
        """The Examples of an epoch, always as many, in random order."""
        everything = self.once(rng)
        return [everything[number] for number in rng.permutation(len(everything))]

    def once(self, rng: numpy.random.Generator) -> List[Example]:
        """The same, labelled ones first and in their order."""
        drawn = rng.permutation(len(self.pseudo))[: self.amount].tolist() if self.amount else []
        return [*self.examples, *(self._example(number) for number in drawn)]

    def _example(self, number: int) -> Example:
        made = self._made[number]
        if made is None:
            made = self._made[number] = make_example(self.pseudo[number])
        return made
