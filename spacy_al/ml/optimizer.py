"""torch's fused optimizers, steered by the thinc optimizer of the config."""

import logging
from typing import Any, Dict, List, Optional, Tuple, cast

import torch
from thinc.api import Optimizer, torch2xp, xp2torch
from thinc.types import FloatsXd
from torch import Tensor, nn

logger = logging.getLogger("spacy_al")


class TorchOptimizer:
    """Steps a torch module with rate, betas, decay and clipping read from a thinc optimizer at every step.

    Adam becomes torch's fused AdamW (Adam, where L2 is not weight decay), RAdam its RAdam, SGD its fused SGD.
    Two things differ from thinc's own step. Gradients are clipped by their norm over ALL parameters, as PyTorch
    code does, not for each parameter. Weight decay leaves out vectors (biases and layer norms), as BERT's
    recipe does (Devlin et al. 2019). A config with `use_averages = true` takes thinc's own step, with a log line.
    """

    def __init__(self) -> None:
        self.source: Optional[Optimizer] = None
        self.torch_optimizer: Optional[torch.optim.Optimizer] = None
        self.parameters: List[nn.Parameter] = []
        self.row_gradients = RowGradients()

    def __getstate__(self) -> Dict[str, Any]:
        return {}  # a tagger that travels to another process goes there to predict

    def __setstate__(self, state: Dict[str, Any]) -> None:
        self.__init__()  # type: ignore[misc]

    def step(self, module: nn.Module, optimizer: Optimizer) -> None:
        """Update the parameters that have gradients, then drop the gradients.

        module (nn.Module): What to update.
        optimizer (Optimizer): thinc's; a new object starts a new optimisation with empty moments.
        """
        if all(parameter.grad is None for parameter in module.parameters()):
            return
        if optimizer.averages is not None:
            thinc_step(module, optimizer, log=self.source is not optimizer)
            self.source = optimizer
            return
        parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
        if self.source is not optimizer or not _same(parameters, self.parameters):
            self.source, self.parameters = optimizer, parameters
            self.torch_optimizer = build_optimizer(parameters, optimizer)
            self.row_gradients = RowGradients()
        assert self.torch_optimizer is not None
        refresh(self.torch_optimizer, optimizer)
        if optimizer.grad_clip:
            clip(parameters, optimizer.grad_clip)
        self.row_gradients.make_dense(parameters)
        self.torch_optimizer.step()
        self.torch_optimizer.zero_grad(set_to_none=True)


def clip(parameters: List[nn.Parameter], most: float) -> None:
    """As torch's `clip_grad_norm_`, over the rows alone that a sparse gradient has; a small norm costs no product."""
    gradients = []
    for parameter in parameters:
        if parameter.grad is not None and parameter.grad.is_sparse:
            parameter.grad = parameter.grad.coalesce()
        if parameter.grad is not None:
            gradients.append(parameter.grad.values() if parameter.grad.is_sparse else parameter.grad)
    norm = nn.utils.get_total_norm(gradients)
    if norm.is_cuda or norm > most:
        torch._foreach_mul_(gradients, (most / (norm + 1e-6)).clamp(max=1.0))


class RowGradients:
    """Makes sparse gradients dense in memory of its own, of which only the rows of the last step are cleared."""

    def __init__(self) -> None:
        self.buffers: Dict[nn.Parameter, Tuple[Tensor, Tensor]] = {}  # gradient, and its rows that are not zero

    def make_dense(self, parameters: List[nn.Parameter]) -> None:
        """Replace every sparse gradient; those of other parameters stay as they are."""
        for parameter in parameters:
            if parameter.grad is None or not parameter.grad.is_sparse:
                continue
            gradient = parameter.grad.coalesce()
            (rows,) = gradient.indices()
            if parameter in self.buffers:
                buffer, used = self.buffers[parameter]
                buffer.index_fill_(0, used, 0.0)
            else:
                buffer = torch.zeros_like(parameter)
            buffer.index_copy_(0, rows, gradient.values())
            self.buffers[parameter] = buffer, rows
            parameter.grad = buffer


def build_optimizer(parameters: List[nn.Parameter], optimizer: Optimizer) -> torch.optim.Optimizer:
    """The torch optimizer that does what a thinc optimizer asks for; matrices first, then vectors."""
    groups: List[Dict[str, Any]] = [
        {"params": [parameter for parameter in parameters if parameter.ndim >= 2], "decay": True},
        {"params": [parameter for parameter in parameters if parameter.ndim < 2], "decay": False},
    ]
    groups = [group for group in groups if group["params"]]
    if optimizer.use_radam:
        return torch.optim.RAdam(groups, decoupled_weight_decay=optimizer.L2_is_weight_decay)
    if optimizer.b1 > 0.0 and optimizer.b2 > 0.0:
        kind = torch.optim.AdamW if optimizer.L2_is_weight_decay else torch.optim.Adam
        return kind(groups, fused=True)
    return torch.optim.SGD(groups, lr=optimizer.learn_rate, fused=True)


def refresh(torch_optimizer: torch.optim.Optimizer, optimizer: Optimizer) -> None:
    """Carry the thinc optimizer's present values over; its schedules may have moved them."""
    for group in torch_optimizer.param_groups:
        group["lr"] = optimizer.learn_rate
        group["weight_decay"] = optimizer.L2 if group["decay"] else 0.0
        if "betas" in group:
            group["betas"] = (optimizer.b1, optimizer.b2)
            group["eps"] = optimizer.eps


def thinc_step(module: nn.Module, optimizer: Optimizer, *, log: bool) -> None:
    """thinc's own update, parameter by parameter: slower, and able to keep averages."""
    if log:
        logger.info("use_averages is on: parameters are updated one by one by thinc, which is slower")
    for name, parameter in module.named_parameters():
        if parameter.grad is None:
            continue
        key: Tuple[int, str] = (id(module), name)
        weights, _ = optimizer(
            key, cast(FloatsXd, torch2xp(parameter.data)), cast(FloatsXd, torch2xp(parameter.grad.to_dense()))
        )
        # Copied: what thinc returns refers to the tensor it was given, and as `data` would keep every one of them.
        with torch.no_grad():
            parameter.copy_(xp2torch(weights, device=parameter.device))
        parameter.grad = None


def _same(left: List[nn.Parameter], right: List[nn.Parameter]) -> bool:
    return len(left) == len(right) and all(a is b for a, b in zip(left, right))
