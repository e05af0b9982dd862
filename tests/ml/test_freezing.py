"""What is trained of a transformer of which the lowest layers are frozen, in every architecture named as fast."""

import pytest
import spacy
import torch

from spacy_al.errors import ALError
from spacy_al.ml.freezing import find_layers

from .helpers import make_examples, tiny_encoder, transformer_model
from .test_encoders import KINDS


def initialized(folder, kind, frozen):
    nlp = spacy.blank("en")
    model = transformer_model(tiny_encoder(folder, kind), frozen=frozen)
    nlp.add_pipe("sequence_tagger", config={"model": model})
    examples = make_examples(nlp.vocab)
    return nlp, examples, nlp.initialize(lambda: examples)


def transformer_of(nlp):
    return nlp.get_pipe("sequence_tagger")._shim.state.encoder.hf_model.transformer


def step(nlp, examples, optimizer):
    """The names of the weights that two steps moved."""
    model = transformer_of(nlp)
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    for _ in range(2):
        nlp.update(examples, sgd=optimizer)
    return {name for name, weight in model.named_parameters() if not torch.equal(before[name], weight)}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "albert"])
def test_steps_move_the_layers_above_and_nothing_below(kind, tmp_path):
    nlp, examples, optimizer = initialized(tmp_path, kind, 1)
    moved = step(nlp, examples, optimizer)
    path, _ = find_layers(transformer_of(nlp))
    assert any(name.startswith(f"{path}.1.") for name in moved)
    inner = path.rpartition(".")[0] or path
    assert not [name for name in moved if name.startswith(inner) and not name.startswith(f"{path}.1.")]
    assert not [name for name in moved if "embedding" in name.lower() or "relative" in name]


def test_a_last_norm_is_trained(tmp_path):
    moved = step(*initialized(tmp_path, "modernbert", 2))
    assert moved == {"final_norm.weight"}


def test_what_is_read_from_a_folder_is_frozen_too(tmp_path):
    nlp, *_ = initialized(tmp_path / "encoder", "bert", 1)
    nlp.to_disk(tmp_path / "model")
    again = spacy.load(tmp_path / "model")
    again.get_pipe("sequence_tagger")._shim.state.attach()
    kept = [name for name, weight in transformer_of(again).named_parameters() if not weight.requires_grad]
    assert kept == [name for name, weight in transformer_of(nlp).named_parameters() if not weight.requires_grad]
    assert "embeddings.word_embeddings.weight" in kept


@pytest.mark.parametrize(("kind", "frozen", "found"), [("bert", 3, 2), ("bert", -1, 2), ("albert", 1, 0)])
def test_more_layers_than_there_are_and_shared_ones_are_refused(kind, frozen, found, tmp_path):
    with pytest.raises(ALError, match=rf"\[A008\].*frozen.*{found} layers"):
        initialized(tmp_path, kind, frozen)
