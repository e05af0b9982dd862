"""The one way in to any NER pipe's uncertainty: its own `sample`, or an adapter for spaCy's stock `ner`."""

from typing import Optional, Sequence, cast

from spacy.language import Language
from spacy.pipeline import EntityRecognizer

from ..errors import ALError, Errors
from ..types import Sampler, check_dropout
from ..uncertainty.measures import Measure
from .transition import TransitionSampler
from .upstream import UpstreamSampler, upstream_pipes

SPACY_DROPOUT = 0.1  # spaCy's default


def get_sampler(nlp: Language, name: Optional[str] = None, *, reuse: bool = False) -> Sampler:
    """Find the sampler for a pipe.

    A pipe with a `sample` method is its own sampler; if it takes its states from a `tok2vec` or `transformer`
    pipe, that pipe is run before it. spaCy's stock `ner` and `beam_ner` get an adapter.

    nlp (Language): A trained pipeline.
    name (Optional[str]): The NER pipe; the first one in the pipeline by default.
    reuse (bool): Take states that a `tok2vec` or `transformer` pipe has left on the Docs, and do not run it
        again. Only right for Docs that this pipeline has just processed; where several such pipes overwrite each
        other's states, they are run again all the same.
    RETURNS (Sampler): What to ask.
    RAISES: ALError A410 when there is no such pipe, A411 when it can tell no probabilities.
    """
    name = find_target(nlp) if name is None else name
    if name not in nlp.component_names:
        raise ALError(Errors.A410.format(name=name, names=", ".join(nlp.component_names)))
    pipe = nlp.get_pipe(name)
    upstream = upstream_pipes(nlp, name)
    # All pipes with listeners write to the same place of a Doc: of several, the last one's states are there.
    writers = [other for _, other in nlp.pipeline if hasattr(other, "listener_map")]
    reuse = reuse and len(writers) == 1 and writers == upstream
    if isinstance(pipe, EntityRecognizer):
        return TransitionSampler(pipe, upstream, rate=trained_rate(nlp), reuse=reuse)
    if not hasattr(pipe, "sample"):
        raise ALError(Errors.A411.format(name=name, kind=type(pipe).__name__))
    own = cast(Sampler, pipe)
    return UpstreamSampler(own, upstream, rate=trained_rate(nlp), reuse=reuse) if upstream else own


def find_target(nlp: Language) -> str:
    """The name of the first pipe that can be asked; raises ALError A412 when there is none."""
    for name, pipe in nlp.pipeline:
        if isinstance(pipe, EntityRecognizer) or hasattr(pipe, "sample"):
            return name
    raise ALError(Errors.A412.format(names=", ".join(nlp.pipe_names) or "none"))


def trained_rate(nlp: Language) -> float:
    """The dropout that `spacy train` used, which thinc layers do not remember."""
    return float(nlp.config.get("training", {}).get("dropout", SPACY_DROPOUT))


def choose_dropout(sampler: Sampler, measures: Sequence[Measure], wanted: Optional[str], name: str) -> str:
    """The dropout asked for; by default "off", and for measures that compare passes what the tagger has.

    RAISES: ALError A413 when the sampler, of the pipe `name`, has no such dropout.
    """
    kinds = [kind for kind in sampler.dropouts if kind != "off"]
    usual = "last" if "last" in kinds or not kinds else kinds[0]
    default = usual if any(measure.stochastic for measure in measures) else "off"
    dropout = default if wanted is None else wanted
    check_dropout(sampler, dropout, name)
    return dropout
