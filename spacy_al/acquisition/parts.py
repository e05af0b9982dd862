"""A ranking in parts: each a run of the pool's sentences, scored by a plain function into a file of its own."""

import hashlib
import json
import shutil
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

from spacy.language import Language
from thinc.api import require_gpu

from ..corpus.stream import DocStream
from ..engines.scheduler import Task, score_parts
from ..errors import ALError, Errors
from ..options import ScoreOptions
from ..pipeline.adapters import get_sampler
from ..runs.folder import read_npz, write_npz
from ..runs.state import package_versions
from ..types import Sampling
from ..uncertainty.measures import get_measures
from .ranking import Ranking
from .scoring import CHUNK, score_docs

MOST_PARTS, MOST_CHUNKS = 256, 16  # a pool is cut by its own size alone, so that what was begun elsewhere goes on
How = Dict[str, Any]  # pipe, measures, passes, dropout, seed


def part_bounds(sentences: int) -> List[Tuple[int, int]]:
    """The first sentence of each part and the one after its last.

    Parts begin where `score_docs` begins a chunk: batches, and with them the last bits of all numbers and the masks of
    every dropout, are those of the pool scored in one go.
    """
    chunks = -(-sentences // CHUNK)
    size = CHUNK * min(max(chunks // MOST_PARTS, 1), MOST_CHUNKS)
    return [(start, min(start + size, sentences)) for start in range(0, sentences, size)]


def score_part(pipeline: str, pool: str, how: How, first: int, last: int, path: str, gpu: bool) -> int:
    """Score some sentences of a pool into a file, the same bytes wherever this runs.

    pipeline (str), pool (str): As in `score_file`. how (How): Of a job.
    first (int), last (int): The sentences. path (str): The .npz file to write.
    gpu (bool): Whether to use the GPU that this process sees first.
    RETURNS (int): How many sentences.
    """
    if gpu:
        require_gpu(0)
    nlp, stream = _loaded(pipeline, pool)
    measures = get_measures(how["measures"])
    asked = Sampling(how["passes"], how["dropout"], how["seed"])
    with Ranking(measures) as ranking:
        docs, sampler = ranking.watch(stream.docs(first, last)), get_sampler(nlp, how["pipe"])
        ranking.utilities = score_docs(docs, sampler, measures, asked)
        write_npz(Path(path), ranking.to_arrays())
    return last - first


@lru_cache(maxsize=1)
def _loaded(pipeline: str, pool: str) -> Tuple[Language, DocStream]:
    # Kept by a worker from part to part.
    from .command import load_pipeline

    nlp = load_pipeline(pipeline)
    return nlp, DocStream(Path(pool), nlp.vocab)


def score_on_ray(
    ranking: Ranking,
    stream: DocStream,
    folder: Path,
    how: How,
    options: ScoreOptions,
    *,
    pipeline: str,
    pool: Path,
    progress: Callable[[int], None],
) -> None:
    """Score a pool on the cluster; parts that a former call has left in the folder are not scored again.

    ranking (Ranking): Takes what comes. stream (DocStream): The pool. folder (Path): Gets a file for each part; it is
        removed at the end. pipeline, pool: Names that all nodes see. options (ScoreOptions): For gpu, share and jobs.
    RAISES: ALError A560 to A563, A564 when a part could not be scored, A567 when pool or pipeline changed meanwhile.
    """
    bounds, gpu = part_bounds(len(stream)), options.use_gpu >= 0
    key = _key(Path(pipeline), pool, how, gpu)
    folder = _claim(folder, key)
    paths = [folder / f"{number:06d}.npz" for number in range(len(bounds))]
    done = sum(last - first for path, (first, last) in zip(paths, bounds) if path.is_file())

    def told(sentences: int) -> None:
        nonlocal done
        done += sentences
        progress(done)

    names = (str(Path(pipeline).resolve()) if Path(pipeline).exists() else pipeline, str(pool.resolve()))
    tasks = [
        Task(path.stem, score_part, (*names, how, first, last, str(path.resolve()), gpu), options.share)
        for path, (first, last) in zip(paths, bounds)
        if not path.is_file()
    ]
    told(0)  # shows the bar, and what a former call has left
    score_parts(tasks, len(bounds), str(pool), folder, told, gpu=gpu, jobs=options.jobs)
    for path, (_, last) in zip(paths, bounds):
        ranking.take(read_npz(path))
        if len(ranking) != last:
            raise ALError(Errors.A565.format(path=path, problem=f"it ends at sentence {len(ranking)}", folder=folder))
    if _key(Path(pipeline), pool, how, gpu) != key:
        raise ALError(Errors.A567.format(pipeline=pipeline, pool=pool))
    ranking.join()


def _key(pipeline: Path, pool: Path, how: How, gpu: bool) -> str:
    """A name for all that decides on the content of parts."""
    job = [_stamps(pipeline), _stamps(pool), how, gpu, package_versions(), CHUNK]
    return hashlib.sha256(json.dumps(job, sort_keys=True).encode()).hexdigest()[:16]


def _claim(folder: Path, key: str) -> Path:
    """The folder of a job, made inside this one; those of other jobs are deleted.

    A worker of another job that outlives its command writes late: into a folder of its own, where nobody reads it.
    """
    place = folder / key
    place.mkdir(parents=True, exist_ok=True)
    for other in folder.iterdir():
        if other != place:
            shutil.rmtree(other, ignore_errors=True)
    return place


def _stamps(path: Path) -> List[Any]:
    """What tells one state of a file or folder from another: names, sizes and times of change."""
    files = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
    return [[str(one), one.stat().st_size, one.stat().st_mtime_ns] for one in files if one.is_file()] or [str(path)]
