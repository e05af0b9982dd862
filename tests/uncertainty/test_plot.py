"""The picture is written, shows its numbers, and leaves matplotlib's global state alone."""

import sys

import pytest

from spacy_al.errors import ALError
from spacy_al.uncertainty.calibration import reliability
from spacy_al.uncertainty.plot import plot_reliability


@pytest.fixture
def diagrams():
    return {"tokens": reliability([0.9, 0.6], [True, False]), "entities": reliability([0.8], [True])}


def test_a_png_of_both_diagrams_is_written(tmp_path, diagrams):
    image = pytest.importorskip("matplotlib.image")
    plot_reliability(diagrams, tmp_path / "plot.png")
    pixels = image.imread(tmp_path / "plot.png")
    assert pixels.shape[1] == 2 * int(4.2 * 150)
    assert pixels.std() > 0.05


def test_missing_matplotlib_names_the_extra(tmp_path, diagrams, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ALError, match=r"A704.*spacy_al\[report\]"):
        plot_reliability(diagrams, tmp_path / "plot.png")
