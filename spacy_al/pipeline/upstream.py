"""Running the `tok2vec` or `transformer` pipe that another pipe listens to, once or in stochastic passes."""

import contextlib
from dataclasses import dataclass, replace
from typing import Any, Iterable, Iterator, List, Sequence, Tuple, Union, cast

import numpy
import torch
from spacy.attrs import LEMMA, MORPH, NORM, POS, SENT_START, TAG
from spacy.language import Language
from spacy.pipeline.trainable_pipe import TrainablePipe
from spacy.tokens import Doc, Span
from thinc.api import Model
from thinc.types import Ints2d
from torch import nn

from ..errors import ALError, Errors
from ..lending import lent
from ..ml.lengths import plan_batches
from ..ml.thinc_encoder import thinc_dropout, thinc_seed
from ..types import Sampler, TagSamples

KEPT = [NORM, TAG, POS, LEMMA, MORPH, SENT_START]  # what the features of a `tok2vec` may be made of
BUDGET = 4096  # tokens, padding included, that go upstream at once


@dataclass(frozen=True)
class UpstreamSampler:
    """Samples from a pipe that takes its states from others. Implements `spacy_al.types.Sampler`.

    With "off" and the target's own kinds of dropout the upstream pipes run once; with "all" they run once per
    pass with their own dropout on, and the target once on each of the results with its `last` dropout.

    target (Sampler): The pipe to ask.
    upstream (Sequence[TrainablePipe]): The pipes it listens to.
    rate (float): Dropout of thinc layers with "all". A transformer has its rates in its own config.
    reuse (bool): Take states that are on the Docs already, where one deterministic pass is wanted.
    """

    target: Sampler
    upstream: Sequence[TrainablePipe]
    rate: float
    reuse: bool = False

    @property
    def tags(self) -> List[str]:
        """The target's tags."""
        return self.target.tags

    @property
    def scheme(self) -> str:
        """The target's scheme."""
        return self.target.scheme

    @property
    def dropouts(self) -> List[str]:
        """The target's kinds of dropout, and "all"."""
        return list(dict.fromkeys([*self.target.dropouts, "all"]))

    def sample(
        self, docs: Sequence[Doc], *, passes: int = 10, dropout: str = "off", seed: int = 0
    ) -> Iterator[TagSamples]:
        """See `spacy_al.types.Sampler`. Nothing but words, spaces and morphology of the Docs is looked at."""
        for batch, order in enumerate(plan(docs, BUDGET)):
            chunk = [docs[number] for number in order]
            if not len(chunk[0]):  # listeners fail where there is nothing to pool
                yield empty_samples(order, 1 if dropout == "off" else passes, len(self.tags), dropout != "off")
                continue
            if dropout == "all":
                found = self._repeat(chunk, [pass_seed(seed, batch, number) for number in range(passes)])
            else:
                states = with_states(self.upstream, chunk, reuse=self.reuse)
                found = list(self.target.sample(states, passes=passes, dropout=dropout, seed=seed))
            for samples in found:
                yield replace(samples, order=[order[place] for place in samples.order])

    def _repeat(self, docs: List[Doc], seeds: Sequence[int]) -> List[TagSamples]:
        head = "last" if "last" in self.target.dropouts else "off"
        found: List[List[TagSamples]] = []
        for seed in seeds:
            states = repeat_states(self.upstream, docs, seed=seed, rate=self.rate)
            found.append(list(self.target.sample(states, passes=1, dropout=head, seed=seed)))
        return [stack_passes(batch) for batch in zip(*found, strict=True)]


def plan(docs: Sequence[Doc], budget: int) -> List[List[int]]:
    """Batches of similar length (`plan_batches`); Docs without tokens, on which listeners fail, apart."""
    sizes = [len(doc) for doc in docs]
    empty = [number for number, size in enumerate(sizes) if not size]
    full = [number for number, size in enumerate(sizes) if size]
    batches = plan_batches([sizes[number] for number in full], budget)
    return ([empty] if empty else []) + [[full[place] for place in batch] for batch in batches]


def upstream_pipes(nlp: Language, name: str) -> List[TrainablePipe]:
    """The enabled pipes that a pipe listens to, or else the disabled ones: without them all states would be zeros.

    RAISES: ALError A443 where there is none, and the pipe listens.
    """
    target = nlp.get_pipe(name)
    before: List[Any] = [nlp.get_pipe(other) for other in nlp.component_names[: nlp.component_names.index(name)]]
    pipes = [pipe for pipe in before if hasattr(pipe, "find_listeners")]
    for pipe in pipes:  # spaCy leaves out what was disabled when a pipeline was loaded
        pipe.find_listeners(target)
    pipes = [pipe for pipe in pipes if name in pipe.listener_map]
    if not pipes and any(hasattr(node, "upstream_name") for node in _nodes(target)):
        raise ALError(Errors.A443.format(name=name))
    return [pipe for pipe in pipes if pipe.name in nlp.pipe_names] or pipes


