"""Is it good enough, is it worth going on, when to stop: what a run's files say to each, or why they say nothing."""

from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy

from ..acquisition.forecast import SCATTER, SCATTER_BY_CHANCE, Curve, Forecast, forecast
from ..acquisition.interval import f1, weights
from ..acquisition.stopping import AGREED, FEWEST_ENTITIES, ROUNDS, create_agreement_rule, create_predicted_change_rule
from ..runs.folder import RunFolder, read_npz
from ..schemas import ActiveLearningSchema

Rows = Sequence[Dict[str, Any]]
STEPS = (100, 500, 2000)  # answers
FEWEST_ROUNDS = 5  # with a score
FEWEST_TO_FORECAST = 100  # entities in the holdout
FEWEST_OF_TYPE = 10  # entities of one type
SHOWN = 5  # rounds
FARTHEST = 4.0  # times the tokens that are labelled
FARTHEST_BY_CHANCE = 1.5  # the same where chance chooses: such curves rise for longer than the law's wish says
WIDEST = 0.15  # F1 between the ends of an interval that still says something
LAST = 3  # rounds that tell how long answers are


@dataclass(frozen=True)
class Expected(Forecast):
    """What a number of answers should bring. what (str): In words."""

    what: str
    answers: int


@dataclass(frozen=True)
class Point:
    """A round of the learning curve: answers by then, F1, and the ends of its interval of 95 % (None on a test set)."""

    round: int
    answers: int
    f: float
    low: Optional[float] = None
    high: Optional[float] = None


@dataclass(frozen=True)
class Outlook:
    """Lines for people under each of the three questions, and the same as numbers.

    expected (List[Expected]): Forecasts. withheld (Optional[str]): Why there is none, or none beyond these.
    curve (List[Point]): All rounds on the same sentences. signs (List[str]): Why now is a good moment to stop.
    """

    good_enough: List[str]
    worth_going_on: List[str]
    when_to_stop: List[str]
    expected: List[Expected]
    withheld: Optional[str] = None
    curve: List[Point] = field(default_factory=list)
    signs: List[str] = field(default_factory=list)

    def parts(self) -> Dict[str, List[str]]:
        """The lines under each question."""
        return {
            "Is it good enough?": self.good_enough,
            "Is it worth going on?": self.worth_going_on,
            "When to stop?": self.when_to_stop,
        }

    def lines(self) -> List[str]:
        """All of it."""
        return [line for title, lines in self.parts().items() for line in [title, *(f"  {text}" for text in lines)]]


def make_outlook(folder: RunFolder, rows: Rows, settings: ActiveLearningSchema, stopped: Optional[str]) -> Outlook:
    """What the rows of a run say.

    folder (RunFolder): The run's. rows (Sequence[Dict]): Of metrics.jsonl.
    settings (ActiveLearningSchema): The run's; its seed is that of the bootstrap. stopped (Optional[str]): Why it did.
    """
    rng = numpy.random.default_rng(settings.seed)
    expected, why = expect(folder, rows, rng)
    curve = make_curve(folder, rows, rng)
    going = [*_trend(curve), *(_say(one) for one in expected)]
    going += [f"No forecast {'beyond that' if expected else 'yet'}: {why}"] if why else []
    rules = (create_agreement_rule(), create_predicted_change_rule())
    signs = [stopped] if stopped else [sign for rule in rules if (sign := rule(rows))]
    return Outlook(_estimate(rows), going, _stop(rows, settings, stopped, signs), expected, why, curve, signs)


def make_curve(folder: RunFolder, rows: Rows, rng: numpy.random.Generator) -> List[Point]:
    """F1 of every round: on all that is labelled of the holdout by now, else on the test set, else nothing."""
    answers = {row["round"]: row["labelled_sentences"] + (row.get("holdout") or {}).get("sentences", 0) for row in rows}
    kept = read_npz(folder.holdout(rows[-1]["round"])) if rows else {}
    if not kept or not kept["counts"].any():
        return [
            Point(row["round"], answers[row["round"]], row["ents_f"]) for row in rows if row.get("ents_f") is not None
        ]
    drawn = weights(kept["counts"].shape[1], rng)
    points = []
    for number, counts in zip(kept["rounds"].tolist(), kept["counts"]):  # (sentences, 3)
        low, high = numpy.quantile(f1(drawn @ counts.astype(numpy.float64)), [0.025, 0.975])
        points.append(Point(number, answers.get(number, 0), float(f1(counts.sum(0))), float(low), float(high)))
    return points


# --- is it good enough


