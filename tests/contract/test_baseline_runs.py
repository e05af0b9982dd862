"""The baselines' configs in the active-learning loop and in spaCy's training, end to end on a small pool."""

import json

import pytest
import spacy
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import load_config
from thinc.api import Config

from spacy_al.corpus.reader import write_docs
from spacy_al.errors import ALError
from spacy_al.loop.session import run

from .component_cases import SENTENCES, entities, make_doc

VECTORS = "john 1 0 0\nparis 0 1 0\nlondon 0 1 0\nmary 1 0 0\nberlin 0 1 0\nanna 1 0 0\notto 1 0 0\nin 0 0 1\n"
FAST = {
    "al-crf": {},
    "al-flair": {
        "components.ner.max_epochs": 3,
        "components.ner.mini_batch_size": 4,
        "components.ner.hidden_size": 16,
    },
}


@pytest.fixture
def paths(tmp_path):
    """A pool of 60 different sentences, a test corpus, labels and word vectors."""
    nlp = spacy.blank("en")
    numbered = [f"{sentence} {number}/CD/O" for number in range(10) for sentence in SENTENCES]
    pool = [make_doc(nlp, sentence, labelled=True) for sentence in numbered]
    (tmp_path / "pool.spacy").write_bytes(write_docs(pool))
    (tmp_path / "test.spacy").write_bytes(write_docs(pool[-6:]))
    (tmp_path / "labels.json").write_text(json.dumps(["LOC", "PER"]))
    (tmp_path / "vectors.txt").write_text(VECTORS)
    return {
        "paths.pool": str(tmp_path / "pool.spacy"),
        "paths.test": str(tmp_path / "test.spacy"),
        "paths.labels": str(tmp_path / "labels.json"),
        "vectors": str(tmp_path / "vectors.txt"),
    }


def config_of(root, name, paths, **active_learning) -> Config:
    overrides = {**{key: value for key, value in paths.items() if key != "vectors"}, **FAST[name]}
    if name == "al-flair":
        overrides["paths.word_vectors"] = paths["vectors"]
    settings = {"unit": "sentences", "seed_budget": 12, "round_budget": 12, "rounds": 2, **active_learning}
    overrides |= {f"active_learning.{key}": value for key, value in settings.items()}
    return load_config(root / "configs" / f"{name}.cfg", overrides=overrides, interpolate=False)


@pytest.mark.parametrize("name", sorted(FAST))
def test_a_run_of_active_learning_ends_with_a_model(root, tmp_path, paths, name):
    state = run(config_of(root, name, paths), tmp_path / "run")
    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert (state.phase, [row["labelled_sentences"] for row in rows]) == ("done", [12, 24, 36])
    found = [entities(doc) for doc in spacy.load(tmp_path / "run" / "model").pipe(unlabelled())]
    assert rows[-1]["ents_f"] == pytest.approx(f_score(found))


def unlabelled():
    nlp = spacy.blank("en")
    return [make_doc(nlp, f"{sentence} 9/CD/O") for sentence in SENTENCES]


def f_score(found):
    nlp = spacy.blank("en")
    gold = [entities(make_doc(nlp, sentence, labelled=True)) for sentence in SENTENCES]
    right = sum(len({*one} & {*two}) for one, two in zip(found, gold, strict=True))
    return 2 * right / (sum(map(len, found)) + sum(map(len, gold)))


def test_the_crf_learns_in_the_loop(root, tmp_path, paths):
    run(config_of(root, "al-crf", paths), tmp_path / "run")
    assert json.loads((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()[-1])["ents_f"] == 1.0


@pytest.mark.parametrize("measure", ["least_confidence", "entropy", "margin", "random"])
def test_the_crf_works_with_every_deterministic_measure(root, tmp_path, paths, measure):
    state = run(config_of(root, "al-crf", paths, measure=measure, rounds=1), tmp_path / "run")
    assert state.phase == "done"


@pytest.mark.parametrize("measure", ["variation_ratio", "bald"])
def test_the_crf_says_why_it_has_no_stochastic_measure(root, tmp_path, paths, measure):
    with pytest.raises(ALError, match="A401"):
        run(config_of(root, "al-crf", paths, measure=measure), tmp_path / "off")
    with pytest.raises(ALError, match=r"A334.*variation ratio and BALD are not defined"):
        run(config_of(root, "al-crf", paths, measure=measure, dropout="all"), tmp_path / "all")
    assert not (tmp_path / "all" / "state.json").exists()  # nothing was trained before


@pytest.mark.parametrize("measure", ["variation_ratio", "bald"])
def test_flair_works_with_stochastic_measures(root, tmp_path, paths, measure):
    config = config_of(root, "al-flair", paths, measure=measure, dropout="all", passes=3, rounds=1)
    assert run(config, tmp_path / "run").phase == "done"


@pytest.mark.parametrize("name", sorted(FAST))
def test_spacys_own_training_takes_the_config(root, tmp_path, paths, name):
    config = config_of(root, name, paths).copy()
    del config["active_learning"]
    (tmp_path / "trained").mkdir()
    nlp = init_nlp(config)
    train(nlp, tmp_path / "trained")
    docs = list(spacy.load(tmp_path / "trained" / "model-best").pipe(unlabelled()))
    assert [entities(doc) for doc in docs] == [entities(doc) for doc in nlp.pipe(unlabelled())]
