"""Finding the task that a record answers, and making sure that it is still the same sentence."""

from collections import defaultdict
from typing import Dict, Iterable, List, Optional, Tuple
from unicodedata import normalize

from ..corpus.align import one_line
from ..corpus.annotation.blocks import written
from ..corpus.annotation.marks import Record
from ..errors import ALError, Errors
from ..tasks import Task


class Asked:
    """The tasks that were asked for, found by id or, for tools that lose ids, by their text or tokens."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        """tasks (Iterable[Task]): The tasks; of one sentence there may be several, of different rounds."""
        self.by_round: Dict[Tuple[str, Optional[int]], Task] = {(task.id, task.round): task for task in tasks}
        self.by_id: Dict[str, Task] = {task.id: task for task in self.by_round.values()}
        self.by_text: Dict[str, List[Task]] = defaultdict(list)
        self.by_words: Dict[Tuple[str, ...], List[Task]] = defaultdict(list)
        for task in {(task.id, task.windows): task for task in self.by_round.values()}.values():
            self.by_text[one_line(task.text).rstrip()].append(task)
            self.by_words[tuple(map(written, task.words))].append(task)

    def named(self, record: Record) -> Optional[Task]:
        """The task that a record names, by id and round; by the id alone where no round or no window can be mixed up.

        RETURNS (Optional[Task]): The last one of the sentence where the tool lost the round. None: it was not asked.
        """
        task = self.by_round.get((record.id or "", record.round)) or self.by_id.get(record.id or "")
        return None if task and task.windows and record.round not in (None, task.round) else task

    def find(self, record: Record, *, has_ids: bool) -> Task:
        """The record's task.

        has_ids (bool): Some record of the file has an id; then one without is damaged, not a tool's habit.
        RAISES: ALError A603 (not asked for), A604 (edited), A612 (no id, and no single task has this text),
            A629 (no id where others have one).
        """
        if record.id is None and has_ids:
            raise ALError(Errors.A629.format(place=record.chunk.place))
        if record.id is None:
            return self._by_content(record)
        task = self.named(record)
        if task is None:
            raise ALError(Errors.A603.format(place=record.chunk.place, id=record.id[:80], n=len(self.by_id)))
        check_content(record, task)
        return task

    def _by_content(self, record: Record) -> Task:
        if record.text is not None:
            found = self.by_text.get(one_line(record.text).rstrip(), [])
        else:
            found = self.by_words.get(tuple(map(written, record.words or ())), [])
        # An empty sentence is no evidence: a stray block of comments looks the same.
        if len(found) != 1 or not found[0].words:
            raise ALError(Errors.A612.format(place=record.chunk.place, n=len(found)))
        check_content(record, found[0])
        return found[0]


def check_content(record: Record, task: Task) -> None:
    """Raise ALError A604 if the tool changed the text or the tokens; line ends may be spaces."""
    place = record.chunk.place
    if record.text is not None and one_line(record.text).rstrip() != one_line(task.text).rstrip():
        at = _first_difference(record.text, task.text)
        found, expected = _told_apart(record.text[at : at + 30], task.text[at : at + 30])
        raise ALError(Errors.A604.format(place=place, at=f"character {at}", found=found, expected=expected))
    if record.words is not None and record.words not in (task.words, tuple(map(written, task.words))):
        at = next((n for n, (a, b) in enumerate(zip(record.words, task.words, strict=False)) if a != b), 0)
        found, expected = _told_apart(" ".join(record.words[at : at + 5]), " ".join(task.words[at : at + 5]))
        raise ALError(Errors.A604.format(place=place, at=f"token {at}", found=found[:80], expected=expected[:80]))


def _told_apart(found: str, expected: str) -> Tuple[str, str]:
    """Two pieces of text; with escapes where they look alike, as accents composed (NFC) and apart (NFD) do."""
    if normalize("NFKC", found)[:5] != normalize("NFKC", expected)[:5]:
        return found, expected
    return ascii(found)[1:-1], ascii(expected)[1:-1]


def _first_difference(a: str, b: str) -> int:
    pairs = zip(a, b, strict=False)
    return next((number for number, (x, y) in enumerate(pairs) if x != y), min(len(a), len(b)))
