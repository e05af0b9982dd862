"""Small BiLSTM-CRF models made on the spot: random word vectors, a random ELMo in the published layout."""

import json
from pathlib import Path
from typing import Dict, Sequence, Tuple

import h5py
import numpy

from spacy_al.ml.elmo_weights import dataset_shapes, read_options

ELMO_OPTIONS = {
    "lstm": {
        "n_layers": 2,
        "dim": 32,
        "projection_dim": 16,
        "cell_clip": 3,
        "proj_clip": 3,
        "use_skip_connections": True,
    },
    "char_cnn": {
        "embedding": {"dim": 8},
        "filters": [[1, 16], [3, 16]],
        "n_highway": 1,
        "n_characters": 262,
        "max_characters_per_token": 20,
        "activation": "relu",
    },
}


def write_vectors(path: Path, words: Sequence[str], *, width: int = 16, seed: int = 0) -> str:
    """Write a text file of random vectors for the lower-case forms of words; returns its path."""
    rng = numpy.random.default_rng(seed)
    forms = dict.fromkeys(word.lower() for word in words)
    lines = [" ".join([form, *map(str, rng.normal(size=width).round(3))]) for form in forms]
    path.write_text("\n".join(lines) + "\n", encoding="utf8")
    return str(path)


def write_elmo(folder: Path, *, seed: int = 0) -> Tuple[str, str]:
    """Write options.json and weights.hdf5 of a tiny random ELMo; returns their paths."""
    options, weights = folder / "options.json", folder / "weights.hdf5"
    options.write_text(json.dumps(ELMO_OPTIONS))
    rng = numpy.random.default_rng(seed)
    with h5py.File(weights, "w") as file_:
        for name, shape in dataset_shapes(read_options(options)).items():
            # Without biases, so that what words differ in is not a small part of what they share.
            scale = 0.0 if len(shape) == 1 else 2 / numpy.sqrt(numpy.prod(shape[:-1]))
            file_[name] = rng.normal(scale=2.0 if name == "char_embed" else scale, size=shape).astype("f")
    return str(options), str(weights)


def bilstm_model(embedding: Dict[str, object], *, hidden: int = 32) -> Dict[str, object]:
    """The [model] block of a sequence tagger with a BiLSTM under a CRF."""
    encoder = {
        "@architectures": "spacy-al.BiLSTMEncoder.v1",
        "hidden": hidden,
        "layers": 1,
        "reproject": True,
        "word_dropout": 0.05,
        "locked_dropout": 0.1,
        "embedding": embedding,
    }
    head = {"@al_heads": "spacy-al.CRFHead.v1", "dropout": 0.0, "constrained": True, "average": "sentences"}
    return {"@architectures": "spacy-al.SequenceTagger.v1", "encoder": encoder, "head": head}


def word_embedding() -> Dict[str, object]:
    """The block of word vectors, characters and capitals."""
    sizes = {"char_width": 8, "char_filters": 8, "char_window": 3, "char_dropout": 0.0, "capitals": True}
    return {"@architectures": "spacy-al.WordEmbedding.v1", **sizes}


def elmo_embedding(files: Tuple[str, str], **changes: object) -> Dict[str, object]:
    """The block of an ELMo in files."""
    block = {"@architectures": "spacy-al.ELMoEmbedding.v1", "options": files[0], "weights": files[1]}
    return {**block, "combine": "concat", "memory_limit": 100, "cache_folder": None, **changes}