def _estimate(rows: Rows) -> List[str]:
    row: Dict[str, Any] = rows[-1] if rows else {}
    held, scored = row.get("holdout") or {}, row.get("ents_f")
    lines = [] if scored is None else [f"F1 on the test set: {100 * scored:.1f}"]
    if held.get("f") is not None:
        return [*lines, *_held(row["labelled_sentences"], held)]
    if lines:
        return [*lines, "No holdout: no other estimate is to be trusted"]
    cure = "it has no entities yet" if held else "none is answered; `holdout` in [active_learning] sets one aside"
    return [f"Nobody can say: without a holdout no estimate is to be trusted ({cure})"]


def _held(learnt: int, held: Dict[str, Any]) -> List[str]:
    """What a holdout says. learnt (int): Sentences that are learnt from."""
    entities, sentences, half = held["entities"], held["sentences"], 100 * (held["high"] - held["low"]) / 2
    f1 = f"F1 {100 * held['f']:.1f} (95 %: {100 * held['low']:.1f} to {100 * held['high']:.1f})"
    basis = f"{entities} {'entity' if entities == 1 else 'entities'} in {sentences} sentences drawn at random"
    if entities < FEWEST_ENTITIES:
        return [f"Too early to say: {f1} rests on {basis}; {FEWEST_ENTITIES} entities are the least"]
    answers = 3 * (learnt + sentences)  # if the holdout goes on having its share of them
    more = f"{3 * entities} more of them, with about {answers:,} answers, would halve the {half:.1f} points either way"
    lines = [f"{f1}, from {basis}", more]
    known = {label: one for label, one in held["per_type"].items() if one["entities"] >= FEWEST_OF_TYPE}
    for label, one in sorted(known.items(), key=lambda item: float(item[1]["f"])):
        span = f"{100 * one['low']:.0f} to {100 * one['high']:.0f}"
        lines.append(f"{label}: {100 * one['f']:.1f} ({span}, {one['entities']} entities)")
    few = [f"{label} ({one['entities']})" for label, one in held["per_type"].items() if label not in known]
    return lines + ([f"Too few entities to tell: {', '.join(few)}"] if few else [])


# --- is it worth going on


def run_curve(folder: RunFolder, rows: Rows, rng: numpy.random.Generator) -> Tuple[Curve, str]:
    """The learning curve of a run: on its holdout, with bootstrap samples of its sentences, else on its test set.

    Every point rests on all that is labelled of the holdout by now (see `spacy_al.loop.watch.Watch`).

    The seed batch is left out, for chance and not the strategy chose it. F1 stands against labelled tokens, because
    the sentences of a run become shorter or longer.
    RETURNS (Tuple[Curve, str]): The curve, and "holdout", "test" or "" for none.
    """
    tokens = {row["round"]: row["labelled_tokens"] for row in rows if row["round"] > 0}
    scatter = SCATTER_BY_CHANCE if by_chance(rows) else SCATTER
    kept = read_npz(folder.holdout(rows[-1]["round"])) if rows else {}
    if kept and kept["counts"].any():
        places = [place for place, number in enumerate(kept["rounds"].tolist()) if number in tokens]
        counts = kept["counts"][places].astype(numpy.float64)  # (rounds, sentences, 3)
        drawn = numpy.einsum("rs,nsk->rnk", weights(counts.shape[1], rng), counts)
        labelled = [tokens[number] for number in kept["rounds"][places].tolist()]
        return Curve(numpy.array(labelled, dtype=numpy.float64), f1(counts.sum(1)), f1(drawn), scatter), "holdout"
    scores = {row["round"]: row["ents_f"] for row in rows if row["round"] > 0 and row.get("ents_f") is not None}
    labelled = [tokens[number] for number in scores]
    f = numpy.array(list(scores.values()), dtype=numpy.float64)
    return Curve(numpy.array(labelled, dtype=numpy.float64), f, None, scatter), "test" if scores else ""


