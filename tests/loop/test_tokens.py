"""Token uncertainty of chosen sentences: what the report shades."""

import json

import pytest
import spacy
from spacy.tokens import Doc

from spacy_al.loop.session import run
from spacy_al.uncertainty.measures import get_measures


def rows_of(folder, number):
    text = (folder / "rounds" / f"{number:04d}" / "selected.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("measure", ["mnlp", "margin"])
def test_it_is_the_models_value_of_each_token(measure, make_config, tmp_path):
    run(make_config(measure=measure, rounds=1), tmp_path / "run")
    run(make_config(measure=measure, rounds=0), tmp_path / "first")  # its model chose the batch of round 1
    nlp = spacy.load(tmp_path / "first" / "model")
    (one,) = get_measures([measure])
    for row in rows_of(tmp_path / "run", 1):
        docs = [Doc(nlp.vocab, words=row["words"])]
        (samples,) = nlp.get_pipe("ner").sample(docs, passes=1, dropout="off", seed=0)
        assert row["token_uncertainty"] == pytest.approx(one.token_function(samples).tolist(), rel=2e-3, abs=1e-4)
        assert row["utility"] == pytest.approx(sum(row["token_uncertainty"]) / len(row["words"]), rel=2e-3)


def test_there_is_none_of_seed_sentences_and_of_measures_of_sentences(make_config, tmp_path):
    run(make_config(measure="variation_ratio", dropout="last", rounds=1), tmp_path / "ratio")
    run(make_config(measure="random", rounds=1), tmp_path / "random")
    (ratio,) = get_measures(["variation_ratio"])
    has_values = ["token_uncertainty" in row for row in rows_of(tmp_path / "ratio", 1)]
    assert has_values == [ratio.token_function is not None] * 5
    rows = rows_of(tmp_path / "random", 0) + rows_of(tmp_path / "random", 1)
    assert not any("token_uncertainty" in row for row in rows)
