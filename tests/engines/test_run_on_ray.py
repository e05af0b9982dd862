"""`al run` with engine = "ray": chunks scored apart give the columns of the run in one process."""

import numpy
import pytest

from spacy_al.acquisition.score_shard import CHUNK
from spacy_al.errors import ALError
from spacy_al.loop import scoring_ray
from spacy_al.loop.reporter import Silent
from spacy_al.loop.scoring_ray import chunk_numbers
from spacy_al.loop.session import run
from spacy_al.loop.standing import describe
from spacy_al.runs.folder import RunFolder, read_npz

from ..loop.conftest import CONFIG, chosen_ids, rows_without_seconds, write_corpus


def test_chunks_of_a_shard_keep_their_order_when_they_are_sorted_again():
    lengths = numpy.random.default_rng(0).integers(0, 9, size=2 * CHUNK + 7)
    order = numpy.argsort(lengths, kind="stable")[::-1]
    chunks = chunk_numbers(lengths)
    again = [some[numpy.argsort(lengths[some], kind="stable")[::-1]] for some in chunks]
    assert numpy.concatenate(again).tolist() == order.tolist()
    assert [len(some) for some in chunks] == [CHUNK, CHUNK, 7]


class Asking(Silent):
    """A reporter that asks for the run's status whenever something begins, and remembers how far scoring came."""

    def __init__(self, folder):
        self.folder, self.said, self.steps = folder, [], {}

    def phase(self, round_, name, total):
        self.name = name
        if RunFolder(self.folder).state.exists():
            self.said.append([line for line in describe(self.folder) if "more minutes" not in line])

    def step(self, done, total):
        self.steps[self.name] = (done, total)


@pytest.mark.ray
@pytest.mark.usefixtures("ray")
def test_a_chunk_that_cannot_be_scored_leaves_the_log_that_the_message_names(tmp_path, monkeypatch):
    from thinc.api import Config

    config = Config().from_str(CONFIG)
    pool, test = write_corpus(tmp_path / "pool.spacy", 60, 0), write_corpus(tmp_path / "test.spacy", 40, 1)
    config["active_learning"] |= {"pool": pool, "test": test, "rounds": 1, "engine": "ray"}
    monkeypatch.setattr(scoring_ray, "write_npz", lambda path, arrays: None)  # the worker finds no sentences
    with pytest.raises(ALError, match=r"A564.*\n  000000: KeyError: 'numbers'"):
        run(config, tmp_path / "run")
    (log,) = RunFolder(tmp_path / "run").round(0).glob("scoring/*/000000.log")
    assert log.read_text() == "KeyError: 'numbers'\n"


@pytest.mark.ray
@pytest.mark.usefixtures("ray")
def test_a_run_that_scores_on_ray_is_the_run_that_scores_here(tmp_path):
    from thinc.api import Config

    config = Config().from_str(CONFIG)
    pool, test = write_corpus(tmp_path / "pool.spacy", 120, 0), write_corpus(tmp_path / "test.spacy", 40, 1)
    settings = {"pool": pool, "test": test, "rounds": 1, "measure": "bald", "dropout": "last", "passes": 3}
    config["active_learning"] |= settings
    asking = {}
    for engine in ("local", "ray"):
        config["active_learning"]["engine"] = engine
        asking[engine] = Asking(tmp_path / engine)
        run(config, tmp_path / engine, reporter=asking[engine])
    one, other = RunFolder(tmp_path / "local"), RunFolder(tmp_path / "ray")
    assert rows_without_seconds(one.path) == rows_without_seconds(other.path)
    assert chosen_ids(one.path) == chosen_ids(other.path)
    here, there = (read_npz(run.utilities(0)) for run in (one, other))
    assert here.keys() == there.keys() > {"bald", "tags"}
    assert all(here[name].tobytes() == there[name].tobytes() for name in here)
    assert not (other.round(0) / "scoring").exists()
    assert asking["local"].said == asking["ray"].said != []
    assert asking["local"].steps == asking["ray"].steps
