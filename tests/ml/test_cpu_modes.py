"""Faster forms of torch's functions on a CPU: the same functions, other random masks."""

import contextlib

import pytest
import spacy
import torch
from torch import nn
from torch.nn import functional
from torch.profiler import ProfilerActivity, profile
from transformers import BertConfig, BertModel

from spacy_al.ml import cpu_modes, processor, tagger_training
from spacy_al.ml.cpu_modes import FastFunctions, fast_functions, keep_mask
from spacy_al.ml.optimizer import RowGradients

from .helpers import make_examples, tiny_transformer, transformer_model

NEVER = 1e-9  # a rate that drops nothing: below one part in 65,536


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("inplace", [False, True])
def test_dropout_drops_its_share_and_scales_the_rest(rate, inplace):
    values = torch.rand(300, 1001) + 1
    kept = values.clone().requires_grad_()
    with FastFunctions():
        found = nn.Dropout(rate, inplace=inplace)(kept * 1)
    dropped = found == 0
    share = dropped.float().mean().item()
    assert abs(share - rate) < 4 * (rate * (1 - rate) / values.numel()) ** 0.5
    torch.testing.assert_close(found[~dropped], values[~dropped] / (1 - rate))
    assert dropped.float().mean(0).std() < 0.06  # each unit on its own, not whole columns
    found.sum().backward()
    torch.testing.assert_close(kept.grad, torch.where(dropped, 0.0, 1 / (1 - rate)))


def test_in_place_is_in_place():
    values = torch.ones(1000)
    with FastFunctions():
        assert functional.dropout(values, 0.5, inplace=True) is values
    assert values.unique().tolist() == [0.0, 2.0]


@pytest.mark.parametrize("shape", [(), (1,), (0, 5), (7, 3), (4, 1, 9)])
def test_any_shape(shape):
    with FastFunctions():
        assert functional.dropout(torch.ones(shape), 0.5).shape == shape


def test_neighbours_and_repetitions_are_independent():
    first, second = (keep_mask(torch.ones(1 << 18), 0.5) > 0 for _ in range(2))
    for step in (1, 2, 3, 4, 8):
        assert abs((first[:-step] == first[step:]).float().mean() - 0.5) < 0.005
    assert abs((first == second).float().mean() - 0.5) < 0.005


def test_rates_at_the_ends():
    values = torch.rand(1000)
    with FastFunctions():
        assert functional.dropout(values, 1.0).count_nonzero() == 0
        assert functional.dropout(values, 0.999999).count_nonzero() == 0
        assert functional.dropout(values, 0.0) is values
        assert functional.dropout(values, 0.5, training=False) is values
        with pytest.raises(ValueError, match="between 0 and 1"):
            functional.dropout(values, 1.5)


def test_it_follows_torchs_seed_and_ends_with_the_block():
    def draw():
        torch.manual_seed(3)
        with FastFunctions():
            return functional.dropout(torch.ones(100))

    assert draw().tolist() == draw().tolist()
    with pytest.raises(RuntimeError, match="stop"), FastFunctions():
        raise RuntimeError("stop")
    torch.manual_seed(3)
    own = functional.dropout(torch.ones(100))
    torch.manual_seed(3)
    assert own.tolist() == functional.dropout(torch.ones(100)).tolist() != draw().tolist()


