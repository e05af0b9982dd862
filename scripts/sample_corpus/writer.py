"""Expanding a rule into labelled sentences, with a cast of names that a document comes back to."""

from dataclasses import dataclass
from typing import Dict, List, Optional

from .dice import Dice
from .grammar import Choice, Grammar, Node, Number, Phrase, Rule, Slot, Word
from .names import Entity, Names

RETURN = 0.45  # chance that a slot takes up a name the document has used before
LATER_FORMS = {"PERSON": ("last", "last", "full", "first"), "ORG": ("short", "full")}


@dataclass(frozen=True)
class Token:
    """A token with its tag in IOB2; `glued` joins it to the token before."""

    text: str
    tag: str = "O"
    glued: bool = False


Sentence = List[Token]


class Writer:
    """Writes documents of one part of the corpus."""

    def __init__(self, grammar: Grammar, names: Names, dice: Dice, *, part: int) -> None:
        """
        grammar (Grammar): All rules.
        names (Names): The names this part may use.
        dice (Dice): Where all choices come from.
        part (int): Which weights count: 0 for training, 1 for test.
        """
        self._grammar = grammar
        self._names = names
        self._dice = dice
        self._part = part
        self._cast: Dict[str, List[Entity]] = {}
        self._bound: Dict[str, Entity] = {}
        self._used: List[Entity] = []

    def document(self, rule: str) -> List[Sentence]:
        """Expand a rule with a fresh cast; `//` parts its sentences."""
        self._cast, self._bound, self._used = {}, {}, []
        sentences: List[Sentence] = [[]]
        for token in self._rule(Rule(rule)):
            if token.text == "//":
                sentences.append([])
            elif token.glued and sentences[-1]:
                sentences[-1][-1] = Token(sentences[-1][-1].text + token.text, sentences[-1][-1].tag)
            else:
                sentences[-1].append(token)
        return [sentence for sentence in sentences if sentence]

    def _rule(self, rule: Rule) -> List[Token]:
        productions = self._grammar.rules[rule.name]
        weights = [production.weights[self._part] for production in productions]
        tokens: List[Token] = []
        for number in range(self._dice.integer(rule.low, rule.high)):
            production = self._dice.weighted(productions, weights)
            tokens += [Token("//")] if number else []
            tokens += self._phrase(production.phrase, {})
        return tokens

    def _phrase(self, phrase: Phrase, bound: Dict[str, Entity]) -> List[Token]:
        tokens: List[Token] = []
        for node, glued in zip(phrase.nodes, phrase.glued, strict=True):
            new = self._node(node, bound)
            if glued and new:
                new[0] = Token(new[0].text, new[0].tag, glued=True)
            tokens += new
            if any(token.text == "//" for token in new):
                self._used = []
        return tokens

    def _node(self, node: Node, bound: Dict[str, Entity]) -> List[Token]:
        if isinstance(node, Word):
            return [Token(node.text)]
        if isinstance(node, Number):
            return [Token(str(self._dice.integer(node.low, node.high)).zfill(node.width))]
        if isinstance(node, Choice):
            return self._phrase(self._dice.choose(node.options), bound)
        if isinstance(node, Slot):
            return self._mention(node, bound)
        return self._rule(node)

    def _mention(self, slot: Slot, bound: Dict[str, Entity]) -> List[Token]:
        """A name in one of its forms. A lower-case or numbered tag holds within its production, so that rules
        nest without meddling with each other; a capital one holds for the document."""
        scope = self._bound if slot.tag and slot.tag.isupper() else bound
        key = f"{slot.kind}#{slot.tag}"
        entity = scope.get(key) if slot.tag else None
        if entity is None:
            entity, known = self._entity(slot.kind)
            if slot.tag:
                scope[key] = entity
        else:
            known = True
        form = slot.form or self._default_form(entity, known)
        label = None if form in ("he", "him", "his") else entity.label
        return _tagged(entity.forms.get(form, entity.forms["full"]), label)

    def _entity(self, kind: str) -> "tuple[Entity, bool]":
        cast = self._cast.setdefault(kind, [])
        free = [entity for entity in cast if entity not in self._used]
        if free and self._dice.chance(RETURN):
            entity, known = self._dice.choose(free), True
        else:
            entity, known = self._names.draw(kind, self._dice, avoid=self._used), False
            cast.append(entity)
        self._used.append(entity)
        return entity, known

    def _default_form(self, entity: Entity, known: bool) -> str:
        if known and entity.label in LATER_FORMS:
            return self._dice.choose(LATER_FORMS[entity.label])
        return "last" if entity.label == "PERSON" and self._dice.chance(0.15) else "full"


def _tagged(words: "tuple[str, ...]", label: Optional[str]) -> List[Token]:
    """Tokens of a name; words that start with `~` (an article) stand before it and are not part of it."""
    tokens: List[Token] = []
    prefix = "B"
    for word in words:
        if label is None or word.startswith("~"):
            tokens.append(Token(word.removeprefix("~")))
        else:
            tokens.append(Token(word, f"{prefix}-{label}"))
            prefix = "I"
    return tokens
