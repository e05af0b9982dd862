"""From grammar and names to two lists of documents, and from documents to IOB2 lines."""

from collections import Counter
from pathlib import Path
from typing import Callable, Dict, List, Tuple

from .dice import Dice
from .finish import finish
from .grammar import Grammar, read_grammar
from .names import KINDS, MIXED, Names, Words, make_names
from .writer import Sentence, Writer

Document = List[Sentence]

GRAMMAR = Path(__file__).parent / "grammar"
LONGEST = 60  # tokens
SHORT = 6  # sentences under this many tokens ("Kind regards ,") may come back, as they do in life
COPIES = 3  # times at most

# Percent of the sentences of the training and of the test part. The rare genres are more frequent in the test
# part: a small random sample of the training part hardly shows them, so there is something to find.
GENRES: Dict[str, Tuple[float, float]] = {
    "chatter": (21.5, 14),
    "news": (11, 11),
    "business": (8, 8),
    "sports": (11, 10),
    "email": (9, 8),
    "minutes": (7, 6),
    "reviews": (12, 13),
    "lists": (4, 6),
    "headlines": (3.5, 5),
    "tweets": (5, 7),
}
RARE = [
    "obituary",
    "guide",
    "tickets",
    "notices",
    "ads",
    "interview",
    "credits",
    "references",
    "releases",
    "family",
    "school",
    "radio",
]
GENRES.update({genre: (8 / len(RARE), 12 / len(RARE)) for genre in RARE})


def make_corpus(seed: int, *, training: int, test: int) -> Tuple[List[Document], List[Document]]:
    """Write both parts of the corpus.

    seed (int): Equal seeds give equal corpora, on every machine and Python version.
    training (int): Sentences in the training part.
    test (int): Sentences in the test part; none of six tokens or more is also in the training part.
    RETURNS (Tuple[List[Document], List[Document]]): Documents of the training and of the test part.
    """
    grammar = read_grammar(GRAMMAR, kinds=[*KINDS, *MIXED])
    names = make_names(grammar, make_expander(seed), Dice(f"{seed} names"))
    seen: Counter[str] = Counter()
    parts = []
    for part, size in enumerate((training, test)):
        dice = Dice(f"{seed} part {part}")
        writer = Writer(grammar, names[part], dice, part=part)
        parts.append(_fill(writer, dice, seen, part=part, size=size))
    return parts[0], parts[1]


def to_iob2(documents: List[Document]) -> str:
    """Two columns parted by a tab, a blank line after each sentence, `-DOCSTART-` before each document."""
    lines: List[str] = []
    for document in documents:
        lines += ["-DOCSTART-\tO", ""]
        for sentence in document:
            lines += [f"{token.text}\t{token.tag}" for token in sentence]
            lines.append("")
    return "\n".join(lines) + "\n"


def make_expander(seed: int) -> Callable[[Grammar, str], Words]:
    """A function that expands a rule without slots once, for making names."""
    dice = Dice(f"{seed} words")
    nobody = Names({})

    def expand(grammar: Grammar, rule: str) -> Words:
        sentences = Writer(grammar, nobody, dice, part=0).document(rule)
        return tuple(token.text for token in sentences[0])

    return expand


def _fill(writer: Writer, dice: Dice, seen: "Counter[str]", *, part: int, size: int) -> List[Document]:
    """Write documents of the genre that lags most behind its share until there are `size` sentences."""
    written: Counter[str] = Counter()
    documents: List[Document] = []
    while written.total() < size:
        genre = min(GENRES, key=lambda name: written[name] / GENRES[name][part])
        sentences = [finish(sentence, dice) for sentence in writer.document(genre)]
        document = [sentence for sentence in sentences if _is_new(sentence, seen)]
        if document:
            documents.append(document[: size - written.total()])
            written[genre] += len(document)
    return dice.shuffled(documents)


def _is_new(sentence: Sentence, seen: "Counter[str]") -> bool:
    key = " ".join(token.text.lower() for token in sentence)
    seen[key] += 1
    return seen[key] <= (COPIES if len(sentence) < SHORT else 1) and len(sentence) <= LONGEST
