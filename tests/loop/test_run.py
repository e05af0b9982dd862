"""The loop end to end: what a run leaves behind, equal seeds, resuming, refusing, people."""

import json

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import DocBin
from spacy.vocab import Vocab

from spacy_al.errors import ALError
from spacy_al.loop.engine import Engine
from spacy_al.loop.repeats import run_repeats
from spacy_al.loop.session import Session, run
from spacy_al.loop.standing import describe
from spacy_al.runs.folder import RunFolder
from spacy_al.runs.state import RunState, load_state
from spacy_al.tasks import Answer
from spacy_al.uncertainty import sequence

from .conftest import chosen_ids, rows_without_seconds


@pytest.fixture(scope="module")
def finished(corpus, tmp_path_factory):
    from thinc.api import Config

    from .conftest import CONFIG

    config = Config().from_str(CONFIG)
    config["active_learning"] |= {"pool": corpus[0], "test": corpus[1]}
    folder = tmp_path_factory.mktemp("run") / "run"
    run(config, folder)
    return folder


def test_a_finished_run_has_a_row_for_each_round_and_grows_by_the_budget(finished):
    rows = rows_without_seconds(finished)
    assert [row["round"] for row in rows] == [0, 1, 2]
    assert [row["labelled_sentences"] for row in rows] == [10, 15, 20]
    assert all(0 <= row["ents_f"] <= 1 for row in rows)


def test_nothing_is_chosen_twice(finished):
    ids = [id_ for batch in chosen_ids(finished) for id_ in batch]
    assert len(ids) == len(set(ids)) == 20
    assert load_state(finished / "state.json").labelled == ids


def test_the_model_loads_and_the_labelled_sentences_are_kept(finished):
    nlp = spacy.load(finished / "model")
    docs = list(DocBin(store_user_data=True).from_disk(finished / "labelled.spacy").get_docs(nlp.vocab))
    assert [doc.user_data["id"] for doc in docs] == load_state(finished / "state.json").labelled
    assert nlp("Anna saw Rome .").has_annotation("ENT_IOB")


def test_the_last_row_is_the_score_of_the_saved_model(finished, corpus):
    from spacy_al.corpus.reader import make_example, read_docs
    from spacy_al.loop.evaluation import span_scores

    nlp = spacy.load(finished / "model")
    examples = [make_example(doc) for doc in read_docs(corpus[1], nlp.vocab)]
    assert span_scores(nlp, examples)["ents_f"] == rows_without_seconds(finished)[-1]["ents_f"]


def test_equal_seeds_are_equal_and_others_differ(finished, make_config, tmp_path):
    run(make_config(), tmp_path / "again")
    run(make_config(seed=1), tmp_path / "other")
    assert rows_without_seconds(tmp_path / "again") == rows_without_seconds(finished)
    assert chosen_ids(tmp_path / "again") == chosen_ids(finished)
    assert chosen_ids(tmp_path / "other") != chosen_ids(finished)


@pytest.mark.parametrize("phase", ["_annotate", "_train", "_evaluate", "_select", "write_selected", "_finish"])
def test_a_run_that_dies_in_a_phase_ends_as_if_it_had_not(phase, finished, make_config, tmp_path, monkeypatch):
    kind = RunFolder if phase == "write_selected" else Engine
    original, calls = getattr(kind, phase), []

    def die_once(self, *args, **kwargs):
        calls.append(1)
        if len(calls) == (1 if phase == "_finish" else 2):
            raise KeyboardInterrupt
        return original(self, *args, **kwargs)

    monkeypatch.setattr(kind, phase, die_once)
    with pytest.raises(KeyboardInterrupt):
        run(make_config(), tmp_path / "run")
    run(make_config(), tmp_path / "run")
    assert rows_without_seconds(tmp_path / "run") == rows_without_seconds(finished)
    assert chosen_ids(tmp_path / "run") == chosen_ids(finished)


def test_another_config_is_refused_by_name_unless_accepted(make_config, tmp_path):
    run(make_config(rounds=0), tmp_path / "run")
    with pytest.raises(ALError, match="A503.*active_learning.measure: 'mnlp' -> 'random'"):
        run(make_config(rounds=0, measure="random"), tmp_path / "run")
    state = run(make_config(rounds=0, measure="random"), tmp_path / "run", accept_changes=True)
    assert state.phase == "done"


