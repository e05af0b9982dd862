"""Which model's scores a round reports: the acquisition model's own, or a successor's on the same labels."""

import time
from pathlib import Path
from typing import Any, Dict, Optional, Protocol, Sequence

from thinc.api import Config

from ..files import write_folder
from ..runs.folder import RunFolder
from .learner import Learner
from .reporter import Reporter
from .successor import load_successor, successor_row


class Judge(Protocol):
    """Trains what has to be trained beside the acquisition model, and says how good a round is."""

    config: Optional[Config] = None  # of the model that is judged, where it is another one
    learner: Learner  # whose training loggers are told of

    def ensure(self, round_: int, labelled: Sequence[str], reporter: Reporter) -> None:
        """Train for a round, unless that was the last training; the acquisition model has been trained."""
        return

    def row(self) -> Dict[str, Any]:
        """Scores on the test set, and who was judged."""
        ...

    def seconds(self) -> Dict[str, float]:
        """Seconds of work of its own."""
        return {}

    def save(self) -> None:
        """Keep its model, if it has one of its own."""
        return


class OwnJudge(Judge):
    """The acquisition model is judged itself."""

    def __init__(self, learner: Learner) -> None:
        self.learner = learner

    def row(self) -> Dict[str, Any]:
        """Its scores."""
        return self.learner.evaluate()


class SuccessorJudge(Judge):
    """Another model learns from the same labels, and is judged (the paper's Figures 3 and 4)."""

    def __init__(self, path: Path, config: Config, acquisition: Learner, folder: RunFolder, *, use_gpu: int) -> None:
        """
        path (Path): Config of the successor. config (Config): The run's, filled. acquisition (Learner): The run's.
        RAISES: ALError A516, A505 (`load_successor`).
        """
        self.config: Optional[Config] = load_successor(path, config, acquisition.settings)
        self.name = path.stem
        self.acquisition = acquisition
        self.folder = folder
        self.learner = Learner(self.config, root=acquisition.settings.seed, use_gpu=use_gpu)

    def ensure(self, round_: int, labelled: Sequence[str], reporter: Reporter) -> None:
        """Train the successor."""
        self.learner.ensure(self.folder, round_, labelled, reporter)

    def row(self) -> Dict[str, Any]:
        """The successor's scores, and the acquisition model's F1 beside them."""
        own = self.acquisition.evaluate()["ents_f"]
        return {"acquisition_ents_f": own, **successor_row(self.learner, self.name)}

    def seconds(self) -> Dict[str, float]:
        """Of its training."""
        return {"train_successor": self.learner.seconds}

    def save(self) -> None:
        """Keep it beside the run's model."""
        write_folder(self.folder.successor, self.learner.nlp.to_disk)


def make_judge(successor: Optional[str], config: Config, learner: Learner, folder: RunFolder, use_gpu: int) -> Judge:
    """The judge that a run's setting `successor` asks for."""
    if successor is None:
        return OwnJudge(learner)
    return SuccessorJudge(Path(successor), config, learner, folder, use_gpu=use_gpu)


def timed(judge: Judge) -> Dict[str, Any]:
    """A judge's row, with the seconds that evaluation and its own training took under "seconds"."""
    start = time.perf_counter()
    row = judge.row()
    return row | {"seconds": {**judge.seconds(), "evaluate": time.perf_counter() - start}}
