"""The last touches on a sentence: upper and lower case, a or an, and typing errors."""

import re
from typing import Callable, Dict, List

from .dice import Dice
from .writer import Sentence, Token

VOWEL = re.compile(r"[aeiou](?!u[a-z])|hour|honest|heir|8|1[18](?!\d)", re.IGNORECASE)
CONSONANT = re.compile(r"uni[oqtv]|us[ae]|eu|one(?![a-z])|ut[io]", re.IGNORECASE)
SPELLED = re.compile(r"[AEFHILMNORSX](?=[A-Z\d-])(?![AEIOU][A-Z]*[AEIOU])")
SMALL = {"a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "v", "with", "'s"}
KEYS = ["qwertyuiop", "asdfghjkl", "zxcvbnm"]
TYPOS = {"!typos": 0.12, "": 0.002}  # chance for each longer word, with and without the directive


def finish(sentence: Sentence, dice: Dice) -> Sentence:
    """Carry out the directives at the start of a sentence (`!upper`, `!lower`, `!title`, `!typos`).

    sentence (Sentence): As the writer made it; not changed.
    dice (Dice): Where typing errors come from.
    RETURNS (Sentence): The same tokens and tags with their final spelling, directives taken off.
    """
    directives = [token.text for token in sentence if token.text.startswith("!") and len(token.text) > 3]
    tokens = _articles(_tidy([token for token in sentence if token.text not in directives]))
    case = next((_CASES[name] for name in directives if name in _CASES), _capitals)
    tokens = case(tokens)
    rate = TYPOS["!typos" if "!typos" in directives else ""]
    return [_mistype(token, dice) if dice.chance(rate) else token for token in tokens]


def _tidy(tokens: Sentence) -> Sentence:
    """Leave out a comma that stands right before other punctuation: productions bring their own commas."""
    follows = [token.text for token in tokens[1:]] + [""]
    return [
        token
        for token, after in zip(tokens, follows, strict=False)
        if token.text != "," or after not in (",", ".", ";", ":", ")")
    ]


def _articles(tokens: Sentence) -> Sentence:
    """Write "an" where a vowel sound follows; a capital A inside a sentence is a name ("Gate A")."""
    result: List[Token] = []
    for number, token in enumerate(tokens):
        article = token.text == "a" or (token.text == "A" and (number == 0 or token.tag == "B-WORK"))
        follows = tokens[number + 1].text if number + 1 < len(tokens) else ""
        sounds = SPELLED.match(follows) if follows[:2].isupper() else VOWEL.match(follows)
        if article and sounds and not CONSONANT.match(follows):
            token = Token(token.text + "n", token.tag)
        result.append(token)
    return result


def _capitals(tokens: Sentence) -> Sentence:
    """A capital for the first word, also inside an opening quote or after a colon and a quote."""
    result = list(tokens)
    for number, token in enumerate(tokens):
        before = [other.text for other in tokens[:number]][-2:]
        if number == 0 or before == ['"'] or before == [":", '"']:
            result[number] = Token(token.text[:1].upper() + token.text[1:], token.tag)
    return result


def _mapped(change: Callable[[str], str]) -> Callable[[Sentence], Sentence]:
    return lambda tokens: [Token(change(token.text), token.tag) for token in tokens]


def _title(tokens: Sentence) -> Sentence:
    result = []
    for number, token in enumerate(tokens):
        plain = number and token.text in SMALL
        result.append(token if plain else Token(token.text[:1].upper() + token.text[1:], token.tag))
    return result


_CASES: Dict[str, Callable[[Sentence], Sentence]] = {
    "!upper": _mapped(str.upper),
    "!lower": _mapped(str.lower),
    "!title": _title,
}


def _mistype(token: Token, dice: Dice) -> Token:
    """Swap, drop, double or miss one letter inside a word of four letters or more."""
    word = token.text
    if len(word) < 4 or not word.isalpha():
        return token
    at = dice.integer(1, len(word) - 2)
    kind = dice.choose(("swap", "drop", "double", "miss"))
    if kind == "swap":
        word = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    elif kind == "drop":
        word = word[:at] + word[at + 1 :]
    elif kind == "double":
        word = word[:at] + word[at] + word[at:]
    else:
        word = word[:at] + _neighbour(word[at], dice) + word[at + 1 :]
    return Token(word, token.tag)


def _neighbour(letter: str, dice: Dice) -> str:
    """A letter beside this one on a keyboard; itself if it is not there."""
    for row in KEYS:
        at = row.find(letter)
        if at >= 0:
            return row[max(0, min(len(row) - 1, at + dice.choose((-1, 1))))]
    return letter
