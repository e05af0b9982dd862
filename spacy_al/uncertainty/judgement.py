"""A tagger against gold: is its confidence honest, and do measures find what it gets wrong."""

from dataclasses import dataclass, field, replace
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

import numpy
import torch
from numpy.typing import NDArray
from spacy.attrs import ENT_IOB
from spacy.tokens import Doc

from ..corpus.reader import without_labels
from ..corpus.schemes import decode, entity_spans
from ..errors import ALError, Errors
from ..types import ONE_PASS, Sampler, Sampling
from .calibration import Reliability, reliability
from .confidence import span_confidences, tag_numbers, token_slices
from .detection import auroc, broken_ties, tied_share
from .measures import Measure
from .temperature import fit_temperature, temper

Entity = Tuple[int, int, str]
Array = NDArray[Any]


@dataclass
class Judgement:
    """What a tagger said of labelled sentences in one deterministic pass, and whether it was right.

    probs (Tensor): float32 (tokens, tags).
    best, gold (NDArray): int64 (tokens,), predicted and right tags; -1 where the tagger has no such tag.
    entity_confidence, entity_right (List): Of each predicted entity.
    wrong (NDArray): bool (sentences,), whether the predicted entities differ from the gold ones.
    """

    probs: torch.Tensor
    best: NDArray[numpy.int64]
    gold: NDArray[numpy.int64]
    wrong: NDArray[numpy.bool_]
    entity_confidence: List[float] = field(default_factory=list)
    entity_right: List[bool] = field(default_factory=list)

    @property
    def token_right(self) -> NDArray[numpy.bool_]:
        """(tokens,), whether the predicted tag is the gold one."""
        return numpy.equal(self.best, self.gold)

    def token_confidence(self, temperature: float = 1.0) -> NDArray[numpy.float64]:
        """(tokens,), probability of the predicted tag after scaling."""
        probs = self.probs if temperature == 1 else temper(self.probs, temperature)
        return probs.double().numpy()[numpy.arange(len(self.best)), self.best]

    def scaled_entities(self, temperature: float) -> List[float]:
        """Confidence of each predicted entity after scaling, right and wrong taken as two classes."""
        return temper(_two_classes(self.entity_confidence), temperature)[:, 1].tolist()


@dataclass(frozen=True)
class Detection:
    """How well a measure finds the sentences and tokens that the tagger gets wrong.

    sentences, tokens (Optional[float]): AUROC; None where it does not exist. tied (float): `tied_share`.
    broken (Optional[float]): AUROC of sentences when another measure breaks the ties.
    """

    measure: str
    sentences: Optional[float]
    tokens: Optional[float]
    tied: float
    broken: Optional[float]


def judge(docs: Sequence[Doc], sampler: Sampler) -> Judgement:
    """Ask a tagger once about labelled sentences and compare.

    docs (Sequence[Doc]): Labelled; the tagger is shown bare copies.
    sampler (Sampler): The tagger. If it has `entity_scores`, as `TransitionSampler` does, it knows probabilities of
        entities better than as products over tokens.
    RETURNS (Judgement): In the order of `docs`.
    RAISES: ALError A419 for a sentence that is not annotated throughout.
    """
    for doc in docs:
        if len(doc) and not (doc.to_array([ENT_IOB]) > 0).all():
            raise ALError(Errors.A419.format(text=doc.text[:60]))
    bare = [without_labels(doc) for doc in docs]
    tags, scheme, scores = sampler.tags, sampler.scheme, getattr(sampler, "entity_scores", None)
    number_of = {tag: number for number, tag in enumerate(tags)}
    probs, best = _one_pass(bare, sampler, len(tags))
    known = scores(bare) if scores is not None else None
    gold = [tag_numbers(entity_spans(doc), len(doc), number_of, scheme) for doc in docs]
    result = Judgement(torch.cat(probs), _joined(best), _joined(gold), numpy.zeros(len(docs), dtype=bool))
    for place, doc in enumerate(docs):
        found, right = decode([tags[number] for number in best[place]], scheme), entity_spans(doc)
        result.wrong[place] = found != right
        result.entity_right += [span in right for span in found]
        if known is not None:
            result.entity_confidence += [known[place].get(span, 0.0) for span in found]
        else:
            sure = span_confidences(probs[place].numpy()[None], found, number_of, scheme)
            result.entity_confidence += [value or 0.0 for value in sure]
    return result


