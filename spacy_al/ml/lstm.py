"""A bidirectional LSTM layer over sentences without padding, whose backward pass is one loop: fast on a CPU."""

from dataclasses import dataclass
from typing import Any, List, Tuple

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Packing:
    """Tokens of a batch in the order an LSTM reads them: all first tokens, longest sentence first, all second ...

    order (Tensor): int64 token that stands at each place, for either direction: (2, tokens).
    back (Tensor): int64 place of each token: (2, tokens).
    before (Tensor): int64 place of the token read before, for all places but the first `sizes[0]`.
    sizes (List[int]): Sentences that have a token at each step.
    """

    order: Tensor
    back: Tensor
    before: Tensor
    sizes: List[int]


def pack(lengths: Tensor) -> Packing:
    """Plan the reading of sentences whose tokens stand one after the other. lengths (Tensor): int64, on the CPU."""
    lengths, which = lengths.sort(descending=True, stable=True)
    starts = torch.zeros_like(lengths)
    starts[which] = lengths
    starts = (starts.cumsum(0) - starts)[which]
    steps = torch.arange(int(lengths.max()) if len(lengths) else 0)
    here = steps[:, None] < lengths  # (steps, sentences)
    there = starts + steps[:, None]
    order = torch.stack([there[here], (starts + lengths - 1 - steps[:, None])[here]])
    sizes = here.sum(1)
    first = sizes.cumsum(0) - sizes
    rows = torch.arange(len(lengths)).expand(len(steps), -1)
    before = (first[:-1, None] + rows[1:])[here[1:]]
    return Packing(order, order.argsort(1), before, sizes.tolist())


def run_lstm(lstm: nn.LSTM, states: Tensor, packing: Packing) -> Tensor:
    """What `lstm` gives for every token, forward direction first: (tokens, width) -> (tokens, 2 * hidden).

    lstm (nn.LSTM): Bidirectional, with bias, without projection or dropout of its own.
    """
    for layer in range(lstm.num_layers):
        names = [f"l{layer}", f"l{layer}_reverse"]
        into = torch.stack([getattr(lstm, f"weight_ih_{name}") for name in names])
        recurrent = torch.stack([getattr(lstm, f"weight_hh_{name}") for name in names])
        biases = [getattr(lstm, f"bias_ih_{name}") + getattr(lstm, f"bias_hh_{name}") for name in names]
        gates = torch.baddbmm(torch.stack(biases)[:, None], states[packing.order], into.transpose(1, 2))
        outputs = _Recurrence.apply(gates, recurrent, packing)  # (2, tokens, hidden)
        states = torch.cat([outputs[0][packing.back[0]], outputs[1][packing.back[1]]], 1)
    return states


class _Recurrence(torch.autograd.Function):
    """h and c of all steps, from what the inputs give to the gates (input, forget, candidate, output).

    Autograd through torch's own loop allocates zeros and adds up the gradient of the recurrent weights in every
    step; here the loop backwards holds only what depends on the step after it, the rest is done at once.
    """

    @staticmethod
    def forward(ctx: Any, gates: Tensor, recurrent: Tensor, packing: Packing) -> Tensor:
        hidden = recurrent.shape[2]
        weights = recurrent.transpose(1, 2)
        outputs = gates.new_empty(*gates.shape[:2], hidden)
        cells, squashed, gates = torch.empty_like(outputs), torch.empty_like(outputs), gates.clone()
        end = 0
        for size in packing.sizes:
            here, before = slice(end, end + size), slice(end - last, end - last + size) if end else None
            now = gates[:, here]
            if before is not None:
                now += torch.bmm(outputs[:, before], weights)
            now[..., : 2 * hidden].sigmoid_()
            now[..., 2 * hidden : 3 * hidden].tanh_()
            now[..., 3 * hidden :].sigmoid_()
            into, forget, candidate, out = now.chunk(4, -1)
            cell = into * candidate
            if before is not None:
                cell.addcmul_(forget, cells[:, before])
            cells[:, here] = cell
            squashed[:, here] = cell.tanh_()
            torch.mul(out, cell, out=outputs[:, here])
            end, last = end + size, size
        ctx.packing = packing
        ctx.save_for_backward(gates, recurrent, outputs, cells, squashed)
        return outputs

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tuple[Tensor, Tensor, None]:
        gates, recurrent, outputs, cells, squashed = ctx.saved_tensors
        packing, hidden = ctx.packing, recurrent.shape[2]
        into, forget, candidate, out = gates.chunk(4, -1)
        first = packing.sizes[0] if packing.sizes else 0
        # What one unit of gradient of c, or for the last gate of h, gives to each gate before its squashing.
        slopes = torch.empty_like(gates)
        slopes[..., :hidden] = candidate * into * (1 - into)
        slopes[:, :first, hidden : 2 * hidden] = 0
        slopes[:, first:, hidden : 2 * hidden] = (forget * (1 - forget))[:, first:] * cells[:, packing.before]
        slopes[..., 2 * hidden : 3 * hidden] = into * (1 - candidate.square())
        slopes[..., 3 * hidden :] = squashed * out * (1 - out)
        through = out * (1 - squashed.square())  # of h to c
        to_gates = torch.empty_like(gates)
        d_output = grad.new_zeros(2, first, hidden)
        d_cell = torch.zeros_like(d_output)
        end = grad.shape[1]
        for size in reversed(packing.sizes):
            here = slice(end - size, end)
            d_h = grad[:, here] + d_output[:, :size]
            d_c = torch.addcmul(d_cell[:, :size], d_h, through[:, here])
            now, slope = to_gates[:, here], slopes[:, here]
            torch.mul(
                slope[..., : 3 * hidden].unflatten(-1, (3, hidden)), d_c[:, :, None],
                out=now[..., : 3 * hidden].unflatten(-1, (3, hidden)),
            )
            torch.mul(slope[..., 3 * hidden :], d_h, out=now[..., 3 * hidden :])
            torch.mul(d_c, forget[:, here], out=d_cell[:, :size])
            d_output[:, :size] = torch.bmm(now, recurrent)
            end -= size
        d_recurrent = torch.bmm(to_gates[:, first:].transpose(1, 2), outputs[:, packing.before])
        return to_gates, d_recurrent, None
