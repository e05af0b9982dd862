"""The component `crfsuite_ner`: a CRF over hand-made features, the paper's baseline, in any pipeline."""

import warnings
from dataclasses import asdict
from typing import Any, Dict, Iterator, List, Optional, Sequence

import numpy
import torch
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from .. import files, registry  # noqa: F401 (makes @al_features known to spaCy)
from ..corpus.labels import check_labels
from ..errors import ALError, Errors, Warnings
from ..types import TagSamples
from .crf_features import FeatureCache, FeatureExtractor
from .crfsuite_model import CRFModel, CRFSettings
from .entities import RECOGNIZER, SCORER, Scorer, annotated, check_settings, require, set_entities
from .one_go import OneGoTagger

DEFAULT_FEATURES = {"@al_features": "spacy-al.PaperFeatures.v1", "use_pos": True}
SAMPLE_SENTENCES = 256  # in one TagSamples


@Language.factory(
    "crfsuite_ner",
    default_config={
        "labels": [],
        "scheme": "IOB1",
        "features": DEFAULT_FEATURES,
        **asdict(CRFSettings()),
        "scorer": SCORER,
    },
    **RECOGNIZER,
)
class CRFSuiteNER(OneGoTagger):
    """A linear-chain CRF (Lafferty et al. 2001) as an entity recogniser.

    It trains in one go: `initialize` fits it on its examples, the active-learning loop calls `restart` and
    `fit` each round, and `update` changes nothing. It has no dropout: `sample` makes one deterministic pass.
    """

    data_file, data_key = "model.crfsuite", "model"

    def __init__(
        self,
        nlp: Language,
        name: str,
        labels: List[str],
        scheme: str,
        features: FeatureExtractor,
        c1: float,
        c2: float,
        max_iterations: int,
        min_freq: float,
        all_possible_transitions: bool,
        scorer: Scorer,
    ) -> None:
        """The factory `crfsuite_ner`. Settings are those of the paper's section C.1 by default.

        labels (List[str]): Entity labels, such as "PER"; if empty, those given to `initialize`, or its examples'.
        scheme (str): "IOB1" (the paper's for CoNLL-2003), "IOB2" or "BILOU".
        features (FeatureExtractor): From the registry `al_features`.
        c1, c2, max_iterations, min_freq, all_possible_transitions: See `CRFSettings`.
        scorer (Optional[Callable]): The scoring method.
        RAISES: ALError A330 when python-crfsuite is not installed, A008 for a setting out of range, A100 or A101
            for a bad scheme or label.
        """
        require("pycrfsuite", pipe=name, extra="crf")
        self.settings = CRFSettings(c1, c2, max_iterations, min_freq, all_possible_transitions)
        check_settings(self.settings, f"components.{name}")
        self.vocab = nlp.vocab
        self.name = name
        self.scorer = scorer
        self.cache = FeatureCache(features)
        self.crf: Optional[CRFModel] = None
        self.saw_pos = True  # whether the Docs trained on had part-of-speech tags
        self._warned = False
        self._declare(check_labels(labels, pipe=name), scheme)

    @property
    def dropouts(self) -> List[str]:
        """The kinds of dropout that `sample` knows: only "off"."""
        return ["off"]

    def restart(self, seed: int) -> None:
        """Forget the training, keep labels and features. seed (int): Unused, as nothing is random."""
        self.crf = None
        self.cache.on = True

    def fit(self, examples: Sequence[Example], dev: Sequence[Example], seed: int) -> None:
        """Train on examples, from nothing.

        examples (Sequence[Example]): Features come from the predicted Docs (words and `tag_`), tags from the
            references. Sentences that are not annotated throughout are left out, with warning W331.
        dev (Sequence[Example]): Unused: the number of iterations is fixed.
        seed (int): Unused: nothing is random.
        RAISES: ALError A301 for an undeclared label, A332 without annotation, A337 when crfsuite fails.
        """
        pairs = annotated(examples, self.codec, self._labels, pipe=self.name)
        if not pairs:
            raise ALError(Errors.A332.format(pipe=self.name, examples=len(examples)))
        self.saw_pos = any(example.predicted.has_annotation("TAG") for example, _ in pairs)
        if self._uses_pos and not self.saw_pos:
            warnings.warn(Warnings.W330.format(pipe=self.name), stacklevel=2)
        self.cache.on = True
        features = [self.cache.get(example.predicted) for example, _ in pairs]
        tags = [[self.tags[number] for number in numbers] for _, numbers in pairs]
        self.crf = CRFModel.fit(features, tags, self.settings)

    def __call__(self, doc: Doc) -> Doc:
        """Set `doc.ents` (`set_entities`). Raises ALError A333 before training."""
        tags = self._trained().best(self._features(doc))
        numbers = [self.codec.numbers[tag] for tag in tags]
        set_entities(doc, self.codec.spans(doc, numbers))
        return doc

    def sample(
        self, docs: Sequence[Doc], *, passes: int = 1, dropout: str = "off", seed: int = 0
    ) -> Iterator[TagSamples]:
        """What the CRF says of sentences: one deterministic pass, on the CPU. See `spacy_al.types.Sampler`.

        docs (Sequence[Doc]): Sentences; not changed. passes (int), seed (int): Unused.
        dropout (str): Must be "off".
        YIELDS (TagSamples): Marginals, Viterbi tags and the log-probability of their sequence. A tag that was
            never seen in training has probability 0.
        RAISES: ALError A334 for any kind of dropout, A333 before training.
        """
        if dropout != "off":
            raise ALError(Errors.A334.format(pipe=self.name, dropout=dropout))
        self._trained()
        order = sorted(range(len(docs)), key=lambda number: len(docs[number]))
        for start in range(0, len(order), SAMPLE_SENTENCES):
            yield self._sample(docs, order[start : start + SAMPLE_SENTENCES])

    def _sample(self, docs: Sequence[Doc], order: List[int]) -> TagSamples:
        model = self._trained()
        taggings = [model.tag(self._features(docs[number])) for number in order]
        best = [self.codec.numbers[tag] for tagging in taggings for tag in tagging.tags]
        probs = numpy.zeros((1, len(best), len(self.tags)), dtype=numpy.float32)
        columns = [self.codec.numbers[tag] for tag in model.labels]
        probs[0][:, columns] = numpy.concatenate([tagging.marginals for tagging in taggings])
        return TagSamples(
            probs=torch.from_numpy(probs),
            best=torch.tensor([best], dtype=torch.int64),
            log_prob=torch.tensor([[tagging.log_prob for tagging in taggings]], dtype=torch.float32),
            lengths=torch.tensor([len(tagging.tags) for tagging in taggings], dtype=torch.int64),
            order=order,
        )

    def _trained(self) -> CRFModel:
        if self.crf is None:
            raise ALError(Errors.A333.format(pipe=self.name))
        return self.crf

    @property
    def _uses_pos(self) -> bool:
        return bool(getattr(self.cache.extractor, "use_pos", False))

    def _features(self, doc: Doc) -> Any:
        misses = self._uses_pos and self.saw_pos and len(doc) and not doc.has_annotation("TAG")
        if misses and not self._warned:
            self._warned = True
            warnings.warn(Warnings.W332.format(pipe=self.name), stacklevel=4)
        return self.cache.get(doc)

    def _data(self) -> bytes:
        return b"" if self.crf is None else self.crf.data

    def _record(self) -> Dict[str, Any]:
        return {
            "labels": self.label_data,
            "scheme": self.scheme,
            "saw_pos": self.saw_pos,
            "model": None if self.crf is None else self.crf.record(),
        }

    def _restore(self, record: Dict[str, Any], data: bytes, *, path: str) -> None:
        self._declare(check_labels(record["labels"], pipe=self.name), record["scheme"])
        self.saw_pos = bool(record["saw_pos"])
        self.crf = None if record["model"] is None else CRFModel.load(data, record["model"], path=path)


make_crfsuite_ner = CRFSuiteNER
