"""A ranking from `al score` and the pool it ranks, as tasks for people."""

from dataclasses import replace
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

from spacy.language import Language
from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..corpus.annotation.values import Fields
from ..corpus.task_docs import make_task
from ..errors import ALError, Errors
from ..jsonl import read_jsonl
from ..loop.oracle import separate_file
from ..tasks import Task
from ..types import Pool


def read_ranking(path: Path, pool: Path, vocab: Vocab, *, limit: int, measure: Optional[str] = None) -> List[Task]:
    """The first sentences of a ranking as tasks.

    path (Path): JSONL of `al score`: "id", "rank", and "utilities" by measure, or one "utility".
    pool (Path): The DocBin that was scored, or a folder of them; labels in it are not looked at.
    vocab (Vocab): For the Docs of the pool.
    limit (int): How many sentences.
    measure (str): Whose utility to keep where there are several; None for the first.
    RETURNS (List[Task]): In the order of the ranking, without suggestions.
    RAISES: ALError A624 (not a ranking), A625 (a sentence is not in the pool), and those of `read_jsonl`.
    """
    rows: Dict[str, Tuple[int, str, float]] = {}
    for line, values in read_jsonl(path):
        if len(rows) == limit:
            break
        id_, row = _row(Fields(values, f"{path}:{line}"), path, line, measure)
        if id_ in rows:
            raise ALError(Errors.A624.format(path=path, line=line, problem=f"sentence '{id_}' appears twice"))
        rows[id_] = row
    sentences, _ = separate_file(pool, vocab)
    lost = next((id_ for id_ in rows if id_ not in sentences.index), None)
    if lost is not None:
        raise ALError(Errors.A625.format(path=pool, id=lost, ranking=path))
    return [_task(sentences, vocab, id_, *row) for id_, row in rows.items()]


def suggest(tasks: Sequence[Task], nlp: Language) -> List[Task]:
    """The same tasks with a pipeline's entities, for people to correct.

    tasks (Sequence[Task]): Sentences.
    nlp (Language): A pipeline that sets `doc.ents`; it gets the tasks' own tokens.
    """
    docs = (Doc(nlp.vocab, words=list(task.words), spaces=list(task.spaces)) for task in tasks)
    found = [tuple((ent.start, ent.end, ent.label_) for ent in doc.ents) for doc in nlp.pipe(docs)]
    return [replace(task, spans=spans) for task, spans in zip(tasks, found, strict=True)]


def _row(fields: Fields, path: Path, line: int, measure: Optional[str]) -> Tuple[str, Tuple[int, str, float]]:
    try:
        id_, rank = fields.text("id"), fields.integer("rank")
        if fields.has("utilities"):
            utilities = fields.child("utilities").values
            name = measure or next(iter(utilities), "")
            value = utilities.get(name)
        else:
            name = fields.text("measure") if fields.has("measure") else measure or ""
            value = fields.values.get("utility")
    except ALError as error:
        raise ALError(Errors.A624.format(path=path, line=line, problem=error)) from error
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        problem = f"the utility {name} is {value!r}, not a number"
        raise ALError(Errors.A624.format(path=path, line=line, problem=problem))
    return id_, (rank, name, float(value))


def _task(pool: Pool, vocab: Vocab, id_: str, rank: int, measure: str, utility: float) -> Task:
    number = pool.index[id_]
    bare = make_task(pool.doc(number, vocab), id_)
    return replace(bare, rank=rank, measure=measure, utility=utility, source=pool.sources[number])
