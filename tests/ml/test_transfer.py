"""Arrays to a device and back."""

import numpy
import pytest
import torch

from spacy_al.ml.transfer import copy_to, download, upload

CUDA = pytest.param("cuda", marks=pytest.mark.gpu)
ARRAYS = [numpy.arange(6), numpy.arange(6).reshape(2, 3)[:, ::2], numpy.zeros((0, 4), dtype=bool)]


@pytest.fixture(params=["cpu", CUDA])
def device(request):
    return torch.device(request.param)


@pytest.mark.parametrize("array", ARRAYS, ids=["plain", "with gaps", "empty"])
def test_there_and_back(array, device):
    there = upload(array, device)
    assert there.device.type == device.type
    ((item, (back,)),) = download([("item", [there])])
    assert item == "item"
    assert back.dtype == array.dtype
    assert back.tolist() == array.tolist()


def test_a_batch_comes_while_the_next_is_under_way(device):
    begun = []

    def batches():
        for number in range(4):
            begun.append(number)
            yield number, [torch.full((1000,), number, device=device), torch.ones(number, device=device)]

    came = [(number, len(begun), values[0], ones.sum()) for number, (values, ones) in download(batches())]
    assert came == [(number, min(number + 2, 4), number, number) for number in range(4)]


@pytest.mark.gpu
def test_the_values_are_those_of_their_time():
    tensor = torch.zeros(1 << 24, device="cuda")

    def batches():
        for number in range(5):
            tensor.add_(1)
            yield number, [tensor]

    assert [(values.min(), values.max()) for _, (values,) in download(batches())] == [
        (number, number) for number in range(1, 6)
    ]


def test_copies_into_tensors(device):
    tensors = [torch.ones(3, device=device), torch.ones((2, 2), dtype=torch.long, device=device)]
    copy_to(tensors, [numpy.array([1.0, 2.0, 3.0], dtype=numpy.float32), numpy.arange(4).reshape(2, 2)])
    assert [tensor.tolist() for tensor in tensors] == [[1, 2, 3], [[0, 1], [2, 3]]]