@pytest.mark.parametrize("mask", ["none", "bool", "added"])
@pytest.mark.parametrize("scale", [None, 0.3])
def test_attention_is_torchs(mask, scale):
    query, key, value = (torch.randn(2, 3, length, 8, requires_grad=True) for length in (4, 5, 5))
    seen = torch.rand(2, 1, 4, 5) > 0.4
    seen[..., 0] = True
    added = torch.zeros(2, 1, 4, 5).masked_fill(~seen, torch.finfo(torch.float32).min)
    chosen = {"none": None, "bool": seen, "added": added}[mask]

    def slopes(rate):
        result = functional.scaled_dot_product_attention(query, key, value, chosen, rate, scale=scale)
        return [result, *torch.autograd.grad(result.square().sum(), (query, key, value))]

    with FastFunctions():
        found = slopes(NEVER)
    for one, other in zip(found, slopes(0.0), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_attention_drops_weights():
    query, key = torch.randn(2, 50, 2, 300, 8)
    value = torch.eye(300).expand(50, 2, 300, 300)  # the result is the weights themselves
    exact = functional.scaled_dot_product_attention(query, key, value)
    with FastFunctions():
        found = functional.scaled_dot_product_attention(query, key, value, dropout_p=0.2)
    assert abs((found == 0).float().mean() - 0.2) < 0.001
    torch.testing.assert_close(found[found > 0], exact[found > 0] / 0.8)


def test_what_it_does_not_know_is_torchs():
    query = torch.randn(1, 2, 4, 8)
    for options in ({"is_causal": True}, {"is_causal": True, "dropout_p": 0.5}, {"enable_gqa": True}):
        torch.manual_seed(1)
        own = functional.scaled_dot_product_attention(query, query, query, **options)
        torch.manual_seed(1)
        with FastFunctions():
            torch.testing.assert_close(functional.scaled_dot_product_attention(query, query, query, **options), own)


@pytest.mark.parametrize("kind", [torch.bool, torch.float32])
def test_a_query_that_sees_nothing_gets_zeros_as_from_torch(kind):
    query, seen = torch.randn(2, 2, 4, 8, requires_grad=True), torch.ones(2, 1, 4, 4, dtype=torch.bool)
    seen[0, 0, 2] = False
    mask = seen if kind == torch.bool else torch.zeros(seen.shape).masked_fill(~seen, -torch.inf)
    with FastFunctions():
        found = functional.scaled_dot_product_attention(query, query, query, mask, NEVER)
    torch.testing.assert_close(found, functional.scaled_dot_product_attention(query, query, query, mask))
    assert found[0, :, 2].count_nonzero() == 0
    found.sum().backward()
    assert query.grad.isfinite().all()


def test_half_precision_takes_a_mask_in_single():
    query, mask = torch.randn(2, 2, 4, 8, dtype=torch.bfloat16), torch.zeros(2, 1, 4, 4)
    with FastFunctions():
        found = functional.scaled_dot_product_attention(query, query, query, mask, 0.5)
    assert found.dtype == torch.bfloat16


@pytest.fixture
def onednn(monkeypatch):
    """Whatever the processor is, its products of float32 are oneDNN's."""
    if not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        pytest.skip("torch without oneDNN")
    monkeypatch.setattr(cpu_modes, "onednn_pays", lambda: True)


def names_of(function):
    """Operations of torch that a function calls."""
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        function()
    return {event.name for event in seen.events()}


@pytest.mark.usefixtures("onednn")
@pytest.mark.parametrize("shape", [(1, 7), (50, 7), (3, 5, 7), (2, 1, 4, 7)])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("frozen", [True, False])
def test_products_of_onednn_are_torchs(shape, bias, frozen):
    module = nn.Linear(7, 4, bias=bias).requires_grad_(not frozen)
    values = torch.randn(*shape[:-2], shape[-1], shape[-2]).transpose(-1, -2).requires_grad_()  # not contiguous
    wanted = [values, *(one for one in module.parameters() if not frozen)]

    def slopes():
        result = module(values * 1)
        return [result, *torch.autograd.grad(result.square().sum(), wanted)]

    with FastFunctions():
        assert "mkldnn::_linear_pointwise" in names_of(slopes)
        found = slopes()
    for one, other in zip(found, slopes(), strict=True):
        torch.testing.assert_close(one, other)
    exact = module.weight.double() @ values.double().reshape(-1, 7).T
    torch.testing.assert_close(found[0].reshape(-1, 4).T.double(), exact + (module.bias[:, None] if bias else 0))


@pytest.mark.usefixtures("onednn")
def test_other_products_are_torchs():
    def names(values, module, mixed=False):
        with FastFunctions(), torch.autocast("cpu", torch.bfloat16, enabled=mixed):
            return names_of(lambda: module(values))

    own, single = "mkldnn::_linear_pointwise", nn.Linear(4, 2)
    assert own in names(torch.ones(3, 4), single)
    assert own not in names(torch.ones(3, 4), single, mixed=True)
    assert own not in names(torch.ones(4), single)
    assert own not in names(torch.ones(0, 4), single)
    assert own not in names(torch.ones(3, 4).double(), nn.Linear(4, 2).double())
    with FastFunctions():
        values = torch.ones(3, 4, requires_grad=True)
        (slope,) = torch.autograd.grad(single(values).square().sum(), values, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        slope.sum().backward()


@pytest.mark.usefixtures("onednn")
def test_a_result_may_be_changed_in_place():
    module, values = nn.Linear(3, 4), torch.randn(2, 5, 3)

    def slope():
        result = module(values).view(2, 5, 2, 2).permute(0, 2, 1, 3)
        result *= 2  # as DeBERTa does
        return torch.autograd.grad(result.square().sum(), module.weight)[0]

    with FastFunctions():
        found = slope()
    torch.testing.assert_close(found, slope())


@pytest.mark.parametrize("vendor", ["AuthenticAMD", "GenuineIntel", ""])
@pytest.mark.parametrize("capability", ["AVX512", "AVX2"])
def test_onednn_is_taken_on_amds_processors_with_avx512(vendor, capability, monkeypatch, tmp_path):
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nvendor_id\t: {vendor}\nmodel\t\t: 2\nmodel name\t: A: B\n")
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: True)
    asked = processor.onednn_pays.__wrapped__()
    has = hasattr(torch.ops.mkldnn, "_linear_pointwise")
    assert asked is (has and vendor == "AuthenticAMD" and capability == "AVX512")
    assert processor.processor() == "A: B"
    assert processor.cpu_info("model") == "2"


@pytest.mark.parametrize("mask", [True, False])
def test_attention_in_bfloat16_is_written_out_where_there_is_no_amx(mask, monkeypatch):
    query, key, value = (torch.randn(3, 2, 9, 8) for _ in range(3))
    seen = (torch.rand(3, 1, 1, 9) > 0.3).index_fill(3, torch.tensor(0), True) if mask else None
    exact = functional.scaled_dot_product_attention(query, key, value, seen)
    lower = [one.bfloat16() for one in (query, key, value)]
    for amx in (True, False):
        monkeypatch.setattr(cpu_modes, "has_amx", lambda amx=amx: amx)
        with FastFunctions():
            found = functional.scaled_dot_product_attention(*lower, seen)
            names = names_of(lambda: functional.scaled_dot_product_attention(*lower, seen))
        assert ("aten::_softmax" in names) is not amx
        torch.testing.assert_close(found.float(), exact, rtol=0.02, atol=0.02)


@pytest.mark.parametrize("padding", [None, 3])
def test_rows_of_a_large_embedding_have_the_gradients_of_a_dense_one(monkeypatch, padding):
    monkeypatch.setattr(cpu_modes, "LARGE", 40)
    plain, rows = nn.Embedding(20, 4, padding_idx=padding), nn.Embedding(20, 4, padding_idx=padding)
    rows.load_state_dict(plain.state_dict())
    small, dense = nn.Embedding(5, 2), RowGradients()
    for ids in ([[1, 3, 3], [0, 1, 19]], [[7, 7, 7]], [[3]], [[1, 2]]):  # the rows of one step are gone in the next
        ids = torch.tensor(ids)
        weights = torch.randn(*ids.shape, 4)
        for _ in range(2):  # accumulated
            (plain(ids) * weights).sum().backward()
            with FastFunctions():
                (rows(ids) * weights + small(ids % 5).sum()).sum().backward()
        assert rows.weight.grad.is_sparse
        assert not small.weight.grad.is_sparse
        dense.make_dense([*rows.parameters(), *small.parameters()])
        assert not rows.weight.grad.is_sparse
        torch.testing.assert_close(rows.weight.grad, plain.weight.grad)
        for module in (plain, rows, small):
            module.zero_grad()


def test_a_hugging_face_model_goes_through_it(monkeypatch):
    monkeypatch.setattr(cpu_modes, "LARGE", 1)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    model = BertModel(BertConfig(vocab_size=50, **sizes)).train()
    with profile(activities=[ProfilerActivity.CPU]) as seen, FastFunctions():
        model(torch.arange(20).view(2, 10)).last_hidden_state.sum().backward()
    names = [event.name for event in seen.events()]
    assert "aten::random_" in names
    assert not {"aten::bernoulli_", "aten::embedding_dense_backward"} & {*names}
    assert model.embeddings.word_embeddings.weight.grad.is_sparse


@pytest.mark.parametrize("reentrant", [False, True])
def test_gradient_checkpointing_draws_the_same_masks_forward_and_back(tmp_path, monkeypatch, reentrant):
    nlp = spacy.blank("en")
    model = transformer_model(tiny_transformer(tmp_path))
    pipe = nlp.add_pipe("sequence_tagger", config={"model": model})
    nlp.initialize(lambda: make_examples(nlp.vocab))

    def slopes():
        torch.manual_seed(1)
        pipe.update(make_examples(nlp.vocab))
        found = [one.grad for one in pipe._shim.state.network.parameters() if one.grad is not None]
        pipe._shim.state.network.zero_grad()
        return torch.cat([one.flatten() for one in found])

    pipe._shim.state.encoder.hf_model.transformer.gradient_checkpointing_enable({"use_reentrant": reentrant})
    again = slopes()
    pipe._shim.state.encoder.hf_model.transformer.gradient_checkpointing_disable()
    monkeypatch.setattr(tagger_training, "fast_functions", lambda *values: contextlib.nullcontext())
    torch.testing.assert_close(again, slopes())


def test_a_gpu_keeps_its_own_kernels():
    module = nn.Linear(1, 1)
    assert not isinstance(fast_functions(torch.device("cuda"), module), FastFunctions)
    assert isinstance(fast_functions(torch.device("cpu"), module), FastFunctions)
