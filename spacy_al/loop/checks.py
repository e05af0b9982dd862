"""What is checked of a run's settings before any work."""

import warnings
from pathlib import Path
from typing import ContextManager, List, Sequence

from spacy.language import FactoryMeta, Language
from spacy.tokens import Doc
from spacy.util import get_lang_class
from spacy.vocab import Vocab
from thinc.api import Config

from ..corpus.reader import read_docs
from ..corpus.splitter import LANGUAGE
from ..errors import ALError, Errors, Warnings, saying
from ..pipeline.adapters import get_sampler
from ..schemas import ActiveLearningSchema
from ..types import check_dropout
from ..uncertainty.measures import Measure, check_measures, get_measures

ALIKE = 0.8  # English corpora with words of their own have 0.97 and more, Chinese cut as English 0.4


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


def check_target(config: Config, target: str) -> None:
    """Raise ALError A505 unless the pipeline has the target, A441 when it finds no entities, A123 for the language."""
    names = config.get("nlp", {}).get("pipeline", [])
    if target not in names:
        raise ALError(Errors.A505.format(target=target, names=", ".join(names)))
    factory = config.get("components", {}).get(target, {}).get("factory")
    lang = config["nlp"].get("lang")
    with with_language(lang):
        language = get_lang_class(lang) if lang else Language
    if factory and language.has_factory(factory):
        check_finds_entities(language.get_factory_meta(factory), target)


def with_language(lang: object) -> ContextManager[None]:
    """In the block a package that a language needs and that is not installed is ALError A123."""
    name, problem = f"of the language {lang!r}", "cannot be loaded ({reason})"
    return saying(Errors.A123, ImportError, pipeline=name, problem=problem, cure=LANGUAGE)


def check_finds_entities(meta: FactoryMeta, target: str) -> None:
    """Raise ALError A441 for a component that says what it sets on Docs, and sets no entities."""
    if meta.assigns and not any(name.startswith("doc.ents") for name in meta.assigns):
        raise ALError(Errors.A441.format(target=target, factory=meta.factory, sets=", ".join(meta.assigns)))


def check_sampling(nlp: Language, settings: ActiveLearningSchema, measures: Sequence[Measure]) -> None:
    """Raise ALError A411, A413, A441 or the target's own, unless it can be asked with the dropout of the run."""
    check_finds_entities(nlp.get_pipe_meta(settings.target), settings.target)
    if not any(measure.needs_model for measure in measures):
        return
    sampler = get_sampler(nlp, settings.target)
    if settings.dropout != "off" and list(sampler.dropouts) == ["off"]:
        # One that has none at all can say why.
        next(sampler.sample([], passes=settings.passes, dropout=settings.dropout, seed=0), None)
    check_dropout(sampler, settings.dropout, settings.target)


def check_words(nlp: Language, docs: Sequence[Doc], path: Path) -> None:
    """Warn (W504) where the tokenizer finds other words than the pool has.

    nlp (Language): What is trained. docs (Sequence[Doc]): Some sentences of the pool. path (Path): The pool.
    """
    shared = alike(nlp, docs)
    if shared < ALIKE:
        warnings.warn(Warnings.W504.format(path=path, lang=nlp.lang, shared=shared), stacklevel=2)


def alike(nlp: Language, docs: Sequence[Doc]) -> float:
    """How alike the words are: F1 of the places where words begin, 0..1; 1 where there are none.

    nlp (Language): Its tokenizer is asked. docs (Sequence[Doc]): What it is compared with.
    """
    both = total = 0
    for doc in docs:
        pool, own = ({token.idx for token in one if not token.is_space} for one in (doc, nlp.tokenizer(doc.text)))
        both, total = both + 2 * len(pool & own), total + len(pool) + len(own)
    return both / total if total else 1.0
