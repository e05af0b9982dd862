"""`sequence_tagger`: a trainable pipe that finds entities by tagging tokens, and can be asked how sure it is."""

from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

import numpy
import torch
from numpy.typing import NDArray
from spacy.language import Language
from spacy.pipeline.trainable_pipe import TrainablePipe
from spacy.tokens import Doc
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Config, Model, Optimizer
from torch import Tensor

from ..corpus.labels import LabelData
from ..corpus.schemes import SCHEMES, entity_spans, tag_names
from ..errors import ALError, Errors
from ..ids import token_key
from ..ml.encoder_shim import DocsModel
from ..ml.snapshot import Snapshot
from ..ml.tagger import tagger_shim
from ..ml.tagger_shim import TaggerShim
from ..ml.tags import TagCodec
from ..tasks import TokenSpan
from ..types import TagSamples
from .entities import RECOGNIZER, SCORER, Scorer, gold_tags, resolve_labels, set_entities

DEFAULT_CONFIG = """
[model]
@architectures = "spacy-al.SequenceTagger.v1"

[model.encoder]
@architectures = "spacy.HashEmbedCNN.v2"
pretrained_vectors = null
width = 96
depth = 4
embed_size = 2000
window_size = 1
maxout_pieces = 3
subword_features = true

[model.head]
@al_heads = "spacy-al.SoftmaxHead.v1"
dropout = 0.1
"""


