"""Span scores of a pipeline on labelled sentences."""

from typing import Any, Dict, List, Sequence, Set

from spacy.language import Language
from spacy.scorer import get_ner_prf
from spacy.tokens import Doc
from spacy.training import Example

from ..corpus.schemes import entity_spans
from ..tasks import TokenSpan


def span_scores(nlp: Language, examples: Sequence[Example]) -> Dict[str, Any]:
    """Precision, recall and F1 over exact entity spans, as spaCy's NER scorer and conlleval count them.

    nlp (Language): The pipeline; every pipe runs over the predicted Docs, whose entities are replaced.
    examples (Sequence[Example]): Labelled sentences; may be used again.
    RETURNS (Dict[str, Any]): ents_f, ents_p, ents_r (0 to 1; 0 where there is nothing to find), ents_per_type.
    """
    docs = [eg.predicted for eg in examples]
    for doc in docs:
        # spaCy's own `ner` takes entities that are there as given.
        doc.set_ents([], default="missing")
    predicted(nlp, docs)
    scores = get_ner_prf(examples)
    numbers = {key: scores[key] or 0.0 for key in ("ents_f", "ents_p", "ents_r")}
    return {**numbers, "ents_per_type": scores["ents_per_type"] or {}}


def span_set(doc: Doc) -> Set[TokenSpan]:
    """The entities of a Doc."""
    return set(entity_spans(doc))


def predicted(nlp: Language, docs: List[Doc]) -> List[Doc]:
    """The same Docs after all pipes, which get all of them at once and sort them by length."""
    return list(nlp.pipe(docs, batch_size=len(docs) or 1))
