"""AUROC against counting pairs and against scikit-learn."""

import itertools

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_al.errors import ALError
from spacy_al.uncertainty.detection import auroc, broken_ties, tied_share

outcomes = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.5, 2.0, 7.5]), st.booleans()), max_size=30)


@given(outcomes)
def test_auroc_equals_counting_pairs(pairs):
    bad = [value for value, wrong in pairs if wrong]
    good = [value for value, wrong in pairs if not wrong]
    wins = [(b > g) + 0.5 * (b == g) for b, g in itertools.product(bad, good)]
    found = auroc([value for value, _ in pairs], [wrong for _, wrong in pairs])
    assert found == (pytest.approx(sum(wins) / len(wins)) if wins else None)


def test_auroc_equals_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = numpy.random.default_rng(0)
    wrong = rng.random(5000) < 0.2
    utilities = numpy.round(rng.normal(wrong, 1), 1)  # rounded, so that there are many ties
    assert auroc(utilities, wrong) == pytest.approx(metrics.roc_auc_score(wrong, utilities), abs=1e-12)


@pytest.mark.parametrize(("utilities", "wrong"), [([1.0], [True, False]), ([float("nan"), 1.0], [True, False])])
def test_what_cannot_be_ranked_is_refused(utilities, wrong):
    with pytest.raises(ALError, match="A408"):
        auroc(utilities, wrong)


def test_tied_share_is_the_largest_group():
    assert tied_share([0, 0, 0, 1, 1]) == 0.6
    assert tied_share([]) == 0


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=20))
def test_broken_ties_order_pairs(pairs):
    ranks = broken_ties([first for first, _ in pairs], [second for _, second in pairs])
    for one, two in itertools.product(range(len(pairs)), repeat=2):
        assert (ranks[one] < ranks[two]) == (pairs[one] < pairs[two])
