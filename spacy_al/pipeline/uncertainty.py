"""The component `uncertainty`: how sure a pipeline is of each sentence, entity and token it has just seen."""

import weakref
from functools import partial
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from spacy.language import Language
from spacy.tokens import Doc, Span, Token
from spacy.util import minibatch

from ..corpus.schemes import entity_spans
from ..errors import ALError, Errors
from ..types import Sampler, Sampling, TagSamples
from ..uncertainty.confidence import span_confidences, token_slices
from ..uncertainty.marginals import token_entropy
from ..uncertainty.measures import Measure, check_measures, get_measures
from ..uncertainty.shading import ShadedSentence, render_sentences
from .adapters import choose_dropout, find_target, get_sampler
from .transition import TransitionSampler

TOKENS, ENTITIES = "spacy_al_tokens", "spacy_al_confidences"  # keys of doc.user_data, after the prefix
Entity = Tuple[int, int, str]
Scored = Iterator[Tuple[TagSamples, List[Dict[Entity, float]]]]


@Language.factory(
    "uncertainty",
    assigns=["doc._.uncertainty", "span._.confidence", "token._.uncertainty"],
    default_config={
        "target": None,
        "measures": ["mnlp"],
        "passes": 10,
        "dropout": None,
        "seed": 0,
        "prefix": "",
    },
)
class Uncertainty:
    """Asks an NER pipe before it about every Doc, and sets

    doc._.uncertainty (Dict[str, float]): The measures, by name.
    span._.confidence (Optional[float]): For each entity, the probability that it is right, in 0..1: that all
        its tokens carry exactly its tags (`span_confidences`); for spaCy's stock `ner` its share of the beam, mean
        over passes. None for spans that are no entities, or whose label the tagger does not have. Kept when
        tokens are merged or split, for entities that are still the same words.
    token._.uncertainty (Optional[float]): The first measure's value for the token, or the entropy in nats of
        its tags where the measure has none.

    Several of them in one pipeline need a `prefix` each, which comes before these names.

    A target that has a method `keep_states(on)` is told to keep the states of what it has just seen, so that
    they need not be computed again; asking it for samples of the same sentences frees them.
    """

    def __init__(
        self,
        nlp: Language,
        name: str,
        target: Optional[str],
        measures: List[str],
        passes: int,
        dropout: Optional[str],
        seed: int,
        prefix: str,
    ) -> None:
        """The factory `uncertainty`.

        nlp (Language): The pipeline. name (str): This component's name.
        target (Optional[str]): The NER pipe to ask; the first that can be asked by default.
        measures (List[str]): What to compute, by name.
        passes (int), seed (int): See `spacy_al.types.Sampler`.
        dropout (Optional[str]): None: "off", or where a measure compares passes "last", or what the tagger has.
        prefix (str): Before the names of the attributes.
        RAISES: ALError A402 for an unknown measure, A401 and A404 for combinations that make no sense, A417 when
            another package has taken the attributes' names, A442 when another such component of the pipeline has.
        """
        self.passes, self.dropout, self.seed, self.prefix = passes, dropout, seed, prefix
        set_extensions(prefix)
        if any(isinstance(pipe, Uncertainty) and pipe.prefix == prefix for _, pipe in nlp.components):
            raise ALError(Errors.A442.format(name=name))
        self.name, self.target, self.measures = name, target, get_measures(measures)
        check_measures(self.measures, passes=passes, dropout="last" if dropout is None else dropout)
        self._nlp: Optional[weakref.ReferenceType[Language]] = weakref.ref(nlp)
        self._sampler: Optional[Tuple[Sampler, str]] = None
        self._keep_states()

    def __call__(self, doc: Doc) -> Doc:
        """Set the attributes of one Doc, which the target has processed."""
        self._annotate([doc], *self._find_sampler())
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int) -> Iterator[Doc]:
        """Set the attributes of Docs in batches; yields them in their order."""
        self._keep_states()
        sampler, dropout = self._find_sampler()
        for docs in minibatch(stream, size=batch_size):
            batch = list(docs)
            self._annotate(batch, sampler, dropout)
            yield from batch

    def _annotate(self, docs: List[Doc], sampler: Sampler, dropout: str) -> None:
        how = Sampling(self.passes, dropout, self.seed)
        annotate_docs(docs, sampler, self.measures, how, prefix=self.prefix)

    def _keep_states(self) -> None:
        """Before the target sees the first Doc; in a pipeline being built it may not be there yet."""
        nlp = self._nlp() if self._nlp is not None else None
        if nlp is None or self.dropout not in (None, "off", "last"):
            return
        asked = [pipe for name, pipe in nlp.pipeline if self.target in (None, name)]
        keepers: List[Any] = [pipe for pipe in asked if hasattr(pipe, "keep_states")]
        for pipe in keepers[:1]:
            pipe.keep_states(True)

    def _find_sampler(self) -> Tuple[Sampler, str]:
        """Whom to ask, and with which dropout."""
        if self._sampler is not None:
            return self._sampler
        nlp = self._nlp() if self._nlp is not None else None
        if nlp is None:
            raise ALError(Errors.A416.format(name=self.name))
        target = find_target(nlp) if self.target is None else self.target
        sampler = get_sampler(nlp, target, reuse=True)
        return sampler, choose_dropout(sampler, self.measures, self.dropout, target)

    def __getstate__(self) -> Dict[str, Any]:
        # A worker process of `nlp.pipe` gets the pipes without their pipeline.
        return {**vars(self), "_sampler": self._find_sampler(), "_nlp": None}


