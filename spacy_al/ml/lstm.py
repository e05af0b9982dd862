"""Bidirectional LSTM layers over sentences without padding, with a backward pass of their own, for CPUs."""

from dataclasses import dataclass
from typing import Any, List, Tuple

import torch
from torch import Tensor, nn

from .crf import flip

KINDS = ("weight_ih_", "weight_hh_", "bias_ih_", "bias_hh_")


@dataclass(frozen=True)
class Packing:
    """Tokens in the order an LSTM reads them: all first tokens, longest sentence first, then all second.

    Both directions read at once, so each place is two rows: forward, then backward.

    order (Tensor): int64, (2 * tokens,). Row r belongs to token order[r] // 2 read in direction order[r] % 2.
    back (Tensor): int64, (2 * tokens,). The row of each token and direction: undoes `order`.
    before (Tensor): int64 place that was read before, for all places but the first `sizes[0]`.
    sizes (List[int]): Sentences that have a token at each step.
    """

    order: Tensor
    back: Tensor
    before: Tensor
    sizes: List[int]


def pack(lengths: Tensor) -> Packing:
    """Plan the reading of sentences that stand one after the other. lengths (Tensor): int64, on the CPU."""
    starts = lengths.cumsum(0) - lengths
    lengths, which = lengths.sort(descending=True, stable=True)
    starts = starts[which]
    steps = torch.arange(int(lengths.max()) if len(lengths) else 0)[:, None]
    here = steps < lengths  # (steps, sentences)
    forward, backward = (starts + steps)[here], (starts + lengths - 1 - steps)[here]
    order = torch.stack([2 * forward, 2 * backward + 1], 1).flatten()
    sizes = here.sum(1)
    first = sizes.cumsum(0) - sizes
    before = (first[:-1, None] + torch.arange(len(lengths)))[here[1:]]
    return Packing(order, order.argsort(), before, sizes.tolist())


def run_lstm(lstm: nn.LSTM, states: Tensor, packing: Packing) -> Tensor:
    """What `lstm` gives for every token, forward direction first: (tokens, width) -> (tokens, 2 * hidden).

    lstm (nn.LSTM): Bidirectional, with biases, without projection or dropout of its own.
    """
    hidden = lstm.hidden_size
    for layer in range(lstm.num_layers):
        parts = []
        for name in (f"l{layer}", f"l{layer}_reverse"):
            # From torch's order of gates, input, forget, candidate, output, to ours with the output first:
            # then the three gates that take a sigmoid are neighbours, and so are the three that c leads to.
            parts.append([torch.roll(getattr(lstm, kind + name), hidden, 0) for kind in KINDS])
        into, recurrent, bias_into, bias_recurrent = zip(*parts, strict=True)
        bias = torch.cat(bias_into) + torch.cat(bias_recurrent)
        gates = torch.addmm(bias, states, torch.cat(into).T)  # (tokens, 2 * 4 * hidden)
        states = _Recurrence.apply(gates, torch.stack(recurrent), packing)  # type: ignore[no-untyped-call]
    return states


def run_padded_lstm(lstm: nn.LSTM, states: Tensor, lengths: Tensor) -> Tensor:
    """The same over padded sentences, one direction at a time: torch's fastest way without gradients on a CPU.

    Each direction reads padding last, where it does no harm, so nothing has to be packed. It has gradients too
    and no shape that depends on lengths, so a CUDA graph can hold it.

    states (Tensor): (sentences, longest, width). lengths (Tensor): int64, (sentences,).
    RETURNS (Tensor): (sentences, longest, 2 * hidden), anything in the padding.
    """
    zeros = states.new_zeros(1, len(states), lstm.hidden_size)
    for layer in range(lstm.num_layers):
        outputs = []
        for name, turn in ((f"l{layer}", False), (f"l{layer}_reverse", True)):
            weights = [getattr(lstm, kind + name) for kind in KINDS]
            inputs = flip(states, lengths) if turn else states
            learns = torch.is_grad_enabled()  # what cuDNN calls training; there is no dropout in it
            output, _, _ = torch.lstm(inputs, (zeros, zeros), weights, True, 1, 0.0, learns, False, True)
            outputs.append(flip(output, lengths) if turn else output)
        states = torch.cat(outputs, -1)
    return states


