"""The sentences before and after those that are asked about, so that people can read on."""

from pathlib import Path
from typing import Any, Dict, Optional

from ..jsonl import read_jsonl, write_jsonl
from ..runs.folder import RunFolder
from ..types import Pool


def context_path(run: RunFolder, round_: int) -> Path:
    """Where the neighbours of a round's questions are kept."""
    return run.round(round_) / "context.jsonl"


def write_context(run: RunFolder, round_: int, pool: Pool) -> None:
    """Keep the neighbours of every question of a round; does nothing if they are there already."""
    path = context_path(run, round_)
    if path.is_file():
        return
    rows = []
    for task in run.read_tasks(round_):
        number = pool.index[task.id]
        before, after = (neighbour(pool, number, step) for step in (-1, 1))
        if before or after:
            rows.append({"id": task.id, "before": before, "after": after})
    write_jsonl(path, rows)


def neighbour(pool: Pool, number: int, step: int) -> str:
    """The text of the sentence before (-1) or after (1) in the same document; empty if there is none."""
    other = number + step
    if not 0 <= other < len(pool) or document(pool.sources[number]) is None:
        return ""
    if document(pool.sources[other]) != document(pool.sources[number]):
        return ""
    rows = pool.attributes[pool.starts[other] : pool.starts[other + 1]]
    return "".join(pool.strings[orth] + " " * bool(space) for orth, space in rows[:, :2].tolist()).strip()


def document(source: Optional[str]) -> Optional[str]:
    """The document of a source such as "news.txt:120-180"."""
    return source.rpartition(":")[0] or None if source else None


def read_context(run: RunFolder, round_: int) -> Dict[str, Dict[str, Any]]:
    """The kept neighbours, by id; empty while there are none."""
    path = context_path(run, round_)
    return {row["id"]: row for _, row in read_jsonl(path)} if path.is_file() else {}
