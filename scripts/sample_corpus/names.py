"""The people, places and things of the corpus, made from rules and split: some are only in the test part."""

from dataclasses import dataclass
from functools import partial
from typing import Callable, Dict, List, Sequence, Tuple

from spacy_al.errors import ALError

from .dice import Dice
from .grammar import Grammar, Phrase, Production, Word

Words = Tuple[str, ...]

TOO_FEW = (
    "[A021] The rule {rule!r} of the sample corpus gave only {found} different names of the {wanted} wanted. Add "
    "words to it in scripts/sample_corpus/grammar/names.grammar, or lower its number in "
    "scripts/sample_corpus/names.py."
)

# What name rules are made of: how many to make. Each list is split into common, training and test names, so
# that a surname, a town and a company can share a word in both parts ("Marsh", "Florence", "October").
BASES = {
    "first_f": 130,
    "first_m": 130,
    "surname": 420,
    "oldtown": 190,
    "newtown": 130,
    "invented": 260,
    "wordname": 170,
}
COMMON, TRAINING = 0.4, 0.35  # shares of a base list; the rest is for the test part
KEPT = 0.6  # share of the test part's people and things that are taken over from the training part
TRIES = 300  # for each name wanted, before giving up

LABELS = {
    "PER": "PERSON",
    "PLACE": "PLACE",
    "ORG": "ORG",
    "PROD": "PRODUCT",
    "EVENT": "EVENT",
    "WORK": "WORK",
}
KINDS = {
    "PER": 420,
    "PLACE.town": 160,
    "PLACE.land": 60,
    "PLACE.water": 50,
    "PLACE.site": 80,
    "PLACE.street": 90,
    "PLACE.hill": 25,
    "ORG.firm": 200,
    "ORG.club": 110,
    "ORG.body": 110,
    "ORG.school": 50,
    "ORG.band": 60,
    "ORG.inn": 70,
    "ORG.paper": 40,
    "PROD.gadget": 110,
    "PROD.app": 60,
    "PROD.car": 50,
    "PROD.food": 60,
    "PROD.drug": 40,
    "EVENT.cup": 50,
    "EVENT.race": 50,
    "EVENT.fest": 80,
    "EVENT.meet": 50,
    "EVENT.storm": 25,
    "WORK.book": 160,
    "WORK.film": 120,
    "WORK.song": 90,
    "WORK.play": 60,
}
# What a slot that names no sort may be; clubs are left out, for only sport tells them from towns.
MIXED: Dict[str, Dict[str, float]] = {
    "PLACE": {"town": 6, "land": 2},
    "ORG": {"firm": 5, "body": 3, "inn": 0.5, "paper": 0.5},
    "PROD": {"gadget": 5, "app": 2.5, "car": 1, "food": 1.5, "drug": 0.5},
    "EVENT": {"cup": 1, "race": 1, "fest": 3, "meet": 1.5},
    "WORK": {"book": 3, "film": 2, "song": 1.5, "play": 1},
}
CLUB_PREFIXES = ("Dynamo", "Real", "Sporting", "Union", "Inter", "Olympic")
PRONOUNS = {"f": ("she", "her", "her"), "m": ("he", "him", "his")}


@dataclass(frozen=True, eq=False)
class Entity:
    """Somebody or something with a name; two of the same name are still two.

    label (str): The entity type, as in the tags.
    forms (Dict[str, Words]): The name by form; `full` is always there. Words with `~` stand before the name.
    """

    label: str
    forms: Dict[str, Words]


class Names:
    """The names one part of the corpus may use, by kind; the first of a list are mentioned most."""

    def __init__(self, entities: Dict[str, List[Entity]]) -> None:
        self.entities = entities

    def draw(self, kind: str, dice: Dice, *, avoid: Sequence[Entity]) -> Entity:
        """Someone or something of a kind (`PER`, `ORG.club`, or `ORG` for any sort), not in `avoid`."""
        if kind in MIXED:
            mix = MIXED[kind]
            kind = f"{kind}.{dice.weighted(list(mix), list(mix.values()))}"
        entities = self.entities[kind]
        weights = [1 / (rank + 25) for rank in range(len(entities))]
        surfaces = {entity.forms["full"] for entity in avoid}
        while True:
            entity = dice.weighted(entities, weights)
            if entity.forms["full"] not in surfaces:
                return entity


