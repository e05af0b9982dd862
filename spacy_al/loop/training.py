"""One training phase from the initial weights, through spaCy's own training loop."""

import contextlib
import logging
import math
import tempfile
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Dict, Iterator, List, Sequence, Tuple

import numpy
from spacy.language import Language
from spacy.schemas import ConfigSchemaTraining
from spacy.training import Example
from spacy.training.initialize import init_nlp
from spacy.training.loop import train_while_improving
from spacy.util import registry
from spacy.vocab import Vocab
from thinc.api import Config, Optimizer

from ..corpus.labels import declared_labels, transition_data
from ..corpus.reader import write_docs
from ..corpus.stream import DocStream
from ..errors import ALError, Errors
from ..files import write_json, writing
from ..ml.snapshot import Snapshot
from ..ml.thinc_encoder import thinc_seed
from ..pipeline.teachable import Teachable, teachable
from ..schemas import ActiveLearningSchema
from ..types import Progress
from .batching import seeded_epochs
from .checks import with_language
from .determinism import deterministic
from .evaluation import span_scores
from .hardware import take_gpu
from .self_training import Lesson

logger = logging.getLogger("spacy_al")
TRANSITION_NERS = ("ner", "beam_ner")  # spaCy's own
INIT_SENTENCES = 200  # sentences of the pool, without labels, that components are initialised with


@dataclass
class TrainingReport:
    """What a training phase did.

    sentences (int): Sentences trained on, those held out aside. steps (int): Updates.
    losses (Dict[str, float]): Mean loss of a step in the last epoch, by component.
    dev_f (List[float]): F1 on the development set after each epoch, if there is one.
    """

    sentences: int = 0
    steps: int = 0
    losses: Dict[str, float] = field(default_factory=dict)
    dev_f: List[float] = field(default_factory=list)


class Trainer:
    """A pipeline built once from a config, trained from the same start in every round."""

    def __init__(self, config: Config, settings: ActiveLearningSchema, *, use_gpu: int = -1) -> None:
        """
        config (Config): Filled, not interpolated. settings: Its [active_learning] block.
        use_gpu (int): Number of the GPU, which becomes spaCy's; -1: as spaCy is set. RAISES: ALError A014 without it.
        """
        if use_gpu >= 0:
            take_gpu(use_gpu, quiet=True)
        self.settings = settings
        with thinc_seed(settings.seed), first_sentences(Path(str(settings.pool))) as sample:
            initial = with_labels(label_free(config, str(sample)), settings.target, sample.parent)
            with with_language(config["nlp"].get("lang")):
                self.nlp: Language = init_nlp(initial, use_gpu=use_gpu)
        self.nlp.config["corpora"] = config.get("corpora", {})
        self.nlp.config["initialize"] = config.get("initialize", {})
        self.nlp.config["training"]["train_corpus"] = config["training"]["train_corpus"]
        self.nlp.config["training"]["dev_corpus"] = config["training"]["dev_corpus"]
        self.training: Dict[str, Any] = self.nlp.config.interpolate()["training"]
        self.pipes = trainable(self.nlp, self.training["frozen_components"])
        self.pupils = [teachable(pipe) for pipe in self.pipes]

    def train(
        self, lesson: Lesson, dev: Sequence[Example], *, seed: int, progress: Progress = lambda step, total: None
    ) -> TrainingReport:
        """Train from the initial weights.

        lesson (Lesson): What is learnt from. dev (Sequence[Example]): Labelled sentences that are held out.
        seed (int): Of this training: order, dropout, and weights that are not pretrained.
        progress (Progress): Told the steps made and their total.
        RETURNS (TrainingReport): Steps, losses, development scores.
        """
        with thinc_seed(seed), deterministic(self.settings.deterministic):
            restart(self.pupils, lesson, dev, seed)
            if not self.stepped():
                return TrainingReport()
            return self._train_steps(lesson, dev, seed, progress)

    def stepped(self) -> List[Any]:
        """The components that spaCy's loop trains, batch by batch."""
        return [pipe for pipe, pupil in zip(self.pipes, self.pupils) if not pupil.trains_in_one_go]

    def _train_steps(self, lesson: Lesson, dev: Sequence[Example], seed: int, progress: Progress) -> TrainingReport:
        batcher = registry.resolve({"batcher": self.training["batcher"]})["batcher"]
        per_epoch = sum(1 for _ in batcher(lesson.once(numpy.random.default_rng(seed))))
        epochs = max(self.training["max_epochs"] or 1, math.ceil(self.settings.min_steps / max(per_epoch, 1)))
        resolved = resolve_training(self.training, steps=per_epoch * epochs, warmup=self.settings.warmup)
        follower = Follower(self, dev, resolved["optimizer"], per_epoch)
        steps = train_while_improving(
            self.nlp,
            resolved["optimizer"],
            seeded_epochs(lesson.epoch, batcher, epochs, numpy.random.default_rng(seed)),
            follower.score,
            dropout=resolved["dropout"],
            # spaCy asks for a score after the FIRST step of each epoch; the follower evaluates after the last.
            eval_frequency=per_epoch,
            accumulate_gradient=resolved["accumulate_gradient"],
            patience=0,
            max_steps=0,
            exclude=self.training["frozen_components"],
            annotating_components=resolved["annotating_components"],
            before_update=resolved["before_update"],
        )
        losses: Dict[str, Any] = {}
        for number, (_, info, _) in enumerate(steps, start=1):
            losses = info["losses"]
            follower.after_step()
            progress(number, per_epoch * epochs)
        follower.restore()
        # spaCy empties its sums when it asks for a score, so they are of the last epoch without its first step.
        # Read only now: on a GPU a loss is worth waiting for once.
        follower.report.losses = {name: float(total) / max(per_epoch - 1, 1) for name, total in losses.items()}
        return follower.report


