"""The paper's claims with a verdict each, computed from the runs at hand, and the commands that fill the gaps."""

from collections import Counter
from typing import Dict, Iterator, List, Sequence, Tuple

from ..report.compare import Place
from ..report.numbers import NONE, p_value, points
from ..report.page import Block, Cell, Points, Row, Table, Text, grouped
from ..report.statistics import holm
from . import published as paper
from .claim_tests import LITTLE
from .claims import CLAIMS, Claim
from .evidence import ENOUGH_PAIRS, ENOUGH_SEEDS, MARGIN, Evidence, Outcome
from .paper_tables import other_sizes

# What a model is called in the configs of the paper's studies.
TAGGERS = dict(zip(paper.MODELS, ("crf", "bilstm", "elmo", "distilbert", "bert", "electra")))
UNTESTABLE = "not testable"
LEANS = ("points to it", "points against it")


def claim_blocks(places: Sequence[Place], *, seed: int) -> List[Block]:
    """The claims of the paper and what our runs say to each; [] unless some run is on a corpus of the paper.

    places (Sequence[Place]): Our experiments. seed (int): Of the bootstrap.
    RETURNS (List[Block]): A summary, the table, and the commands for what was not run.
    """
    ours = [place for place in places if place.corpus in paper.CORPORA and place.groups]
    if not ours:
        return []
    found = [(claim, list(claim.test(places, seed))) for claim in CLAIMS]
    return [*other_sizes(ours), Text(_summary(found)), _table(found), *_commands(found)]


def verdict(claim: Claim, found: Sequence[Evidence]) -> str:
    """What the evidence on the claim's own models and corpora comes to.

    claim (Claim): A claim. found (Sequence[Evidence]): From its test; stand-ins do not count.
    RETURNS (str): "reproduced", "not reproduced", "reproduced in part", "undecided", "points to it" or "points
        against it" (too few seeds), or why there is none.
    """
    if not claim.models:
        return UNTESTABLE
    outcomes = {evidence.outcome for evidence in found if evidence.own}
    if not outcomes:
        return "needs hub weights" if any(model in paper.WEIGHTS for model in claim.models) else "no runs"
    yes, no = outcomes & {Outcome.YES, Outcome.LEANS_YES}, outcomes & {Outcome.NO, Outcome.LEANS_NO}
    if yes and no:
        return "reproduced in part"
    if (not yes and not no) or Outcome.OPEN in outcomes:
        return "undecided"
    if yes:
        return "reproduced" if yes == {Outcome.YES} else LEANS[0]
    return "not reproduced" if no == {Outcome.NO} else LEANS[1]


def missing_models(claim: Claim, found: Sequence[Evidence]) -> List[str]:
    """The paper's models that a claim is about and no evidence of its own comes from."""
    run = {tagger for evidence in found if evidence.own for tagger in evidence.taggers}
    return [model for model in claim.models if model not in run]


Found = Sequence[Tuple[Claim, Sequence[Evidence]]]


def _summary(found: Found) -> str:
    counts = Counter(verdict(claim, evidence) for claim, evidence in found)
    parts = [f"{said}: {n}" for said, n in counts.most_common()]
    return f"Verdicts on {len(found)} claims of {paper.SOURCE}, from the runs above ({'; '.join(parts)})."


def _table(found: Found) -> Table:
    p_values = iter(holm([one.p for _, evidence in found for one in evidence if one.p is not None]))
    blocks: List[Tuple[List[Cell], List[Row]]] = []
    for claim, evidence in found:
        head = [Cell(claim.text, f"Paper: {claim.where}"), _verdict_cell(claim, evidence)]
        blocks.append((head, [_row(one, p_values) for one in evidence] or [[NONE] * 5]))
    rows, breaks = grouped(blocks)
    columns = ["Claim", "Verdict", "Tested on, and compared", "Found", "Seeds", "p", "Holds"]
    return Table("Claims of the paper", columns, rows, words=3, note=_note(), breaks=breaks)


def _row(one: Evidence, p_values: Iterator[float]) -> Row:
    p = NONE if one.p is None else p_value(next(p_values))
    compared = one.compared if one.own else f"stand-in: {one.compared}"
    return [Cell(one.place, compared), Cell(one.found, one.span), one.seeds, p, one.outcome.value]


def _verdict_cell(claim: Claim, evidence: Sequence[Evidence]) -> Cell:
    missing = missing_models(claim, evidence)
    run = dict.fromkeys(tagger for one in evidence if one.own for tagger in one.taggers)
    if not claim.models:
        return Cell(UNTESTABLE, "a statement on earlier work", strong=True)
    parts = [f"on {', '.join(run)}"] * bool(run) + [f"not run: {', '.join(missing)}"] * bool(missing)
    return Cell(verdict(claim, evidence), "; ".join(parts), strong=True)


def _note() -> str:
    margin = points(MARGIN).removeprefix("+")
    return (
        "Verdicts are computed from these runs and rest on the models and corpora that a claim is about; stand-ins are "
        "shown beside, and do not count. Better: the 95 % interval of the mean difference of F1 at equal seed and "
        "round (paired bootstrap, seeds drawn first; smaller) lies above 0. As well, or no worse: it lies within "
        f"{margin} points of 0, or above −{margin}. Open: it does neither, or there are fewer than {ENOUGH_PAIRS} "
        f"pairs. Little overhead: up to {LITTLE:g} times the seconds. With fewer than {ENOUGH_SEEDS} seeds a "
        "comparison only leans one way. Seeds: above 0, of those that both have. p: exact two-sided sign test over "
        "seeds and rounds, corrected by Holm for all tests of this table; rounds of one run share sentences, so it "
        "looks surer than it is."
    )


def _commands(found: Found) -> List[Block]:
    wanted: Dict[str, List[str]] = {}
    for claim, evidence in found:
        for model in missing_models(claim, evidence):
            models = wanted.setdefault(claim.workflow, [])
            models += [model] * (model not in models)
    items = [_command(workflow, models) for workflow, models in wanted.items()]
    if not items:
        return []
    more = (
        "OntoNotes 5.0 is licensed; with a copy, add `--vars.protocol ontonotes --vars.corpus FOLDER`, and the files "
        "as docs/study.md shows."
    )
    return [Text("What was not run, and the commands that run it:"), Points([*items, more])]


def _command(workflow: str, models: Sequence[str]) -> str:
    # A matrix of successors needs all of its models; the others take a choice of taggers.
    names = [f"{model} (hub weights: {paper.WEIGHTS[model]})" if model in paper.WEIGHTS else model for model in models]
    only = "" if workflow == "paper-fig34" else f" --vars.only {','.join(TAGGERS[model] for model in models)}"
    return f"{', '.join(names)}: `python -m spacy project run {workflow} .{only}`"
