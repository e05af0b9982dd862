"""spaCy's training loggers, told of each round."""

import io
import warnings
from typing import IO, Any, Callable, Dict, Mapping, Optional, Sequence, Tuple

from spacy.language import Language
from spacy.util import registry

from ..errors import Errors, Warnings, saying
from .training import TrainingReport

Log = Callable[[Optional[Dict[str, Any]]], None]
Setup = Callable[[Language, IO[str], IO[str]], Tuple[Log, Callable[[], None]]]


class RoundLogger:
    """The logger of a config, called once a round as spaCy calls it at a checkpoint; does nothing without one.

    What loggers print is dropped, because the command line has a table of its own; files and services get all.
    """

    def __init__(self, nlp: Language, block: Optional[Mapping[str, Any]]) -> None:
        """
        nlp (Language): The pipeline that is trained. block (Optional[Mapping]): [training.logger], resolved anew.
        RAISES: ALError A514 when the logger cannot be started.
        """
        self.name = str((block or {}).get("@loggers"))
        self.pipes = [name for name, pipe in nlp.pipeline if getattr(pipe, "is_trainable", False)]
        self.log: Optional[Log] = None
        self.finalize: Callable[[], None] = lambda: None
        if block is None:
            return
        # Loggers of other packages raise whatever their services do.
        setup = find_logger(block)
        with saying(Errors.A514, Exception, name=self.name):
            self.log, self.finalize = setup(nlp, io.StringIO(), io.StringIO())

    def row(self, metrics: Mapping[str, Any], report: TrainingReport) -> None:
        """Tell the logger of an evaluated round. A logger that fails is warned of and left out: the run goes on."""
        if self.log is None:
            return
        try:
            self.log(round_info(metrics, report, self.pipes))
        except Exception as error:  # as above: a service that is down must not end a run
            warnings.warn(Warnings.W501.format(name=self.name, reason=error), stacklevel=2)
            self.log = None

    def close(self) -> None:
        """Let the logger finish."""
        try:
            self.finalize()
        except Exception as error:  # as above
            warnings.warn(Warnings.W501.format(name=self.name, reason=error), stacklevel=2)


def find_logger(block: Mapping[str, Any]) -> Setup:
    """What sets a logger up; raises ALError A514 when its package is missing or it refuses its settings."""
    with saying(Errors.A514, ImportError, OSError, ValueError, name=block.get("@loggers")):
        logger: Setup = registry.resolve({"logger": dict(block)})["logger"]
        return logger


def round_info(metrics: Mapping[str, Any], report: TrainingReport, pipes: Sequence[str]) -> Dict[str, Any]:
    """What spaCy's loggers expect of a checkpoint, from the row of a round.

    metrics (Mapping[str, Any]): The row. report (TrainingReport): Of its training. pipes (List[str]): Trainable ones.
    RETURNS (Dict[str, Any]): epoch is the round, step the number of labelled sentences, score the F1.
    """
    scores = {key: value for key, value in metrics.items() if key != "round" and _plain(value)}
    return {
        "epoch": metrics["round"],
        "step": metrics["labelled_sentences"],
        "score": metrics["ents_f"] or 0.0,
        "other_scores": scores | {"ents_per_type": metrics["ents_per_type"]},
        "losses": {name: report.losses.get(name, 0.0) for name in pipes},
        "checkpoints": [],
        "seconds": int(sum(metrics["seconds"].values())),
        "words": metrics["labelled_tokens"],
    }


def _plain(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
