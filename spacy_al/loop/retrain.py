"""The last training of a run as a config for `spacy train`: `train.cfg`, and the registered functions that it names."""

from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional

import numpy
from spacy.language import Language
from spacy.training import Example
from thinc.api import Config, fix_random_seed

from ..corpus.reader import make_example, read_docs
from ..corpus.split import split_dev
from ..files import write_text
from ..pipeline.teachable import teachable
from ..runs.folder import RunFolder
from ..schemas import ActiveLearningSchema
from .seeds import phase_rng, phase_seed
from .self_training import Lesson
from .training import TrainingReport, restart, scheduled, trainable, with_labels

BeforeUpdate = Callable[[Language, Dict[str, Any]], None]
HEADER = """# The last training of this run, for spaCy's own command, typed where the run was begun:
#   python -m spacy train {config} --output trained
# trained/model-last has the weights of {model}, on a CPU to the byte.
"""
ANNEALED = """# Not here: this run followed its development F1 (anneal_patience), which spaCy's training does not.
# trained/model-best comes near.
"""


class RunLesson:
    """Registered as `spacy-al.RunLesson.v1`: what a round of a run learnt from, as a corpus of spaCy.

    Each time it is read it gives an epoch, in the run's order.
    """

    def __init__(
        self, path: Path, seed: int, round: int, sentences: int, dev_fraction: float = 0.0,
        pseudo: Optional[Path] = None, ratio: float = 0.0,
    ) -> None:  # fmt: skip
        """
        path (Path): The run's `labelled.spacy`. seed (int): Of the run. round (int): The round.
        sentences (int): Learn from the first so many; what follows is its holdout.
        dev_fraction (float): Share of the tokens held out as development set.
        pseudo (Optional[Path]): Sentences that the tagger labelled itself.
        ratio (float): So many for each labelled one.
        """
        self.path, self.root, self.round, self.sentences = path, seed, round, sentences
        self.dev_fraction, self.pseudo, self.ratio = dev_fraction, pseudo, ratio
        self.seed = phase_seed(seed, round, "train")
        self.rng = numpy.random.default_rng(self.seed)
        self._lesson: Optional[Lesson] = None
        self._held_out: List[Example] = []

    def lesson(self, nlp: Language) -> Lesson:
        """The sentences, read once."""
        if self._lesson is None:
            docs = list(read_docs(self.path, nlp.vocab))
            known = {doc.user_data["id"] for doc in docs}
            examples = [make_example(doc) for doc in docs[: self.sentences]]
            rng = phase_rng(self.root, self.round, "split")
            train, self._held_out = split_dev(examples, self.dev_fraction, rng)
            pseudo = read_docs(self.pseudo, nlp.vocab) if self.pseudo else []
            unlabelled = [doc for doc in pseudo if doc.user_data["id"] not in known]
            self._lesson = Lesson(train, unlabelled, self.ratio)
        return self._lesson

    def held_out(self, nlp: Language) -> List[Example]:
        """The development set of the round; empty without a `dev_fraction`."""
        self.lesson(nlp)
        return self._held_out

    def __call__(self, nlp: Language) -> Iterator[Example]:
        """One epoch."""
        yield from self.lesson(nlp).epoch(self.rng)


create_run_lesson = RunLesson


def create_held_out(lesson: RunLesson) -> Callable[[Language], List[Example]]:
    """Registered as `spacy-al.HeldOut.v1`: the development set of a round.

    lesson (RunLesson): What the round learnt from. RETURNS (Callable): A corpus.
    """
    return lesson.held_out


def create_restart(lesson: RunLesson, then: Optional[BeforeUpdate] = None) -> BeforeUpdate:
    """Registered as `spacy-al.Restart.v1`: before the first step, start components and chance as the run did.

    lesson (RunLesson): What the round learnt from. then (Optional[Callable]): Called before every step.
    RETURNS (Callable): For `before_update` in [training].
    """

    def before_update(nlp: Language, step: Dict[str, Any]) -> None:
        if step["step"] == 0:
            fix_random_seed(lesson.seed)
            pipes = trainable(nlp, nlp.config["training"]["frozen_components"])
            restart([teachable(pipe) for pipe in pipes], lesson.lesson(nlp), lesson.held_out(nlp), lesson.seed)
        if then is not None:
            then(nlp, step)

    return before_update


def write_train_config(
    folder: RunFolder,
    config: Config,
    settings: ActiveLearningSchema,
    report: TrainingReport,
    *,
    round_: int,
    sentences: int,
) -> None:
    """Write `train.cfg` into a run, with which `spacy train` makes its model again.

    config (Config): The run's, filled, not interpolated. settings (ActiveLearningSchema): Its block.
    report (TrainingReport): Of the training. round_ (int): Whose it was. sentences (int): Labelled ones it had.
    """
    lesson = {
        "@readers": "spacy-al.RunLesson.v1", "path": "${paths.labelled}", "seed": settings.seed, "round": round_,
        "sentences": sentences, "dev_fraction": settings.dev_fraction,
    }  # fmt: skip
    if settings.self_training and folder.pseudo(round_).is_file():
        lesson |= {"pseudo": str(folder.pseudo(round_)), "ratio": settings.self_training}
    annealed = bool(settings.anneal_patience and report.dev_f)
    dev: Dict[str, Any] = {"@readers": "spacy-al.HeldOut.v1", "lesson": "${corpora.train}"}
    if settings.test and not annealed:
        dev = {"@readers": "spacy-al.Corpus.v1", "path": settings.test}
    changed = with_labels(config, settings.target, folder.path).copy()
    changed.setdefault("paths", {})["labelled"] = str(folder.labelled)
    changed["corpora"] = {**changed.get("corpora", {}), "train": lesson, "dev": dev}
    changed["training"] = training_block(config, settings, report, annealed=annealed)
    header = HEADER.format(config=folder.train_config, model=folder.model) + (ANNEALED if annealed else "")
    write_text(folder.train_config, header + changed.to_str(interpolate=False))


def training_block(
    config: Config, settings: ActiveLearningSchema, report: TrainingReport, *, annealed: bool
) -> Dict[str, Any]:
    """The block [training] with what the loop sets itself: order, steps, schedule, start; no averages, no patience."""
    training = config["training"]
    optimizer = scheduled(config.interpolate()["training"]["optimizer"], report.steps, settings.warmup)
    restart = {"@callbacks": "spacy-al.Restart.v1", "lesson": "${corpora.train}", "then": training["before_update"]}
    last = max(report.steps - 1, 1)  # spaCy counts from 0, and 0 would mean without end
    return {
        **training,
        "seed": settings.seed % (1 << 32) if training["seed"] is None else training["seed"],
        "train_corpus": "corpora.train", "dev_corpus": "corpora.dev",
        "max_epochs": -1, "max_steps": last, "patience": 0,
        "eval_frequency": report.steps // len(report.dev_f) if annealed else last,
        "optimizer": {**optimizer, "use_averages": False}, "before_update": restart,
    }  # fmt: skip
