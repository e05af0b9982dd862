"""Reading grammar files: weighted rules of words, choices, numbers, repeats and name slots.

= greeting              starts a rule; each line below is one production
Dear {PER/first} ,      a slot for a name: KIND/form#tag
*3 Hi {all|both} ,      weight 3; {a|b} is a choice, nested as deep as you like
*0:1 To {title} {name}  weight 0 in the training part, 1 in the test part; {name} expands another rule
{1-12}:{00-59} {am|pm}  numbers; what touches without a space becomes one token
{opening} // {body*2-4} `//` ends a sentence; `*2-4` expands a rule that many times, as sentences
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Collection, Dict, List, Optional, Tuple, Union

from spacy_al.errors import ALError

UNREADABLE = (
    "[A020] {place}: {problem}. The notation of grammar files is at the top of scripts/sample_corpus/grammar.py; "
    "mend this line."
)
NUMBER = re.compile(r"(\d+)-(\d+)")
REPEAT = re.compile(r"([a-z]\w*)\*(\d+)-(\d+)")
RULE = re.compile(r"[a-z]\w*")
FORMS = "full|bare|short|first|last|initial|turned|inverted|cited|he|him|his"
SLOT = re.compile(rf"([A-Z]+)(?:\.([a-z]+))?(?:/({FORMS}))?(?:#(\w))?")
WEIGHT = re.compile(r"\*([\d.]+)(?::([\d.]+))? ")


@dataclass(frozen=True)
class Word:
    """A token as it stands."""

    text: str


@dataclass(frozen=True)
class Number:
    """A whole number from `low` to `high`, padded with zeros to `width` digits."""

    low: int
    high: int
    width: int


@dataclass(frozen=True)
class Rule:
    """Another rule, expanded between `low` and `high` times; more than once means as many sentences."""

    name: str
    low: int = 1
    high: int = 1


@dataclass(frozen=True)
class Slot:
    """A mention of somebody or something: `kind` (PER, ORG.club), `form` (last), `tag` (the same again)."""

    kind: str
    form: Optional[str]
    tag: Optional[str]


@dataclass(frozen=True)
class Choice:
    """One of several phrases, all equally likely."""

    options: "Tuple[Phrase, ...]"


Node = Union[Word, Number, Rule, Slot, Choice]


@dataclass(frozen=True)
class Phrase:
    """Nodes one after the other; `glued[i]` says that node i touches the one before it."""

    nodes: Tuple[Node, ...]
    glued: Tuple[bool, ...]


@dataclass
class Production:
    """What a rule may become, with its weight in the training and in the test part."""

    weights: Tuple[float, float]
    phrase: Phrase


@dataclass
class Grammar:
    """All rules of all files by name."""

    rules: Dict[str, List[Production]] = field(default_factory=dict)
    places: Dict[str, str] = field(default_factory=dict)


def read_grammar(folder: Path, *, kinds: Collection[str] = ()) -> Grammar:
    """Read every `*.grammar` file of a folder and check that all that is named in them exists.

    folder (Path): Where the grammar files are.
    kinds (Collection[str]): What slots may ask for, such as "ORG" and "ORG.club".
    RETURNS (Grammar): Their rules together.
    RAISES: ALError A020 with file and line for a rule defined twice, braces around no rule, number, choice
        or slot, and, with the line where its rule starts, for an unknown rule or kind.
    """
    grammar = Grammar()
    for path in sorted(folder.glob("*.grammar")):
        _read_file(grammar, path)
    for name, productions in grammar.rules.items():
        for production in productions:
            _check(grammar, production.phrase, kinds, grammar.places[name])
    return grammar


def _read_file(grammar: Grammar, path: Path) -> None:
    current: Optional[List[Production]] = None
    for number, line in enumerate(path.read_text(encoding="utf8").splitlines(), start=1):
        line, place = line.strip(), f"{path}:{number}"
        if line.startswith("= "):
            name = line[2:]
            if name in grammar.rules:
                raise ALError(UNREADABLE.format(place=place, problem=f"the rule {name!r} is defined twice"))
            current = grammar.rules[name] = []
            grammar.places[name] = place
        elif line and not line.startswith("# "):
            if current is None:
                raise ALError(UNREADABLE.format(place=place, problem="a line before the first rule"))
            current.append(_parse_line(line, place))


def _parse_line(line: str, place: str) -> Production:
    weights = (1.0, 1.0)
    if match := WEIGHT.match(line):
        weights = (float(match[1]), float(match[2] or match[1]))
        line = line[match.end() :]
    phrase, end = _parse_phrase(line, 0, place)
    if end != len(line):
        raise ALError(UNREADABLE.format(place=place, problem=f"{line[end]!r} closes or parts nothing"))
    return Production(weights, phrase)


def _parse_phrase(text: str, start: int, place: str) -> Tuple[Phrase, int]:
    """Parse up to the end, or to the `|` or `}` that ends an option; returns the phrase and that position."""
    nodes: List[Node] = []
    glued: List[bool] = []
    touching, at = False, start
    while at < len(text) and text[at] not in "|}":
        if text[at] == " ":
            touching, at = False, at + 1
            continue
        glued.append(touching and bool(nodes))
        if text[at] == "{":
            node, at = _parse_braces(text, at + 1, place)
            nodes.append(node)
        else:
            end = re.compile(r"[ {|}]|$").search(text, at).start()  # type: ignore[union-attr]
            nodes.append(Word(text[at:end]))
            at = end
        touching = True
    return Phrase(tuple(nodes), tuple(glued)), at


def _parse_braces(text: str, start: int, place: str) -> Tuple[Node, int]:
    options, at = [], start
    while True:
        option, end = _parse_phrase(text, at, place)
        options.append(option)
        if end == len(text):
            raise ALError(UNREADABLE.format(place=place, problem="a { is never closed"))
        if text[end] == "}":
            break
        at = end + 1
    if len(options) > 1:
        return Choice(tuple(options)), end + 1
    return _parse_reference(text[start:end], place), end + 1


def _parse_reference(inner: str, place: str) -> Node:
    if match := NUMBER.fullmatch(inner):
        width = len(match[1]) if match[1].startswith("0") else 1
        return Number(int(match[1]), int(match[2]), width)
    if match := REPEAT.fullmatch(inner):
        return Rule(match[1], int(match[2]), int(match[3]))
    if RULE.fullmatch(inner):
        return Rule(inner)
    if match := SLOT.fullmatch(inner):
        kind = f"{match[1]}.{match[2]}" if match[2] else match[1]
        return Slot(kind, match[3], match[4])
    raise ALError(UNREADABLE.format(place=place, problem=f"{{{inner}}} is no rule, number, choice or slot"))


def _check(grammar: Grammar, phrase: Phrase, kinds: Collection[str], place: str) -> None:
    for node in phrase.nodes:
        if isinstance(node, Rule) and node.name not in grammar.rules:
            raise ALError(UNREADABLE.format(place=place, problem=f"there is no rule {node.name!r}"))
        if isinstance(node, Slot) and node.kind not in kinds:
            raise ALError(UNREADABLE.format(place=place, problem=f"there is no kind {node.kind!r}"))
        if isinstance(node, Choice):
            for option in node.options:
                _check(grammar, option, kinds, place)
