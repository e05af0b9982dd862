"""`al score` on Ray: the bytes of the ranking are those of one process, in however many files the pool is."""

import shutil

import numpy
import pytest
import spacy
from spacy.tokens import Doc
from typer.testing import CliRunner

from spacy_al.acquisition import parts
from spacy_al.acquisition.command import ScoreOptions, parts_of, score_file
from spacy_al.cli import al_cli
from spacy_al.corpus.numbering import number_files
from spacy_al.corpus.reader import write_docs
from spacy_al.corpus.stream import DocStream
from spacy_al.errors import ALError

from ..acquisition.taggers import TEXTS, build
from .terminal import interrupt

SENTENCES = 9000  # a chunk and a part of another


@pytest.fixture(scope="module")
def sentences():
    rng = numpy.random.default_rng(0)
    words = sorted({word for text, _ in TEXTS for word in text})
    return [rng.choice(words, size=rng.integers(1, 9)).tolist() for _ in range(SENTENCES)]


@pytest.fixture(scope="module")
def pools(sentences, tmp_path_factory):
    """The same pool in 1, 7 and 100 files."""
    vocab, found = spacy.blank("en").vocab, {}
    docs = [Doc(vocab, words=words) for words in sentences]
    for number in (1, 7, 100):
        folder = tmp_path_factory.mktemp("pools") / str(number)
        folder.mkdir()
        for place, some in enumerate(numpy.array_split(numpy.arange(SENTENCES), number)):
            (folder / f"pool-{place:03d}.spacy").write_bytes(write_docs([docs[one] for one in some]))
        number_files(sorted(folder.glob("*.spacy")))
        found[number] = folder
    return found


@pytest.fixture(scope="module")
def pipelines(tmp_path_factory):
    found = {}
    for kind in ("hash tagger", "fused transformer"):
        folder = tmp_path_factory.mktemp("pipelines")
        build(kind, folder).to_disk(folder / "model")
        found[kind] = folder / "model"
    return found


def rank(pipeline, pool, output, watch=None, **options):
    score_file(str(pipeline), pool, output, ScoreOptions(**options), watch=watch)
    return output.read_bytes()


def test_any_run_of_sentences_is_read_as_in_the_whole(pools):
    stream = DocStream(pools[7], spacy.blank("en").vocab)
    texts = [doc.text for doc in stream]
    for first, last in ((0, 0), (0, 1), (1280, 1300), (1285, 5000), (8999, 9000), (0, 9000)):
        assert [doc.text for doc in stream.docs(first, last)] == texts[first:last]


@pytest.mark.parametrize("sentences", [0, 1, 8192, 8193, 10_000_000, 1_000_000_000])
def test_parts_cover_a_pool_and_begin_at_chunks(sentences):
    bounds = parts.part_bounds(sentences)
    assert [first for first, _ in bounds] == [0, *(last for _, last in bounds)][: len(bounds)]
    assert all(first % parts.CHUNK == 0 and first < last for first, last in bounds)
    assert (bounds[-1][1] if bounds else 0) == sentences


BALD = {"measures": ["bald", "mnlp"], "dropout": "last", "passes": 3}
ALL = {"measures": ["bald"], "dropout": "all", "passes": 2}


@pytest.mark.ray
@pytest.mark.usefixtures("ray")
@pytest.mark.parametrize(
    ("kind", "options", "on_ray"),
    [
        pytest.param("hash tagger", BALD, [1, 7, 100], marks=pytest.mark.slow),
        pytest.param("fused transformer", ALL, [1, 7, 100], marks=pytest.mark.slow),
    ],
)
def test_neither_files_nor_engine_change_a_byte(pipelines, pools, tmp_path, kind, options, on_ray):
    whole = rank(pipelines[kind], pools[1], tmp_path / "whole", **options)
    assert len(whole.splitlines()) == SENTENCES
    for number in on_ray:
        output = tmp_path / f"ray-{number}"
        assert rank(pipelines[kind], pools[number], tmp_path / f"{number}", **options) == whole
        assert rank(pipelines[kind], pools[number], output, engine="ray", **options) == whole
        assert not parts_of(output).exists()


