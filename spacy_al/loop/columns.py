"""The columns of a round: computed by the round's model, kept in the round's folder, read by its query."""

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Sequence

import numpy
from numpy.typing import NDArray

from ..acquisition.queries import Columns
from ..errors import ALError, Errors
from ..runs.folder import RunFolder, read_npz, write_npz


@dataclass(eq=False)
class RoundColumns:
    """What a round's model says of the candidates, computed once, also by a process that died in between.

    folder (RunFolder), round (int): Where columns are kept. numbers (NDArray[int64]): The candidates' in the pool.
    known (Sequence[str]): Names of the columns there are. compute (Callable): Makes some of them, in one pass.
    always (Sequence[str]): Columns to compute with the first ones, for later rounds to compare with.
    """

    folder: RunFolder
    round: int
    numbers: NDArray[numpy.int64]
    known: Sequence[str]
    compute: Callable[[Sequence[str]], Dict[str, NDArray[Any]]]
    always: Sequence[str]
    columns: Dict[str, NDArray[Any]] = field(init=False)

    def __post_init__(self) -> None:
        kept = read_npz(self.folder.utilities(self.round))
        same = numpy.array_equal(kept.get("numbers", []), self.numbers)
        self.columns = kept if same else {"numbers": self.numbers}

    def __call__(self, names: Sequence[str]) -> Columns:
        """Columns by name; raises ALError A471 for one that there is not."""
        unknown = [name for name in names if name not in self.known and name not in self.columns]
        if unknown:
            raise ALError(Errors.A471.format(name=unknown[0], known=", ".join(self.known)))
        missing = [name for name in dict.fromkeys([*names, *self.always]) if name not in self.columns]
        if missing:
            self.columns |= self.compute(missing)
            write_npz(self.folder.utilities(self.round), self.columns)
        return {name: self.columns[name] for name in names}
