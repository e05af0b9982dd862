"""What `al score` does, as a function: a pipeline and a pool in, a ranking in a file out."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional, Union

import spacy
from spacy.language import Language

from ..corpus.numbering import warn_of_shards
from ..corpus.stream import DocStream
from ..errors import ALError, Errors
from ..files import write_text
from ..options import ScoreOptions
from ..pipeline.adapters import choose_dropout, find_target, get_sampler
from ..types import Progress, Sampling
from ..uncertainty.detection import tied_share
from ..uncertainty.measures import check_measures, get_measures
from .pages import render_page
from .parts import score_on_ray
from .ranking import Ranking, top_docs, write_ranking
from .scoring import score_docs


@dataclass(frozen=True)
class ScoreReport:
    """What was done.

    tied (float): Share of sentences in the largest group that the first measure cannot tell apart.
    seconds (float): Time for scoring, without loading and writing.
    """

    pipe: str
    dropout: str
    measures: List[str]
    sentences: int
    tokens: int
    written: int
    tied: float
    seconds: float


def score_file(
    pipeline: Union[str, Path],
    pool: Union[str, Path],
    output: Union[str, Path],
    options: ScoreOptions = ScoreOptions(),
    *,
    watch: Optional[Progress] = None,
) -> ScoreReport:
    """Rank the sentences of a DocBin, or a folder of them, and write JSONL (`write_ranking`).

    pipeline (Union[str, Path]): A folder or an installed pipeline. pool (Union[str, Path]): A .spacy file or a folder.
    output (Union[str, Path]): The file to write. options (ScoreOptions): How.
    watch (Optional[Progress]): Told sentences done and their total.
    RETURNS (ScoreReport): What was done.
    RAISES: ALError before any work for whatever is missing or makes no sense (A003, A401, A402, A410 to A415,
        A420), A002 when a file cannot be written.
    """
    pipeline, pool, output = str(pipeline), Path(pool), Path(output)
    asked_for = list(options.measures or ["mnlp"])
    measures = get_measures(asked_for)
    nlp = load_pipeline(pipeline)
    pipe = find_target(nlp) if options.pipe is None else options.pipe
    sampler = get_sampler(nlp, pipe)
    dropout = choose_dropout(sampler, measures, options.dropout, pipe)
    check_measures(measures, passes=options.passes, dropout=dropout)
    stream = DocStream(pool, nlp.vocab)
    known = stream.occurrences
    warn_of_shards(pool, known)
    total, start = len(stream), time.perf_counter()

    def tell(done: int) -> None:
        if watch is not None:
            watch(done, total)

    how = Sampling(options.passes, dropout, options.seed)
    with Ranking(measures, known) as ranking:
        if options.engine == "ray":
            asked = {"pipe": pipe, "measures": asked_for, **vars(how)}
            score_on_ray(ranking, stream, parts_of(output), asked, options, pipeline=pipeline, pool=pool, progress=tell)
        else:
            ranking.utilities = score_docs(ranking.watch(stream), sampler, measures, how, progress=tell)
        ranking.sort(options.seed)
        seconds = time.perf_counter() - start
        written = write_ranking(output, ranking, limit=options.limit)
        if options.html is not None:
            docs = top_docs(stream, ranking, options.html_top)
            title = f"{len(docs)} most useful sentences of {pool.name}"
            write_text(options.html, render_page(docs, sampler, measures, how, title=title))
        shutil.rmtree(parts_of(output), ignore_errors=True)
        names = [measure.name for measure in measures]
        tied = tied_share(ranking.utilities[names[0]])
        return ScoreReport(pipe, dropout, names, total, ranking.n_tokens, written, tied, seconds)


def parts_of(output: Path) -> Path:
    """Where the parts of a ranking lie until it is written: a hidden folder beside it."""
    return output.with_name(f".{output.name}.parts")


def load_pipeline(pipeline: str) -> Language:
    """Load a pipeline; raises ALError A420 when spaCy finds none there."""
    try:
        return spacy.load(pipeline)
    except OSError as error:
        raise ALError(Errors.A420.format(path=pipeline, reason=str(error).splitlines()[0])) from error
