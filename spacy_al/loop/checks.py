"""What is checked of a run's settings before any work."""

from pathlib import Path
from typing import List, Sequence

from spacy.language import Language
from thinc.api import Config

from ..errors import ALError, Errors
from ..pipeline.adapters import check_dropout, get_sampler
from ..schemas import ActiveLearningSchema
from ..uncertainty.measures import Measure, check_measures, get_measures


def chosen_measures(settings: ActiveLearningSchema) -> List[Measure]:
    """The measure of a run and the one that breaks its ties; raises ALError for combinations that make no sense."""
    names = [settings.measure] + ([settings.tie_measure] if settings.tie_measure else [])
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
