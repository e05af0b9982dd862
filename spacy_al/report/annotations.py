"""The annotations of a run's labelled sentences, counted straight from the arrays of its DocBins."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, Tuple

import srsly
from spacy.attrs import ENT_IOB, ENT_TYPE
from spacy.strings import get_string_id
from spacy.tokens import DocBin

from ..errors import ALError, Errors

LABELLED = "labelled.spacy"
ANNOTATED = "annotated.spacy"
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
    path = run / LABELLED
    files = [path] if path.is_file() else sorted((run / "rounds").glob(f"[0-9]*/{ANNOTATED}"))
    return dict(item for file_ in files for item in _read(file_))


def _read(path: Path) -> Iterator[Tuple[str, Labels]]:
    # Building a Doc for each sentence takes a hundred times as long as the counts.
    try:
        docs = DocBin(store_user_data=True).from_bytes(path.read_bytes())
        users = [srsly.msgpack_loads(data, use_list=False) for data in docs.user_data]
    except Exception as error:  # zlib, msgpack and DocBin each raise their own
        raise ALError(Errors.A709.format(path=path, reason=error)) from error
    if ENT_IOB not in docs.attrs or ENT_TYPE not in docs.attrs:
        return
    iob, kind = docs.attrs.index(ENT_IOB), docs.attrs.index(ENT_TYPE)
    names = {get_string_id(text): text for text in docs.strings}
    for user, rows in zip(users, docs.tokens, strict=True):
        if isinstance(user, dict) and isinstance(user.get("id"), str):
            begins = rows[rows[:, iob] == BEGIN, kind]
            inside = int(((rows[:, iob] == BEGIN) | (rows[:, iob] == INSIDE)).sum())
            yield user["id"], Labels(inside, Counter(names.get(int(value), str(value)) for value in begins))