class _Recurrence(torch.autograd.Function):
    """h of all steps, (tokens, 2 * hidden), from what the inputs give to the gates, (tokens, 2 * 4 * hidden).

    Autograd through torch's own loop makes zeros for every slice and adds up the gradient of the recurrent
    weights in every step. Here the loops hold only what depends on the step before, in place, and the rest is
    done for all steps at once.
    """

    @staticmethod
    def forward(ctx: Any, gates: Tensor, recurrent: Tensor, packing: Packing) -> Tensor:
        hidden = recurrent.shape[2]
        acts = gates.view(-1, 4 * hidden).index_select(0, packing.order)  # (2 * tokens, 4 * hidden), gates o, i, f, g
        cells, squashed, outputs = (acts.new_empty(len(acts), hidden) for _ in range(3))
        rows = [2 * size for size in packing.sizes]
        steps = zip(
            rows,
            acts.split(rows),
            acts[:, : 3 * hidden].split(rows),
            *(part.split(rows) for part in acts.chunk(4, 1)),
            cells.split(rows),
            squashed.split(rows),
            outputs.split(rows),
            strict=True,
        )
        weights = recurrent.transpose(1, 2).unbind()
        last = None
        for size, act, sigmoids, out, into, forget, candidate, cell, tanh, output in steps:
            if last is not None:
                for direction, weight in enumerate(weights):
                    act[direction::2].addmm_(last[1][direction:size:2], weight)
            sigmoids.sigmoid_()
            candidate.tanh_()
            torch.mul(into, candidate, out=cell)
            if last is not None:
                cell.addcmul_(forget, last[0][:size])
            torch.tanh(cell, out=tanh)
            torch.mul(out, tanh, out=output)
            last = cell, output
        ctx.packing = packing
        ctx.save_for_backward(acts, recurrent, cells, squashed, outputs)
        return outputs.index_select(0, packing.back).view(-1, 2 * hidden)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tuple[Tensor, Tensor, None]:
        acts, recurrent, cells, squashed, outputs = ctx.saved_tensors
        packing, hidden = ctx.packing, recurrent.shape[2]
        slopes, through = _slopes(acts, cells, squashed, packing)
        d_outputs = grad.reshape(-1, hidden).index_select(0, packing.order)
        rows = [2 * size for size in packing.sizes]
        steps = zip(
            rows,
            slopes.split(rows),
            slopes[:, :hidden].split(rows),
            slopes[:, hidden:].unflatten(1, (3, hidden)).split(rows),
            through.split(rows),
            acts[:, 2 * hidden : 3 * hidden].split(rows),
            d_outputs.split(rows),
            strict=True,
        )
        d_cells, d_before = through.new_zeros(2, max(rows, default=0), hidden)
        for size, to_gates, to_out, to_others, leads, forget, d_output in reversed(list(steps)):
            d_output += d_before[:size]
            d_cell = d_cells[:size].addcmul_(d_output, leads)
            to_out *= d_output
            to_others *= d_cell[:, None]
            d_cell *= forget
            for direction in range(2):
                torch.mm(to_gates[direction::2], recurrent[direction], out=d_before[direction:size:2])
        d_gates = slopes.index_select(0, packing.back).view(-1, 8 * hidden)
        return d_gates, _recurrent_gradient(slopes, outputs, packing), None


def _slopes(acts: Tensor, cells: Tensor, squashed: Tensor, packing: Packing) -> Tuple[Tensor, Tensor]:
    """What a unit of gradient of h gives to o before its sigmoid, one of c to i, f and g, one of h to c."""
    out, into, forget, candidate = acts.chunk(4, 1)
    slopes = torch.empty_like(acts)
    to_out, to_into, to_forget, to_candidate = slopes.chunk(4, 1)
    torch.mul(squashed, out * (1 - out), out=to_out)
    torch.mul(candidate, into * (1 - into), out=to_into)
    torch.mul(into, 1 - candidate.square(), out=to_candidate)
    first = 2 * packing.sizes[0] if packing.sizes else 0
    to_forget[:first] = 0
    before = cells.view(-1, 2 * cells.shape[1]).index_select(0, packing.before).view(-1, cells.shape[1])
    torch.mul(before, (forget * (1 - forget))[first:], out=to_forget[first:])
    return slopes, out * (1 - squashed.square())


def _recurrent_gradient(to_gates: Tensor, outputs: Tensor, packing: Packing) -> Tensor:
    first = packing.sizes[0] if packing.sizes else 0
    later = to_gates.view(-1, 2, to_gates.shape[1])[first:]  # (places, 2, 4 * hidden)
    before = outputs.view(-1, 2 * outputs.shape[1]).index_select(0, packing.before)
    return torch.stack([later[:, direction].T @ half for direction, half in enumerate(before.chunk(2, 1))])
