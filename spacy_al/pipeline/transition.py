"""spaCy's stock transition-based `ner` as a sampler: beams for probabilities, dropout for passes."""

import math
import warnings
from collections import defaultdict
from dataclasses import dataclass
from itertools import islice
from typing import Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import numpy
import torch
from numpy.typing import NDArray
from spacy.ml.parser_model import ParserStepModel
from spacy.pipeline import EntityRecognizer
from spacy.pipeline._parser_internals._beam_utils import BeamBatch
from spacy.pipeline._parser_internals.stateclass import StateClass
from spacy.pipeline.trainable_pipe import TrainablePipe
from spacy.tokens import Doc

from ..corpus.schemes import encode, tag_names
from ..errors import ALError, Errors, Warnings
from ..types import TagSamples, check_dropout
from .hidden_masks import HIDDEN_DROPOUT, HiddenMasks
from .upstream import bare_copy, pass_seed, plan, repeat_states, stochastic, with_states

BEAM_WIDTH = 16
INSIDE = 1  # spaCy's ENT_IOB of an entity's following tokens
BUDGET = 2048  # padded tokens of a batch
# A beam copies a state of the Doc's length at every token: longer Docs are asked in parts, or the square would be paid.
MOST_TOKENS = 500

Floats = NDArray[numpy.float32]
Entity = Tuple[int, int, str]
Parse = Tuple[float, List[Entity]]
Part = Tuple[int, int]  # first token, token after the last
Parses = List[List[Parse]]  # of the parts of a Doc, best first


