"""Loading ELMo: every way in which options and weights can be wrong is named, before anything is built."""

import json
import shutil
from pathlib import Path
from typing import Callable, Tuple

import h5py
import numpy
import pytest

from spacy_al.errors import ALError
from spacy_al.ml.elmo import BiLM
from spacy_al.ml.elmo_weights import dataset_shapes, load_elmo, read_options

OPTIONS = {
    "lstm": {
        "n_layers": 1,
        "dim": 6,
        "projection_dim": 4,
        "cell_clip": 3,
        "proj_clip": 3,
        "use_skip_connections": True,
    },
    "char_cnn": {
        "embedding": {"dim": 3},
        "filters": [[1, 4], [2, 5]],
        "n_highway": 1,
        "n_characters": 262,
        "max_characters_per_token": 20,
        "activation": "relu",
    },
}
CELL = "RNN_0/RNN/MultiRNNCell/Cell0/LSTMCell"


@pytest.fixture
def pair(tmp_path) -> Tuple[Path, Path]:
    """A pair of files of the published layout, random numbers inside."""
    options, weights = tmp_path / "options.json", tmp_path / "weights.hdf5"
    options.write_text(json.dumps(OPTIONS))
    rng = numpy.random.default_rng(0)
    with h5py.File(weights, "w") as file_:
        for name, shape in dataset_shapes(read_options(options)).items():
            file_[name] = rng.normal(size=shape).astype("f")
    return options, weights


def replace(weights: Path, name: str, value: object) -> None:
    with h5py.File(weights, "a") as file_:
        del file_[name]
        if value is not None:
            file_[name] = value


def test_a_right_pair_loads(pair):
    bilm = BiLM()
    load_elmo(bilm, *pair)
    with h5py.File(pair[1]) as file_:
        assert (
            bilm.lstms[0].projection[1].tolist() == file_["RNN_1/RNN/MultiRNNCell/Cell0/LSTMCell/W_P_0"][...].tolist()
        )
    assert (bilm.options.cell, bilm.options.skip, bilm.loads) == (6, True, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda o: o.pop("lstm"), r"lstm\.n_layers is None: field required"),
        (lambda o: o["lstm"].update(dim="6"), r"lstm\.dim is '6'"),
        (lambda o: o["lstm"].update(n_layers=0), r"lstm\.n_layers is 0"),
        (lambda o: o["lstm"].update(cell_clip=-1), r"lstm\.cell_clip is -1"),
        (
            lambda o: o["char_cnn"].update(activation="gelu"),
            r"char_cnn\.activation is 'gelu': input should be 'relu' or 'tanh'",
        ),
        (lambda o: o["char_cnn"].update(filters=[]), r"char_cnn\.filters is \[\]"),
        (lambda o: o["char_cnn"].update(filters=[[1]]), r"char_cnn\.filters\.0\.1 is None: field required"),
        (lambda o: o["char_cnn"]["embedding"].pop("dim"), r"char_cnn\.embedding\.dim is None"),
    ],
)
def test_wrong_options_are_named(pair, change: Callable, message):
    options = json.loads(json.dumps(OPTIONS))
    change(options)
    pair[0].write_text(json.dumps(options))
    with pytest.raises(ALError, match=rf"A261.*options\.json: {message}"):
        load_elmo(BiLM(), *pair)


@pytest.mark.parametrize("text", ["", "[1]", "{", "[" * 100_000])
def test_options_that_are_no_json_object_are_named(pair, text):
    pair[0].write_text(text)
    with pytest.raises(ALError, match=r"A261.*options\.json"):
        load_elmo(BiLM(), *pair)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (f"{CELL}/B", None, r"is missing"),
        (f"{CELL}/W_0", numpy.zeros((8, 20), dtype="f"), r"has the shape \(8, 20\).*shape \(8, 24\)"),
        ("char_embed", numpy.full((261, 3), numpy.nan, dtype="f"), r"holds infinite values or NaN"),
        ("CNN/b_cnn_0", numpy.array([b"a", b"b", b"c", b"d"]), r"holds \|S1, not numbers"),
    ],
)
def test_wrong_datasets_are_named(pair, name, value, message):
    replace(pair[1], name, value)
    with pytest.raises(ALError, match=rf"A263.*weights\.hdf5: the dataset {name} {message}"):
        load_elmo(BiLM(), *pair)


def test_unexpected_datasets_are_named(pair):
    with h5py.File(pair[1], "a") as file_:
        file_["RNN_2/extra"] = numpy.zeros(1)
    with pytest.raises(ALError, match=r"A263.*dataset RNN_2/extra has the shape \(1,\).*none of that name"):
        load_elmo(BiLM(), *pair)


def test_options_of_another_model_are_named_by_the_first_dataset_that_differs(pair):
    options = json.loads(json.dumps(OPTIONS))
    options["char_cnn"]["n_highway"] = 2
    pair[0].write_text(json.dumps(options))
    with pytest.raises(ALError, match=r"A263.*CNN_high_1/W_carry is missing"):
        load_elmo(BiLM(), *pair)


@pytest.mark.parametrize("size", [0, 100, 2000])
def test_damaged_files_are_named(pair, size):
    pair[1].write_bytes(pair[1].read_bytes()[:size])
    with pytest.raises(ALError, match=r"A262.*weights\.hdf5"):
        load_elmo(BiLM(), *pair)


def test_missing_files_are_named_with_where_to_get_them(pair, tmp_path):
    shutil.move(pair[1], tmp_path / "elsewhere")
    with pytest.raises(ALError, match=r"A003.*weights\.hdf5.*al fetch elmo"):
        load_elmo(BiLM(), *pair)


def test_a_failed_load_leaves_the_model_as_it_was(pair):
    bilm = BiLM()
    load_elmo(bilm, *pair)
    before = bilm.chars.embedding.weight.clone()
    replace(pair[1], "char_embed", numpy.zeros((261, 4), dtype="f"))
    with pytest.raises(ALError, match="A263"):
        load_elmo(bilm, *pair)
    assert (bilm.chars.embedding.weight == before).all()


def test_the_extra_to_install_is_named(pair, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with pytest.raises(ALError, match=r"A260.*spacy_al\[elmo\]"):
        load_elmo(BiLM(), *pair)