def make_names(grammar: Grammar, expand: Callable[[Grammar, str], Words], dice: Dice) -> Tuple[Names, Names]:
    """Make the names of both parts.

    grammar (Grammar): Holds the name rules: one for each base list and one for each kind (`org_club`).
    expand (Callable[[Grammar, str], Words]): Expands a rule once.
    RETURNS (Tuple[Names, Names]): Names for the training part and for the test part.
    """
    training, test = Grammar(dict(grammar.rules)), Grammar(dict(grammar.rules))
    for base, size in BASES.items():
        words = dice.shuffled(_distinct(base, partial(expand, grammar, base), size))
        first, second = int(size * COMMON), int(size * (COMMON + TRAINING))
        training.rules[base] = _as_rule(words[:second])
        test.rules[base] = _as_rule(words[:first] + words[second:])
    old = {kind: _entities(kind, training, expand, dice, size) for kind, size in KINDS.items()}
    new: Dict[str, List[Entity]] = {}
    for kind, size in KINDS.items():
        fresh = _entities(kind, test, expand, dice, int(size * (1 - KEPT)))
        new[kind] = dice.shuffled(fresh + old[kind][: int(size * KEPT)])
    return Names(old), Names(new)


def _entities(
    kind: str, grammar: Grammar, expand: Callable[[Grammar, str], Words], dice: Dice, size: int
) -> List[Entity]:
    if kind == "PER":
        names = _distinct(kind, partial(_person, grammar, expand, dice), size)
        return [Entity(LABELS["PER"], _person_forms(name)) for name in names]
    main, sort = kind.split(".")
    rule = f"{main.lower()}_{sort}"
    names = _distinct(rule, partial(expand, grammar, rule), size)
    return [Entity(LABELS[main], _thing_forms(name, sort)) for name in names]


def _person(grammar: Grammar, expand: Callable[[Grammar, str], Words], dice: Dice) -> Words:
    """Gender, first name, and the rest of the name."""
    gender = dice.choose("fm")
    middle = (dice.choose("ABCDEFGHJKLMNPRST") + ".",) if dice.chance(0.06) else ()
    return (gender, *expand(grammar, f"first_{gender}"), *middle, *expand(grammar, "family_name"))


def _person_forms(name: Words) -> Dict[str, Words]:
    gender, first, *rest = name
    last = tuple(rest[1:] if len(rest) > 1 and rest[0].endswith(".") else rest)
    he, him, his = PRONOUNS[gender]
    return {
        "full": (first, *rest),
        "first": (first,),
        "last": last,
        "initial": (first[0] + ".", *last),
        "turned": (*(word.upper() for word in last), first),
        "inverted": (*last, ",", first),
        "cited": (*last, ",", first[0] + "."),
        "he": (he,),
        "him": (him,),
        "his": (his,),
    }


def _thing_forms(name: Words, sort: str) -> Dict[str, Words]:
    bare = tuple(word for word in name if not word.startswith("~"))
    forms = {"full": name, "bare": bare}
    if sort in ("firm", "club") and len(bare) > 1:
        forms["short"] = _short(bare)
    return forms


def _short(name: Words) -> Words:
    """Holt for Holt & Marsh, Carrow for Dynamo Carrow, Port Carrow for Port Carrow Rovers."""
    if "&" in name:
        return name[:1]
    return name[1:] if name[0] in CLUB_PREFIXES else name[:-1]


def _distinct(rule: str, make: Callable[[], Words], size: int) -> List[Words]:
    """Call `make` until it has given `size` different names; raises ALError A021 if it never does."""
    found: Dict[Words, None] = {}
    for _ in range(size * TRIES):
        found[make()] = None
        if len(found) == size:
            return list(found)
    raise ALError(TOO_FEW.format(rule=rule, found=len(found), wanted=size))


def _as_rule(names: Sequence[Words]) -> List[Production]:
    return [Production((1, 1), Phrase(tuple(Word(word) for word in name), (False,) * len(name))) for name in names]