def detect(
    docs: Sequence[Doc],
    judgement: Judgement,
    sampler: Sampler,
    measures: Sequence[Measure],
    how: Sampling,
    *,
    ties: Optional[Measure] = None,
) -> List[Detection]:
    """AUROC of measures for the errors of the deterministic prediction.

    Stochastic measures are asked with dropout, the others without.

    docs (Sequence[Doc]): Those that were judged. judgement (Judgement): From `judge`.
    ties (Optional[Measure]): A deterministic measure that breaks ties, for comparison.
    """
    bare = [without_labels(doc) for doc in docs]
    values: Dict[str, Tuple[Array, Array]] = {}
    for stochastic in (False, True):
        asked = [one for one in [*measures, *([ties] if ties else [])] if one.stochastic == stochastic]
        if asked:
            values |= _values(bare, sampler, asked, how if stochastic else replace(how, dropout="off"))
    result: List[Detection] = []
    for measure in measures:
        of_sentences, of_tokens = values[measure.name]
        broken = None if ties is None else auroc(broken_ties(of_sentences, values[ties.name][0]), judgement.wrong)
        tokens = auroc(of_tokens, ~judgement.token_right) if len(of_tokens) else None
        sentences = auroc(of_sentences, judgement.wrong)
        result.append(Detection(measure.name, sentences, tokens, tied_share(of_sentences), broken))
    return result


def calibrate(judgement: Judgement, held_out: Optional[Judgement] = None, *, bins: int = 15) -> Dict[str, Any]:
    """Reliability of tokens and entities, before and, with held-out labels, after temperature scaling.

    judgement (Judgement): What is reported on. held_out (Optional[Judgement]): Other sentences, to fit on.
    RETURNS (Dict): "tokens" and "entities", each with "before" and perhaps "temperature" and "after";
        "entities" is missing if none are predicted. Values are `Reliability` and float.
    RAISES: ALError A405 without tokens, A407 when nothing can be fitted.
    """
    tokens: Dict[str, Any] = {"before": reliability(judgement.token_confidence(), judgement.token_right, bins=bins)}
    result = {"tokens": tokens}
    if held_out is not None:
        tokens["temperature"] = fit_temperature(held_out.probs, torch.from_numpy(held_out.gold))
        scaled = judgement.token_confidence(tokens["temperature"])
        tokens["after"] = reliability(scaled, judgement.token_right, bins=bins)
    if judgement.entity_right:
        right = judgement.entity_right
        entities: Dict[str, Any] = {"before": reliability(judgement.entity_confidence, right, bins=bins)}
        result["entities"] = entities
        if held_out is not None and held_out.entity_right:
            outcomes = torch.tensor(held_out.entity_right).long()
            entities["temperature"] = fit_temperature(_two_classes(held_out.entity_confidence), outcomes)
            scaled_entities = judgement.scaled_entities(entities["temperature"])
            entities["after"] = reliability(scaled_entities, right, bins=bins)
    return result


def diagrams(calibration: Dict[str, Any]) -> Dict[str, Reliability]:
    """The reliability diagrams in what `calibrate` returns, by a title for each."""
    return {
        f"{level}, {'as it is' if when == 'before' else 'scaled'}": value
        for level, parts in calibration.items()
        for when, value in parts.items()
        if isinstance(value, Reliability)
    }


def _one_pass(
    docs: Sequence[Doc], sampler: Sampler, tags: int
) -> Tuple[List[torch.Tensor], List[NDArray[numpy.int64]]]:
    probs = [torch.zeros((0, tags))] * len(docs)
    best: List[NDArray[numpy.int64]] = [numpy.zeros(0, dtype=numpy.int64)] * len(docs)
    for samples in ONE_PASS.of(sampler, docs):
        rows, numbers = samples.probs[0].cpu(), samples.best[0].cpu().numpy()
        for place, tokens in token_slices(samples):
            probs[place], best[place] = rows[tokens], numbers[tokens]
    return probs, best


def _values(
    docs: Sequence[Doc], sampler: Sampler, measures: Sequence[Measure], how: Sampling
) -> Dict[str, Tuple[Array, Array]]:
    """For each measure the utilities of sentences and, where it has them, the values of tokens."""
    sentences = {measure.name: numpy.zeros(len(docs)) for measure in measures}
    tokens: Dict[str, List[Array]] = {measure.name: [numpy.zeros(0)] * len(docs) for measure in measures}
    for samples in how.of(sampler, docs):
        for measure in measures:
            sentences[measure.name][samples.order] = measure.function(samples).double().cpu().numpy()
            if measure.token_function is not None:
                flat = measure.token_function(samples).double().cpu().numpy()
                for place, own in token_slices(samples):
                    tokens[measure.name][place] = flat[own]
    return {name: (sentences[name], _joined(tokens[name])) for name in sentences}


def _joined(arrays: Iterable[Array]) -> Array:
    return numpy.concatenate([numpy.zeros(0, dtype=numpy.int64), *arrays])


def _two_classes(confidence: Sequence[float]) -> torch.Tensor:
    sure = torch.tensor(confidence, dtype=torch.float64).clamp(0, 1)
    return torch.stack([1 - sure, sure], dim=1)
