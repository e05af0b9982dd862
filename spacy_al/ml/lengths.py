"""Batches of similar length: to a budget of padded tokens, and as parts of a batch that cost least."""

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


def plan_parts(sizes: Sequence[int], cost: int) -> List[List[int]]:
    """Divide a batch by length so that its padded units, and `cost` for each part, are as few as can be.

    sizes (Sequence[int]): Length of each sentence. cost (int): Units that a part costs beside its own.
    RETURNS (List[List[int]]): Numbers of sentences, shortest first; ties keep their order.
    """
    order = sorted(range(len(sizes)), key=sizes.__getitem__)
    least = [0]  # of the first n sentences
    starts: List[int] = []  # of the last part of the first n + 1
    for end in range(1, len(order) + 1):
        longest = sizes[order[end - 1]]
        costs = [least[start] + (end - start) * longest + cost for start in range(end)]
        least.append(min(costs))
        starts.append(costs.index(least[-1]))
    parts: List[List[int]] = []
    end = len(order)
    while end:
        parts.append(order[starts[end - 1] : end])
        end = starts[end - 1]
    return parts[::-1]