def bare_copy(tokens: Union[Doc, Span]) -> Doc:
    """A new Doc with the tokens and morphology of a Doc or a part of one, without entities, states or user data.

    Entities that are there already would bind spaCy's `ner` to them.
    """
    words = [token.text for token in tokens]
    copy = Doc(tokens.vocab, words=words, spaces=[bool(token.whitespace_) for token in tokens])
    attributes = tokens.to_array(KEPT)  # type: ignore[union-attr] # a Span has it too
    return copy.from_array(KEPT, cast(Ints2d, attributes)) if words else copy


def with_states(pipes: Sequence[TrainablePipe], docs: Sequence[Doc], *, reuse: bool) -> List[Doc]:
    """Bare copies of Docs with the states that upstream pipes give them in one deterministic pass.

    pipes (Sequence[TrainablePipe]): In their order. docs (Sequence[Doc]): Not changed.
    reuse (bool): Take the states that all Docs carry, if they do, and run nothing.
    RETURNS (List[Doc]): Copies, in the same order.
    """
    copies = [bare_copy(doc) for doc in docs]
    if reuse and all(map(_has_states, docs)):
        for copy, doc in zip(copies, docs, strict=True):
            copy.tensor = doc.tensor
            if Doc.has_extension("trf_data"):
                copy._.trf_data = doc._.trf_data
        return copies
    for pipe in pipes:
        pipe.set_annotations(copies, pipe.predict(copies))
    return copies


def repeat_states(pipes: Sequence[TrainablePipe], docs: Sequence[Doc], *, seed: int, rate: float) -> List[Doc]:
    """As `with_states`, from one stochastic pass with dropout at `rate` drawn from `seed`."""
    copies = [bare_copy(doc) for doc in docs]
    for pipe in pipes if any(map(len, copies)) else []:
        with stochastic(pipe.model, seed=seed, rate=rate):
            states, _ = pipe.model(copies, is_train=True)
        pipe.set_annotations(copies, states)
    return copies


@contextlib.contextmanager
def stochastic(model: Model[Any, Any], *, seed: int, rate: float) -> Iterator[None]:
    """Let a thinc Model run as in training, from a seed, and put back all that this changes.

    Put back are the rates of dropout layers, the training flags of torch modules, the batches that listeners
    wait for, and the states of all global generators.
    """
    nodes = list(model.walk())
    roots = [shim._model for node in nodes for shim in node.shims]
    modules = [module for root in roots if isinstance(root, nn.Module) for module in root.modules()]
    # A listener without a batch reads the Docs, not the last batch of training.
    values: List[Tuple[Any, str, Any]] = [(node, "_batch_id", None) for node in nodes if hasattr(node, "_batch_id")]
    values += [(module, "training", module.training) for module in modules]
    with lent(values), thinc_dropout(model, rate), thinc_seed(seed), torch.no_grad():
        yield


def pass_seed(seed: int, batch: int, number: int) -> int:
    """A seed of 32 bits for one pass over one batch."""
    return int(numpy.random.SeedSequence(seed, spawn_key=(batch, number)).generate_state(1)[0])


def empty_samples(order: List[int], passes: int, tags: int, stochastic: bool) -> TagSamples:
    """What there is to say of sentences without tokens: the empty sequence has probability 1."""
    best = torch.zeros((passes, 0), dtype=torch.int64)
    lengths = torch.zeros(len(order), dtype=torch.int64)
    return TagSamples(
        torch.zeros((passes, 0, tags)), best, torch.zeros((passes, len(order))), lengths, order, stochastic
    )


def stack_passes(passes: Sequence[TagSamples]) -> TagSamples:
    """Single passes over the same sentences as one TagSamples."""
    return TagSamples(
        torch.cat([one.probs for one in passes]),
        torch.cat([one.best for one in passes]),
        torch.cat([one.log_prob for one in passes]),
        passes[0].lengths,
        passes[0].order,
        stochastic=True,
    )


def _nodes(pipe: object) -> Iterable[Model[Any, Any]]:
    model = getattr(pipe, "model", None)
    return model.walk() if isinstance(model, Model) else ()


def _has_states(doc: Doc) -> bool:
    if not len(doc) or doc.tensor.size:
        return True
    return Doc.has_extension("trf_data") and doc._.trf_data is not None
