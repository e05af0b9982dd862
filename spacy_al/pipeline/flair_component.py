"""The class behind `flair_ner`: Flair's BiLSTM-CRF tagger as a component of a spaCy pipeline."""

from dataclasses import asdict
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from flair.models import SequenceTagger
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import minibatch
from spacy.vocab import Vocab

from ..corpus.labels import check_labels
from ..corpus.schemes import decode
from ..errors import ALError, Errors
from ..ml.network import check_dropout
from ..ml.thinc_encoder import thinc_seed
from ..types import Sampling, TagSamples
from ..uncertainty.confidence import token_slices
from . import flair_model, flair_params, flair_sampling, flair_training
from .entities import Scorer, annotated, set_entities
from .flair_embeddings import EmbeddingRecipe
from .flair_settings import Shape, TrainerSettings
from .one_go import OneGoTagger


class FlairNER(OneGoTagger):
    """A BiLSTM-CRF (Lample et al. 2016) by Flair (Akbik et al. 2018) as an entity recogniser.

    Flair's ModelTrainer trains it in one go: `initialize` does so with its examples, the active-learning loop
    calls `restart` and `fit` each round, and `update` changes nothing.
    """

    data_file, data_key = "model.safetensors", "weights"

    def __init__(
        self,
        vocab: Vocab,
        name: str = "flair_ner",
        *,
        embeddings: EmbeddingRecipe,
        labels: Sequence[str],
        scheme: str,
        shape: Shape,
        trainer: TrainerSettings,
        scorer: Scorer = None,
    ) -> None:
        """
        vocab (Vocab): The shared vocabulary. name (str): The component's name.
        embeddings (EmbeddingRecipe): Builds the embeddings whenever a new tagger is made.
        labels (Sequence[str]), scheme (str), scorer (Optional[Callable]): See `make_flair_ner`.
        shape (Shape): The network. trainer (TrainerSettings): How it is trained.
        """
        self.vocab = vocab
        self.name = name
        self.embeddings = embeddings
        self.shape = shape
        self.trainer = trainer
        self.scorer = scorer
        self.tagger: Optional[SequenceTagger] = None
        self._declare(check_labels(labels, pipe=name), scheme)

    @property
    def dropouts(self) -> List[str]:
        """The kinds of dropout that `sample` knows; a kind whose rate is 0 is not among them."""
        tagger = self._ready()
        return ["off", *flair_sampling.dropouts(tagger)]

    def restart(self, seed: int) -> None:
        """Make a new tagger with the declared labels, its weights drawn from `seed`.

        Embeddings are made anew as well: what is pretrained is read again, what is not is drawn again.
        RAISES: ALError A300 before labels are declared, and as building the embeddings.
        """
        if not self._labels:
            raise ALError(Errors.A300.format(name=self.name))
        flair_model.use_device()
        with thinc_seed(seed):
            embeddings = self.embeddings.build()
            self.tagger = flair_model.build_tagger(embeddings, self.shape, self._labels, self.scheme)

    def fit(self, examples: Sequence[Example], dev: Sequence[Example], seed: int) -> None:
        """Train the tagger that `initialize` or `restart` made.

        examples (Sequence[Example]): Sentences that are not annotated throughout are left out (warning W331).
        dev (Sequence[Example]): Their entity F1 decides when the learning rate is annealed and which epoch's
            weights are kept. Without any, the training loss decides.
        seed (int): For dropout and the order of sentences.
        RAISES: ALError A301 for an undeclared label, A332 without annotation, A333 before `initialize`.
        """
        tagger = self._ready()
        sentences = self._sentences(examples)
        if not sentences:
            raise ALError(Errors.A332.format(pipe=self.name, examples=len(examples)))
        flair_model.use_device()
        flair_training.train(tagger, sentences, self._sentences(dev), self.trainer, seed)

    def _sentences(self, examples: Sequence[Example]) -> List[Any]:
        pairs = annotated(examples, self.codec, self._labels, pipe=self.name)
        return [
            flair_training.labelled_sentence(
                example.predicted, decode([self.tags[number] for number in numbers], self.scheme)
            )
            for example, numbers in pairs
        ]

    def __call__(self, doc: Doc) -> Doc:
        """Set `doc.ents` (`set_entities`). Raises ALError A333 before `initialize`."""
        self._annotate([doc])
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Set `doc.ents` of Docs (`set_entities`), `batch_size` at a time."""
        handle = self.get_error_handler()
        for docs in minibatch(stream, size=batch_size):
            try:
                self._annotate(docs)
                yield from docs
            except Exception as error:
                handle(self.name, self, docs, error)

    def _annotate(self, docs: Sequence[Doc]) -> None:
        for samples in self.sample(docs):
            best = samples.best[0].tolist()
            for number, tokens in token_slices(samples):
                set_entities(docs[number], self.codec.spans(docs[number], best[tokens]))

    def sample(
        self, docs: Sequence[Doc], *, passes: int = 1, dropout: str = "off", seed: int = 0
    ) -> Iterator[TagSamples]:
        """What the tagger says of sentences, see `spacy_al.types.Sampler`.

        Probabilities are the CRF's true marginals, by forward-backward over Flair's scores;
        what Flair calls confidence is a softmax over Viterbi scores of prefixes.

        docs (Sequence[Doc]): Sentences; not changed. passes (int): Stochastic passes; one with "off".
        dropout (str): "off", "word", "locked" or "all": Flair's modules that stay switched on.
        seed (int): Masks are drawn from seed, pass and sentence: neither batching nor order changes them.
        YIELDS (TagSamples): Bounded batches, longest sentences first.
        RAISES: ALError A200 for a kind that the tagger does not have, A333 before `initialize`.
        """
        tagger = self._ready()
        check_dropout(flair_sampling.dropouts(tagger), dropout, self.name)
        flair_model.use_device()
        yield from flair_sampling.sample(tagger, docs, self.tags, Sampling(passes, dropout, seed))

    def _ready(self) -> SequenceTagger:
        if self.tagger is None:
            raise ALError(Errors.A333.format(pipe=self.name))
        return self.tagger

    def _data(self) -> bytes:
        return b"" if self.tagger is None else flair_model.dump_weights(self.tagger)

    def _record(self) -> Dict[str, Any]:
        tagger = self.tagger
        return {
            "labels": self.label_data,
            "scheme": self.scheme,
            "shape": asdict(self.shape),
            "embeddings": None if tagger is None else flair_params.dump_embeddings(tagger.embeddings),
        }

    def _restore(self, record: Dict[str, Any], weights: bytes, *, path: str) -> None:
        self._declare(check_labels(record["labels"], pipe=self.name), record["scheme"])
        self.shape = Shape(**record["shape"])
        self.tagger = None
        if record["embeddings"] is None:
            return
        flair_model.use_device()
        with thinc_seed(0):  # weights are drawn before they are overwritten
            embeddings = flair_params.build_embeddings(record["embeddings"])
            tagger = flair_model.build_tagger(embeddings, self.shape, self._labels, self.scheme)
        flair_model.load_weights(tagger, weights, path=path)
        self.tagger = tagger

    def __reduce__(self) -> Tuple[Callable[..., Any], Tuple[Any, ...]]:
        # Flair's objects do not travel between processes safely; what is saved does.
        settings = {
            "embeddings": self.embeddings, "labels": self.label_data, "scheme": self.scheme, "shape": self.shape,
            "trainer": self.trainer, "scorer": self.scorer,
        }  # fmt: skip
        return _rebuild, (self.vocab, self.name, settings, self.to_bytes())


def _rebuild(vocab: Vocab, name: str, settings: Dict[str, Any], data: bytes) -> FlairNER:
    return FlairNER(vocab, name, **settings).from_bytes(data)
