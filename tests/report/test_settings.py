"""Settings from the config of a run."""

import pytest

from spacy_al.errors import ALError
from spacy_al.report.settings import read_settings


def test_settings_of_a_run(make_run, tmp_path):
    settings = read_settings(make_run(tmp_path / "a", measure="bald", dropout="last", seed=3) / "config.cfg")
    assert (settings.tagger, settings.strategy, settings.seed) == ("ELECTRA", "BALD (MC last)", 3)
    assert (settings.passes, settings.seed_budget, settings.corpus) == (10, "2 %", "CoNLL-2003")


def test_seed_rounds_and_place_do_not_tell_experiments_apart(make_run, tmp_path):
    first = make_run(tmp_path / "a", seed=0, rounds=2)
    second = make_run(tmp_path / "b", seed=1, rounds=4, corpus="/elsewhere/conll2003")
    assert read_settings(first / "config.cfg").same == read_settings(second / "config.cfg").same


def test_everything_else_does(make_run, tmp_path):
    first = make_run(tmp_path / "a")
    second = make_run(tmp_path / "b", more="dev_fraction = 0.25")
    assert read_settings(first / "config.cfg").same != read_settings(second / "config.cfg").same


def test_a_test_set_is_the_same_wherever_its_folder_lies(make_run, tmp_path):
    more = [f'test = "{folder}/news/test.spacy"' for folder in ("corpus", "/home/x/corpus")]
    first, second = (read_settings(make_run(tmp_path / str(n), more=one) / "config.cfg") for n, one in enumerate(more))
    assert first.same == second.same


def test_what_is_off_is_as_what_was_not_there_yet(make_run, tmp_path):
    first = make_run(tmp_path / "a", more="new_setting = 1")
    second = make_run(tmp_path / "b", more="warmup = 0.0\nself_training = 0\nnew_setting = 1.0")
    path = second / "config.cfg"
    path.write_text(path.read_text().replace("[components.ner]\n", "[components.ner]\nshapes = false\n", 1))
    assert "shapes" in path.read_text()
    assert read_settings(first / "config.cfg").same == read_settings(path).same


def test_units_show_in_budgets(make_run, tmp_path):
    path = make_run(tmp_path / "a", more='unit = "tokens"') / "config.cfg"
    path.write_text(path.read_text().replace("seed_budget = 0.02", "seed_budget = 500"))
    assert read_settings(path).seed_budget == "500 tokens"


def test_a_setting_of_a_later_version_is_no_obstacle(make_run, tmp_path):
    path = make_run(tmp_path / "a", more="new_setting = 1") / "config.cfg"
    assert read_settings(path).same["active_learning.new_setting"] == "1"


def test_a_listener_takes_the_shared_encoder(make_run, tmp_path):
    path = make_run(tmp_path / "a", encoder="") / "config.cfg"
    shared = '[components.transformer]\n[components.transformer.model]\nname = "bert-base-cased"\n'
    path.write_text(path.read_text().replace("[components.ner]", f"{shared}[components.ner]", 1))
    assert read_settings(path).tagger == "BERT"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("[active_learning]\n", "[passive_learning]\n", "A702"),
        ("[nlp]", "[nlp", "A702"),
        ("${paths.pool}", "${paths.lake}", "A702"),
        ("seed_budget = 0.02", 'seed_budget = "some"', "A008"),
        ("passes = 1", "passes = true", "A008"),
    ],
)
def test_bad_configs_are_named(make_run, tmp_path, old, new, code):
    path = make_run(tmp_path / "a") / "config.cfg"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new).replace("[active_learning.strategy]", "[x]"))
    with pytest.raises(ALError, match=code) as error:
        read_settings(path)
    assert str(path) in str(error.value)


def test_a_missing_config_is_named(tmp_path):
    with pytest.raises(ALError, match=r"A003.*config\.cfg"):
        read_settings(tmp_path / "config.cfg")