def test_a_damaged_state_is_named_and_left_alone(make_config, tmp_path):
    run(make_config(rounds=0), tmp_path / "run")
    (tmp_path / "run" / "state.json").write_text('{"round": 0,')
    with pytest.raises(ALError, match="A502.*state.json"):
        run(make_config(rounds=0), tmp_path / "run")
    assert (tmp_path / "run" / "state.json").read_text() == '{"round": 0,'


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("round", -1),
        ("round", "0"),
        ("phase", "gone"),
        ("pending", "ab"),
        ("labelled", [1]),
        ("x", 1),
        ("answers", "18"),
        ("versions", []),
        ("hardware", "x"),
        ("seed", None),
        ("labels", [1]),
        ("stopped", 1),
    ],
)
def test_a_wrong_value_in_the_state_is_named(tmp_path, key, value):
    known = RunState(round=0, phase="train", labelled=["a-0"], pending=[], seed=0, pool="", versions={}, device="cpu")
    (tmp_path / "state.json").write_text(json.dumps({**vars(known), key: value}))
    with pytest.raises(ALError, match=rf"A502.*state.json.*\({key}.*restore this file"):
        load_state(tmp_path / "state.json")


def test_wrong_settings_are_named_before_any_work(make_config, tmp_path):
    with pytest.raises(ALError, match="A001.*measur.*did you mean measure"):
        run(make_config(measur="bald"), tmp_path / "run")
    with pytest.raises(ALError, match="A008.*rounds"):
        run(make_config(rounds=-1), tmp_path / "run")
    with pytest.raises(ALError, match="A401.*bald"):
        run(make_config(measure="bald", dropout="off"), tmp_path / "run")
    with pytest.raises(ALError, match="A003.*nowhere"):
        run(make_config(pool="nowhere.spacy"), tmp_path / "run")
    with pytest.raises(ALError, match="A505.*tagger"):
        run(make_config(target="tagger"), tmp_path / "run")


@pytest.mark.parametrize(("measure", "dropout"), [("bald", "word"), ("mnlp", "locked")])
def test_a_dropout_that_the_tagger_does_not_have_is_refused_before_any_file_is_written(
    make_config, tmp_path, measure, dropout
):
    with pytest.raises(ALError, match=rf"A413.*'ner'.*'{dropout}'.*off, last, all"):
        run(make_config(measure=measure, dropout=dropout), tmp_path / "run")
    assert [path.name for path in (tmp_path / "run").rglob("*") if path.name != "run.lock"] == []


def test_a_target_that_tells_no_probabilities_is_refused_at_the_start(make_config, tmp_path):
    config = make_config()
    config["nlp"]["pipeline"].append("tagger")
    config["components"]["tagger"] = {"factory": "entity_ruler"}
    with pytest.raises(ALError, match=r"A411.*tagger"):
        run(config.merge({"active_learning": {"target": "tagger"}}), tmp_path / "run")


def test_people_answer_and_the_run_goes_on(make_config, tmp_path):
    config = make_config(oracle="people", rounds=1)
    assert run(config, tmp_path / "run").phase == "waiting"
    tasks = Session.open(tmp_path / "run").batch()
    assert len(tasks) == 10
    assert all(task.spans is None for task in tasks)
    answers = [Answer(task.id, "accept") for task in tasks[:-1]] + [Answer(tasks[-1].id, "ignore")]
    Session.open(tmp_path / "run").answer(answers)
    state = run(config, tmp_path / "run")
    assert (state.phase, state.round, len(state.labelled)) == ("waiting", 1, 9)
    second = Session.open(tmp_path / "run").batch()
    assert all(task.spans is not None for task in second)
    Session.open(tmp_path / "run").answer([Answer(task.id, "accept") for task in second])
    assert run(config, tmp_path / "run").phase == "done"


def test_answers_may_come_in_parts_and_the_last_word_counts(make_config, tmp_path):
    config = make_config(oracle="people", rounds=0)
    run(config, tmp_path / "run")
    first, second, third, *_ = Session.open(tmp_path / "run").batch()
    Session.open(tmp_path / "run").answer(
        [Answer(first.id, "accept"), Answer(second.id, "accept", spans=((0, 1, "PER"),))]
    )
    Session.open(tmp_path / "run").answer([Answer(second.id, "accept"), Answer(third.id, "accept")])
    assert set(run(config, tmp_path / "run").labelled) == {first.id, second.id, third.id}
    docs = DocBin(store_user_data=True).from_disk(tmp_path / "run" / "labelled.spacy").get_docs(Vocab())
    assert not any(doc.ents for doc in docs)


def test_a_later_ignore_takes_an_answer_back(make_config, tmp_path):
    config, folder = make_config(oracle="people", rounds=0), tmp_path / "run"
    run(config, folder)
    first, second, *_ = Session.open(folder).batch()
    Session.open(folder).answer([Answer(first.id, "accept"), Answer(second.id, "accept")])
    Session.open(folder).answer([Answer(first.id, "ignore")])
    assert run(config, folder).labelled == [second.id]


def test_a_run_whose_answers_are_all_taken_back_waits_again(make_config, tmp_path):
    config, folder = make_config(oracle="people", rounds=0), tmp_path / "run"
    run(config, folder)
    first = Session.open(folder).batch()[0]
    Session.open(folder).answer([Answer(first.id, "accept")])
    Session.open(folder).answer([Answer(first.id, "ignore")])
    assert run(config, folder).phase == "waiting"


