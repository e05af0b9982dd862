"""`spacy train` on the train.cfg of a run makes the run's model again, to the byte."""

import subprocess
import sys

import pytest
import spacy
from spacy.cli.train import train
from spacy.util import load_config

from spacy_al.corpus.reader import read_docs
from spacy_al.loop.session import run
from tests.loop.test_bilstm_runs import make as bilstm_config  # noqa: F401
from tests.loop.test_ner_runs import labels, ner_config  # noqa: F401


def weights(folder):
    """Bytes of every component, by file; settings and figures are other files."""
    pipes = spacy.load(folder).pipe_names
    files = [path for name in pipes for path in sorted((folder / name).rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def predictions(folder, texts):
    nlp = spacy.load(folder)
    docs = nlp.pipe(read_docs(texts, nlp.vocab))
    return [[(ent.start, ent.end, ent.label_) for ent in doc.ents] for doc in docs]


def same(folder, tmp_path, corpus):
    train(folder / "train.cfg", tmp_path / "trained")
    again = tmp_path / "trained" / "model-last"
    assert predictions(again, corpus[1]) == predictions(folder / "model", corpus[1])
    assert weights(again) == weights(folder / "model")
    assert any(predictions(again, corpus[1]))
    return True


SETTINGS = [
    {},
    {"test": None, "holdout": 0.2, "measure": "random"},
    {"holdout": 0.2, "final_fit": False, "measure": "random"},
    {"dev_fraction": 0.2, "test": None},
    {"self_training": 1.0, "min_steps": 60, "warmup": 0.1},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_spacy_train_makes_the_model_of_a_run_again(make_config, corpus, tmp_path, settings):
    run(make_config(**settings), tmp_path / "run")
    assert same(tmp_path / "run", tmp_path, corpus)


def test_spacys_own_ner_too(ner_config, corpus, tmp_path):  # noqa: F811
    run(ner_config(rounds=1), tmp_path / "run")
    assert same(tmp_path / "run", tmp_path, corpus)


def test_a_crf_too(make_config, corpus, tmp_path, root):
    config = load_config(root / "configs" / "al-crf.cfg")
    config["components"]["ner"] |= {"labels": ["PER", "LOC"], "max_iterations": 20}
    config["components"]["ner"]["features"]["use_pos"] = False
    config["initialize"]["components"] = {}
    config["active_learning"] = make_config(rounds=1)["active_learning"] | {"dropout": "off"}
    run(config, tmp_path / "run")
    assert same(tmp_path / "run", tmp_path, corpus)


def test_where_the_loop_follows_a_score_the_config_says_that_it_does_not(bilstm_config, tmp_path):  # noqa: F811
    run(bilstm_config("al-bilstm-crf", rounds=0), tmp_path / "run")
    text = (tmp_path / "run" / "train.cfg").read_text()
    assert "# Not here: this run followed its development F1" in text
    command = [sys.executable, "-m", "spacy", "train", "run/train.cfg", "--output", "trained"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert spacy.load(tmp_path / "trained" / "model-best").has_pipe("ner")
