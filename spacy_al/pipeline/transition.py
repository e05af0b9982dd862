"""spaCy's stock transition-based `ner` as a sampler: beams for probabilities, dropout for passes."""

import math
from collections import defaultdict
from typing import Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import numpy
import torch
from numpy.typing import NDArray
from spacy.ml.parser_model import ParserStepModel
from spacy.pipeline import EntityRecognizer
from spacy.pipeline._parser_internals._beam_utils import BeamBatch
from spacy.pipeline.trainable_pipe import TrainablePipe
from spacy.tokens import Doc

from ..corpus.schemes import tag_names
from ..errors import ALError, Errors
from ..types import TagSamples
from .hidden_masks import HIDDEN_DROPOUT, HiddenMasks
from .upstream import pass_seed, plan, repeat_states, stochastic, with_states

BEAM_WIDTH = 16
BUDGET = 2048  # padded tokens of a batch

Floats = NDArray[numpy.float32]
Parse = Tuple[float, List[Tuple[int, int, str]]]


class TransitionSampler:
    """Asks spaCy's `ner` or `beam_ner`. Implements `spacy_al.types.Sampler`.

    Probabilities come from a beam: the softmax over the scores of the parses left in it at the end, as
    spaCy's own `scored_ents` takes it. Marginals are sums over these parses, the best sequence is the first;
    a pipe that decodes greedily may set other entities. Parses that fell out of the beam count as impossible.
    Scores of a greedily trained `ner` are not normalised over sequences: ask `python -m spacy al evaluate`
    how far to trust them.

    Dropout "last": units of the hidden layer before the classifier, masks drawn from seed, pass, sentence and
    token. "all": that, and the dropout of its `tok2vec` or of the pipe it listens to.
    """

    def __init__(
        self,
        pipe: EntityRecognizer,
        upstream: Sequence[TrainablePipe] = (),
        *,
        rate: float = 0.1,
        beam_width: int = BEAM_WIDTH,
        reuse: bool = False,
    ) -> None:
        """
        pipe (EntityRecognizer): A trained `ner`. upstream (Sequence[TrainablePipe]): The pipes it listens to.
        rate (float): Dropout of its `tok2vec` with "all".
        beam_width (int): Parses kept per sentence; costs time in proportion.
        reuse (bool): Take states of upstream pipes that are on the Docs already.
        RAISES: ALError A414 for a pipe without labels.
        """
        if not pipe.labels:
            raise ALError(Errors.A414.format(name=pipe.name))
        self.pipe = pipe
        self.upstream = list(upstream)
        self.rate = rate
        self.beam_width = beam_width
        self.reuse = reuse

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
        self,
        docs: Sequence[Doc],
        *,
        passes: int = 10,
        dropout: str = "off",
        seed: int = 0,
        rates: Optional[Mapping[str, float]] = None,
    ) -> Iterator[TagSamples]:
        """See `spacy_al.types.Sampler`. Entities on the Docs are not looked at; samples are on the CPU.

        rates (Optional[Mapping[str, float]]): Overrides the rates of "last" and "all".
        RAISES: ALError A413 for another kind of dropout.
        """
        if dropout not in self.dropouts:
            known = ", ".join(self.dropouts)
            raise ALError(Errors.A413.format(name=self.pipe.name, dropout=dropout, known=known))
        passes = 1 if dropout == "off" else passes
        for order, chunk, found in self._parses(docs, passes, dropout, seed, rates or {}):
            yield self._samples(order, chunk, found, dropout != "off")

    def entity_scores(self, docs: Sequence[Doc]) -> List[Dict[Tuple[int, int, str], float]]:
        """The probability of each entity in the beam, (start, end, label) -> probability, for each Doc.

        Exact under the beam's distribution, as spaCy's `EntityRecognizer.scored_ents`, where a product of
        marginals would not be: the tags of one entity depend on each other.
        """
        scores: List[Dict[Tuple[int, int, str], float]] = [{} for _ in docs]
        for order, _, (found,) in self._parses(docs, 1, "off", 0, {}):
            for number, parses in zip(order, found, strict=True):
                sums: Dict[Tuple[int, int, str], float] = defaultdict(float)
                for probability, ents in parses:
                    for ent in ents:
                        sums[ent] += probability
                scores[number] = dict(sums)
        return scores

    def _parses(
        self, docs: Sequence[Doc], passes: int, dropout: str, seed: int, rates: Mapping[str, float]
    ) -> Iterator[Tuple[List[int], List[Doc], List[List[List[Parse]]]]]:
        """Batches: places in `docs`, Docs, and parses by pass and Doc."""
        masks = None
        if dropout != "off" and self.pipe.model.attrs["has_upper"]:
            masks = HiddenMasks(self.pipe.model, passes, seed, rates.get("last", HIDDEN_DROPOUT))
        for batch, order in enumerate(plan(docs, BUDGET)):
            chunk = [docs[number] for number in order]
            if dropout == "all":
                seeds = [pass_seed(seed, batch, number) for number in range(passes)]
                yield order, chunk, self._repeat(chunk, seeds, masks, rates.get("all", self.rate))
            else:
                copies = with_states(self.upstream, chunk, reuse=self.reuse)
                yield order, chunk, self._beam(self._step_model(copies), copies, range(passes), masks)

    def _step_model(self, copies: List[Doc]) -> Optional[ParserStepModel]:
        return self.pipe.model.predict(copies) if any(map(len, copies)) else None

    def _repeat(
        self, docs: List[Doc], seeds: Sequence[int], masks: Optional[HiddenMasks], rate: float
    ) -> List[List[List[Parse]]]:
        found: List[List[List[Parse]]] = []
        for number, seed in enumerate(seeds):
            copies = repeat_states(self.upstream, docs, seed=seed, rate=rate)
            with stochastic(self.pipe.model, seed=seed, rate=rate):
                step = self.pipe.model.begin_update(copies)[0] if any(map(len, copies)) else None
            found += self._beam(step, copies, range(number, number + 1), masks)
        return found

    def _beam(
        self,
        step: Optional[ParserStepModel],
        docs: List[Doc],
        passes: Sequence[int],
        masks: Optional[HiddenMasks],
    ) -> List[List[List[Parse]]]:
        """Beam search of all passes together ; the parses by pass and Doc, best first."""
        if step is None:
            return [[[(1.0, [])] for _ in docs] for _ in passes]
        moves = self.pipe.moves
        # `init_batch` numbers the tokens of its Docs from 0, so that passes share the rows of one encoding.
        states = [state for _ in passes for state in moves.init_batch(docs)]
        batch = BeamBatch(moves, states, None, self.beam_width)
        if masks is not None:
            masks.attach(step, docs, passes)
        place = 0
        while not batch.is_done:
            if masks is not None:
                masks.select([0 if beam.is_done else len(beam) for beam in batch], place)
            batch.advance(step.predict(batch.get_unfinished_states()))
            place += 1
        step.clear_memory()
        found = [moves.get_beam_parses(beam) for beam in batch]
        return [found[start : start + len(docs)] for start in range(0, len(found), len(docs))]

    def _samples(
        self, order: List[int], docs: List[Doc], found: List[List[List[Parse]]], stochastic: bool
    ) -> TagSamples:
        tags = self.tags
        numbers = {tag: number for number, tag in enumerate(tags)}
        lengths = [len(doc) for doc in docs]
        probs = numpy.zeros((len(found), sum(lengths), len(tags)), dtype=numpy.float32)
        best = numpy.zeros(probs.shape[:2], dtype=numpy.int64)
        log_prob = numpy.zeros((len(found), len(docs)), dtype=numpy.float32)
        starts = numpy.cumsum([0, *lengths])
        for one, parses_of_docs in enumerate(found):
            for place, parses in enumerate(parses_of_docs):
                tokens = slice(starts[place], starts[place + 1])
                add_marginals(probs[one, tokens], parses, numbers)
                add_best(best[one, tokens], parses[0], numbers)
                log_prob[one, place] = math.log(parses[0][0])
        return TagSamples(
            torch.from_numpy(probs),
            torch.from_numpy(best),
            torch.from_numpy(log_prob),
            torch.tensor(lengths, dtype=torch.int64),
            order,
            stochastic,
        )


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
    for start, end, label in parse[1]:
        if label:
            tags = ["U"] if end - start == 1 else ["B", *"I" * (end - start - 2), "L"]
            best[start:end] = [numbers[f"{tag}-{label}"] for tag in tags]