@pytest.mark.parametrize(("answered", "said"), [(0, None), (4, "labels of 4 of 10"), (10, "labels of 10 of 10")])
def test_status_says_what_was_taken_in(make_config, tmp_path, answered, said):
    folder = tmp_path / "run"
    run(make_config(oracle="people", rounds=0), folder)
    tasks = Session.open(folder).batch()[:answered]
    if tasks:
        Session.open(folder).answer([Answer(task.id, "accept") for task in tasks])
    lines = "\n".join(describe(folder))
    assert (said in lines) if said else ("Taken in" not in lines)
    assert ("Waiting for people" in lines) == (answered < 10)


def test_nobody_answers_in_a_simulation(finished):
    with pytest.raises(ALError, match="A509"):
        Session.open(finished).answer([])


def test_a_run_that_is_over_has_no_questions(finished):
    with pytest.raises(ALError, match="A507.*phase done"):
        Session.open(finished).batch()


def test_repeats_make_a_folder_for_each_seed_and_a_mean(make_config, tmp_path):
    run_repeats(make_config(rounds=0), tmp_path, 2)
    scores = [rows_without_seconds(tmp_path / f"seed-{seed}")[0]["ents_f"] for seed in (0, 1)]
    (row,) = json.loads((tmp_path / "summary.json").read_text())
    assert row["ents_f_mean"] == pytest.approx(sum(scores) / 2)
    assert row["ents_f_std"] == pytest.approx(abs(scores[0] - scores[1]) / 2**0.5)


def test_seeds_without_a_test_set_have_no_mean(make_config, tmp_path):
    run_repeats(make_config(rounds=0, test=None), tmp_path, 2)
    (row,) = json.loads((tmp_path / "summary.json").read_text())
    assert (row["runs"], row["ents_f_mean"], row["ents_f_std"]) == (2, None, None)


def test_part_of_the_pool_is_scored_anew_each_round(make_config, tmp_path):
    import numpy

    run(make_config(pool_fraction=0.5), tmp_path / "run")
    scored = [numpy.load(path)["numbers"] for path in sorted((tmp_path / "run").glob("rounds/*/utilities.npz"))]
    assert [len(numbers) for numbers in scored] == [55, 52]
    assert len(set(scored[0]) & set(scored[1])) < 52


def test_a_part_too_small_for_a_sentence_is_one_sentence(make_config, tmp_path):
    run(make_config(pool_fraction=0.001, rounds=1), tmp_path / "run")
    assert [len(ids) for ids in chosen_ids(tmp_path / "run")] == [10, 1]


@Language.component("spacy_al_test_function")
def no_change(doc):
    return doc


@pytest.mark.parametrize("name", ["spacy_al_test_function", "doc_cleaner"])
def test_components_that_are_functions_of_a_doc(make_config, tmp_path, name):
    config = make_config(rounds=0)
    config["nlp"]["pipeline"] = ["ner", name]
    config["components"][name] = {"factory": name}
    assert run(config, tmp_path / "run").phase == "done"
    assert rows_without_seconds(tmp_path / "run")[0]["ents_f"] > 0


def test_a_stochastic_measure_with_ties_broken_by_another(make_config, tmp_path):
    config = make_config(measure="variation_ratio", tie_measure="mnlp", dropout="last", rounds=1)
    assert run(config, tmp_path / "run").phase == "done"


def test_a_measure_that_gives_no_number_stops_the_run_before_it_chooses(make_config, tmp_path, monkeypatch):
    monkeypatch.setattr(sequence, "_mnlp", lambda samples: samples.log_prob[0] * float("nan"))
    with pytest.raises(ALError, match=r"A409.*'mnlp' gives nan"):
        run(make_config(), tmp_path / "run")
    state = load_state(tmp_path / "run" / "state.json")
    assert (state.round, state.phase) == (0, "select")


@pytest.mark.parametrize("key", ["versions", "device", "answers", "holdout"])
def test_a_state_without_one_of_its_keys_is_damaged(tmp_path, key):
    known = RunState(0, "train", ["a-0"], [], 0, "", versions={}, device="cpu", answers_sha256="0" * 64)
    (tmp_path / "state.json").write_text(json.dumps({name: one for name, one in vars(known).items() if name != key}))
    with pytest.raises(ALError, match=rf"A502.*{key}: field required"):
        load_state(tmp_path / "state.json")


@pytest.mark.parametrize("name", ["model", "labelled.spacy"])
def test_a_run_does_not_begin_over_what_others_have_there(make_config, tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / "theirs.txt").write_text("kept")
    with pytest.raises(ALError, match=f"A538.*{name}"):
        run(make_config(), tmp_path)
    assert (tmp_path / name / "theirs.txt").read_text() == "kept"
    assert not (tmp_path / "config.cfg").exists()
