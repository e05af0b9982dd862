"""A capture that fails leaves the process as if none had been tried; random numbers go on as without graphs."""

import contextlib
import gc

import pytest
import spacy
import torch
from thinc.api import Adam, require_gpu

from spacy_al.ml.graphs import beside

from .helpers import make_examples, tiny_transformer, transformer_model

pytestmark = pytest.mark.gpu


def when(condition):
    """Make a network's body read a value from the device, which no graph can hold."""

    def read(module, inputs, states):
        if condition():
            states.data.sum().item()

    return lambda body: body.register_forward_hook(read)


SPOILERS = {
    "always": when(lambda: True),
    "in capture alone": when(torch.cuda.is_current_stream_capturing),
}


def train(folder, *, graphs, spoil=None, dropout=0.3, steps=6):
    nlp = spacy.blank("en")
    model = transformer_model(folder, mixed_precision=False) | {"cuda_graphs": graphs}
    model["head"]["dropout"] = dropout
    pipe = nlp.add_pipe("sequence_tagger", config={"model": model})
    examples = make_examples(nlp.vocab)
    nlp.initialize(lambda: examples)
    pipe.restart(0)
    if spoil is not None:
        SPOILERS[spoil](pipe._shim.state.network.body)
    torch.manual_seed(0)
    optimizer = Adam(1e-3, use_averages=False)
    losses = [float(nlp.update(examples, sgd=optimizer)[pipe.name]) for _ in range(steps)]
    return losses, pipe


@pytest.fixture
def folder(tmp_path):
    require_gpu(0)
    return tiny_transformer(tmp_path)


def test_work_beside_is_waited_for_after_a_failure_too():
    require_gpu(0)
    value = torch.zeros(1, device="cuda")
    value += 1  # loading a kernel waits for the device
    torch.cuda._sleep(1)
    with contextlib.suppress(ZeroDivisionError), beside():
        torch.cuda._sleep(400_000_000)
        value += 1
        1 / 0  # noqa: B018
    assert value.item() == 2


@pytest.mark.filterwarnings("ignore:.*W220")
@pytest.mark.parametrize("spoil", SPOILERS)
def test_training_goes_on_as_without_graphs(folder, spoil):
    plain, _ = train(folder, graphs=False)
    stream, free = torch.cuda.current_stream(), torch.cuda.default_generators[0].graphsafe_get_state()
    spoiled, pipe = train(folder, graphs=True, spoil=spoil)
    assert spoiled == plain
    assert pipe._shim.training.graphs is None
    assert torch.cuda.current_stream() == stream
    before = free.get_offset()
    torch.rand(4, device="cuda")
    assert free.get_offset() > before  # the generator has the state it had, not another


def test_the_reason_and_the_cost_are_said_once(folder):
    with pytest.warns(UserWarning, match=r"\[W220\].*several times.*cannot be captured") as said:
        train(folder, graphs=True, spoil="always")
    assert sum("W220" in str(one.message) for one in said) == 1


@pytest.mark.filterwarnings("ignore:.*W220")
def test_graphs_captured_before_and_after_a_failure_still_replay(folder):
    expected, _ = train(folder, graphs=True)
    _, first = train(folder, graphs=True)
    train(folder, graphs=True, spoil="in capture alone")
    examples = make_examples(first.vocab)
    assert len({float(first.update(examples)[first.name]) for _ in range(4)}) == 4  # dropout goes on
    assert train(folder, graphs=True)[0] == pytest.approx(expected, rel=1e-4)


@pytest.mark.filterwarnings("ignore:.*W220")
def test_memory_of_a_failed_capture_comes_back(folder):
    def held():
        gc.collect()
        torch.cuda.empty_cache()
        return torch.cuda.memory_reserved()

    train(folder, graphs=True, spoil="in capture alone")
    once = held()
    for _ in range(3):
        train(folder, graphs=True, spoil="in capture alone")
    assert held() <= once + (4 << 20)
