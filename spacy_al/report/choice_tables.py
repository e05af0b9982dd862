"""The part of a report on what was chosen: length, density and labels against the pool, and examples."""

from pathlib import Path
from typing import Dict, List, Optional, Sequence

from .chosen import Chosen, Make, Selection, made_of, pool_sample
from .compare import Place
from .groups import Group
from .numbers import NONE, count, part
from .page import Block, Examples, Row, Sentence, Table

LONGEST_EXAMPLE = 60  # words


def selections_by_label(place: Place, selections: Dict[Path, Selection]) -> Dict[str, List[Selection]]:
    """What the runs of each experiment of a place chose, by the experiment's label."""
    return {group.label: [selections[run.path] for run in group.runs] for group in place.groups}


def corpus_sample(place: Place, places: Sequence[Place], selections: Dict[Path, Selection]) -> Make:
    """A fair sample of the place's corpus, from all runs on it, whatever their tagger."""
    groups = [group for other in places if other.corpus == place.corpus for group in other.groups]
    return pool_sample(groups, selections)


def table_of_choices(place: Place, selections: Dict[str, List[Selection]], pool: Make) -> Optional[Table]:
    """What the rounds after the first chose, all seeds together, against the pool; None without sentences."""
    makes = {group.label: made_of(selections[group.label]) for group in place.groups}
    if not any(make.sentences for make in makes.values()):
        return None
    labels = sorted({label for make in [*makes.values(), pool] for label in make.entities})
    head = ["Chosen by", "Sentences", "Tokens each"]
    known = bool(labels)  # slim copies of unfinished runs have no labels
    head += ["Entities in 100 tokens", "Tokens in entities", *labels] * known
    named = {"pool (sample)": pool, **{label: make for label, make in makes.items() if make.sentences}}
    rows: List[Row] = [[name, *_cells(make, labels)[: len(head) - 1]] for name, make in named.items()]
    note = (
        "All rounds after the first, all seeds together. Pool: the sentences that were drawn at random, in "
        "first rounds and by random sampling, each once. "
    )
    note += "The last columns are shares of the entities." if known else "These runs kept no labels."
    return Table(f"What was chosen: {place.name}", head, rows, note=note, breaks=[1])


def _cells(make: Make, labels: Sequence[str]) -> List[str]:
    density = make.density
    inside = part(make.inside / make.labelled) if make.labelled else NONE
    balance = [make.balance(label) for label in labels]
    return [
        count(make.sentences),
        f"{make.length:.1f}",
        NONE if density is None else f"{density:.1f}",
        inside,
        *(NONE if value is None else part(value) for value in balance),
    ]


def example_blocks(place: Place, selections: Dict[Path, Selection], *, examples: int) -> List[Block]:
    """The most useful sentences of the first and the last query of each experiment's first seed.

    place (Place): Experiments. selections (Dict[Path, Selection]): What each run chose.
    examples (int): Sentences of a round.
    RETURNS (List[Block]): One block an experiment that chose by utility and kept its sentences.
    """
    blocks: List[Block] = []
    for group in place.groups:
        rounds = selections[group.runs[0].path].rounds
        numbers = [number for number in rounds if number and rounds[number]]
        if group.settings.measure == "random" or not numbers:
            continue
        ends = dict.fromkeys([min(numbers), max(numbers)])
        shown = [(number, s) for number in ends for s in _distinct(rounds[number])[:examples]]
        sentences = [_sentence(group, number, sentence) for number, sentence in shown]
        note = "A deeper shade is a more uncertain token, the most uncertain of each sentence in full."
        shaded = any(sentence.shades for sentence in sentences)
        blocks.append(Examples(f"{place.name}, {group.label}", sentences, note if shaded else ""))
    return blocks


def _distinct(sentences: Sequence[Chosen]) -> List[Chosen]:
    # A pool has some sentences many times over, which are chosen together: the first of each is shown.
    first: Dict[str, Chosen] = {}
    for sentence in sentences:
        first.setdefault(sentence.text, sentence)
    return list(first.values())


def _sentence(group: Group, number: int, sentence: Chosen) -> Sentence:
    words = sentence.words if sentence.words and sentence.uncertainty else sentence.text.split()
    highest = max(sentence.uncertainty, default=0.0)
    shades = [value / highest if highest else 0.0 for value in sentence.uncertainty]
    cut = len(words) > LONGEST_EXAMPLE
    words = [*words[:LONGEST_EXAMPLE], "…"] if cut else words
    shades = [*shades[:LONGEST_EXAMPLE], 0.0] if cut and shades else shades
    utility = "" if sentence.utility is None else f", utility {sentence.utility:.3g}"
    word = "token" if sentence.n_tokens == 1 else "tokens"
    source = f"Round {number}, rank {sentence.rank + 1}, {sentence.n_tokens} {word}{utility}"
    return Sentence(words, shades, f"{source}, seed {group.seeds[0]}")