@dataclass
class TransitionSampler:
    """Asks spaCy's `ner` or `beam_ner`. Implements `spacy_al.types.Sampler`.

    Probabilities come from a beam: the softmax over the scores of the parses left in it at the end, as
    spaCy's own `scored_ents` takes it. Marginals are sums over these parses, the best sequence is the first;
    a pipe that decodes greedily may set other entities. Parses that fell out of the beam count as impossible.
    Scores of a greedily trained `ner` are not normalised over sequences: ask `python -m spacy al evaluate`
    how far to trust them. A Doc of more than MOST_TOKENS is asked in parts (`parts_of`), with warning W440.

    Dropout "last": units of the hidden layer before the classifier, masks drawn from seed, pass, sentence and
    token. "all": that, and the dropout of its `tok2vec` or of the pipe it listens to.

    pipe (EntityRecognizer): A trained `ner`. upstream (Sequence[TrainablePipe]): The pipes it listens to.
    rate (float): Dropout of its `tok2vec` with "all".
    beam_width (int): Parses kept per sentence; costs time in proportion.
    reuse (bool): Take states of upstream pipes that are on the Docs already.
    RAISES: ALError A414 for a pipe without labels.
    """

    pipe: EntityRecognizer
    upstream: Sequence[TrainablePipe] = ()
    rate: float = 0.1
    beam_width: int = BEAM_WIDTH
    reuse: bool = False

    def __post_init__(self) -> None:
        if not self.pipe.labels:
            raise ALError(Errors.A414.format(name=self.pipe.name))

    @property
    def scheme(self) -> str:
        """The scheme of spaCy's transitions."""
        return "BILOU"

    @property
    def tags(self) -> List[str]:
        """Names of the tags: "O", then B-, I-, L- and U- of each label."""
        return tag_names(self.pipe.labels, self.scheme)

    @property
    def dropouts(self) -> List[str]:
        """Kinds of dropout: no "last" for a model without an upper layer, which has no dropout there."""
        return ["off", "last", "all"] if self.pipe.model.attrs["has_upper"] else ["off", "all"]

    def sample(
        self, docs: Sequence[Doc], *, passes: int = 10, dropout: str = "off", seed: int = 0
    ) -> Iterator[TagSamples]:
        """See `spacy_al.types.Sampler`. Entities on the Docs are not looked at; samples are on the CPU.

        RAISES: ALError A413 for another kind of dropout.
        """
        check_dropout(self, dropout, self.pipe.name)
        passes = 1 if dropout == "off" else passes
        for order, chunk, found in self._parses(docs, passes, dropout, seed):
            yield self._samples(order, chunk, found, dropout != "off")

    def sample_entities(
        self, docs: Sequence[Doc], *, passes: int = 1, dropout: str = "off", seed: int = 0
    ) -> Iterator[Tuple[TagSamples, List[Dict[Entity, float]]]]:
        """As `sample`, and with it for each of its sentences the probability of each entity in the beam.

        Exact under the beam's distribution, as spaCy's `EntityRecognizer.scored_ents`, where a product of marginals
        would not be: the tags of one entity depend on each other. Mean over passes.
        """
        passes = 1 if dropout == "off" else passes
        for order, chunk, found in self._parses(docs, passes, dropout, seed):
            scores = [beam_shares(of_passes, parts_of(doc)) for doc, *of_passes in zip(chunk, *found, strict=True)]
            yield self._samples(order, chunk, found, dropout != "off"), scores

    def entity_scores(self, docs: Sequence[Doc]) -> List[Dict[Entity, float]]:
        """What `sample_entities` says of entities without dropout, in the order of the Docs."""
        found: Dict[int, Dict[Entity, float]] = {}
        for samples, scores in self.sample_entities(docs):
            found.update(zip(samples.order, scores, strict=True))
        return [found[number] for number in range(len(docs))]

    def _parses(
        self, docs: Sequence[Doc], passes: int, dropout: str, seed: int
    ) -> Iterator[Tuple[List[int], List[Doc], List[List[Parses]]]]:
        """Batches: places in `docs`, Docs, and parses by pass, Doc and part."""
        masks = None
        if dropout != "off" and self.pipe.model.attrs["has_upper"]:
            masks = HiddenMasks(self.pipe.model, passes, seed, HIDDEN_DROPOUT)
        for batch, order in enumerate(plan(docs, BUDGET)):
            chunk = [docs[number] for number in order]
            parts = [parts_of(doc) for doc in chunk]
            self._warn(chunk)
            if dropout == "all":
                seeds = [pass_seed(seed, batch, number) for number in range(passes)]
                yield order, chunk, self._repeat(chunk, parts, seeds, masks)
            else:
                copies = with_states(self.upstream, chunk, reuse=self.reuse)
                yield order, chunk, self._beam(self._step_model(copies), copies, parts, range(passes), masks)

    def _warn(self, docs: List[Doc]) -> None:
        longest = max(map(len, docs))
        if longest > MOST_TOKENS:
            how = {"length": longest, "most": MOST_TOKENS, "width": self.beam_width}
            warnings.warn(Warnings.W440.format(name=self.pipe.name, **how), stacklevel=2)

    def _step_model(self, copies: List[Doc]) -> Optional[ParserStepModel]:
        return self.pipe.model.predict(copies) if any(map(len, copies)) else None

    def _repeat(
        self, docs: List[Doc], parts: List[List[Part]], seeds: Sequence[int], masks: Optional[HiddenMasks]
    ) -> List[List[Parses]]:
        found: List[List[Parses]] = []
        for number, seed in enumerate(seeds):
            copies = repeat_states(self.upstream, docs, seed=seed, rate=self.rate)
            with stochastic(self.pipe.model, seed=seed, rate=self.rate):
                step = self.pipe.model.begin_update(copies)[0] if any(map(len, copies)) else None
            found += self._beam(step, copies, parts, range(number, number + 1), masks)
        return found

    def _beam(
        self,
        step: Optional[ParserStepModel],
        docs: List[Doc],
        parts: List[List[Part]],
        passes: Sequence[int],
        masks: Optional[HiddenMasks],
    ) -> List[List[Parses]]:
        """Beam search of all passes together; the parses by pass, Doc and part."""
        if step is None:
            return [[[[(1.0, [])]] for _ in docs] for _ in passes]
        pieces = [part_of(doc, *part) for doc, own in zip(docs, parts, strict=True) for part in own]
        # Offsets say where the rows of a piece lie in the encoding of all Docs, which all passes share.
        offsets = numpy.cumsum([0, *map(len, pieces)]).tolist()
        states = [StateClass(piece, offset) for _ in passes for piece, offset in zip(pieces, offsets, strict=False)]
        batch = BeamBatch(self.pipe.moves, states, None, self.beam_width)
        if masks is not None:
            masks.attach(step, pieces, passes)
        place = 0
        while not batch.is_done:
            if masks is not None:
                masks.select([0 if beam.is_done else len(beam) for beam in batch], place)
            batch.advance(step.predict(batch.get_unfinished_states()))
            place += 1
        step.clear_memory()
        found = iter([self.pipe.moves.get_beam_parses(beam) for beam in batch])
        return [[list(islice(found, len(own))) for own in parts] for _ in passes]

    def _samples(self, order: List[int], docs: List[Doc], found: List[List[Parses]], stochastic: bool) -> TagSamples:
        tags = self.tags
        numbers = {tag: number for number, tag in enumerate(tags)}
        lengths = [len(doc) for doc in docs]
        probs = numpy.zeros((len(found), sum(lengths), len(tags)), dtype=numpy.float32)
        best = numpy.zeros(probs.shape[:2], dtype=numpy.int64)
        log_prob = numpy.zeros((len(found), len(docs)), dtype=numpy.float32)
        starts = numpy.cumsum([0, *lengths])
        parts = [parts_of(doc) for doc in docs]
        for one, of_docs in enumerate(found):
            for place, of_parts in enumerate(of_docs):
                for (start, end), parses in zip(parts[place], of_parts, strict=True):
                    tokens = slice(starts[place] + start, starts[place] + end)
                    add_marginals(probs[one, tokens], parses, numbers)
                    add_best(best[one, tokens], parses[0], numbers)
                    log_prob[one, place] += math.log(parses[0][0])
        return TagSamples(
            torch.from_numpy(probs),
            torch.from_numpy(best),
            torch.from_numpy(log_prob),
            torch.tensor(lengths, dtype=torch.int64),
            order,
            stochastic,
        )


