"""Loading a published ELMo: options.json and the HDF5 of weights, each dataset checked before it is used."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Dict, Tuple

import numpy
import torch
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from torch import Tensor

from ..errors import ALError, Errors, saying
from ..files import check_file
from ..jsonl import unfit
from .elmo import N_CHARACTERS, BiLM, ELMoOptions

if TYPE_CHECKING:
    import h5py

Shapes = Dict[str, Tuple[int, ...]]
Arrays = Dict[str, NDArray[numpy.float32]]
OPTIONS = TypeAdapter(ELMoOptions)


def load_elmo(bilm: BiLM, options: Path, weights: Path) -> None:
    """Build a BiLM and fill it from a pair of published files.

    bilm (BiLM): Filled in place, on its device.
    options (Path): options.json. weights (Path): The HDF5 file, in the original layout.
    RAISES: ALError A003 (no such file), A260 (h5py is not installed), A261 (options), A262 (not HDF5, or
        damaged), A263 (a dataset that is missing, unexpected, of another shape, or not of finite numbers).
    """
    for path in (options, weights):
        check_file(path, "`python -m spacy al fetch elmo` fetches both files of medium ELMo, the paper's.")
    read = read_options(options)
    state = to_state(read_weights(weights, dataset_shapes(read), options), read)
    bilm.build(read)
    bilm.load_state_dict({**state, "_extra_state": bilm.get_extra_state()})


def read_options(path: Path) -> ELMoOptions:
    """Read options.json; ALError A261 names what is missing or of a wrong kind."""
    try:
        return OPTIONS.validate_python(json.loads(path.read_bytes()))
    except ValidationError as error:
        field, value, problem = unfit(error)
        message = Errors.A261.format(path=path, problem=f"{field or 'it'} is {value!r}: {problem}")
        raise ALError(message) from error
    except (ValueError, RecursionError) as error:
        raise ALError(Errors.A261.format(path=path, problem=f"it is not JSON ({error})")) from error


def dataset_shapes(options: ELMoOptions) -> Shapes:
    """Every dataset that the weights of such a model hold, and its shape."""
    size, cell, projection = options.n_filters, options.cell, options.projection
    shapes: Shapes = {"char_embed": (N_CHARACTERS, options.char_dim)}
    for number, (window, filters) in enumerate(options.filters):
        shapes[f"CNN/W_cnn_{number}"] = (1, window, options.char_dim, filters)
        shapes[f"CNN/b_cnn_{number}"] = (filters,)
    for number in range(options.highways):
        for kind in ("carry", "transform"):
            shapes[f"CNN_high_{number}/W_{kind}"] = (size, size)
            shapes[f"CNN_high_{number}/b_{kind}"] = (size,)
    shapes["CNN_proj/W_proj"] = (size, projection)
    shapes["CNN_proj/b_proj"] = (projection,)
    for direction in range(2):
        for layer in range(options.layers):
            folder = _cell(direction, layer)
            shapes[folder + "W_0"] = (2 * projection, 4 * cell)
            shapes[folder + "B"] = (4 * cell,)
            shapes[folder + "W_P_0"] = (cell, projection)
    return shapes


def read_weights(path: Path, shapes: Shapes, options: Path) -> Arrays:
    """Read all datasets of an HDF5 file, which must be exactly those of `shapes`. Raises as `load_elmo`."""
    with saying(Errors.A260, ImportError, path=path):
        import h5py
    with saying(Errors.A262, OSError, RuntimeError, path=path), h5py.File(path, "r") as file_:
        found = _datasets(file_)
        _compare(path, {name: dataset.shape for name, dataset in found.items()}, shapes, options)
        return {name: _read(path, name, dataset) for name, dataset in found.items()}


def to_state(arrays: Arrays, options: ELMoOptions) -> Dict[str, Tensor]:
    """The datasets as weights of a `BiLM`."""
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    table = torch.cat([torch.zeros(1, options.char_dim), tensors["char_embed"]])
    state = {"chars.embedding.weight": table}
    for number in range(len(options.filters)):
        # TensorFlow's (1, window, in, out) is torch's (out, in, window).
        state[f"chars.convolutions.{number}.weight"] = tensors[f"CNN/W_cnn_{number}"][0].permute(2, 1, 0)
        state[f"chars.convolutions.{number}.bias"] = tensors[f"CNN/b_cnn_{number}"]
    for number in range(options.highways):
        for kind in ("carry", "transform"):
            name = f"chars.{'carries' if kind == 'carry' else 'transforms'}.{number}."
            state[name + "weight"] = tensors[f"CNN_high_{number}/W_{kind}"].T
            state[name + "bias"] = tensors[f"CNN_high_{number}/b_{kind}"]
    state["chars.projection.weight"] = tensors["CNN_proj/W_proj"].T
    state["chars.projection.bias"] = tensors["CNN_proj/b_proj"]
    for layer in range(options.layers):
        folders = [_cell(direction, layer) for direction in range(2)]
        both = torch.stack([tensors[folder + "W_0"] for folder in folders])
        state[f"lstms.{layer}.input"] = both[:, : options.projection]
        state[f"lstms.{layer}.recurrent"] = both[:, options.projection :]
        state[f"lstms.{layer}.bias"] = torch.stack([tensors[folder + "B"] for folder in folders])[:, None]
        state[f"lstms.{layer}.projection"] = torch.stack([tensors[folder + "W_P_0"] for folder in folders])
    return {name: tensor.contiguous() for name, tensor in state.items()}


def _cell(direction: int, layer: int) -> str:
    return f"RNN_{direction}/RNN/MultiRNNCell/Cell{layer}/LSTMCell/"


def _datasets(file_: "h5py.File") -> Dict[str, "h5py.Dataset"]:
    found: Dict[str, h5py.Dataset] = {}

    def collect(name: str, item: object) -> None:
        if hasattr(item, "shape"):
            found[name] = item

    file_.visititems(collect)
    return found


def _compare(path: Path, found: Shapes, expected: Shapes, options: Path) -> None:
    for name in [*expected, *found]:
        if found.get(name) != expected.get(name):
            one = "is missing" if name not in found else f"has the shape {found[name]}"
            two = "none of that name" if name not in expected else f"the shape {expected[name]}"
            raise ALError(Errors.A263.format(path=path, name=name, problem=f"{one}; {options} asks for {two}"))


def _read(path: Path, name: str, dataset: "h5py.Dataset") -> NDArray[numpy.float32]:
    if dataset.dtype.kind != "f":
        raise ALError(Errors.A263.format(path=path, name=name, problem=f"holds {dataset.dtype}, not numbers"))
    array = numpy.asarray(dataset[...], dtype=numpy.float32)
    if not numpy.isfinite(array).all():
        raise ALError(Errors.A263.format(path=path, name=name, problem="holds infinite values or NaN"))
    return array