@pytest.fixture(scope="module")
def left(pipelines, pools, tmp_path_factory, ray):
    """A ranking of which one part could not be scored: where its other part and a log are."""
    output = tmp_path_factory.mktemp("left") / "out"

    def hinder(done, total):
        (job_of(output) / f"{0:06d}.npz").mkdir(exist_ok=True)  # in the way of the file

    with pytest.raises(ALError, match=r"\[A564\] 1 of 2 parts .*\n  000000: "):
        rank(pipelines["hash tagger"], pools[7], output, hinder, engine="ray", jobs=1, **ALL)
    return output


def job_of(output):
    """Where the only job of a ranking has its parts."""
    (folder,) = parts_of(output).iterdir()
    return folder


def use(left, output):
    """Another ranking with the same left beside it."""
    shutil.copytree(parts_of(left), parts_of(output))
    (job_of(output) / f"{0:06d}.npz").rmdir()
    return output


@pytest.mark.ray
def test_a_part_that_cannot_be_scored_is_named_with_its_log_and_the_others_are_kept(left, pipelines, pools, tmp_path):
    assert "000000.npz" in (job_of(left) / "000000.log").read_text()
    told, output = [], use(left, tmp_path / "out")
    found = rank(pipelines["hash tagger"], pools[7], output, lambda done, total: told.append(done), engine="ray", **ALL)
    assert told == [SENTENCES - parts.CHUNK, SENTENCES]
    assert found == rank(pipelines["hash tagger"], pools[1], tmp_path / "whole", **ALL)
    assert not parts_of(output).exists()


@pytest.mark.ray
def test_after_ctrl_c_the_same_command_goes_on_without_what_another_job_has_left(left, pipelines, pools, tmp_path):
    output = use(left, tmp_path / "out")
    arguments = ["score", str(pipelines["hash tagger"]), str(pools[7]), "-o", str(output), "-m", "bald"]
    arguments += ["--dropout", "all", "--passes", "2", "--seed", "5", "--engine", "ray"]
    interrupt(arguments, lambda running: any("ray::Worker" in one for one in running))
    assert not output.exists()
    result = CliRunner().invoke(al_cli, [*arguments, "--share", "0.5", "--jobs", "1"])
    assert result.exit_code == 0, result.output
    assert "9,000 sentences" in result.output
    whole = rank(pipelines["hash tagger"], pools[1], tmp_path / "whole", seed=5, **ALL)
    assert output.read_bytes() == whole


@pytest.fixture
def few(pipelines, sentences, tmp_path):
    """A pipeline and a pool of one part, to be changed."""
    (tmp_path / "few.spacy").write_bytes(
        write_docs([Doc(spacy.blank("en").vocab, words=words) for words in sentences[:50]])
    )
    return shutil.copytree(pipelines["hash tagger"], tmp_path / "model"), tmp_path / "few.spacy"


@pytest.mark.ray
@pytest.mark.usefixtures("ray")
def test_what_a_worker_of_another_job_writes_late_is_not_taken(few, tmp_path):
    late, output = {}, tmp_path / "out"

    def keep(done, total):
        late.update({path: path.read_bytes() for path in parts_of(output).rglob("*.npz")})

    def write(done, total):
        for path, content in late.items() if done == total else ():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    former = rank(*few, output, keep, engine="ray", seed=1, **ALL)
    assert len(late) == 1
    whole = rank(*few, tmp_path / "whole", seed=2, **ALL)
    assert rank(*few, output, write, engine="ray", seed=2, **ALL) == whole != former


@pytest.mark.ray
@pytest.mark.usefixtures("ray")
def test_a_pipeline_that_changes_while_it_scores_gives_no_ranking(few, tmp_path):
    with pytest.raises(ALError, match="A567"):
        rank(*few, tmp_path / "out", lambda done, total: (few[0] / "meta.json").touch(), engine="ray", **ALL)
    assert not (tmp_path / "out").exists()
