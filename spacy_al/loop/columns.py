"""The columns of a round: computed by the round's model, kept in the round's folder, read by its query."""

from typing import Any, Callable, Dict, List, Mapping, Sequence

import numpy
from numpy.typing import NDArray
from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..acquisition.queries import Columns
from ..acquisition.score_shard import Column
from ..errors import ALError, Errors
from ..runs.folder import RunFolder, read_npz, write_npz
from ..types import Pool

KEPT_DOCS = 100_000  # Docs kept from round to round, at 4 kB each
Missing = Mapping[str, Column]


class PoolDocs:
    """Docs of a pool, made when they are first asked for, and kept unless the pool is very large."""

    def __init__(self, pool: Pool, vocab: Vocab) -> None:
        self.pool = pool
        self.vocab = vocab
        self.keep = len(pool) <= KEPT_DOCS
        self.docs: Dict[int, Doc] = {}

    @property
    def lengths(self) -> NDArray[numpy.int64]:
        """Tokens of every sentence, (sentences,)."""
        return self.pool.lengths

    def get(self, numbers: Sequence[int]) -> List[Doc]:
        """Docs of these sentences, without labels."""
        if not self.keep:
            return list(self.pool.docs(numbers, self.vocab))
        new = [number for number in numbers if number not in self.docs]
        self.docs.update(zip(new, self.pool.docs(new, self.vocab)))
        return [self.docs[number] for number in numbers]


class RoundColumns:
    """What a round's model says of the candidates, computed once, also by a process that died in between."""

    def __init__(
        self,
        folder: RunFolder,
        round_: int,
        numbers: NDArray[numpy.int64],
        known: Missing,
        compute: Callable[[Missing], Dict[str, NDArray[Any]]],
        *,
        always: Sequence[str],
    ) -> None:
        """
        folder (RunFolder), round_ (int): Where columns are kept. numbers (NDArray[int64]): The candidates' in the pool.
        known (Mapping[str, Column]): Columns there are. compute (Callable): Makes some of them, in one pass.
        always (Sequence[str]): Columns to compute with the first ones, for later rounds to compare with.
        """
        self.folder, self.round, self.numbers = folder, round_, numbers
        self.known, self.compute, self.always = known, compute, always
        kept = read_npz(folder.utilities(round_))
        same = numpy.array_equal(kept.get("numbers", []), numbers)
        self.columns: Dict[str, NDArray[Any]] = kept if same else {"numbers": numbers}

    def __call__(self, names: Sequence[str]) -> Columns:
        """Columns by name; raises ALError A471 for one that there is not."""
        unknown = [name for name in names if name not in self.known and name not in self.columns]
        if unknown:
            raise ALError(Errors.A471.format(name=unknown[0], known=", ".join(self.known)))
        missing = [name for name in dict.fromkeys([*names, *self.always]) if name not in self.columns]
        if missing:
            self.columns |= self.compute({name: self.known[name] for name in missing})
            write_npz(self.folder.utilities(self.round), self.columns)
        return {name: self.columns[name] for name in names}