def expect(folder: RunFolder, rows: Rows, rng: numpy.random.Generator) -> Tuple[List[Expected], Optional[str]]:
    """What STEPS and an hour of answers should bring, and why there is no forecast, or none beyond these."""
    curve, kind = run_curve(folder, rows, rng)
    if not kind:
        return [], "no round has a score on sentences that were drawn at random"
    if len(curve.f) < FEWEST_ROUNDS:
        return [], f"it needs the scores of {FEWEST_ROUNDS} rounds after the first, so far {len(curve.f)}"
    if kind == "holdout" and rows[-1]["holdout"]["entities"] < FEWEST_TO_FORECAST:
        return [], f"the holdout has {rows[-1]['holdout']['entities']} entities, and {FEWEST_TO_FORECAST} are the least"
    per_answer, left = _tokens_per_answer(rows), rows[-1]["labelled_tokens"] * (1 / rows[-1]["labelled_fraction"] - 1)
    steps = [(f"the next {number:,} answers", number) for number in STEPS]
    hour = _answers_an_hour(folder)
    steps += [(f"an hour ({hour} answers)", hour)] if hour else []
    steps.sort(key=lambda step: step[1])
    told: List[Expected] = []
    farthest = reach(rows)
    for what, number in steps:
        more = number * per_answer
        if more > left:
            return told, "the pool has no more sentences than that"
        if curve.labelled[-1] + more > farthest * curve.labelled[-1]:
            return told, f"with {number:,} answers more than {farthest:g} times as much would be labelled"
        one = Expected(**vars(forecast(curve, curve.labelled[-1] + more, rng)), what=what, answers=number)
        if one.high - one.low > WIDEST:
            return told, f"the interval for {number:,} answers would be wider than {100 * WIDEST:g} points"
        told.append(one)
    return told, None


def reach(rows: Rows) -> float:
    """How far ahead a forecast can be trusted, in times of what is labelled: not far where chance chooses."""
    return FARTHEST_BY_CHANCE if by_chance(rows) else FARTHEST


def by_chance(rows: Rows) -> bool:
    """Whether chance chose all sentences of a run."""
    return not any(row.get("utility_chosen") is not None for row in rows)


def _tokens_per_answer(rows: Rows) -> float:
    """Tokens that an answer adds to what is learnt from; those for the holdout add none."""
    first, last = rows[max(len(rows) - 1 - LAST, 0)], rows[-1]
    held = [(row.get("holdout") or {}).get("sentences", 0) for row in (first, last)]
    answers = last["labelled_sentences"] - first["labelled_sentences"] + held[1] - held[0]
    return float((last["labelled_tokens"] - first["labelled_tokens"]) / max(answers, 1))


def _answers_an_hour(folder: RunFolder) -> Optional[int]:
    """From the median time of an answer, if the tool tells it."""
    seconds = [answer.seconds for answer in folder.log.read() if answer.seconds]
    return round(3600 / float(numpy.median(seconds))) if seconds else None


def _say(one: Expected) -> str:
    level = f"F1 {100 * one.f:.1f} (80 %: {100 * one.low:.1f} to {100 * one.high:.1f})"
    return f"After {one.what}: {level}, {100 * one.gain_low:+.1f} to {100 * one.gain_high:+.1f} against now"


def _trend(curve: Sequence[Point]) -> List[str]:
    """F1 of the last rounds, each on the same sentences."""
    if len(curve) < 2:
        return []
    last = curve[-SHOWN:]
    scores = ", ".join(f"{100 * point.f:.1f}" for point in last)
    return [f"F1 of rounds {last[0].round} to {last[-1].round}, on the same sentences: {scores}"]


# --- when to stop


def _stop(rows: Rows, settings: ActiveLearningSchema, stopped: Optional[str], signs: Sequence[str]) -> List[str]:
    rounds, rule = settings.rounds, settings.stopping
    if stopped:
        again = "The same `al run --accept-changes` goes on for a round; with another rule or none, for longer"
        return [f"It has stopped: {stopped}", again]
    said = [f"Now is a good moment: {sign}" for sign in signs] or [_not_yet(rows)]
    if rows and rows[-1]["round"] >= rounds:
        again = "with more `rounds`, the same `al run --accept-changes` goes on"
        return [*said, f"It is over, round {rounds} was the last; {again}"]
    return [*said, f"By itself it stops after round {rounds}" + (f", or by {rule_name(rule)}" if rule else "")]


def _not_yet(rows: Rows) -> str:
    known = [row["agreement"] for row in rows if row.get("agreement") is not None][-ROUNDS:]
    if len(known) < ROUNDS:
        return f"Too early to say: that takes {ROUNDS} rounds after the first"
    mean = 100 * sum(known) / len(known)
    return f"Not yet: models of successive rounds agree on {mean:.1f} % of entities, and {100 * AGREED:g} % is the sign"


def rule_name(rule: Dict[str, Any]) -> str:
    """A stopping rule's block in words."""
    settings = ", ".join(f"{key} = {value}" for key, value in rule.items() if not key.startswith("@"))
    return str(rule.get("@al_stopping")) + (f" ({settings})" if settings else "")
