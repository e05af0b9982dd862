"""Tables in the layout of the paper, its numbers beside ours; what was not run stays, with its command."""

from typing import Dict, Iterable, List, Optional, Sequence, Tuple, Union

from ..report.compare import Place
from ..report.groups import Group
from ..report.numbers import NONE, count, mean_f1, share
from ..report.page import Block, Cell, Points, Row, Table, Text, grouped
from ..report.runs import total_tokens
from ..report.tables import phase_seconds, scores_at
from . import published as paper
from .claim_tests import ACQUIRE

# The project's workflow that fills a model's rows.
NAMES = ("al-crf", "al-bilstm-crf", "al-elmo", "al-distilbert", "al-bert", "al-electra")
WORKFLOWS = dict(zip(paper.MODELS, NAMES))


def paper_blocks(places: Sequence[Place]) -> List[Block]:
    """Tables 1, 2, 5 and 6 beside our numbers, as far as our corpora are the paper's; empty if none is.

    places (Sequence[Place]): Our experiments.
    RETURNS (List[Block]): Tables, then the models of the paper that were not run here.
    """
    ours = [place for place in places if place.corpus in paper.CORPORA]
    if not ours:
        return []
    blocks: List[Block] = [*other_sizes(ours), table_1(ours)]
    if any(place.corpus == paper.CONLL for place in ours):
        blocks.append(table_2(ours))
    for number, corpus in ((5, paper.CONLL), (6, paper.ONTONOTES)):
        here = [place for place in ours if place.corpus == corpus and place.groups]
        if here:
            blocks.append(table_dropout(number, corpus, here))
    return [*blocks, *_savings(ours), *_missing(ours)]


def _savings(places: Sequence[Place]) -> List[Block]:
    said = []
    for corpus in dict.fromkeys(place.corpus for place in places if place.full_f1 and place.groups):
        theirs = paper.SAVINGS[corpus]
        said.append(
            f"The paper ({paper.SOURCE}) reaches 99 % on {corpus} with {share(theirs.best)} of the tokens "
            f"({theirs.model}, best strategy) and needs more than {share(theirs.random)} at random."
        )
    figures = [place.name for place in places if any(not group.native for group in place.groups)]
    if figures:
        said.append(
            "Its Figures 3 and 4, which it shows as curves without numbers, are under Acquired by another model."
        )
    return [Text(" ".join(said))] if said else []


def _place(places: Iterable[Place], corpus: str, tagger: str) -> Optional[Place]:
    return next((place for place in places if place.corpus == corpus and place.tagger == tagger), None)


def _taggers(places: Sequence[Place]) -> List[str]:
    # The paper's models in the paper's order, then ours that it does not have.
    return list(dict.fromkeys([*paper.MODELS, *(place.tagger for place in places)]))


def _encoder(places: Sequence[Place], tagger: str) -> str:
    # The same name may stand for several encoders, such as a path and a hub's name: all of them are named.
    groups = [group for place in places if place.tagger == tagger for group in place.all]
    names = dict.fromkeys(group.settings.encoder for group in groups if group.settings.encoder)
    return ", ".join(f"`{name}`" for name in names) or NONE


def _paper(score: Optional[paper.Score]) -> str:
    if score is None:
        return NONE
    return f"{score.f1:.1f}" if score.deviation is None else f"{score.f1:.1f} ± {score.deviation:.1f}"


def table_1(places: Sequence[Place]) -> Table:
    """Table 1: models built on the entire corpora."""
    corpora = [corpus for corpus in paper.CORPORA if any(place.corpus == corpus for place in places)]
    head = ["Model", "Encoder here"]
    for corpus in corpora:
        head += [f"{corpus}, here", f"{corpus}, paper"]
    rows: List[Row] = []
    for tagger in _taggers(places):
        cells: List[str] = []
        for corpus in corpora:
            place = _place(places, corpus, tagger)
            full = place.full if place else None
            cells += [
                mean_f1(list(full.f1[:, -1])) if full else NONE,
                _paper(paper.FULL.get(tagger, {}).get(corpus)),
            ]
        rows.append([tagger, _encoder(places, tagger), *cells])
    note = (
        f"F1 in percent, mean ± standard deviation. Paper: {paper.SOURCE}, Table 1; trained on 75 % of the "
        "corpus, the rest held out. Here: runs on the whole corpus; the share held out is `dev_fraction` of "
        "their configs."
    )
    return Table("The paper's Table 1: trained on the entire corpus", head, rows, words=2, note=note)


