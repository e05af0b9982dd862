"""What is checked of a run's settings before any work."""

import json
from pathlib import Path
from typing import List, Sequence

from spacy.language import Language
from spacy.vocab import Vocab
from thinc.api import Config

from ..corpus.reader import read_docs
from ..errors import ALError, Errors
from ..pipeline.adapters import check_dropout, get_sampler
from ..schemas import ActiveLearningSchema
from ..uncertainty.measures import Measure, check_measures, get_measures


def chosen_measures(settings: ActiveLearningSchema) -> List[Measure]:
    """The measure of a run and the one that breaks its ties; raises ALError for combinations that make no sense."""
    names = [settings.measure, *([settings.tie_measure] if settings.tie_measure else [])]
    measures = get_measures(names)
    check_measures(measures, passes=settings.passes, dropout=settings.dropout)
    return measures


def check_paths(settings: ActiveLearningSchema) -> Path:
    """The pool's path; raises ALError A500 or A003 before any work when a corpus is missing."""
    if not settings.pool:
        problem = "give the corpus to label from, --paths.pool FILE.spacy"
        raise ALError(Errors.A500.format(pool=settings.pool, problem=problem))
    for path in filter(None, (settings.pool, settings.test)):
        if not Path(path).exists():
            raise ALError(Errors.A003.format(path=path, cure="Make it with `python -m spacy al convert`."))
    return Path(settings.pool)


def check_test(settings: ActiveLearningSchema) -> None:
    """Raise ALError A521 for a test set in which no token is annotated: every score would be 0."""
    if settings.test and not any(doc.has_annotation("ENT_IOB") for doc in read_docs(settings.test, Vocab())):
        raise ALError(Errors.A521.format(path=settings.test))


def check_labels(config: Config, target: str) -> None:
    """Check the label list that [initialize] names for a component: where it is not there, spaCy reads no labels.

    config (Config): Filled. target (str): The component.
    RAISES: ALError A003 when the file is not there, A007 when it is no list of labels.
    """
    initialize = config.interpolate().get("initialize", {}).get("components", {})
    block = initialize.get(target, {}).get("labels")
    if not isinstance(block, dict) or block.get("@readers") != "spacy.read_labels.v1" or not block.get("path"):
        return
    path = Path(block["path"])
    if not path.is_file():
        cure = "Give the list of your entity types, --paths.labels FILE.json; `al convert` writes one."
        raise ALError(Errors.A003.format(path=path, cure=cure))
    try:
        labels = json.loads(path.read_bytes())
    except ValueError as error:
        raise ALError(Errors.A007.format(path=path, line=1, problem=f"not JSON ({error})")) from error
    labels = labels.get("labels") if isinstance(labels, dict) else labels
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        problem = 'a list of labels was expected, such as ["PERSON", "PLACE"]'
        raise ALError(Errors.A007.format(path=path, line=1, problem=problem))


def check_target(config: Config, target: str) -> None:
    """Raise ALError A505 unless the pipeline has the target component."""
    names = config.get("nlp", {}).get("pipeline", [])
    if target not in names:
        raise ALError(Errors.A505.format(target=target, names=", ".join(names)))


def check_sampling(nlp: Language, settings: ActiveLearningSchema, measures: Sequence[Measure]) -> None:
    """Raise ALError A411, or A413 or the target's own, unless it can be asked with the dropout of the run."""
    if not any(measure.needs_model for measure in measures):
        return
    sampler = get_sampler(nlp, settings.target)
    if settings.dropout != "off" and list(sampler.dropouts) == ["off"]:
        # One that has none at all can say why.
        next(sampler.sample([], passes=settings.passes, dropout=settings.dropout, seed=0), None)
    check_dropout(sampler, settings.dropout, settings.target)
