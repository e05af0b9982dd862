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


for _name in NAMES:
    # spaCy resolves `@al_...` keys through its own class, from which ours inherits them.
    _made = catalogue.create("spacy", _name, entry_points=True)
    setattr(util.registry, _name, _made)
    globals()[_name] = _made  # for @spacy_al.registry.al_strategies("mine.v1")


def full_name(kind: str, name: str) -> str:
    """The registered name that a short name such as `mnlp` stands for.

    kind (str): One of `NAMES`.
    name (str): `mnlp`, or a full name such as `spacy-al.mnlp.v1` or one from another package.
    RETURNS (str): The name as registered; unchanged if nothing matches.
    """
    candidate = f"spacy-al.{name}.v1"
    return candidate if registry.has(kind, candidate) else name


def get(kind: str, name: str) -> Callable[..., Any]:
    """Look up a registered function by its full or short name; raises spaCy's RegistryError with the choices."""
    return registry.get(kind, full_name(kind, name))


def names(kind: str) -> List[str]:
    """All registered names of a kind, sorted."""
    return sorted(getattr(registry, kind).get_all())