def table_2(places: Sequence[Place]) -> Table:
    """Table 2: seconds of round 5 on CoNLL-2003 with MNLP."""
    head = ["Model", "Encoder here", "Training", "Querying", "Total"]
    here = [place for place in places if place.corpus == paper.CONLL]
    rows: List[Row] = []
    for tagger in _taggers(here):
        place, theirs = _place(here, paper.CONLL, tagger), paper.DURATIONS.get(tagger)
        ours = _durations(place) if place else None
        if theirs or ours:
            rows.append([tagger, _encoder(here, tagger), *_three(ours, theirs)])
    note = (
        f"Seconds of round {paper.DURATION_ROUND} with MNLP, mean over runs; querying scores the pool and "
        f"selects. Smaller: {paper.SOURCE}, Table 2, on an Nvidia V100 and a Xeon E5-2698. Our "
        "hardware: see what was run."
    )
    return Table("The paper's Table 2: duration of an iteration", head, rows, words=2, note=note)


def _durations(place: Place) -> Optional[Tuple[float, float]]:
    for group in place.groups:
        if group.native and (group.settings.measure, group.settings.dropout) == ("mnlp", "off"):
            phases = [phase_seconds(group, phase, number=paper.DURATION_ROUND) for phase in ACQUIRE]
            known = [value for value in phases if value is not None]
            if len(known) == len(phases):
                return known[0], sum(known[1:])
    return None


def _three(ours: Optional[Tuple[float, float]], theirs: Optional[paper.Duration]) -> List[Cell]:
    mine = [f"{value:,.1f}" for value in (*ours, sum(ours))] if ours else [""] * 3
    values = (theirs.training, theirs.querying, theirs.training + theirs.querying) if theirs else None
    under = [count(value) for value in values] if values else [""] * 3
    return [Cell(a, b) for a, b in zip(mine, under, strict=True)]


def table_dropout(number: int, corpus: str, places: Sequence[Place]) -> Table:
    """Table 5 or 6: strategies and Monte Carlo dropout options, round by round.

    number (int): 5 or 6. corpus (str): The paper's corpus. places (Sequence[Place]): Our experiments on it.
    """
    theirs = paper.DROPOUT[corpus]
    blocks: List[Tuple[Sequence[Union[str, Cell]], List[Row]]] = []
    for tagger in dict.fromkeys([*theirs, *(place.tagger for place in places)]):
        place = _place(places, corpus, tagger)
        groups = [group for group in place.groups if group.native] if place else []
        name = _tagger_name(tagger, _encoder(places, tagger), run=bool(groups))
        blocks.append(([name], _tagger_rows(groups, theirs.get(tagger, {}))))
    rows, breaks = grouped(blocks)
    note = (
        "F1 in percent, mean ± standard deviation over seeds, at the rounds of the paper; first row of a "
        f"cell: here, below and smaller: {paper.SOURCE}, Table {number} ({paper.RUNS[corpus]} runs). Models that were "
        "not run have the paper's alone."
    )
    title = f"The paper's Table {number}: strategies and dropout options on {corpus}"
    return Table(title, ["Model", "Strategy", *map(str, paper.ROUNDS)], rows, words=2, note=note, breaks=breaks)


def _tagger_name(tagger: str, encoder: str, *, run: bool) -> Union[str, Cell]:
    if not run:
        return Cell(tagger, "needs hub weights" if tagger in paper.WEIGHTS else "not run")
    return f"{tagger} ({encoder})" if encoder != NONE else tagger


def _tagger_rows(groups: Sequence[Group], theirs: Dict[str, List[paper.Score]]) -> List[Row]:
    ours = {group.label: group for group in groups}
    rows: List[Row] = []
    for strategy in dict.fromkeys([*theirs, *ours]):
        scores: Sequence[Optional[paper.Score]] = theirs.get(strategy, [None] * len(paper.ROUNDS))
        cells = [
            Cell("" if not groups else NONE if f1 is None else mean_f1(f1), "" if score is None else _paper(score))
            for f1, score in zip(_ours(ours.get(strategy)), scores, strict=True)
        ]
        rows.append([strategy, *cells])
    return rows


def _ours(group: Optional[Group]) -> List[Optional[List[float]]]:
    return scores_at(group, paper.ROUNDS) if group else [None] * len(paper.ROUNDS)


def other_sizes(places: Sequence[Place]) -> List[Block]:
    """A warning where a corpus that has the name of the paper's has not its size; [] where all have."""
    said = []
    for corpus in dict.fromkeys(place.corpus for place in places):
        runs = [run for place in places if place.corpus == corpus for group in place.all for run in group.runs]
        sizes = sorted({size for run in runs if (size := total_tokens(run))})
        theirs = paper.TOKENS[corpus]
        if any(abs(size - theirs) > 0.02 * theirs for size in sizes):
            here = " or ".join(count(size) for size in sizes)
            said.append(f"{corpus} has {here} tokens here and {count(theirs)} in the paper, so do not compare them.")
    return [Text(" ".join(said))] if said else []


def _missing(places: Sequence[Place]) -> List[Block]:
    run = {place.tagger for place in places}
    items = []
    for model in paper.MODELS:
        if model not in run:
            weights = f"; needs hub weights ({paper.WEIGHTS[model]})" if model in paper.WEIGHTS else ""
            items.append(f"{model}: not run here{weights}. `python -m spacy project run {WORKFLOWS[model]}`")
    return [Points(items)] if items else []