def trainable(nlp: Language, frozen: Sequence[str]) -> List[Any]:
    """The components of a pipeline that learn. frozen (Sequence[str]): Names of those that do not."""
    return [pipe for name, pipe in nlp.pipeline if name not in frozen and getattr(pipe, "is_trainable", False)]


def restart(pupils: Sequence[Teachable], lesson: Lesson, dev: Sequence[Example], seed: int) -> None:
    """Put components back to their initial weights; those that train in one go learn here."""
    for pupil in pupils:
        pupil.restart(seed)
    for pupil in pupils:
        if pupil.trains_in_one_go:
            pupil.fit(lesson.once(numpy.random.default_rng(seed)), list(dev), seed)


class Follower:
    """Watches spaCy's training loop: evaluates at the end of an epoch, halves the rate, keeps the best weights.

    As in the paper (section C.2): when the development F1 has not improved for `anneal_patience` epochs, the
    learning rate is multiplied by `anneal_factor` and the best weights so far are put back; they are kept at
    the end. Without patience it evaluates nothing and the last weights stay.
    """

    def __init__(self, trainer: Trainer, dev: Sequence[Example], optimizer: Optimizer, per_epoch: int) -> None:
        self.trainer = trainer
        self.dev = dev if trainer.settings.anneal_patience else []
        self.optimizer = optimizer
        self.per_epoch = per_epoch
        self.report = TrainingReport()
        self.best_f = -1.0
        self.best: List[Snapshot] = []
        self.bad_epochs = 0

    def score(self) -> Tuple[float, Dict[str, float]]:
        """What spaCy's loop is told: the best development F1 so far."""
        return max(self.best_f, 0.0), {}

    def after_step(self) -> None:
        """Count a step; evaluate and follow the rule above if it was the last of an epoch."""
        self.report.steps += 1
        if self.dev and self.report.steps % self.per_epoch == 0:
            scores = span_scores(self.trainer.nlp, self.dev)
            self.report.dev_f.append(scores["ents_f"])
            self._follow(scores["ents_f"])

    def _follow(self, score: float) -> None:
        if score > self.best_f:
            self.best_f, self.bad_epochs = score, 0
            self.best = [Snapshot(pipe.model) for pipe in self.trainer.stepped()]
            return
        self.bad_epochs += 1
        if self.bad_epochs >= self.trainer.settings.anneal_patience:
            self.optimizer.learn_rate *= self.trainer.settings.anneal_factor
            self.bad_epochs = 0
            self.restore()

    def restore(self) -> None:
        """Put the best weights back, if any were kept."""
        for snapshot in self.best:
            snapshot.restore()


