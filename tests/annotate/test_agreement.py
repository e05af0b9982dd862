"""Agreement between people against scikit-learn and by hand, and which differences are open."""

import pytest
from sklearn.metrics import cohen_kappa_score

from spacy_al.annotate.agreement import agreement, cohen_kappa
from spacy_al.runs.differences import open_differences
from spacy_al.tasks import Answer

ANN = Answer("x", "accept", ((0, 2, "PER"), (3, 4, "LOC")), annotator="ann")
BOB = Answer("x", "accept", ((0, 2, "PER"), (3, 4, "ORG")), annotator="bob")


def said(*answers):
    found = {}
    for one in answers:
        found.setdefault(one.id, {})[one.annotator] = one
    return found


def test_span_f1_and_kappa_by_hand():
    result = agreement(said(ANN, BOB), {"x": 6})
    assert result.span_f1 == pytest.approx(0.5)  # one of two entities on either side
    expected = cohen_kappa_score(["PER", "PER", "", "LOC", "", ""], ["PER", "PER", "", "ORG", "", ""])
    assert result.kappa == pytest.approx(expected)


def test_kappa_is_that_of_scikit_learn():
    pairs = [("a", "a"), ("a", "b"), ("", "b"), ("", ""), ("b", "b"), ("c", ""), ("", "")]
    assert cohen_kappa(pairs) == pytest.approx(cohen_kappa_score(*zip(*pairs)))


def test_tokens_that_one_of_them_does_not_know_do_not_count():
    half = Answer("x", "accept", ((0, 2, "PER"),), missing=(3, 4, 5), annotator="bob")
    expected = cohen_kappa_score(["PER", "PER", ""], ["PER", "PER", ""])
    assert agreement(said(ANN, half), {"x": 6}).kappa == pytest.approx(expected)


def test_one_person_agrees_with_nobody():
    assert agreement(said(ANN), {"x": 6}) == agreement({}, {})
    assert agreement({}, {}).span_f1 is None


def test_differences_are_open_until_somebody_settles_them():
    assert open_differences(said(ANN, BOB)) == ["x"]
    assert open_differences(said(ANN, BOB, Answer("x", "accept", annotator="settled by cy"))) == []
    assert open_differences(said(ANN, Answer("x", "accept", ANN.spans, annotator="bob"))) == []
