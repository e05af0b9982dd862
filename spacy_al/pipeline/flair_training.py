"""Training Flair's SequenceTagger with Flair's ModelTrainer, silently, and without the pickles it writes."""

import sys
import tempfile
from dataclasses import asdict
from typing import Any, List, Optional, Sequence

import torch
from flair.data import Corpus, Sentence
from flair.datasets import FlairDatapointDataset
from flair.models import SequenceTagger
from flair.trainers import ModelTrainer
from flair.trainers.plugins import TrainerPlugin
from spacy.tokens import Doc

from ..corpus.schemes import Span
from ..ml.thinc_encoder import thinc_seed
from .flair_model import TAG_TYPE, make_sentence, quiet
from .flair_settings import TrainerSettings

OPTIMIZERS = {"SGD": torch.optim.SGD, "AdamW": torch.optim.AdamW}


class Interrupt(TrainerPlugin):
    """Lets Ctrl-C end more than Flair's trainer, which would return as if training were done."""

    @TrainerPlugin.hook
    def training_interrupt(self, **kw: Any) -> None:
        """Raise KeyboardInterrupt again; Flair also comes here when the learning rate gets too small."""
        if isinstance(sys.exc_info()[1], KeyboardInterrupt):
            raise KeyboardInterrupt


class KeepBest(TrainerPlugin):
    """Puts the best epoch's weights back after each annealing and at the end, from memory.

    Flair's own `anneal_with_restarts` does so through files that it pickles and reads again unsafely.
    """

    def __init__(self) -> None:
        super().__init__()
        self.best: Optional[List[torch.Tensor]] = None
        self.rates: List[float] = []

    @TrainerPlugin.hook
    def after_evaluation(self, current_model_is_best: bool, **kw: Any) -> None:
        """Keep the weights of an epoch that is better than all before."""
        if current_model_is_best:
            self.best = [value.detach().clone() for value in self._trained()]

    @TrainerPlugin.hook
    def before_training_epoch(self, **kw: Any) -> None:
        """Put them back when the learning rate has been annealed since the last epoch."""
        rates = [group["lr"] for group in self.trainer.optimizer.param_groups]
        if self.rates and rates != self.rates:
            self.after_training()
        self.rates = rates

    @TrainerPlugin.hook
    def after_training(self, **kw: Any) -> None:
        """Put the best weights in place, unless no epoch found any entity."""
        with torch.no_grad():
            for value, best in zip(self._trained(), self.best or [], strict=self.best is not None):
                value.copy_(best)

    def _trained(self) -> List[torch.Tensor]:
        return [value for value in self.model.parameters() if value.requires_grad]


def labelled_sentence(doc: Doc, spans: Sequence[Span]) -> Sentence:
    """A Flair sentence with gold entities. spans: First token, token after the last, label."""
    sentence = make_sentence(doc)
    for start, end, label in spans:
        sentence[start:end].add_label(TAG_TYPE, label)
    return sentence


def train(
    tagger: SequenceTagger,
    examples: Sequence[Sentence],
    dev: Sequence[Sentence],
    settings: TrainerSettings,
    seed: int,
) -> None:
    """Train a tagger in place with Flair's ModelTrainer; no global random state is left changed.

    tagger (SequenceTagger): The tagger. examples (Sequence[Sentence]): Labelled, at least one.
    dev (Sequence[Sentence]): Labelled; decide when to anneal, and which epoch's weights are kept. Without
        any, the training loss decides when to anneal.
    settings (TrainerSettings): Epochs, rates and the like. seed (int): For dropout and the order of batches.
    """
    corpus = Corpus(
        FlairDatapointDataset(list(examples)),
        FlairDatapointDataset(list(dev)) if dev else None,
        sample_missing_splits=False,
    )
    options = {**asdict(settings), "optimizer": OPTIMIZERS[settings.optimizer]}
    with tempfile.TemporaryDirectory() as folder, quiet(), thinc_seed(seed):
        ModelTrainer(tagger, corpus).train(
            folder,
            **options,
            train_with_dev=not dev,  # else Flair would wait for the training loss to rise
            use_final_model_for_eval=True,
            save_final_model=False,
            create_file_logs=False,
            create_loss_file=False,
            plugins=[Interrupt(), KeepBest()] if dev else [Interrupt()],
        )
    tagger.eval()
