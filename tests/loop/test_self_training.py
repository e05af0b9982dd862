"""Self-training: which sentences the tagger may label itself, and what a training makes of them."""

import numpy
import pytest
import spacy
from spacy.training import Example

from spacy_al.corpus.reader import make_example, read_docs
from spacy_al.loop.self_training import Lesson, balanced, pseudo_labelled, sure_sentences
from spacy_al.loop.session import run
from spacy_al.runs.folder import RunFolder
from spacy_al.types import Pool

from .conftest import rows_without_seconds
from .test_resume import stop_before

WORDS = [["Anna", "met", "Bo"], ["rain"], ["Rome", "fell"], ["Bo", "slept"]]
TAGS = ["O", "B-PER", "I-PER"]


def test_one_unsure_token_spoils_a_sentence():
    columns = {"token:mnlp": -numpy.log(numpy.array([0.99, 0.96, 0.94, 0.951, 0.99, 0.949]))}
    # Sentences of 2, 1, 1, 0 and 2 tokens: the second has 0.94, the last 0.949, the empty one says nothing.
    assert sure_sentences(columns, numpy.array([0, 2, 3, 4, 4, 6])).tolist() == [0, 2]


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.75, 1.0])
def test_as_many_have_entities_as_among_the_labelled(share):
    places, inside = numpy.arange(100, 200), numpy.arange(100) % 4 == 0
    chosen = balanced(places, inside, share, numpy.random.default_rng(0))
    assert len(set(chosen.tolist())) == len(chosen)
    assert set(chosen.tolist()) <= set(places.tolist())
    found = inside[chosen - 100].sum()
    assert found == round(len(chosen) * share)
    # One of the two kinds is used up: 25 with entities, 75 without.
    assert share == 0 or found in (25, round(75 * share / (1 - share)) if share < 1 else 25)


def test_pseudo_labels_are_the_taggers_and_none_are_of_labelled_sentences():
    nlp = spacy.blank("en")
    pool = Pool.from_docs([spacy.tokens.Doc(nlp.vocab, words=words) for words in WORDS], nlp.vocab)
    tags = numpy.array([1, 0, 0, 0, 1, 2, 1, 0], dtype=numpy.int16)
    columns = {"tags": tags, "token:mnlp": numpy.array([0.0, 0, 0, 0, 0, 0, 0, 3.0])}
    first = next(pool.docs([0], nlp.vocab))
    first.set_ents([first.char_span(0, 4, label="PER")])
    first.user_data["id"] = pool.ids[0]
    docs = pseudo_labelled(
        pool, numpy.arange(4), columns, TAGS, [first], vocab=nlp.vocab, rng=numpy.random.default_rng(0)
    )
    # The share among the labelled is 1, so "rain" stays away; "Bo slept" has an unsure token; the first is labelled.
    assert [(doc.text, [(ent.text, ent.label_) for ent in doc.ents]) for doc in docs] == [
        ("Rome fell ", [("Rome fell", "PER")])
    ]
    assert docs[0].user_data["id"] == pool.ids[2]


def test_an_epoch_holds_all_labelled_ones_and_other_pseudo_labelled_ones_each_time():
    nlp = spacy.blank("en")
    docs = [nlp(f"number {n}") for n in range(40)]
    labelled = [make_example(doc) for doc in docs[:10]]
    lesson, rng = Lesson(labelled, docs[10:], ratio=1.5), numpy.random.default_rng(1)
    epochs = [lesson.epoch(rng) for _ in range(3)]
    drawn = [{eg.text for eg in epoch} - {eg.text for eg in labelled} for epoch in epochs]
    assert all(len(epoch) == 25 and all(isinstance(eg, Example) for eg in epoch) for epoch in epochs)
    assert all({eg.text for eg in labelled} <= {eg.text for eg in epoch} for epoch in epochs)
    assert [len(one) for one in drawn] == [15, 15, 15]
    assert drawn[0] != drawn[1] != drawn[2]
    assert len(Lesson(labelled, docs[10:14], ratio=1.5).epoch(rng)) == 14
    assert [eg.text for eg in Lesson(labelled).once(rng)] == [eg.text for eg in labelled]


def test_a_run_learns_from_them_and_a_killed_one_comes_to_the_same_bytes(make_config, tmp_path, monkeypatch):
    config = make_config(self_training=1.0, rounds=3)
    config["training"]["max_epochs"] = 12
    run(config, tmp_path / "whole")
    whole = RunFolder(tmp_path / "whole")
    pseudo = [read_docs(whole.pseudo(number), spacy.blank("en").vocab) for number in (1, 2, 3)]
    assert not whole.pseudo(0).exists()
    assert any(list(docs) for docs in pseudo)
    stop_before(monkeypatch, "_train", number=3)
    with pytest.raises(KeyboardInterrupt):
        run(config, tmp_path / "cut")
    monkeypatch.undo()
    run(config, tmp_path / "cut")
    assert rows_without_seconds(tmp_path / "cut") == rows_without_seconds(tmp_path / "whole")
    plain = make_config(rounds=3)
    plain["training"]["max_epochs"] = 12
    run(plain, tmp_path / "plain")
    assert rows_without_seconds(tmp_path / "plain") != rows_without_seconds(tmp_path / "whole")
