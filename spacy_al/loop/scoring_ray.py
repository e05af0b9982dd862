"""The scoring of a round on Ray: chunks of its candidates, scored from the round's model on disk into files."""

import shutil
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence, Tuple

import numpy
import spacy
from numpy.typing import NDArray
from spacy.language import Language
from spacy.util import load_config
from thinc.api import require_gpu

from ..acquisition.score_shard import CHUNK, Column, Columns, PoolDocs, measure_columns, score_shard
from ..engines.scheduler import Task, score_parts
from ..files import write_folder
from ..pipeline.adapters import get_sampler
from ..runs.folder import RunFolder, read_npz, write_npz
from ..schemas import ActiveLearningSchema, check_active_learning, fill_active_learning
from ..types import Progress, Sampling
from ..uncertainty.measures import Measure
from .checks import chosen_measures
from .oracle import separate_file

TOKEN_VALUES = "token_uncertainty"


def run_columns(measures: Sequence[Measure]) -> Dict[str, Column]:
    """The columns that a run's model can give, by name."""
    asking = next((measure for measure in measures if measure.needs_model), None)
    columns = measure_columns(measures)
    if asking is not None and asking.token_function is not None:
        columns[TOKEN_VALUES] = Column(asking.token_function, of_tokens=True, dtype="float16")
    return columns


def chunk_numbers(lengths: NDArray[numpy.int64]) -> List[NDArray[numpy.int64]]:
    """The places of the sentences of each chunk of `score_shard`, rising, so that each has the same batches alone."""
    order = numpy.argsort(lengths, kind="stable")[::-1]
    return [numpy.sort(order[start : start + CHUNK]) for start in range(0, len(order), CHUNK)]


def score_round_on_ray(
    nlp: Language,
    folder: RunFolder,
    round_: int,
    pool: str,
    lengths: NDArray[numpy.int64],
    numbers: NDArray[numpy.int64],
    columns: Mapping[str, Column],
    *,
    seed: int,
    gpu: bool,
    progress: Progress,
) -> Dict[str, NDArray[Any]]:
    """The columns of a round's candidates, as `score_shard` gives them.

    nlp (Language): Has learnt. folder (RunFolder), pool (str): Seen by all nodes under the same paths.
    lengths (NDArray[int64]), numbers (NDArray[int64]): Of the candidates. Others as in `score_shard`.
    RAISES: ALError A560 to A563, A564 when a chunk could not be scored.
    """
    scoring = folder.round(round_) / "scoring"
    shutil.rmtree(scoring, ignore_errors=True)
    scoring.mkdir(parents=True, exist_ok=True)
    # A worker of a command that was killed may live on for a while: what it still writes, it writes into another place.
    place = Path(tempfile.mkdtemp(dir=scoring))
    write_folder(place / "model", nlp.to_disk)
    chunks, done = chunk_numbers(lengths), 0
    for number, some in enumerate(chunks):
        write_npz(place / f"{number:06d}.in.npz", {"numbers": numbers[some]})
    fixed = (str(folder.path.resolve()), str(Path(pool).resolve()), list(columns), seed, gpu)
    tasks = [Task(f"{n:06d}", score_chunk, (*fixed, str(place.resolve()), f"{n:06d}")) for n in range(len(chunks))]

    def told(sentences: int) -> None:
        nonlocal done
        done += sentences
        progress(done, len(numbers))

    score_parts(tasks, len(chunks), pool, place, told, gpu=gpu)
    found = Columns(columns, lengths)
    for number, some in enumerate(chunks):
        part = read_npz(place / f"{number:06d}.npz")
        found.keep(some, [part[name] for name in columns])
    shutil.rmtree(scoring, ignore_errors=True)
    return found.arrays


def score_chunk(run: str, pool: str, names: List[str], seed: int, gpu: bool, place: str, name: str) -> int:
    """Score one chunk into a file. run (str): The run's folder. place (str): Where the model and the files are."""
    if gpu:
        require_gpu(0)  # of those that Ray lets this process see
    settings, nlp, docs = _loaded(run, pool, place)
    numbers = read_npz(Path(place) / f"{name}.in.npz")["numbers"].tolist()
    known = run_columns(chosen_measures(settings))
    found = score_shard(
        get_sampler(nlp, settings.target), docs, numbers, {one: known[one] for one in names},
        how=Sampling(settings.passes, settings.dropout, seed),
    )  # fmt: skip
    write_npz(Path(place) / f"{name}.npz", found)
    return len(numbers)


@lru_cache(maxsize=1)
def _loaded(run: str, pool: str, place: str) -> Tuple[ActiveLearningSchema, Language, PoolDocs]:
    config = fill_active_learning(load_config(RunFolder(Path(run)).config, interpolate=False))
    nlp = spacy.load(Path(place) / "model")
    return (
        check_active_learning(config.interpolate()),
        nlp,
        PoolDocs(separate_file(Path(pool), nlp.vocab)[0], nlp.vocab),
    )
