"""What taggers share that train in one go: labels and tags, `initialize`, an `update` that changes nothing, saving."""

from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Tuple, TypeVar, Union

import srsly
from spacy.language import Language
from spacy.pipeline.pipe import Pipe
from spacy.training import Example, validate_get_examples
from thinc.api import Optimizer

from .. import files
from ..corpus.labels import LabelData
from ..corpus.schemes import tag_names
from ..ml.tags import TagCodec
from .entities import annotated, resolve_labels

T = TypeVar("T", bound="OneGoTagger")


class OneGoTagger(Pipe):
    """An entity recogniser that another library trains: `initialize` does so with its examples, the active-learning
    loop calls `restart` and `fit` each round, and `update` changes nothing.

    Each has `restart`, `fit`, `sample`, and `_record`, `_data` and `_restore` for what is saved. It is the one base
    class of this package: two components, the same forty lines of spaCy's interface.
    """

    name: str
    trains_in_one_go = True
    learns_from_rejected = False
    model = None  # nothing that an optimizer of spaCy could step
    data_file = ""  # name of the file with the trained model
    data_key = ""  # its key in bytes

    def _declare(self, labels: List[str], scheme: str) -> None:
        self.codec = TagCodec(tag_names(labels, scheme), scheme)
        self._labels = tuple(labels)

    @property
    def is_trainable(self) -> bool:
        """True: the active-learning loop and spaCy's training take the component as one to be trained."""
        return True

    @property
    def labels(self) -> Tuple[str, ...]:
        """The declared entity labels."""
        return self._labels

    @property
    def label_data(self) -> List[str]:
        """What `initialize` needs to declare the same labels."""
        return list(self._labels)

    @property
    def scheme(self) -> str:
        """IOB1, IOB2 or BILOU."""
        return self.codec.scheme

    @property
    def tags(self) -> List[str]:
        """Names of the tags, in the order of the last axis of probabilities."""
        return self.codec.tags

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Optional[Language] = None,
        labels: Optional[LabelData] = None,
    ) -> None:
        """Declare the labels, start anew, and train on the examples that have entity annotation, if there are any.

        get_examples (Callable[[], Iterable[Example]]): The training examples.
        nlp (Optional[Language]): Unused.
        labels (Optional[LabelData]): The list that `al convert` writes, added to the labels of the config.
            If there are none in either, the examples' are taken.
        RAISES: ALError A300 without any label, A331 for labels of another form, and as `restart` and `fit`.
        """
        validate_get_examples(get_examples, f"{type(self).__name__}.initialize")
        examples = list(get_examples())
        self._declare(resolve_labels(self._labels, labels, examples, pipe=self.name), self.scheme)
        self.restart(0)
        if annotated(examples, self.codec, self._labels, pipe=self.name):
            self.fit(examples, [], 0)

    def restart(self, seed: int) -> None:
        """Forget the training."""
        raise NotImplementedError

    def fit(self, examples: Sequence[Example], dev: Sequence[Example], seed: int) -> None:
        """Train on examples."""
        raise NotImplementedError

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optional[Optimizer] = None,
        losses: Optional[Dict[str, float]] = None,
    ) -> Dict[str, float]:
        """Change nothing: training happens in one go, in `initialize` or `fit`, not batch by batch.

        RETURNS (Dict[str, float]): `losses`, with 0.0 under this component's name.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        return losses

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Serialize labels, settings and the model; the vocabulary is saved by the pipeline."""
        return bytes(srsly.msgpack_dumps({"cfg": self._record(), self.data_key: self._data()}))

    def from_bytes(self: T, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> T:
        """Load what `to_bytes` gave; raises ALError A335, A343 or A344 when it is damaged."""
        message = srsly.msgpack_loads(bytes_data)
        self._restore(message["cfg"], message[self.data_key], path=f"bytes of '{self.name}'")
        return self

    def to_disk(self, path: Union[str, Path], *, exclude: Iterable[str] = ()) -> None:
        """Save to a folder: `cfg` (JSON) and the model file it vouches for."""
        files.write_bytes(Path(path) / self.data_file, self._data())
        files.write_json(Path(path) / "cfg", self._record())

    def from_disk(self: T, path: Union[str, Path], *, exclude: Iterable[str] = ()) -> T:
        """Load a folder that `to_disk` wrote; raises ALError A335, A343 or A344 when it is damaged."""
        file = Path(path) / self.data_file
        self._restore(srsly.read_json(Path(path) / "cfg"), file.read_bytes(), path=str(file))
        return self

    def _record(self) -> Dict[str, Any]:
        raise NotImplementedError

    def _data(self) -> bytes:
        raise NotImplementedError

    def _restore(self, record: Dict[str, Any], data: bytes, *, path: str) -> None:
        raise NotImplementedError
