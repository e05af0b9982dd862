"""Which model's scores a round reports: the acquisition model's own, or a successor's on the same labels."""

import time
from pathlib import Path
from typing import Any, Dict, Optional

from thinc.api import Config

from ..files import write_folder
from ..runs.folder import RunFolder
from .learner import Learner
from .successor import load_successor, successor_row


class Judge:
    """Says how good a round is: by the acquisition model or, as in the paper's Figures 3 and 4, by a successor.

    learner (Learner): The model that is judged. config (Optional[Config]): Its own, where it is a successor.
    """

    def __init__(
        self, successor: Optional[str], config: Config, acquisition: Learner, folder: RunFolder, *, use_gpu: int
    ) -> None:
        """
        successor (Optional[str]): The run's setting, the path of a config. config (Config): The run's, filled.
        acquisition (Learner): The run's. folder (RunFolder): Where a successor is kept.
        RAISES: ALError A516, A505 (`load_successor`).
        """
        self.acquisition, self.folder = acquisition, folder
        self.name = Path(successor or "").stem
        self.learner = acquisition
        self.config: Optional[Config] = None
        if successor is not None:
            self.config = load_successor(Path(successor), config, acquisition.settings)
            self.learner = Learner(self.config, root=acquisition.settings.seed, use_gpu=use_gpu)

    def row(self) -> Dict[str, Any]:
        """Scores on the test set, a successor's with the acquisition model's F1 beside, and their "seconds"."""
        start = time.perf_counter()
        row = self.acquisition.evaluate()
        trained = {}
        if self.config is not None:
            row = {"acquisition_ents_f": row["ents_f"], **successor_row(self.learner, self.name)}
            trained = {"train_successor": self.learner.seconds}
        return row | {"seconds": {**trained, "evaluate": time.perf_counter() - start}}

    def save(self) -> None:
        """Keep a successor beside the run's model."""
        if self.config is not None:
            write_folder(self.folder.successor, self.learner.nlp.to_disk)
