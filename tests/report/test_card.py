"""A model card says what stands in the run, and `spacy package` keeps it."""

import json

import pytest
import spacy
from spacy.cli.package import package

from spacy_al.errors import ALError
from spacy_al.loop.session import run
from spacy_al.report.card import write_model_card
from tests.loop.conftest import corpus, make_config  # noqa: F401


@pytest.fixture
def done(make_config, tmp_path):  # noqa: F811
    run(make_config(holdout=0.2, rounds=1), tmp_path / "run")
    return tmp_path / "run"


def test_the_card_says_what_the_run_measured(done):
    card = write_model_card(done).read_text(encoding="utf8")
    row = json.loads((done / "metrics.jsonl").read_text().splitlines()[-1])
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
    # What `spacy huggingface-hub push` reads of the wheel; it writes front matter before the README, so there is none.
    inside = tmp_path / "out" / "en_news-1.0.0" / "en_news" / "en_news-1.0.0"
    assert (inside / "README.md").read_text(encoding="utf8").startswith("# en_")
    assert "biased towards" in (inside / "README.md").read_text(encoding="utf8")
    performance = json.loads((inside / "meta.json").read_text())["performance"]
    assert [performance[key] for key in ("ents_f", "ents_p", "ents_r")] == [row["ents_f"], row["ents_p"], row["ents_r"]]
    assert spacy.load(done / "model").meta["spacy_al"]["rounds"] == 2


def test_a_run_without_a_model_is_named(done):
    (done / "model" / "meta.json").unlink()
    with pytest.raises(ALError, match="A548"):
        write_model_card(done)
