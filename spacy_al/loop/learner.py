"""A model that learns from the labelled sentences of a run: the acquisition model, or a successor."""

import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Set, Tuple

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Config

from ..corpus.reader import make_example, read_docs
from ..corpus.split import split_dev
from ..errors import ALError, Errors
from ..runs.folder import RunFolder
from ..runs.labelled import Labels, answered
from ..schemas import ActiveLearningSchema, check_active_learning
from ..tasks import TokenSpan
from .evaluation import span_scores, span_set
from .reporter import Reporter
from .seeds import phase_rng, phase_seed
from .self_training import Lesson
from .training import Trainer, TrainingReport


class Learner:
    """A pipeline, the Examples it has seen, and the round it was last trained for.

    Everything random comes from the run's root seed and the round, so that a model trained later, or again by a
    resumed process, is the same.
    """

    def __init__(self, config: Config, *, root: int, use_gpu: int) -> None:
        """
        config (Config): Filled, not interpolated; its [active_learning] block names pool and test set.
        root (int): Seed of the run. use_gpu (int): Number of the GPU, -1 for none.
        """
        self.settings: ActiveLearningSchema = check_active_learning(config.interpolate())
        self.root = root
        self.trainer = Trainer(config, self.settings, use_gpu=use_gpu)
        self.round: Optional[int] = None
        self.report = TrainingReport()
        self.seconds = 0.0
        self.tokens = 0
        self.labels: Optional[Labels] = None
        self._examples: Dict[str, Example] = {}
        self._test: Optional[List[Example]] = None

    @property
    def nlp(self) -> Language:
        """The pipeline, with the weights of the last training."""
        return self.trainer.nlp

    def read_labels(self, folder: RunFolder, round_: int) -> Labels:
        """What has been answered in rounds 0 to `round_`."""
        if self.labels is None or self.labels.folder.path != folder.path:
            self.labels, self._examples = Labels(folder, self.nlp.vocab), {}
        self.labels.read(round_)
        return self.labels

    def ensure(self, folder: RunFolder, round_: int, labelled: Sequence[str], reporter: Reporter) -> None:
        """Train for a round unless that was the last training; a process that goes on after a death trains again.

        folder (RunFolder): Where the labels are. round_ (int): The round. labelled (Sequence[str]): Ids, in order.
        RAISES: ALError A512 when labels of one of the ids are missing, A301 for a label that is not declared.
        """
        if self.round == round_:
            return
        examples = self._labelled(folder, round_, labelled)
        self.tokens = int(sum(answered(eg.y).sum() for eg in examples))
        rng = phase_rng(self.root, round_, "split")
        train, dev = split_dev(examples, self.settings.dev_fraction, rng)
        reporter.phase(round_, "train", 0)
        start = time.perf_counter()
        self.report = self.trainer.train(
            self._lesson(train, folder, round_),
            dev,
            seed=phase_seed(self.root, round_, "train"),
            progress=reporter.step,
        )
        self.report.sentences = len(train)
        self.seconds = time.perf_counter() - start
        self.round = round_

    def _lesson(self, examples: List[Example], folder: RunFolder, round_: int) -> Lesson:
        ratio = self.settings.self_training
        pseudo = folder.read_pseudo(round_, self.nlp.vocab) if ratio else []
        known = set() if self.labels is None else self.labels.docs.keys()
        return Lesson(examples, [doc for doc in pseudo if doc.user_data["id"] not in known], ratio)

    def _labelled(self, folder: RunFolder, round_: int, labelled: Sequence[str]) -> List[Example]:
        labels = self.read_labels(folder, round_)
        docs = labels.get(labelled)
        for id_ in labels.take_changed():
            self._check_labels(labels.docs[id_])
            self._examples[id_] = make_example(labels.docs[id_])
        return [self._examples[doc.user_data["id"]] for doc in docs]

    def _check_labels(self, doc: Doc) -> None:
        """Raise ALError A301 for a label that the target does not have: spaCy's `ner` would pass over it."""
        name = self.settings.target
        labels = getattr(self.nlp.get_pipe(name), "labels", ())
        label = next((ent.label_ for ent in doc.ents if labels and ent.label_ not in labels), None)
        if label is not None:
            raise ALError(Errors.A301.format(name=name, text=doc.text[:60], label=label, labels=list(labels)))

    def evaluate(self) -> Dict[str, Any]:
        """Span scores on the test set, see `span_scores`; None each without one."""
        if not self.settings.test:
            return dict.fromkeys(("ents_f", "ents_p", "ents_r", "ents_per_type"))
        if self._test is None:
            docs = read_docs(Path(self.settings.test), self.nlp.vocab)
            self._test = [make_example(doc) for doc in docs]
        return span_scores(self.nlp, self._test)

    def judged(self) -> List[Tuple[Set[TokenSpan], Set[TokenSpan]]]:
        """Gold and predicted entities of the test set, as last evaluated."""
        return [(span_set(eg.y), span_set(eg.x)) for eg in self._test or []]