class SequenceTagger(TrainablePipe):  # type: ignore[misc]
    """Tags tokens in IOB1, IOB2 or BILOU and sets `doc.ents`. Implements `spacy_al.types.Sampler`.

    Labels are declared and fixed: they come from the config or from the label list that `al convert` writes.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: DocsModel,
        name: str = "sequence_tagger",
        *,
        labels: Sequence[str],
        scheme: str,
        scorer: Scorer,
    ) -> None:
        """
        vocab (Vocab): The shared vocabulary.
        model (Model): From `spacy-al.SequenceTagger.v1`.
        name (str): The component's name.
        labels (Sequence[str]): Entity types; empty: declared on initialisation.
        scheme (str): IOB1, IOB2 or BILOU.
        scorer (Callable): Scores examples; spaCy's NER scorer by default.
        RAISES: ALError A008 for an unknown scheme.
        """
        if scheme not in SCHEMES:
            problem = f"choose one of {', '.join(SCHEMES)}"
            raise ALError(Errors.A008.format(section=f"components.{name}", key="scheme", value=scheme, problem=problem))
        self.vocab = vocab
        self.model: Model[Any, Any] = model
        self.name = name
        self.cfg: Dict[str, Any] = {"labels": list(labels), "scheme": scheme}
        self.scorer = scorer
        self.codec: Optional[TagCodec] = None
        self.snapshot: Optional[Snapshot] = None

    @property
    def labels(self) -> Tuple[str, ...]:
        """The declared entity types."""
        return tuple(self.cfg["labels"])

    @property
    def label_data(self) -> List[str]:
        """What `spacy init labels` saves."""
        return list(self.labels)

    @property
    def scheme(self) -> str:
        """IOB1, IOB2 or BILOU."""
        return str(self.cfg["scheme"])

    @property
    def tags(self) -> List[str]:
        """Names of the tags, in the order of the last axis of probabilities."""
        return tag_names(self.labels, self.scheme)

    @property
    def dropouts(self) -> List[str]:
        """The kinds of dropout that `sample` knows, "off" first."""
        return ["off", *self._shim.state.encoder.seams]

    trains_in_one_go = False  # see `spacy_al.pipeline.teachable`

    @property
    def learns_from_rejected(self) -> bool:
        """Whether spans known not to be entities (`doc.spans[REJECTED]`) teach it anything: its head decides."""
        return bool(getattr(self._shim.state.build_head, "learns_from_rejected", False))  # may be a plain function

    @property
    def _shim(self) -> TaggerShim:
        return tagger_shim(self.model)

    def _codec(self) -> TagCodec:
        if self.codec is None or self.codec.tags != self.tags:
            self.codec = TagCodec(self.tags, self.scheme)
        return self.codec

    def add_label(self, label: str) -> int:
        """Declare one more label; ALError A302 after initialisation."""
        if label in self.labels:
            return 0
        if self._shim.state.tags:
            raise ALError(Errors.A302.format(name=self.name, labels=list(self.labels), label=label))
        self.cfg["labels"].append(label)
        return 1

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Optional[Language] = None,
        labels: Optional[LabelData] = None,
    ) -> None:
        """Fix the labels and build the network.

        get_examples (Callable): Yields examples; their texts initialise the encoder. Their entities are read only
            if labels are declared nowhere else.
        nlp (Language): Unused.
        labels (LabelData): The label list that `al convert` writes.
        RAISES: ALError A300 when there are no labels at all, A331 for labels of another form.
        """
        validate_get_examples(get_examples, "SequenceTagger.initialize")
        examples = list(get_examples())
        for label in resolve_labels(self.labels, labels, examples, pipe=self.name):
            self.add_label(label)
        self._shim.state.declare(self.tags, self.scheme)
        self.snapshot = None
        self.model.initialize(X=[eg.x for eg in examples[:10]])

    def restart(self, seed: int) -> None:
        """Put the weights of the first call back in place and redraw what is not pretrained, from `seed`."""
        if self.snapshot is None:
            self._shim.state.attach()
            self.snapshot = Snapshot(self.model)
        self.snapshot.restore()
        self._shim.redraw(seed)

    def predict(self, docs: Iterable[Doc]) -> List[NDArray[numpy.int64]]:
        """Tag numbers of each Doc, (tokens,); Docs are not changed."""
        docs = list(docs)
        result: List[NDArray[numpy.int64]] = [numpy.zeros(len(doc), dtype=numpy.int64) for doc in docs]
        for order, states, prediction in self._shim.sampling.predict(docs):
            best = prediction.best[0].cpu().numpy()
            ends = numpy.cumsum(states.lengths.cpu().numpy())
            for number, tags in zip(order, numpy.split(best, ends[:-1])):
                result[number] = tags
        return result

    def set_annotations(self, docs: Iterable[Doc], scores: Sequence[NDArray[numpy.int64]]) -> None:
        """Set `doc.ents` (`set_entities`)."""
        codec = self._codec()
        for doc, numbers in zip(docs, scores):
            set_entities(doc, codec.spans(doc, numbers.tolist()))

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optional[Optimizer] = None,
        losses: Optional[Dict[str, float]] = None,
    ) -> Dict[str, float]:
        """Learn from a batch; tokens without annotation take no part, rejected spans only with a CRF head.

        examples (Iterable[Example]): The batch. drop (float): Rate of a thinc encoder's dropout; torch layers have
            theirs from the config. sgd (Optimizer): Step at once, if given. losses (Dict): Mean loss is added.
        RAISES: ALError A301 for an entity whose label is not declared, A303 for a rejected span that cannot be.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        validate_examples(examples, "SequenceTagger.update")
        tags = [gold_tags(eg, self._codec(), self.labels, pipe=self.name) for eg in examples]
        if not sum(map(len, tags)):
            return losses
        rejected = [self._rejected(eg) for eg in examples] if self.learns_from_rejected else []
        self._shim.state.encoder.set_dropout(drop)
        loss = self._shim.update([eg.x for eg in examples], torch.from_numpy(numpy.concatenate(tags)), rejected)
        # On a GPU the number stays there, so that a step does not wait for it.
        losses[self.name] += loss if loss.is_cuda else float(loss)  # type: ignore[assignment]
        if sgd:
            self.finish_update(sgd)
        return losses

    def get_loss(self, examples: Iterable[Example], scores: object) -> Tuple[float, object]:
        """The loss is computed in torch by `update`; see `spacy_al.ml.tagger.refuse_backprop`."""
        raise ALError(Errors.A202)

    def _rejected(self, eg: Example) -> List[TokenSpan]:
        spans = self._codec().rejected(eg)
        entities = entity_spans(eg.y) if spans else []
        for span in spans:
            problem = "is an entity there as well" if span in entities else None
            if span[2] not in self.labels:
                problem = f"has a label that is not among the declared ones ({', '.join(self.labels)})"
            if problem:
                text = eg.y.text[:60]
                raise ALError(Errors.A303.format(name=self.name, text=text, span=span, problem=problem))
        return spans

    def keep_states(self, on: bool) -> None:
        """Keep the encoder's states of what is predicted from now on, until it is sampled with "off" or "last"."""
        self._shim.sampling.keep_states(on)

    def lower_pays(self, size: int) -> bool:
        """Whether `choose_lower` would make sampling sentences of so many tokens faster on this machine."""
        return self._shim.sampling.lower_pays(size)

    def choose_lower(self, on: bool) -> None:
        """Sample in lower precision from now on, where that pays; predictions stay as they are."""
        self._shim.sampling.lower = on

    def embed(self, docs: Sequence[Doc]) -> Iterator[Tuple[List[int], Tensor, Tensor]]:
        """The encoder's states of sentences, in one deterministic pass.

        docs (Sequence[Doc]): Sentences; not changed.
        YIELDS (Tuple[List[int], Tensor, Tensor]): Places in `docs`, tokens of each (int64), states (tokens, width).
        """
        for order, states in self._shim.sampling.states(docs, [token_key(doc) for doc in docs]):
            yield order, states.lengths, states.data[0]

    def sample(
        self, docs: Sequence[Doc], *, passes: int = 10, dropout: str = "off", seed: int = 0
    ) -> Iterator[TagSamples]:
        """What the tagger says of sentences, in one deterministic or several stochastic passes.

        docs (Sequence[Doc]): Sentences; not changed.
        passes (int): Stochastic passes; one is made with dropout "off".
        dropout (str): "off", or a kind in `self.dropouts`.
        seed (int): Masks are drawn from seed, pass and sentence, so that for every kind but a transformer's "all"
            neither batching nor order changes a number.
        YIELDS (TagSamples): Bounded batches, sorted by length.
        RAISES: ALError A200 when the tagger has no such dropout.
        """
        yield from self._shim.sampling.sample(docs, passes=passes, dropout=dropout, seed=seed, name=self.name)


@Language.factory(
    "sequence_tagger",
    default_config={**Config().from_str(DEFAULT_CONFIG), "labels": [], "scheme": "IOB2", "scorer": SCORER},
    **RECOGNIZER,
)
def make_sequence_tagger(
    nlp: Language, name: str, model: Model[Any, Any], labels: List[str], scheme: str, scorer: Scorer
) -> SequenceTagger:
    """The factory `sequence_tagger`; arguments as in `SequenceTagger`."""
    return SequenceTagger(nlp.vocab, model, name, labels=labels, scheme=scheme, scorer=scorer)
