"""The most useful sentences of a pool as a page to look at."""

from typing import List, Sequence

from spacy.tokens import Doc, Span

from ..corpus.schemes import decode
from ..pipeline.uncertainty import annotate_docs, render_html, set_extensions
from ..types import ONE_PASS, Sampler, Sampling
from ..uncertainty.confidence import token_slices
from ..uncertainty.measures import Measure


def render_page(
    docs: Sequence[Doc], sampler: Sampler, measures: Sequence[Measure], how: Sampling, *, title: str
) -> str:
    """Show sentences with the tagger's entities, their confidence, and tokens shaded by the first measure.

    docs (Sequence[Doc]): In the order to show; entities and numbers are set on them.
    sampler (Sampler), measures (Sequence[Measure]): Whom to ask what. title (str): Heading.
    RETURNS (str): HTML that needs no other file.
    """
    set_extensions()
    set_entities(docs, sampler)
    annotate_docs(docs, sampler, measures, how)
    kind = f", {how.passes} passes with dropout '{how.dropout}'" if how.dropout != "off" else ""
    return render_html(docs, title=title, note=f"Tokens are shaded by {measures[0].name}{kind}.")


def set_entities(docs: Sequence[Doc], sampler: Sampler) -> None:
    """Set `doc.ents` to the entities of the tagger's best sequence without dropout."""
    for samples in ONE_PASS.of(sampler, docs):
        best: List[int] = samples.best[0].tolist()
        for number, tokens in token_slices(samples):
            found = decode([sampler.tags[tag] for tag in best[tokens]], sampler.scheme)
            doc = docs[number]
            doc.set_ents([Span(doc, first, last, label=label) for first, last, label in found])
