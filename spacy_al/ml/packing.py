"""Training batches on a CPU without padding: several sentences in a row, none of which sees another."""

import heapq
from dataclasses import replace
from typing import List, Optional, Sequence, Tuple

import torch

from .wordpieces import WordpieceBatch

# Encoders that take a mask of three axes and positions, and know nothing else of where a wordpiece is but distances.
PACKED = ("bert", "electra", "roberta", "xlm-roberta", "camembert", "mpnet")
ROW = 64  # wordpieces of a row, about, unless a sentence is longer; attention takes its square
MOST = 2048  # wordpieces that go through together, which bounds memory


def pack(batch: WordpieceBatch, padding: int, most: Optional[int] = None) -> WordpieceBatch:
    """The same sentences in few rows of about one width; what comes out of each stays where it was.

    batch (WordpieceBatch): A sentence, or a window of one, a row. On the CPU.
    padding (int): The id that fills rows. most (Optional[int]): Wordpieces that the model takes in a row; None: any
        number. Each has its position in its sentence, but BERT and others refuse a longer row nevertheless.
    """
    width = batch.ids.shape[1]
    lengths = batch.mask.sum(1)
    row_of, start_of, rows, room = fit(lengths.tolist(), max(width, ROW), most)
    old_rows, places = batch.mask.nonzero(as_tuple=True)
    new_rows, new_places = torch.tensor(row_of)[old_rows], torch.tensor(start_of)[old_rows] + places
    ids = torch.full((rows, room), padding)
    ids[new_rows, new_places] = batch.ids[batch.mask]
    members = torch.full((rows, room), -1)  # padding sees padding, since nothing else would be left for it to see
    members[new_rows, new_places] = old_rows
    positions = torch.zeros_like(ids)
    positions[new_rows, new_places] = places
    states = None
    if batch.states is not None:
        states = batch.states.new_zeros(*ids.shape, batch.states.shape[-1])
        states[new_rows, new_places] = batch.states[batch.mask]
    read = torch.zeros_like(batch.ids)
    read[old_rows, places] = new_rows * room + new_places
    return replace(
        batch,
        ids=ids,
        mask=members[:, :, None] == members[:, None],
        pieces=read.flatten()[batch.pieces],
        positions=positions,
        states=states,
    )


def fit(lengths: Sequence[int], room: int, most: Optional[int] = None) -> Tuple[List[int], List[int], int, int]:
    """Row and start of each sentence, and the number and the width of rows.

    There are as few rows of `room` as hold them all; the longest sentence goes first, each to the row with most room,
    which makes rows about as full as each other, and the longest a little wider or narrower than `room`. Where one
    would be wider than `most`, there are more rows; no sentence is longer than that.
    """
    total = sum(lengths)
    rows, widest = max(1, -(-total // room)), total if most is None else most
    while (found := _spread(lengths, rows))[-1] > widest and rows < len(lengths):
        rows += 1
    return found


def _spread(lengths: Sequence[int], rows: int) -> Tuple[List[int], List[int], int, int]:
    filled = [(0, row) for row in range(rows)]
    row_of, start_of = [0] * len(lengths), [0] * len(lengths)
    for number in sorted(range(len(lengths)), key=lambda one: -lengths[one]):
        start_of[number], row_of[number] = filled[0]
        heapq.heapreplace(filled, (start_of[number] + lengths[number], row_of[number]))
    return row_of, start_of, len(filled), max(filled)[0]