make_uncertainty = Uncertainty


def annotate_docs(
    docs: Sequence[Doc], sampler: Sampler, measures: Sequence[Measure], how: Sampling, *, prefix: str = ""
) -> None:
    """Set on Docs that have entities what the component `uncertainty` sets; arguments as in `Uncertainty`."""
    for samples, scores in _score(docs, sampler, how):
        _set_numbers(docs, samples, measures, prefix)
        for number, known in zip(samples.order, scores, strict=True):
            doc = docs[number]
            values = {_place(ent): known.get(span) for ent, span in zip(doc.ents, entity_spans(doc), strict=True)}
            doc.user_data[prefix + ENTITIES] = {"end": _end(doc), "values": values}


def _score(docs: Sequence[Doc], sampler: Sampler, how: Sampling) -> Scored:
    """Samples with the confidence of each entity of their sentences; none for a label that the tagger does not have."""
    tags = {tag: number for number, tag in enumerate(sampler.tags)}
    labels = {tag[2:] for tag in tags}
    if isinstance(sampler, TransitionSampler):
        for samples, scores in sampler.sample_entities(docs, **vars(how)):
            told = [
                {span: known.get(span, 0.0) for span in entity_spans(docs[number]) if span[2] in labels}
                for number, known in zip(samples.order, scores, strict=True)
            ]
            yield samples, told
        return
    for samples in how.of(sampler, docs):
        probs = samples.probs.cpu().numpy()
        found = []
        for number, tokens in token_slices(samples):
            spans = entity_spans(docs[number])
            values = span_confidences(probs[:, tokens], spans, tags, sampler.scheme)
            found.append({span: value for span, value in zip(spans, values, strict=True) if value is not None})
        yield samples, found


def _set_numbers(docs: Sequence[Doc], samples: TagSamples, measures: Sequence[Measure], prefix: str) -> None:
    names = [measure.name for measure in measures]
    columns = [measure.function(samples).tolist() for measure in measures]
    tokens = (measures[0].token_function or token_entropy)(samples).tolist()
    for place, (number, own) in enumerate(token_slices(samples)):
        values = dict(zip(names, [column[place] for column in columns], strict=True))
        docs[number]._.set(f"{prefix}uncertainty", values)
        docs[number].user_data[prefix + TOKENS] = tokens[own]


def set_extensions(prefix: str = "") -> None:
    """Declare the attributes; raises ALError A417 when another package has declared one of them."""
    wanted: List[Tuple[Any, str, Optional[Callable[..., Any]]]] = [
        (Doc, "uncertainty", None),
        (Span, "confidence", get_confidence),
        (Token, "uncertainty", get_token),
    ]
    for kind, short, function in wanted:
        name = prefix + short
        getter = partial(function, prefix=prefix) if function and prefix else function
        if kind.has_extension(name):
            found = kind.get_extension(name)[2]
            if getattr(found, "func", found) is not function:
                raise ALError(Errors.A417.format(kind=kind.__name__.lower(), name=name))
        elif getter is None:
            kind.set_extension(name, default=None)
        else:
            kind.set_extension(name, getter=getter)


def get_confidence(span: Span, prefix: str = "") -> Optional[float]:
    """`span._.confidence`: what the component `uncertainty` said of this entity; None for another span."""
    said = span.doc.user_data.get(prefix + ENTITIES)
    # In a part of the Doc that carries its data, the same place would be other words.
    return said["values"].get(_place(span)) if said and said["end"] == _end(span.doc) else None


def get_token(token: Token, prefix: str = "") -> Optional[float]:
    """`token._.uncertainty`: what the component `uncertainty` said of this token, if it ran."""
    return token.doc.user_data[prefix + TOKENS][token.i] if _same_tokens(token.doc, prefix) else None


def _same_tokens(doc: Doc, prefix: str = "") -> bool:
    """Whether the component has seen a Doc, and no token was merged or split since: values would be of others."""
    return len(doc.user_data.get(prefix + TOKENS, ())) == len(doc)


def _place(span: Span) -> str:
    """Which entity of a text a span is: its characters and label, whatever its tokens."""
    return f"{span.start_char}-{span.end_char}-{span.label_}"


def _end(doc: Doc) -> int:
    return doc[-1].idx + len(doc[-1]) if len(doc) else 0


def render_html(docs: Iterable[Doc], *, title: str = "Uncertainty", note: str = "", page: bool = True) -> str:
    """A page on which the tokens are shaded by `token._.uncertainty` and entities show their confidence.

    docs (Iterable[Doc]): Processed by a pipeline with the component `uncertainty`.
    title (str), note (str), page (bool): See `spacy_al.uncertainty.shading.render_sentences`.
    RETURNS (str): HTML that needs no other file.
    RAISES: ALError A418 for a Doc that the component has not seen, or whose tokens were merged or split since.
    """
    return render_sentences([_shaded(doc) for doc in docs], title=title, note=note, page=page)


def _shaded(doc: Doc) -> ShadedSentence:
    if TOKENS not in doc.user_data or not _same_tokens(doc):
        raise ALError(Errors.A418.format(text=doc.text[:60]))
    return ShadedSentence(
        words=[token.text for token in doc],
        spaces=[bool(token.whitespace_) for token in doc],
        values=doc.user_data[TOKENS],
        entities=[(ent.start, ent.end, ent.label_, get_confidence(ent)) for ent in doc.ents],
        facts=doc._.uncertainty,
    )
