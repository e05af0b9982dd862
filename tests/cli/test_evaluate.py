"""`al evaluate` end to end: what it prints, and what it writes."""

import json

import pytest
import spacy
from spacy.tokens import Doc, DocBin
from typer.testing import CliRunner

from spacy_al.cli import al_cli

from .test_score import TEXTS, labelled, pipeline, run  # noqa: F401 - the fixture `pipeline`


@pytest.fixture(scope="module")
def gold(tmp_path_factory):
    path = tmp_path_factory.mktemp("gold") / "gold.spacy"
    vocab = spacy.blank("en").vocab
    other = [Doc(vocab, words=["Rome", "slept"], ents=["B-PER", "O"]), Doc(vocab, words=["x"], ents=["O"])]
    DocBin(docs=[*labelled(vocab), *other]).to_disk(path)
    return path


def evaluate(*arguments):
    return CliRunner().invoke(al_cli, ["evaluate", *map(str, arguments)])


def test_all_numbers_are_printed_and_written(pipeline, gold, tmp_path):  # noqa: F811
    pytest.importorskip("matplotlib")
    output, plot = tmp_path / "out.json", tmp_path / "out.png"
    result = evaluate(pipeline, gold, "--held-out", gold, "-o", output, "--plot", plot, "--passes", 3)
    assert result.exit_code == 0, result.output
    found = json.loads(output.read_text())
    assert found["sentences"] == 6
    assert found["tokens"] == sum(len(words) for words, _ in TEXTS) + 3
    assert found["calibration"]["tokens"]["before"]["predictions"] == found["tokens"]
    assert 0.05 <= found["calibration"]["tokens"]["temperature"] <= 20
    assert {row["measure"] for row in found["detections"]} >= {
        "mnlp",
        "bald",
        "variation_ratio",
        "entropy_max",
    }
    assert plot.read_bytes().startswith(b"\x89PNG")
    for word in ("tokens", "mnlp", "bald", "dropout last"):
        assert word in result.output


def test_chosen_measures_alone_are_compared(pipeline, gold, tmp_path):  # noqa: F811
    output = tmp_path / "out.json"
    result = evaluate(pipeline, gold, "-m", "margin", "--tie-measure", "entropy", "-o", output)
    assert result.exit_code == 0, result.output
    assert [row["measure"] for row in json.loads(output.read_text())["detections"]] == ["margin"]
    assert "ties by entropy" in result.output


def test_sentences_without_annotation_are_refused(pipeline, tmp_path):  # noqa: F811
    DocBin(docs=[Doc(spacy.blank("en").vocab, words=["open"])]).to_disk(tmp_path / "raw.spacy")
    result = evaluate(pipeline, tmp_path / "raw.spacy")
    assert result.exit_code == 1
    assert "A419" in result.output


def test_a_stochastic_tie_measure_is_refused(pipeline, gold):  # noqa: F811
    result = evaluate(pipeline, gold, "--tie-measure", "bald")
    assert result.exit_code == 1
    assert "A401" in result.output


def test_gold_without_sentences_is_refused(pipeline, tmp_path):  # noqa: F811
    DocBin().to_disk(tmp_path / "empty.spacy")
    result = evaluate(pipeline, tmp_path / "empty.spacy")
    assert result.exit_code == 1
    assert "A405" in result.output


def test_labels_that_the_pipeline_does_not_know_are_told(pipeline, tmp_path):  # noqa: F811
    doc = Doc(spacy.blank("en").vocab, words=["Rome", "slept"], ents=["B-TOWN", "O"])
    DocBin(docs=[doc]).to_disk(tmp_path / "gold.spacy")
    with pytest.warns(UserWarning, match=r"W442.*types TOWN, which.*--rename"):
        assert evaluate(pipeline, tmp_path / "gold.spacy").exit_code == 0
