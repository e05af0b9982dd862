"""The annotations of a run's labelled sentences, counted straight from the arrays of its DocBins."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, Tuple

import numpy
from spacy.attrs import ENT_IOB, ENT_TYPE
from spacy.strings import get_string_id

from ..corpus.docbin import read_columns
from ..errors import ALError, Errors, saying
from ..runs.folder import RunFolder

BEGIN, INSIDE = 3, 1  # spaCy's numbers for the first and the following tokens of an entity


@dataclass(frozen=True)
class Labels:
    """What annotation found in one sentence: tokens inside entities, and entities by type."""

    tokens: int
    entities: Counter[str]


def read_labels(run: Path) -> Dict[str, Labels]:
    """What annotations hold, by the sentence's id.

    run (Path): The run folder: labelled.spacy, or what its rounds hold as long as the run has not ended.
    RETURNS (Dict[str, Labels]): Sentences that carry no id are left out.
    RAISES: ALError A709 when a file is damaged.
    """
    folder = RunFolder(run)
    files = [folder.labelled] if folder.labelled.is_file() else [folder.answers(n) for n in folder.numbers()]
    return dict(item for file_ in files if file_.is_file() for item in _read(file_))


def _read(path: Path) -> Iterator[Tuple[str, Labels]]:
    # Building a Doc for each sentence takes a hundred times as long as the counts.
    with saying(Errors.A709, ALError, OSError, path=path):
        columns = read_columns(path, [(ENT_IOB, ENT_TYPE)], user=("id",))
    names = {get_string_id(text): text for text in columns.strings}
    (tokens,) = columns.groups
    if not tokens.any():
        return  # a file without annotation
    for id_, rows in zip(columns.user["id"], numpy.split(tokens, numpy.cumsum(columns.lengths)[:-1]), strict=True):
        if isinstance(id_, str):
            begins = rows[rows[:, 0] == BEGIN, 1]
            inside = int(((rows[:, 0] == BEGIN) | (rows[:, 0] == INSIDE)).sum())
            yield id_, Labels(inside, Counter(names.get(int(value), str(value)) for value in begins))
