"""What `al evaluate` does, as a function: a pipeline and gold in, calibration and AUROC out."""

import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Dict, List, Sequence

from spacy.tokens import Doc

from ..corpus.reader import read_docs
from ..errors import ALError, Errors, Warnings
from ..files import write_json
from ..options import AssessOptions
from ..pipeline.adapters import choose_dropout, find_target, get_sampler
from ..types import Sampler, Sampling
from ..uncertainty.calibration import Reliability
from ..uncertainty.judgement import Detection, calibrate, detect, diagrams, judge
from ..uncertainty.measures import Measure, check_measures, get_measures, measure_names
from ..uncertainty.plot import plot_reliability
from .command import load_pipeline


@dataclass(frozen=True)
class Assessment:
    """What was found. calibration (Dict): As `spacy_al.uncertainty.judgement.calibrate` gives it.

    wrong (float): Share of sentences with a wrong, missing or superfluous entity.
    """

    pipe: str
    dropout: str
    passes: int
    sentences: int
    tokens: int
    wrong: float
    calibration: Dict[str, Any]
    detections: List[Detection]

    def as_dict(self) -> Dict[str, Any]:
        """For JSON."""
        levels = {
            level: {key: one.as_dict() if isinstance(one, Reliability) else one for key, one in parts.items()}
            for level, parts in self.calibration.items()
        }
        rows = [asdict(one) for one in self.detections]
        return {**vars(self), "calibration": levels, "detections": rows}


def assess_file(pipeline: str, gold: Path, options: AssessOptions) -> Assessment:
    """Compare a pipeline with labelled sentences.

    pipeline (str): A folder or an installed pipeline. gold (Path): A .spacy file or a folder.
    options (AssessOptions): What to ask and to write.
    RAISES: ALError A003, A130, A401, A402, A405, A407, A410 to A413, A419, A420 for what is missing or makes
        no sense; A002 and A704 when a file cannot be written.
    """
    nlp = load_pipeline(pipeline)
    pipe = find_target(nlp) if options.pipe is None else options.pipe
    sampler = get_sampler(nlp, pipe)
    measures = chosen_measures(options, sampler)
    dropout = choose_dropout(sampler, measures, options.dropout, pipe)
    check_measures(measures, passes=options.passes, dropout=dropout)
    (ties,) = get_measures([options.tie_measure])
    check_measures([ties], passes=1, dropout="off")
    docs = list(read_docs(gold, nlp.vocab))
    check_gold(docs, sampler, pipe)
    judgement = judge(docs, sampler)
    other = judge(list(read_docs(options.held_out, nlp.vocab)), sampler) if options.held_out else None
    calibration = calibrate(judgement, other, bins=options.bins)
    how = Sampling(options.passes, dropout, options.seed)
    detections = detect(docs, judgement, sampler, measures, how, ties=ties)
    wrong, tokens = float(judgement.wrong.mean()), len(judgement.best)
    found = Assessment(pipe, dropout, options.passes, len(docs), tokens, wrong, calibration, detections)
    if options.output is not None:
        write_json(options.output, found.as_dict())
    if options.plot is not None:
        plot_reliability(diagrams(calibration), options.plot)
    return found


def check_gold(docs: Sequence[Doc], sampler: Sampler, pipe: str) -> None:
    """Raise ALError A405 where there is no token to judge; warn of labels that the pipe cannot find (W442)."""
    if not any(map(len, docs)):
        raise ALError(Errors.A405)
    known = {tag[2:] for tag in sampler.tags if tag != "O"}
    unknown = sorted({ent.label_ for doc in docs for ent in doc.ents} - known)
    if unknown:
        told = {"name": pipe, "unknown": ", ".join(unknown), "known": ", ".join(sorted(known))}
        warnings.warn(Warnings.W442.format(**told), stacklevel=2)


def chosen_measures(options: AssessOptions, sampler: Sampler) -> List[Measure]:
    """The measures asked for; by default all that need a model, comparisons of passes only with dropout."""
    if options.measures:
        return get_measures(options.measures)
    still = sampler.dropouts == ["off"] or options.dropout == "off"
    known = get_measures(measure_names())
    return [one for one in known if one.needs_model and not (one.stochastic and still)]
