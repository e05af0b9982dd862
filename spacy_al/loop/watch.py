"""What changes from round to round: of a fixed random part of the pool, the stop set, that every round's model is asked
about, and of all sentences that were scored in two."""

from typing import Any, Dict, List, Mapping, Optional, Sequence, Set

import numpy
from numpy.typing import NDArray
from spacy.language import Language
from spacy.vocab import Vocab

from ..acquisition.score_shard import token_places
from ..acquisition.strategies import random_order
from ..runs.folder import RunFolder, read_npz, write_npz
from ..tasks import TokenSpan
from ..types import Pool
from .evaluation import predicted, span_set
from .seeds import phase_rng

STOP_SET = 1000  # sentences
NO_TAG = -1
Predictions = Dict[str, Set[TokenSpan]]  # entities by the sentence's id


class Watch:
    """The stop set of a run, chosen by chance and id, and what each round's model said of it.

    The sentences that the holdout asks first are in it: once they are labelled, the models of earlier rounds can be
    scored on them too, so that all points of a learning curve rest on the same sentences.
    """

    def __init__(self, pool: Pool, folder: RunFolder, root: int, vocab: Vocab, reserve: Sequence[int]) -> None:
        """pool (Pool): All sentences. folder (RunFolder): The run's. root (int): Its seed.
        reserve (Sequence[int]): Numbers of sentences that are never learnt from, in the order they are asked."""
        self.pool, self.folder, self.vocab = pool, folder, vocab
        order = numpy.argsort(random_order(pool.ids, phase_rng(root, 0, "watch")), kind="stable")
        first = reserve[: STOP_SET // 2]
        self.numbers: List[int] = list(dict.fromkeys([*first, *order[:STOP_SET].tolist()]))[:STOP_SET]

    def predict(self, round_: int, nlp: Language) -> Predictions:
        """Ask a round's model, and keep what it says in the round's folder."""
        docs = predicted(nlp, list(self.pool.docs(self.numbers, self.vocab)))
        said = {self.pool.ids[number]: span_set(doc) for number, doc in zip(self.numbers, docs)}
        write_npz(self.folder.watched(round_), pack(said))
        return said

    def read(self, round_: int) -> Optional[Predictions]:
        """What the model of a round said; None if nothing was kept."""
        kept = read_npz(self.folder.watched(round_))
        return unpack(kept) if kept else None


def pack(said: Predictions) -> Dict[str, NDArray[Any]]:
    """Predictions as plain arrays: ids, labels, and (sentence, start, end, label) of each entity."""
    labels = sorted({label for spans in said.values() for _, _, label in spans})
    rows = [
        (number, start, end, labels.index(label))
        for number, spans in enumerate(said.values())
        for start, end, label in sorted(spans)
    ]
    spans = numpy.array(rows, dtype=numpy.int32).reshape(-1, 4)
    return {"ids": numpy.array(list(said), dtype=str), "labels": numpy.array(labels, dtype=str), "spans": spans}


def unpack(arrays: Dict[str, NDArray[Any]]) -> Predictions:
    """What `pack` took apart."""
    ids, labels = arrays["ids"].tolist(), arrays["labels"].tolist()
    said: Predictions = {id_: set() for id_ in ids}
    for number, start, end, label in arrays["spans"].tolist():
        said[ids[number]].add((start, end, labels[label]))
    return said


def agreement(before: Predictions, now: Predictions, left_out: Sequence[str]) -> Optional[float]:
    """F1 of the entities of one model against those of another, exact spans: 2a / (2a + b + c), 0 to 1.

    a is what both say, b and c what one of them says alone. Counted over tokens, agreement would be that on O.

    left_out (Sequence[str]): Ids that have been learnt from: there, agreement says nothing.
    RETURNS (Optional[float]): None if neither finds any entity.
    """
    ids = (before.keys() & now.keys()) - set(left_out)
    both = sum(len(before[id_] & now[id_]) for id_ in ids)
    either = sum(len(before[id_]) + len(now[id_]) for id_ in ids)
    return 2 * both / either if either else None


def stability(
    starts: NDArray[numpy.int64],
    before: Mapping[str, NDArray[Any]],
    now: Mapping[str, NDArray[Any]],
) -> Optional[float]:
    """Share of tokens that get the same tag in two rounds, among sentences that were scored in both.

    starts (NDArray[int64]): First token of each sentence of the pool and, last, their number: (sentences + 1,).
    before, now (Mapping[str, NDArray[Any]]): "numbers" of the sentences scored in a round and "tags" of their tokens.
    RETURNS (Optional[float]): 0 to 1; None where a round kept no tags or no sentence was scored in both.
    """
    if "tags" not in before or "tags" not in now:
        return None
    old, new = _spread(starts, before), _spread(starts, now)
    both = (old != NO_TAG) & (new != NO_TAG)
    return float((old[both] == new[both]).mean()) if both.any() else None


def _spread(starts: NDArray[numpy.int64], arrays: Mapping[str, NDArray[Any]]) -> NDArray[numpy.int16]:
    spread = numpy.full(int(starts[-1]), NO_TAG, dtype=numpy.int16)
    numbers = arrays["numbers"]
    spread[token_places(starts[numbers], starts[numbers + 1] - starts[numbers])] = arrays["tags"]
    return spread
