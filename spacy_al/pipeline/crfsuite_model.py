"""A CRF trained and run by python-crfsuite, held as bytes that are verified before they are opened."""

import hashlib
import math
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

import numpy
from numpy.typing import NDArray
from pydantic import PositiveInt

from ..errors import ALError, Errors, saying
from ..files import writing
from .entities import NotNegative

ROOM = 1 << 16  # bytes
UNDERFLOW = 1e-290  # below this a double has lost digits, or is 0


@dataclass(frozen=True)
class CRFSettings:
    """How the CRF is trained: L-BFGS, the values of the paper's section C.1 by default.

    c1 (float): Coefficient of L1 regularisation. c2 (float): Coefficient of L2 regularisation.
    max_iterations (int): Most iterations of L-BFGS.
    min_freq (float): Features that occur less often are dropped.
    all_possible_transitions (bool): Also learn weights of pairs of tags that never occur in the examples.
    """

    c1: NotNegative = 0.1
    c2: NotNegative = 0.1
    max_iterations: PositiveInt = 100
    min_freq: NotNegative = 0.0
    all_possible_transitions: bool = False


@dataclass(frozen=True)
class Tagging:
    """What the CRF says of one sentence.

    tags (List[str]): The best sequence, one tag per token.
    log_prob (float): Natural log of its probability.
    marginals (NDArray[float32]): Probability of each of the model's tags, (tokens, tags).
    """

    tags: List[str]
    log_prob: float
    marginals: NDArray[numpy.float32]


class CRFModel:
    """A trained model: its bytes, and a tagger opened on them when first needed.

    Only the bytes are sent to other processes; a `pycrfsuite.Tagger` cannot be.
    """

    def __init__(self, data: bytes) -> None:
        """
        data (bytes): A model file of crfsuite, just trained, or verified by `load`.
        """
        self.data = data
        self._tagger: Any = None
        self._weights: Any = None

    @classmethod
    def fit(cls, features: Sequence[Any], tags: Sequence[Sequence[str]], settings: CRFSettings) -> "CRFModel":
        """Train on sentences.

        features (Sequence[pycrfsuite.ItemSequence]): Features of the tokens of each sentence.
        tags (Sequence[Sequence[str]]): The tags of each sentence.
        settings (CRFSettings): Regularisation and iterations.
        RETURNS (CRFModel): Equal input gives equal bytes: L-BFGS starts from zero and draws nothing.
        RAISES: ALError A337 when crfsuite gives up.
        """
        import pycrfsuite

        trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
        trainer.set_params(
            {
                "c1": settings.c1,
                "c2": settings.c2,
                "max_iterations": settings.max_iterations,
                "feature.minfreq": settings.min_freq,
                "feature.possible_transitions": settings.all_possible_transitions,
            }
        )
        for row, names in zip(features, tags, strict=True):
            trainer.append(row, names)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.crfsuite"
            with saying(Errors.A337, pycrfsuite.CRFSuiteError, sentences=len(tags)):
                trainer.train(str(path))
            with writing(path):
                # crfsuite says nothing of a full disk. One that could not hold all of the model has no room for this.
                path.with_suffix(".room").write_bytes(bytes(ROOM))
            return cls(path.read_bytes())

    def record(self) -> Dict[str, Any]:
        """What `load` verifies the bytes against: their number, and their SHA-256."""
        return {"bytes": len(self.data), "sha256": hashlib.sha256(self.data).hexdigest()}

    @classmethod
    def load(cls, data: bytes, record: Dict[str, Any], *, path: str) -> "CRFModel":
        """Take saved bytes, but only those that were saved: crfsuite crashes the process on damaged ones.

        data (bytes): The bytes as read.
        record (Dict[str, Any]): What `record` gave when they were saved.
        path (str): Where they come from, for the message.
        RAISES: ALError A335 when length or SHA-256 differ.
        """
        found = cls(data)
        expected = {key: record.get(key) for key in ("bytes", "sha256")}
        if found.record() != expected:
            raise ALError(Errors.A335.format(path=path, found=found.record(), expected=expected))
        return found

    @property
    def labels(self) -> List[str]:
        """The tags the model knows, in the order of the columns of `Tagging.marginals`."""
        return list(self.tagger.labels())

    @property
    def tagger(self) -> Any:
        """The `pycrfsuite.Tagger` on these bytes, which live as long as this object does."""
        if self._tagger is None:
            import pycrfsuite

            tagger = pycrfsuite.Tagger()
            tagger.open_inmemory(self.data)
            self._tagger = tagger
        return self._tagger

    def best(self, features: Any) -> List[str]:
        """The most probable tags of a sentence (Viterbi)."""
        return self.tagger.tag(features) if len(features) else []

    def tag(self, features: Any) -> Tagging:
        """The most probable tags of a sentence, their probability, and all marginals (forward-backward)."""
        labels = self.labels
        if not len(features):
            return Tagging([], 0.0, numpy.zeros((0, len(labels)), dtype=numpy.float32))
        tagger = self.tagger
        tags = tagger.tag(features)
        probability = tagger.probability(tags)
        log_prob = math.log(probability) if probability > UNDERFLOW else self.log_prob(features, tags)
        rows = [[tagger.marginal(label, number) for label in labels] for number in range(len(tags))]
        return Tagging(tags, log_prob, numpy.asarray(rows, dtype=numpy.float32))

    def log_prob(self, features: Any, tags: Sequence[str]) -> float:
        """Log-probability of any tags of a sentence, from the weights as crfsuite prints them (6 decimals).

        crfsuite itself tells the probability only, which is 0 for some sentences of hundreds of tokens.
        """
        emissions, steps = self._scores(features)
        numbers = [self.labels.index(tag) for tag in tags]
        score = emissions[numpy.arange(len(tags)), numbers].sum() + steps[numbers[:-1], numbers[1:]].sum()
        forward = emissions[0]
        for row in emissions[1:]:
            forward = numpy.logaddexp.reduce(forward[:, None] + steps, axis=0) + row
        return float(score - numpy.logaddexp.reduce(forward))

    def _scores(self, features: Any) -> Tuple[NDArray[numpy.float64], NDArray[numpy.float64]]:
        """Scores of tags at each token (tokens, tags), and of one tag after another (tags, tags)."""
        if self._weights is None:
            info = self.tagger.info()
            column = {label: number for number, label in enumerate(self.labels)}
            steps = numpy.zeros((len(column), len(column)))
            for (before, after), weight in info.transitions.items():
                steps[column[before], column[after]] = weight
            states: Dict[str, List[Tuple[int, float]]] = {}
            for (name, label), weight in info.state_features.items():
                states.setdefault(name, []).append((column[label], weight))
            self._weights = states, steps
        states, steps = self._weights
        emissions = numpy.zeros((len(features), len(steps)))
        for number, item in enumerate(features.items()):
            for name, value in item.items():
                for tag, weight in states.get(name, ()):
                    emissions[number, tag] += weight * value
        return emissions, steps

    def __getstate__(self) -> Dict[str, Any]:
        return {"data": self.data, "_tagger": None, "_weights": None}
