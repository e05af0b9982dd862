"""What a run's rounds chose, sentence by sentence, and what a set of sentences is made of."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Container, Dict, Iterable, List, Optional, Sequence

from pydantic import TypeAdapter, ValidationInfo, field_validator
from pydantic import dataclasses as checked_dataclasses

from ..errors import Errors
from ..jsonl import fitting, read_jsonl
from ..runs.folder import RunFolder
from .annotations import Labels, read_labels
from .groups import Group
from .runs import Amount, Count, Number, Run


@checked_dataclasses.dataclass(frozen=True)
class Chosen:
    """One chosen sentence, as the run noted it.

    id (str): Hash of its tokens and an occurrence number. rank (int): From 0, most useful first.
    utility (Optional[float]): None in a seed round. text (str): The sentence. n_tokens (int): Its length.
    words (List[str]), token_uncertainty (List[float]): Tokens and a number for each; None if the run has none.
    """

    id: str
    rank: Count
    utility: Optional[Number]
    text: str
    n_tokens: Count
    words: Optional[List[str]] = None
    token_uncertainty: Optional[List[Amount]] = None

    @field_validator("token_uncertainty")
    @classmethod
    def _one_each(cls, values: Optional[List[float]], info: ValidationInfo) -> Optional[List[float]]:
        words = info.data.get("words")
        if words is not None and values is not None and len(words) != len(values):
            raise ValueError("one number for each of `words` was expected")
        return values

    @property
    def uncertainty(self) -> List[float]:
        """A number for each of `words`; empty if the run has none."""
        return self.token_uncertainty or [] if self.words else []


@dataclass
class Make:
    """What a set of sentences is made of: sentences, tokens, tokens inside entities, entities by type.

    `labelled` counts the tokens of the sentences whose labels are known: densities refer to these.
    """

    sentences: int = 0
    tokens: int = 0
    labelled: int = 0
    inside: int = 0
    entities: Counter[str] = field(default_factory=Counter)

    def add(self, sentence: Chosen, labels: Optional[Labels]) -> None:
        """Count one sentence in."""
        self.sentences += 1
        self.tokens += sentence.n_tokens
        if labels is not None:
            self.labelled += sentence.n_tokens
            self.inside += labels.tokens
            self.entities.update(labels.entities)

    @property
    def length(self) -> float:
        """Mean tokens of a sentence; 0 without sentences."""
        return self.tokens / self.sentences if self.sentences else 0.0

    @property
    def density(self) -> Optional[float]:
        """Entities per 100 tokens, None where no labels are known."""
        return 100 * self.entities.total() / self.labelled if self.labelled else None

    def balance(self, label: str) -> Optional[float]:
        """Share of a label among the entities, 0..1; None without entities."""
        total = self.entities.total()
        return self.entities[label] / total if total else None


Rounds = Dict[int, List[Chosen]]
CHOSEN = TypeAdapter(Chosen)


def read_rounds(run: Path) -> Rounds:
    """The sentences each round of a run chose, by the round's number; empty if the run kept none.

    run (Path): The run folder.
    RETURNS (Rounds): Sentences in the order of the file.
    RAISES: ALError of `read_jsonl`, and A701 for a missing or wrong value.
    """
    folder = RunFolder(run)
    files = {number: folder.selected(number) for number in folder.numbers()}
    return {number: _read(path) for number, path in files.items() if path.is_file()}


def _read(path: Path) -> List[Chosen]:
    chosen = []
    for line, row in read_jsonl(path):
        with fitting(Errors.A701, path=path, line=line):
            chosen.append(CHOSEN.validate_python(row))
    return chosen


@dataclass(frozen=True)
class Selection:
    """What one run chose: its rounds, and the labels of its sentences."""

    rounds: Rounds
    labels: Dict[str, Labels]


def made_of(selections: Iterable[Selection], numbers: Optional[Container[int]] = None) -> Make:
    """What the sentences of some rounds of several runs are made of; by default of all rounds but the first."""
    result = Make()
    for selection in selections:
        for number, sentences in selection.rounds.items():
            for sentence in sentences if (number if numbers is None else number in numbers) else []:
                result.add(sentence, selection.labels.get(sentence.id))
    return result


def read_selection(run: Run) -> Selection:
    """Read rounds and labels of a run; both are empty where the run kept none. Raises as its two parts.

    Sentences of the holdout were not chosen, but drawn by chance: they are left out.
    """
    rounds = read_rounds(run.path)
    chosen = {number: [one for one in sentences if one.id not in run.held] for number, sentences in rounds.items()}
    return Selection(chosen, read_labels(run.path))


def pool_sample(groups: Sequence[Group], selections: Dict[Path, Selection]) -> Make:
    """A fair sample of the pool: what seed rounds and random runs drew, each sentence once.

    groups (Sequence[Group]): Experiments on one corpus.
    selections (Dict[Path, Selection]): What each run chose, by its folder.
    RETURNS (Make): What the sample is made of.
    """
    result, seen = Make(), set()
    for group in groups:
        for run in group.runs:
            selection = selections[run.path]
            fair = selection.rounds if group.settings.measure == "random" else [0]
            for sentence in (s for number in fair for s in selection.rounds.get(number, [])):
                if sentence.id not in seen:
                    seen.add(sentence.id)
                    result.add(sentence, selection.labels.get(sentence.id))
    return result
