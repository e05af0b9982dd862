"""The architecture `spacy-al.SequenceTagger.v1`: any encoder, dropout and a head, with the seam in its shim."""

from typing import List, Optional, Tuple, cast

from spacy.tokens import Doc
from thinc.api import Model, torch2xp
from thinc.types import Floats2d

from ..errors import ALError, Errors
from .encoder_shim import Backprop, DocsModel, native_encoder
from .seam import HeadBuilder
from .tagger_shim import TaggerShim
from .thinc_encoder import ThincEncoder


def build_sequence_tagger(encoder: DocsModel, head: HeadBuilder, cuda_graphs: bool = True) -> DocsModel:
    """Registered as `spacy-al.SequenceTagger.v1`.

    encoder (Model[List[Doc], List[Floats2d]]): States of tokens. An encoder of this project
        (`spacy-al.TransformerEncoder.v1`, `spacy-al.BiLSTMEncoder.v1`) is fused with the head in torch; any
        other, HashEmbedCNN or a transformer listener, stays a thinc Model.
    head (HeadBuilder): From the registry `al_heads`; brings the dropout that `MC last` keeps on.
    cuda_graphs (bool): On a GPU, replay training steps of an encoder of this project as CUDA graphs; same results,
        faster.
    RETURNS (Model[List[Doc], List[Floats2d]]): Its predictions are probabilities of tags, (tokens, tags).
    """
    shim = TaggerShim(native_encoder(encoder) or ThincEncoder(encoder), head, cuda_graphs=cuda_graphs)
    return Model("sequence_tagger", forward, init=init, layers=[encoder], shims=[shim], dims={"nO": None})


def tagger_shim(model: DocsModel) -> TaggerShim:
    """The torch side of a Model made by `build_sequence_tagger`."""
    shim = model.shims[0]
    assert isinstance(shim, TaggerShim)
    return shim


def init(model: DocsModel, X: Optional[List[Doc]] = None, Y: Optional[List[Floats2d]] = None) -> DocsModel:
    shim = tagger_shim(model)
    model.layers[0].initialize(X=X)
    shim.initialize()
    model.set_dim("nO", len(shim.state.tags), force=True)
    return model


def forward(model: DocsModel, docs: List[Doc], is_train: bool) -> Tuple[List[Floats2d], Backprop]:
    arrays: List[Optional[Floats2d]] = [None] * len(docs)
    for order, states, prediction in tagger_shim(model).sampling.predict(docs):
        for number, part in zip(order, prediction.probs[0].split(states.lengths.tolist())):
            arrays[number] = cast(Floats2d, torch2xp(part))
    return [array for array in arrays if array is not None], refuse_backprop


def refuse_backprop(gradients: List[Floats2d]) -> List[Doc]:
    """The loss is computed in torch, by `TaggerShim.update`."""
    raise ALError(Errors.A202)