def parts_of(doc: Doc) -> List[Part]:
    """A Doc in parts of at most MOST_TOKENS, cut where a sentence or at least a phrase ends, and in no entity."""
    parts, start = [], 0
    while len(doc) - start > MOST_TOKENS:
        last = start + MOST_TOKENS
        end = min(range(last, start + MOST_TOKENS // 2, -1), key=lambda place: _harm(doc, place))
        parts.append((start, end))
        start = end
    return [*parts, (start, len(doc))]


def _harm(doc: Doc, place: int) -> Tuple[bool, bool, bool]:
    before = doc[place - 1]
    return doc[place].ent_iob == INSIDE, not doc[place].is_sent_start, not (before.is_punct or before.is_space)


def part_of(doc: Doc, start: int, end: int) -> Doc:
    """Tokens of a Doc as one of their own, with what transitions look at; the Doc itself if it is all of them."""
    return doc if end - start == len(doc) else bare_copy(doc[start:end])


def beam_shares(of_passes: Sequence[Parses], parts: Sequence[Part]) -> Dict[Entity, float]:
    """The share of the beam that each entity of a Doc has, (start, end, label) -> 0..1, mean over passes."""
    sums: Dict[Entity, float] = defaultdict(float)
    for of_parts in of_passes:
        for (first, _), parses in zip(parts, of_parts, strict=True):
            for probability, ents in parses:
                for start, end, label in ents:
                    sums[first + start, first + end, label] += probability / len(of_passes)
    return {ent: min(total, 1.0) for ent, total in sums.items()}  # sums of shares end in 1 up to rounding


def add_marginals(probs: Floats, parses: Sequence[Parse], numbers: Mapping[str, int]) -> None:
    """Sum the probabilities of parses by token and tag into `probs`, (tokens, tags), which holds zeros."""
    for probability, ents in parses:
        for start, end, label in ents:
            if not label:
                continue  # spaCy's "no entity here", an O
            if end - start == 1:
                probs[start, numbers[f"U-{label}"]] += probability
                continue
            probs[start, numbers[f"B-{label}"]] += probability
            probs[start + 1 : end - 1, numbers[f"I-{label}"]] += probability
            probs[end - 1, numbers[f"L-{label}"]] += probability
    probs[:, 0] = numpy.clip(1.0 - probs.sum(1), 0.0, 1.0)


def add_best(best: NDArray[numpy.int64], parse: Parse, numbers: Mapping[str, int]) -> None:
    """Write the tags of one parse into `best`, (tokens,), which holds the number of O."""
    spans = sorted(span for span in parse[1] if span[2])
    best[:] = [numbers[tag] for tag in encode(spans, len(best), "BILOU")]
