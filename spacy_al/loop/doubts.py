"""Labels to look at again: those that a model which has not seen them finds unlikely."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Dict, List, Optional, Sequence, Tuple

import numpy
from numpy.typing import NDArray
from spacy.tokens import Doc

from ..acquisition.strategies import random_order
from ..corpus.reader import make_example, without_labels
from ..corpus.split import split_dev
from ..errors import ALError, Errors
from ..pipeline.adapters import get_sampler
from ..runs.folder import RunFolder
from ..runs.labelled import answered
from ..runs.state import load_state
from ..tasks import Task, TokenSpan
from ..types import ONE_PASS, Progress
from ..uncertainty.confidence import tag_numbers, token_slices
from .evaluation import span_set
from .learner import Learner
from .seeds import phase_rng, phase_seed
from .self_training import Lesson

FOLDS = 5
LIKELY = 0.5  # a label that is at least so likely is not doubted


@dataclass(frozen=True)
class Doubt:
    """A labelled sentence in which the model finds a label unlikely.

    id (str): Of the sentence. probability (float): Of the least likely given tag, 0 to 1. token (int): Which it is.
    given, likely (str): That tag, and what the model would say. spans (Tuple[TokenSpan, ...]): The given entities.
    annotator (Optional[str]): Who gave them.
    """

    id: str
    probability: float
    token: int
    given: str
    likely: str
    spans: Tuple[TokenSpan, ...]
    annotator: Optional[str] = None

    @property
    def type(self) -> str:
        """The entity type it is about: the given one, or the model's where O was given."""
        tag = self.given if self.given != "O" else self.likely
        return tag.partition("-")[2] or tag


def look_again(
    learner: Learner, folder: RunFolder, *, folds: int = FOLDS, progress: Progress = lambda d, t: None
) -> List[Doubt]:
    """The labels of a run that are worth a second look, least likely first.

    The labelled sentences are divided by chance into folds, and those of each are judged by a model that has learnt
    from the others (Northcutt, Jiang and Chuang 2021, with the minimum over tokens as in Wang and Mueller 2022). The
    holdout is left out: answers that a model has asked for again would lean to the model.

    learner (Learner): Of the run's config; it is trained anew. folder (RunFolder): The run's, which is not changed.
    folds (int): 2 or more. progress (Callable): Told folds done and their number.
    RETURNS (List[Doubt]): Sentences of which a given tag is less likely than LIKELY.
    RAISES: ALError A510 when there is no run, A731 for too few labelled sentences or folds.
    """
    state = folder.read_state()
    ids = list(state.labelled)
    if not 2 <= folds <= len(ids):
        raise ALError(Errors.A731.format(path=folder.path, folds=folds, n=len(ids)))
    docs = learner.read_labels(folder, state.round - (state.phase in ("waiting", "annotate"))).get(ids)
    order = numpy.argsort(random_order(ids, phase_rng(learner.root, state.round, "folds")), kind="stable")
    seed = phase_seed(learner.root, state.round, "folds")
    doubts: List[Doubt] = []
    for number in range(folds):
        part = set(order[number::folds].tolist())
        fit(learner, [doc for place, doc in enumerate(docs) if place not in part], seed + number)
        doubts += judge(learner, [docs[place] for place in sorted(part)])
        progress(number + 1, folds)
    learner.round = None  # its weights are those of a fold
    return sorted(doubts, key=lambda doubt: (doubt.probability, doubt.id))


def fit(learner: Learner, docs: Sequence[Doc], seed: int) -> None:
    """Train from the start on some labelled sentences, with the run's recipe."""
    examples = [make_example(doc) for doc in docs]
    train, dev = split_dev(examples, learner.settings.dev_fraction, numpy.random.default_rng(seed))
    learner.trainer.train(Lesson(train), dev, seed=seed % 2**32)


def judge(learner: Learner, docs: Sequence[Doc]) -> List[Doubt]:
    """Ask the model about labelled sentences that it has not learnt from."""
    sampler = get_sampler(learner.nlp, learner.settings.target)
    tags, doubts = list(sampler.tags), []
    number_of = {tag: number for number, tag in enumerate(tags)}
    for samples in ONE_PASS.of(sampler, [without_labels(doc) for doc in docs]):
        rows = samples.probs[0].double().cpu().numpy()
        for place, tokens in token_slices(samples):
            doubt = _doubt(docs[place], rows[tokens], tags, number_of, sampler.scheme)
            doubts += [doubt] if doubt is not None else []
    return doubts


def _doubt(
    doc: Doc, probs: NDArray[numpy.float64], tags: List[str], number_of: Dict[str, int], scheme: str
) -> Optional[Doubt]:
    spans = tuple(sorted(span_set(doc)))
    given = tag_numbers(spans, len(doc), number_of, scheme)
    values = numpy.where(given >= 0, probs[numpy.arange(len(doc)), given], 1.0)
    values[~answered(doc)] = 1.0
    if not len(values) or values.min() >= LIKELY:
        return None
    token = int(values.argmin())
    who = doc.user_data.get("annotator")
    likely = tags[int(probs[token].argmax())]
    return Doubt(doc.user_data["id"], float(values[token]), token, tags[given[token]], likely, spans, who)


def doubt_tasks(folder: RunFolder, doubts: Sequence[Doubt]) -> List[Task]:
    """Doubts as sentences for people, with the labels they have; answers to them go to `Session.answer`."""
    state = load_state(folder.state)
    asked = folder.asked(state.round) if state else {}
    return [
        replace(
            asked[doubt.id], spans=doubt.spans, rank=rank, measure="look_again", utility=1 - doubt.probability,
        )
        for rank, doubt in enumerate(doubts)
    ]  # fmt: skip


def summarise(doubts: Sequence[Doubt], docs: Sequence[Doc]) -> List[str]:
    """How many labels are doubted, by annotator and by type, as lines for people. docs: All that were judged."""
    lines = [f"{len(doubts)} of {len(docs)} labelled sentences are worth a second look"]
    answers = Counter(doc.user_data.get("annotator") for doc in docs)
    people = Counter(doubt.annotator for doubt in doubts)
    for name, count in sorted(people.items(), key=lambda item: -item[1] / answers[item[0]]):
        if name is not None:
            share = 100 * count / answers[name]
            lines.append(f"  {name}: {count} of {answers[name]} sentences ({share:.0f} %)")
    entities = Counter(ent.label_ for doc in docs for ent in doc.ents)
    for label, count in Counter(doubt.type for doubt in doubts).most_common():
        lines.append(f"  {label}: doubts {count}, entities {entities[label]}")
    return lines
