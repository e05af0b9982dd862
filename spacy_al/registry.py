"""The registries of the project, reachable from spaCy configs as `@al_measures`, `@al_strategies` and so on."""

from typing import Any, Callable, List

import catalogue
from spacy import util

NAMES = ("al_measures", "al_strategies", "al_stopping", "al_costs", "al_heads", "al_features", "al_report_sections")


class registry(util.registry):
    """spaCy's registry with the project's own added, as attributes of both classes.

    al_measures: uncertainty measures (`spacy_al.uncertainty.measures.Measure`).
    al_strategies: query strategies (`spacy_al.acquisition.strategies`).
    al_stopping: stopping rules (`spacy_al.acquisition.stopping`).
    al_costs: what labelling costs (`spacy_al.acquisition.costs`).
    al_heads: what turns states into tags inside `spacy-al.SequenceTagger.v1`.
    al_features: feature extractors of `crfsuite_ner`.
    al_report_sections: parts of a report that come from elsewhere (`spacy_al.report.build.make_page`).
    """

    al_measures = catalogue.create("spacy", "al_measures", entry_points=True)
    al_strategies = catalogue.create("spacy", "al_strategies", entry_points=True)
    al_stopping = catalogue.create("spacy", "al_stopping", entry_points=True)
    al_costs = catalogue.create("spacy", "al_costs", entry_points=True)
    al_heads = catalogue.create("spacy", "al_heads", entry_points=True)
    al_features = catalogue.create("spacy", "al_features", entry_points=True)
    al_report_sections = catalogue.create("spacy", "al_report_sections", entry_points=True)


for _name in NAMES:
    # spaCy resolves `@al_...` keys through its own class, so the attribute has to be there as well.
    setattr(util.registry, _name, getattr(registry, _name))


def full_name(kind: str, name: str) -> str:
    """The registered name that a short name such as `mnlp` stands for.

    kind (str): One of `NAMES`.
    name (str): `mnlp`, or a full name such as `spacy-al.mnlp.v1` or one from another package.
    RETURNS (str): The name as registered; unchanged if nothing matches.
    """
    reg = getattr(registry, kind)
    candidate = f"spacy-al.{name}.v1"
    return candidate if candidate in reg else name


def get(kind: str, name: str) -> Callable[..., Any]:
    """Look up a registered function by its full or short name; raises spaCy's RegistryError with the choices."""
    return registry.get(kind, full_name(kind, name))


def names(kind: str) -> List[str]:
    """All registered names of a kind, sorted."""
    return sorted(getattr(registry, kind).get_all())
