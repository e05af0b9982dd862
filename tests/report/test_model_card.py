"""A model card says what stands in the run, and `spacy package` keeps it."""

import json

import pytest
import spacy
import srsly
from spacy.cli.package import package

from spacy_al.errors import ALError
from spacy_al.loop.session import run
from spacy_al.report.model_card import write_model_card
from tests.loop.conftest import corpus, make_config  # noqa: F401


@pytest.fixture
def done(make_config, tmp_path):  # noqa: F811
    run(make_config(holdout=0.2, rounds=1), tmp_path / "run")
    return tmp_path / "run"


def test_the_card_says_what_the_run_measured(done):
    card = write_model_card(done).read_text(encoding="utf8")
    row = json.loads((done / "metrics.jsonl").read_text().splitlines()[-1])
    front = srsly.yaml_loads(card.split("---")[1])
    assert (front["library_name"], front["language"]) == ("spacy", ["en"])
    held = row["holdout"]
    assert f"Test set: F1 {100 * row['ents_f']:.1f}." in card
    assert f"F1 {100 * held['f']:.1f} ({100 * held['low']:.1f} to {100 * held['high']:.1f})" in card
    assert f"{row['labelled_tokens']} tokens" in card
    assert "chosen by MNLP" in card
    assert f"torch {json.loads((done / 'state.json').read_text())['versions']['torch']}" in card


def test_the_pipeline_carries_its_figures_through_spacy_package(done, tmp_path):
    write_model_card(done)
    row = json.loads((done / "metrics.jsonl").read_text().splitlines()[-1])
    (tmp_path / "out").mkdir()
    package(done / "model", tmp_path / "out", name="news", version="1.0.0", create_sdist=False, silent=True)
    readme = next((tmp_path / "out").glob("en_news-1.0.0/README.md"))
    assert "biased towards" in readme.read_text(encoding="utf8")
    meta = next((tmp_path / "out").glob("en_news-1.0.0/en_news/**/meta.json"))
    assert json.loads(meta.read_text())["performance"]["ents_f"] == row["ents_f"]
    assert spacy.load(done / "model").meta["spacy_al"]["rounds"] == 2


def test_a_run_without_a_model_is_named(done):
    (done / "model" / "meta.json").unlink()
    with pytest.raises(ALError, match="A548"):
        write_model_card(done)
