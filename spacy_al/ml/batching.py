"""Batches of similar length to a budget of padded tokens."""

from typing import List, Sequence


def plan_batches(sizes: Sequence[int], budget: int) -> List[List[int]]:
    """Group sentences by length so that sentences * longest stays within a budget.

    sizes (Sequence[int]): Length of each sentence, in wordpieces or tokens.
    budget (int): Most padded units of a batch; a longer sentence makes a batch of its own.
    RETURNS (List[List[int]]): Numbers of sentences, shortest first; ties keep their order.
    """
    order = sorted(range(len(sizes)), key=sizes.__getitem__)
    batches: List[List[int]] = []
    for number in order:
        if batches and (len(batches[-1]) + 1) * max(sizes[number], 1) <= budget:
            batches[-1].append(number)
        else:
            batches.append([number])
    return batches
