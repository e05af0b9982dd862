"""Rejected spans in a run: kept, learnt from by a CRF head, and sentences that go back to the pool for others."""

import pytest
from spacy.tokens import DocBin
from spacy.vocab import Vocab

from spacy_al.corpus.reader import make_example, read_docs
from spacy_al.errors import ALError
from spacy_al.loop.engine import Engine
from spacy_al.loop.learner import Learner
from spacy_al.loop.self_training import Lesson
from spacy_al.loop.session import Session, run
from spacy_al.pipeline.teachable import teachable
from spacy_al.schemas import fill_active_learning
from spacy_al.tasks import REJECTED, Answer

from .conftest import chosen_ids, rows_without_seconds

CRF = {"@al_heads": "spacy-al.CRFHead.v1", "dropout": 0.2, "constrained": True, "average": "sentences"}


@pytest.fixture
def crf_config(make_config):
    def make(**settings):
        config = make_config(oracle="people", **settings)
        config["components"]["ner"]["model"]["head"] = dict(CRF)
        return config

    return make


def answer_round(folder, reject):
    """Accept the batch without entities, but reject the first token as a person in the first sentences."""
    tasks = Session.open(folder).batch()
    answers = [Answer(task.id, "reject", rejected=((0, 1, "PER"),)) for task in tasks[:reject]]
    Session.open(folder).answer(answers + [Answer(task.id, "accept") for task in tasks[reject:]])
    return [task.id for task in tasks]


def labelled_docs(folder):
    docs = DocBin(store_user_data=True).from_disk(folder / "labelled.spacy").get_docs(Vocab())
    return {doc.user_data["id"]: doc for doc in docs}


def test_with_a_crf_head_rejected_spans_are_labels_like_others(crf_config, tmp_path):
    config, folder = crf_config(rounds=0), tmp_path / "run"
    run(config, folder)
    ids = answer_round(folder, 3)
    assert run(config, folder).labelled == ids
    docs = labelled_docs(folder)
    assert [(s.start, s.end, s.label_) for s in docs[ids[0]].spans[REJECTED]] == [(0, 1, "PER")]
    assert not docs[ids[0]].has_annotation("ENT_IOB")
    assert rows_without_seconds(folder)[0]["labelled_sentences"] == 10


def test_sentences_with_rejected_spans_are_not_asked_again_by_a_crf(crf_config, tmp_path):
    config, folder = crf_config(rounds=1, round_budget=110), tmp_path / "run"
    run(config, folder)
    first = answer_round(folder, 3)
    run(config, folder)
    assert not set(first) & set(chosen_ids(folder)[1])
    assert len(chosen_ids(folder)[1]) == 110


def interrupt(*args):
    raise KeyboardInterrupt


def test_a_run_with_rejected_spans_resumes_to_the_same_scores(crf_config, tmp_path):
    rows = []
    for name in ("whole", "stopped"):
        config, folder = crf_config(rounds=0), tmp_path / name
        run(config, folder)
        answer_round(folder, 5)
        if name == "stopped":
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(Engine, "_train", interrupt)
                with pytest.raises(KeyboardInterrupt):
                    run(config, folder)
        run(config, folder)
        rows.append(rows_without_seconds(folder))
    assert rows[0] == rows[1]


def test_rejected_spans_change_what_a_crf_learns(crf_config, tmp_path):
    config, folder = crf_config(rounds=0), tmp_path / "run"
    run(config, folder)
    answer_round(folder, 10)
    run(config, folder)
    learner = Learner(fill_active_learning(config), root=0, use_gpu=-1)
    examples = [make_example(doc) for doc in read_docs(folder / "rounds/0000/annotated.spacy", learner.nlp.vocab)]
    loss = learner.trainer.train(Lesson(examples), [], seed=0).losses["ner"]
    assert loss > 0  # nothing else is known of these sentences


def test_for_other_heads_the_sentence_goes_back_to_the_pool(make_config, tmp_path):
    config, folder = make_config(oracle="people", rounds=1, round_budget=113), tmp_path / "run"
    run(config, folder)
    ids = answer_round(folder, 3)
    with pytest.warns(UserWarning, match=r"W502.*3 sentences.*'ner'"):
        state = run(config, folder)
    assert state.labelled == ids[3:]
    assert set(ids[:3]) < set(chosen_ids(folder)[1])


def test_what_went_back_is_not_among_the_labelled_sentences(make_config, tmp_path):
    config, folder = make_config(oracle="people", rounds=0), tmp_path / "run"
    run(config, folder)
    ids = answer_round(folder, 3)
    with pytest.warns(UserWarning, match="W502"):
        run(config, folder)
    assert list(labelled_docs(folder)) == ids[3:]


def test_only_rejected_spans_teach_a_softmax_head_nothing(make_config, tmp_path):
    config, folder = make_config(oracle="people", rounds=0), tmp_path / "run"
    run(config, folder)
    ids = answer_round(folder, 10)
    with pytest.raises(ALError, match=r"A519.*10 answers.*'ner'"):
        run(config, folder)
    Session.open(folder).answer([Answer(ids[0], "accept")])
    with pytest.warns(UserWarning, match="W502.*9 sentences"):
        assert run(config, folder).labelled == ids[:1]


@pytest.mark.parametrize(("key", "learns"), [(None, False), ("other", False), (REJECTED, True)])
def test_spacys_own_ner_learns_from_rejected_spans_when_it_is_told_to(key, learns):
    import spacy

    pipe = spacy.blank("en").add_pipe("ner", config={"incorrect_spans_key": key})
    assert teachable(pipe).learns_from_rejected is learns
