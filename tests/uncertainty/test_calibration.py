"""The expected calibration error against the definition, and against a coin that keeps its promise."""

import json

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_al.errors import ALError
from spacy_al.uncertainty.calibration import reliability

predictions = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def test_ece_by_hand():
    # Two bins: (0.2, 0.4) -> 1 of 2 right, gap 0.2; (0.9, 0.7, 1.0) -> 2 of 3 right, gap 0.2.
    confidence, correct = [0.2, 0.4, 0.9, 0.7, 1.0], [True, False, True, False, True]
    assert reliability(confidence, correct, bins=2).ece == pytest.approx(0.2)


def test_bins_are_closed_above():
    diagram = reliability([0.0, 0.25, 0.5, 0.75, 1.0], [True] * 5, bins=4)
    assert diagram.counts.tolist() == [2, 1, 1, 1]


@given(predictions, st.integers(1, 20))
def test_ece_equals_the_definition(pairs, bins):
    expected = 0.0
    for number in range(bins):
        low, high = number / bins, (number + 1) / bins
        inside = [(c, right) for c, right in pairs if low < c <= high or (number == 0 and c == 0)]
        if inside:
            gap = abs(sum(right for _, right in inside) - sum(c for c, _ in inside)) / len(inside)
            expected += gap * len(inside) / len(pairs)
    confidence, correct = zip(*pairs, strict=True)
    # A confidence on a border may fall to either side of it by rounding in the loop above.
    if all(abs(c * bins - round(c * bins)) > 1e-9 or c in (0, 1) for c in confidence):
        assert reliability(confidence, correct, bins=bins).ece == pytest.approx(expected, abs=1e-9)


def test_a_coin_that_keeps_its_promise_has_almost_no_error():
    rng = numpy.random.default_rng(0)
    confidence = rng.random(200_000)
    assert reliability(confidence, rng.random(200_000) < confidence).ece < 0.005


def test_boasting_by_a_fifth_is_an_error_of_a_fifth():
    rng = numpy.random.default_rng(0)
    confidence = rng.uniform(0.2, 1, 200_000)
    diagram = reliability(confidence, rng.random(200_000) < confidence - 0.2)
    assert diagram.ece == pytest.approx(0.2, abs=0.01)
    assert diagram.mce >= diagram.ece


def test_json_holds_full_bins_only():
    found = json.loads(json.dumps(reliability([0.95, 0.99], [True, False], bins=10).as_dict()))
    assert found["bins"] == [{"from": 0.9, "to": 1.0, "count": 2, "confidence": 0.97, "accuracy": 0.5}]
    assert found["ece"] == pytest.approx(0.47)


@pytest.mark.parametrize(
    ("confidence", "correct", "code"),
    [
        ([], [], "A405"),
        ([1.2], [True], "A406"),
        ([float("nan")], [True], "A406"),
        ([0.5], [True, False], "A406"),
    ],
)
def test_what_is_not_a_probability_is_refused(confidence, correct, code):
    with pytest.raises(ALError, match=code):
        reliability(confidence, correct)
