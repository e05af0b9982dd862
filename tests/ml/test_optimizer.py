"""The fused step against torch's own optimizers and a hand-made step."""

import gc

import pytest
import torch
from thinc.api import SGD, Adam, RAdam
from torch import nn

from spacy_al.ml.optimizer import TorchOptimizer, clip


def layer_with_gradient(scale=1.0):
    torch.manual_seed(0)
    layer = nn.Linear(3, 2)
    for parameter in layer.parameters():
        parameter.grad = scale * torch.ones_like(parameter)
    return layer


def test_sgd_step_by_hand():
    layer = layer_with_gradient()
    before = layer.weight.detach().clone()
    TorchOptimizer().step(layer, SGD(0.1, grad_clip=0.0, use_averages=False))
    assert torch.allclose(layer.weight, before - 0.1)
    assert layer.weight.grad is None


def test_clipping_is_by_the_norm_of_all_gradients():
    layer = layer_with_gradient(scale=3.0)  # 8 numbers of 3: norm 3 * sqrt(8)
    before = layer.bias.detach().clone()
    TorchOptimizer().step(layer, SGD(1.0, grad_clip=1.0, use_averages=False))
    assert torch.allclose(before - layer.bias, torch.full((2,), 8**-0.5), atol=1e-5)


def test_adam_equals_torch_adamw_with_decay_on_matrices_only():
    layer, other = layer_with_gradient(), layer_with_gradient()
    groups = [{"params": [other.weight], "weight_decay": 0.5}, {"params": [other.bias], "weight_decay": 0.0}]
    torch.optim.AdamW(groups, lr=0.01, betas=(0.8, 0.9), eps=1e-6).step()
    thinc = Adam(0.01, L2=0.5, beta1=0.8, beta2=0.9, eps=1e-6, grad_clip=0.0, use_averages=False)
    TorchOptimizer().step(layer, thinc)
    assert torch.allclose(layer.weight, other.weight)
    assert torch.allclose(layer.bias, other.bias)


@pytest.mark.parametrize("make", [Adam, RAdam])
def test_the_rate_of_the_schedule_is_followed(make):
    layer = layer_with_gradient()
    optimizer = make(0.0, use_averages=False)
    before = layer.weight.detach().clone()
    TorchOptimizer().step(layer, optimizer)
    assert torch.equal(layer.weight, before)


def test_averages_take_thincs_own_step():
    layer = layer_with_gradient()
    optimizer = Adam(0.01, use_averages=True)
    TorchOptimizer().step(layer, optimizer)
    assert len(optimizer.averages) == 2


def test_thincs_own_step_keeps_nothing_of_earlier_steps():
    layer, fused, optimizer = layer_with_gradient(), TorchOptimizer(), Adam(0.01, use_averages=True)
    kept = []
    for _ in range(4):
        for parameter in layer.parameters():
            parameter.grad = torch.ones_like(parameter)
        fused.step(layer, optimizer)
        gc.collect()
        kept.append(sum(type(one) is torch.Tensor for one in gc.get_objects()))
    assert kept[1:] == [kept[1]] * 3


def test_a_new_thinc_optimizer_starts_with_empty_moments():
    fused, layer = TorchOptimizer(), layer_with_gradient()
    fused.step(layer, Adam(0.01, use_averages=False))
    for parameter in layer.parameters():
        parameter.grad = torch.zeros_like(parameter)
    before = layer.weight.detach().clone()
    fused.step(layer, Adam(0.01, L2=0.0, use_averages=False))
    assert torch.equal(layer.weight, before)  # old moments would still have moved it


@pytest.mark.parametrize("most", [1.0, 100.0])
def test_sparse_gradients_are_clipped_as_dense_ones(most):
    torch.manual_seed(0)
    rows, dense = nn.Embedding(50, 4, sparse=True), nn.Embedding(50, 4)
    dense.load_state_dict(rows.state_dict())
    layers = [nn.Linear(4, 2) for _ in range(2)]
    layers[1].load_state_dict(layers[0].state_dict())
    ids = torch.tensor([3, 3, 7])
    for embedding, layer in zip((rows, dense), layers):
        (layer(embedding(ids)).square().sum() * 5).backward()
    clip([*rows.parameters(), *layers[0].parameters()], most)
    nn.utils.clip_grad_norm_([*dense.parameters(), *layers[1].parameters()], most)
    torch.testing.assert_close(rows.weight.grad.to_dense(), dense.weight.grad)
    torch.testing.assert_close(layers[0].weight.grad, layers[1].weight.grad)
