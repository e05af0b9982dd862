"""Counting a corpus: documents, sentences, tokens and entities per label, and the table that shows them."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Dict, List, Mapping, Sequence, Set

from spacy.tokens import Doc
from wasabi.tables import table

from .repairs import Repairs

SHOWN = 12  # names in a line


@dataclass
class Statistics:
    """Counts of a corpus of one Doc per sentence.

    documents (Set[str]): Ids of its documents.
    sentences (int): Its sentences. tokens (int): Its tokens.
    unlabelled (int): Sentences without any entity annotation: missing, not O.
    missing (int): Tokens without a label in the sentences that have some.
    entities (Counter[str]): Entities of each label.
    differing (int): Labelled sentences whose text has occurred before with other entities.
    """

    documents: Set[str] = field(default_factory=set)
    sentences: int = 0
    tokens: int = 0
    unlabelled: int = 0
    missing: int = 0
    entities: Counter[str] = field(default_factory=Counter)
    differing: int = 0
    _said: Dict[int, int] = field(default_factory=dict, repr=False)  # hashes: of a text, and of its first entities

    def add(self, doc: Doc) -> None:
        """Count one sentence."""
        self.documents.add(doc.user_data.get("doc", ""))
        self.sentences += 1
        self.tokens += len(doc)
        self.entities.update(span.label_ for span in doc.ents)
        missing = sum(token.ent_iob == 0 for token in doc)
        if missing == len(doc):
            self.unlabelled += 1
        else:
            self.missing += missing
            said = hash(tuple((span.start, span.end, span.label) for span in doc.ents))
            self.differing += self._said.setdefault(hash(doc.text), said) != said


def format_table(columns: Mapping[str, Statistics]) -> str:
    """Lay counts out as in the paper's Tables 3 and 4: a column for each part, labels by frequency.

    columns (Mapping[str, Statistics]): Counts by heading.
    RETURNS (str): The table.
    """
    parts = list(columns.values())
    rows: Dict[str, List[int]] = {
        "Documents": [len(part.documents) for part in parts],
        "Sentences": [part.sentences for part in parts],
        "Tokens": [part.tokens for part in parts],
        "Entities": [part.entities.total() for part in parts],
    }
    for label in _by_frequency(parts):
        rows[f"  {label}"] = [part.entities[label] for part in parts]
    for name, values in (
        ("Sentences without annotation", [part.unlabelled for part in parts]),
        ("Tokens without annotation in other sentences", [part.missing for part in parts]),
        ("Sentences that occur with other entities too", [part.differing for part in parts]),
    ):
        if any(values):
            rows[name] = values
    body = [(name, *(f"{value:,}" for value in values)) for name, values in rows.items()]
    return table(body, header=("", *columns), divider=True, aligns=("l", *"r" * len(parts)))


def format_repairs(repairs: Repairs) -> str:
    """List what was repaired or noted, how often, and where first.

    repairs (Repairs): What a reader counted.
    RETURNS (str): One line for each kind.
    """
    lines = [f"{count:8,}  {what} (first: {repairs.first[what]})" for what, count in repairs.counts.most_common()]
    lines = ["Repairs and notes:", *lines] if lines else ["Repairs: none"]
    names = [name for name, _ in repairs.unread.most_common(SHOWN)] + ["..."] * (len(repairs.unread) > SHOWN)
    told = f"Not read, in records without entities: {', '.join(names)} (--spans-field NAME reads entities from one)"
    return "\n".join([*lines, told] if names else lines)


def _by_frequency(parts: Sequence[Statistics]) -> List[str]:
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part.entities)
    return sorted(total, key=lambda label: (-total[label], label))