@contextlib.contextmanager
def first_sentences(pool: Path) -> Iterator[Path]:
    """A small DocBin with the first sentences of a pool, inside the block: a large pool is not read whole twice.

    RAISES: ALError A500 where there is none.
    """
    docs = list(islice(DocStream(pool, Vocab()), INIT_SENTENCES))
    if not docs:
        raise ALError(Errors.A500.format(pool=pool, problem="it holds no sentences"))
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder) / "sample.spacy"
        with writing(sample):
            sample.write_bytes(write_docs(docs))
        yield sample


def label_free(config: Config, pool: str) -> Config:
    """A copy of a config that initialises components with sentences of the pool, without labels."""
    changed = config.copy()
    reader = {"@readers": "spacy-al.Pool.v1", "path": pool, "limit": INIT_SENTENCES}
    changed["corpora"] = {"train": reader, "dev": reader}
    changed.setdefault("training", {})
    changed["training"] = {**changed["training"], "train_corpus": "corpora.train", "dev_corpus": "corpora.dev"}
    return changed


def with_labels(config: Config, target: str, folder: Path) -> Config:
    """A copy of a config in which [initialize] gives a component its labels, in the form that it takes.

    folder (Path): Where a file for them may be written; a config cannot spell the labels of spaCy's `ner`.
    RAISES: ALError A440 for spaCy's own `ner` without labels: it would learn them from the pool's, which it never sees.
    """
    labels = declared_labels(config.interpolate(), target)
    block = config["components"].get(target, {})
    if "source" in block:
        return config
    transitions = block.get("factory") in TRANSITION_NERS
    if not labels:
        if transitions:
            raise ALError(Errors.A440.format(target=target, factory=block["factory"]))
        return config
    changed = config.copy()
    components = changed.setdefault("initialize", {}).setdefault("components", {})
    path = folder / "labels.json"
    write_json(path, transition_data(labels) if transitions else labels)
    components.setdefault(target, {})["labels"] = {"@readers": "spacy.read_labels.v1", "path": str(path)}
    return changed


def resolve_training(training: Dict[str, Any], *, steps: int, warmup: float = 0.0) -> Dict[str, Any]:
    """Resolve the [training] block anew for a round of so many steps.

    warmup (float): Share of them in which a schedule's rate rises; 0: as the schedule says.
    """
    block = {**training, "optimizer": scheduled(training["optimizer"], steps, warmup)}
    return registry.resolve(block, schema=ConfigSchemaTraining)


def scheduled(optimizer: Dict[str, Any], steps: int, warmup: float) -> Dict[str, Any]:
    """The block of an optimizer for a training of so many steps. warmup (float): See `resolve_training`."""
    rising = {"warmup_steps": round(warmup * steps)} if warmup else {}
    return with_steps(optimizer, {"total_steps": max(steps, 1), **rising})


def with_steps(block: Dict[str, Any], known: Dict[str, int]) -> Dict[str, Any]:
    """A copy of a block in which every key of `known` has its value, however deep, where it stands and nowhere else."""
    return {
        key: with_steps(value, known) if isinstance(value, dict) else known.get(key, value)
        for key, value in block.items()
    }
