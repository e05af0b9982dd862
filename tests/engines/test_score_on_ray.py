"""`al score` on Ray: the bytes of the ranking are those of one process, in however many files the pool is."""

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


def rank(pipeline, pool, output, **options):
    score_file(str(pipeline), pool, output, ScoreOptions(**options))
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
        ("hash tagger", BALD, [7]),
        ("fused transformer", ALL, [100]),
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


@pytest.mark.ray
@pytest.mark.usefixtures("ray")
def test_what_a_driver_left_is_used_and_what_is_of_another_job_is_not(pipelines, pools, tmp_path, monkeypatch):
    options = {"measures": ["bald"], "dropout": "last", "passes": 2}
    whole = rank(pipelines["hash tagger"], pools[1], tmp_path / "whole", **options)
    output = tmp_path / "out"

    def end_before_joining(**more):
        """What a driver leaves that dies when all parts are there."""
        with monkeypatch.context() as patch, pytest.raises(AttributeError):  # noqa: PT012
            patch.delattr(parts.Ranking, "join")
            rank(pipelines["hash tagger"], pools[1], output, engine="ray", **more, **options)
        return sorted(parts_of(output).glob("*.npz"))

    end_before_joining(seed=5)
    left = end_before_joining()
    assert len(left) == 2
    before = left[0].stat().st_mtime_ns
    left[1].unlink()
    assert end_before_joining()[0].stat().st_mtime_ns == before
    # The parts of seed 5 would show here.
    assert rank(pipelines["hash tagger"], pools[1], output, engine="ray", **options) == whole


@pytest.mark.ray
@pytest.mark.usefixtures("ray")
def test_a_part_that_cannot_be_scored_is_named_with_its_log(pipelines, pools, tmp_path):
    output = tmp_path / "out"
    bounds = parts.part_bounds(SENTENCES)
    (parts_of(output) / f"{0:06d}.npz").mkdir(parents=True)  # in the way of the file
    with pytest.raises(ALError, match=rf"\[A564\] 1 of {len(bounds)} parts .*\n  000000: "):
        rank(pipelines["hash tagger"], pools[1], output, engine="ray")
    assert "000000.npz" in (parts_of(output) / "000000.log").read_text()
    assert (parts_of(output) / "000001.npz").is_file()


@pytest.mark.ray
@pytest.mark.usefixtures("ray")
def test_the_command_line_has_it_too(pipelines, pools, tmp_path):
    arguments = ["score", str(pipelines["hash tagger"]), str(pools[7]), "-o", str(tmp_path / "out"), "--engine", "ray"]
    result = CliRunner().invoke(al_cli, [*arguments, "--limit", "3", "--share", "0.5", "--jobs", "1"])
    assert result.exit_code == 0, result.output
    assert "9,000 sentences" in result.output
    assert len((tmp_path / "out").read_text().splitlines()) == 3
