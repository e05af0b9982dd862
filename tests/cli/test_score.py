"""`al score` end to end on small trained pipelines, and what it says when something is missing."""

import json

import numpy
import pytest
import spacy
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from thinc.api import fix_random_seed
from typer.testing import CliRunner

from spacy_al.acquisition.command import choose_dropout
from spacy_al.cli import al_cli
from spacy_al.errors import ALError
from spacy_al.pipeline.adapters import get_sampler
from spacy_al.types import Pool
from spacy_al.uncertainty.measures import get_measures

TEXTS = [
    (["Ann", "Lee", "saw", "Rome", "."], ["B-PER", "I-PER", "O", "B-LOC", "O"]),
    (["In", "Oslo", ",", "Bob", "slept"], ["O", "B-LOC", "O", "B-PER", "O"]),
    (["Nobody", "came"], ["O", "O"]),
    (["New", "York", "loves", "Ann"], ["B-LOC", "I-LOC", "O", "B-PER"]),
]


def labelled(vocab):
    return [Doc(vocab, words=words, ents=ents) for words, ents in TEXTS]


@pytest.fixture(scope="module", params=["ner", "sequence_tagger"])
def pipeline(request, tmp_path_factory):
    nlp = spacy.blank("en")
    nlp.add_pipe(request.param)
    examples = [Example(Doc(nlp.vocab, words=[token.text for token in doc]), doc) for doc in labelled(nlp.vocab)]
    state = numpy.random.get_state()
    fix_random_seed(0)
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(10):
        nlp.update(examples, sgd=optimizer)
    numpy.random.set_state(state)
    path = tmp_path_factory.mktemp("score") / request.param
    nlp.to_disk(path)
    return path


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    path = tmp_path_factory.mktemp("pool") / "pool.spacy"
    docs = labelled(spacy.blank("en").vocab)
    DocBin(docs=[*docs, docs[2]], store_user_data=True).to_disk(path)
    return path


def run(*arguments):
    return CliRunner().invoke(al_cli, ["score", *map(str, arguments)])


def rows(path):
    return [json.loads(line) for line in path.read_text("utf8").splitlines()]


def test_a_pool_with_labels_is_ranked_without_them(pipeline, pool, tmp_path):
    result = run(pipeline, pool, "-m", "mnlp", "-o", tmp_path / "out.jsonl")
    assert result.exit_code == 0, result.output
    nlp = spacy.load(pipeline)
    docs = [Doc(nlp.vocab, words=words) for words, _ in [*TEXTS, TEXTS[2]]]
    utilities = {}
    for samples in get_sampler(nlp).sample(docs, passes=1, dropout="off", seed=0):
        values = get_measures(["mnlp"])[0].function(samples).tolist()
        utilities |= dict(zip(samples.order, values, strict=True))
    ids = Pool.from_docs(docs, nlp.vocab).ids
    found = rows(tmp_path / "out.jsonl")
    assert {row["id"]: row["utilities"]["mnlp"] for row in found} == pytest.approx(
        {ids[number]: value for number, value in utilities.items()}, rel=1e-4
    )
    values = [row["utilities"]["mnlp"] for row in found]
    assert values == sorted(values, reverse=True)


def test_stochastic_measures_get_dropout_and_equal_runs_equal_files(pipeline, pool, tmp_path):
    arguments = [pipeline, pool, "-m", "bald", "-m", "mnlp", "--passes", 3, "--seed", 5]
    files = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    results = [run(*arguments, "-o", path) for path in files]
    assert "dropout last" in results[0].output
    assert files[0].read_text() == files[1].read_text()
    assert set(rows(files[0])[0]["utilities"]) == {"bald", "mnlp"}


def test_a_limit_and_a_page(pipeline, pool, tmp_path):
    page = tmp_path / "out.html"
    result = run(pipeline, pool, "-o", tmp_path / "o.jsonl", "--limit", 2, "--html", page, "--html-top", 3)
    assert result.exit_code == 0, result.output
    assert len(rows(tmp_path / "o.jsonl")) == 2
    html = page.read_text("utf8")
    assert html.count("<li>") == 3
    assert "3 most useful sentences of pool.spacy" in html
    assert "shaded by mnlp" in html


def test_random_ranks_without_asking_the_model(pipeline, pool, tmp_path, monkeypatch):
    monkeypatch.setattr("spacy_al.acquisition.command.get_sampler", lambda nlp, pipe: NoSampler())
    result = run(pipeline, pool, "-m", "random", "-o", tmp_path / "out.jsonl")
    assert result.exit_code == 0, result.output
    assert "100 % of the sentences are equal by random; chance decides" in result.output


class NoSampler:
    """Fails when it is asked."""

    dropouts = ("off",)

    def sample(self, docs, *, passes, dropout, seed):
        raise AssertionError("random asks nobody")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["-m", "mnpl"], "A402"),
        (["-m", "bald", "--dropout", "off"], "A401"),
        (["-m", "bald", "--passes", "1"], "A401"),
        (["--dropout", "word"], "A413"),
        (["--pipe", "nre"], "A410"),
    ],
)
def test_mistakes_are_told_before_work_starts(pipeline, pool, tmp_path, arguments, code):
    result = run(pipeline, pool, "-o", tmp_path / "out.jsonl", *arguments)
    assert result.exit_code == 1
    assert code in result.output
    assert not (tmp_path / "out.jsonl").exists()


def test_missing_files_are_named(pipeline, pool, tmp_path):
    assert "A420" in run(tmp_path / "none", pool, "-o", tmp_path / "x").output
    assert "A003" in run(pipeline, tmp_path / "none.spacy", "-o", tmp_path / "x").output


@pytest.mark.parametrize(
    ("kinds", "names", "wanted", "expected"),
    [
        (["off", "last", "all"], ["mnlp"], None, "off"),
        (["off", "last", "all"], ["mnlp", "bald"], None, "last"),
        (["off", "word", "locked"], ["bald"], None, "word"),
        (["off", "last"], ["mnlp"], "last", "last"),
    ],
)
def test_the_default_dropout_fits_measures_and_tagger(kinds, names, wanted, expected):
    sampler = NoSampler()
    sampler.dropouts = kinds
    assert choose_dropout(sampler, get_measures(names), wanted, "ner") == expected


def test_a_measure_that_compares_passes_needs_a_tagger_with_dropout():
    with pytest.raises(ALError, match=r"A413.*'ner'.*'last'.*knows: off"):
        choose_dropout(NoSampler(), get_measures(["bald"]), None, "ner")
