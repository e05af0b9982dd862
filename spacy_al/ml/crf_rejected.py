"""Spans known not to be entities, as a CRF with more tags: the sequences that hold one of them are left out exactly."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Dict, List, Sequence, Tuple

import numpy
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..corpus.schemes import PREFIXES, allowed_transitions, split_tag
from ..tasks import TokenSpan
from .crf import FORBIDDEN, Chain
from .stages import Rejected

Slots = Tuple[str, ...]  # of each slot, its label
Bools = NDArray[numpy.bool_]


@dataclass(frozen=True)
class State:
    """A tag, and what is known of the entity it stands in.

    tag (int): Its number. label (str): "" for O.
    slot (int): Whose entity it is: -1 for one that begins where no span of its label was rejected.
    first (bool): The entity begins here; of labels without a slot nobody asks.
    last (bool): The entity ends here; outside slots nobody asks.
    """

    tag: int
    label: str
    slot: int = -1
    first: bool = False
    last: bool = False


@dataclass(frozen=True)
class Wide:
    """The states of a chain with slots, and which may follow each other.

    states (List[State]): The S states. tags (NDArray[int64]): Their tags, (S,).
    start, end (NDArray[bool]): (S,). steps (NDArray[bool]): (S, S), from row to column.
    """

    states: List[State]
    tags: NDArray[numpy.int64]
    start: Bools
    steps: Bools
    end: Bools


def without_rejected(
    chain: Chain, rejected: Rejected, tags: Sequence[str], scheme: str, *, constrained: bool = False
) -> Chain:
    """A chain whose log-partition sums over the sequences in which no rejected span is an entity.

    A sequence holds a span when `spacy_al.corpus.schemes.decode` reads exactly that span with that label from
    it. Where an entity ends depends, in IOB1 and IOB2, on the tag that follows; so an entity that begins where
    spans of its label were rejected goes through copies of its tags, in a slot of its own, which know whether it
    ends there, and the copy that ends at a rejected end is forbidden. Every other sequence has one path, of the
    score it has in `chain`. Unlike log(1 - P(span)), sums of such paths stay exact where P(span) is near 1, and
    any number of spans, overlapping or not, is counted together.

    chain (Chain): (batch, longest, tags). rejected (Rejected): Of each sentence.
    tags (Sequence[str]): Names of the chain's tags. scheme (str): Theirs.
    constrained (bool): The chain gives sequences that break the scheme no probability: fewer states will do.
    RETURNS (Chain): (batch, longest, states); differentiable in the potentials of `chain`.
    """
    starts = [_starts(spans) for spans in rejected]
    slots = _slots(starts)
    wide = widen(tuple(tags), scheme, slots, constrained)
    device, number = chain.emissions.device, torch.from_numpy(wide.tags).to(chain.emissions.device)
    forbidden = numpy.zeros((*chain.emissions.shape[:2], len(wide.states)), dtype=bool)
    for row, spans in enumerate(rejected):
        _forbid(forbidden[row], wide.states, slots, starts[row], spans)

    def mask(values: Tensor, allowed: Bools) -> Tensor:
        return values.masked_fill(torch.from_numpy(~allowed).to(device), FORBIDDEN)

    return replace(
        chain,
        emissions=mask(chain.emissions[..., number], ~forbidden),
        start=mask(chain.start[number], wide.start),
        transitions=mask(chain.transitions[number][:, number], wide.steps),
        end=mask(chain.end[number], wide.end),
    )


def _starts(spans: Sequence[TokenSpan]) -> Dict[str, List[int]]:
    """Where spans of each label begin, each place once."""
    return {label: sorted({span[0] for span in spans if span[2] == label}) for _, _, label in spans}


def _slots(starts: Sequence[Dict[str, List[int]]]) -> Slots:
    """As many slots of each label as the sentence with most places of it needs."""
    labels = sorted({label for one in starts for label in one})
    return tuple(label for label in labels for _ in range(max(len(one.get(label, [])) for one in starts)))


def _forbid(
    forbidden: Bools, states: List[State], slots: Slots, starts: Dict[str, List[int]], spans: Sequence[TokenSpan]
) -> None:
    """Mark what no sequence of a sentence may use: (longest, states)."""
    begins = {slots.index(label) + rank: at for label, all_ in starts.items() for rank, at in enumerate(all_)}
    for number, state in enumerate(states):
        if state.first and state.slot < 0:
            forbidden[starts.get(state.label, []), number] = True
        elif state.first:
            forbidden[:, number] = True
            forbidden[[begins[state.slot]] if state.slot in begins else [], number] = False
        if state.last:
            ends = [end - 1 for at, end, label in spans if (at, label) == (begins.get(state.slot), state.label)]
            forbidden[ends, number] = True


@lru_cache(maxsize=256)
def widen(tags: Tuple[str, ...], scheme: str, slots: Slots, constrained: bool) -> Wide:
    """The states for a scheme's tags, more than one for each tag of a label with slots."""
    split = [split_tag(tag, PREFIXES[scheme]) for tag in tags]
    states = [state for number, (prefix, label) in enumerate(split) for state in _states(number, prefix, label, slots)]
    numbers = numpy.array([state.tag for state in states], dtype=numpy.int64)
    labels = numpy.array([state.label for state in states])
    asked = numpy.array([not state.label or state.label in slots for state in states])
    # As in `decode`: after L- and U- no entity is open; B- and U- begin one, and so does a label that is not open.
    open_ = numpy.array([split[state.tag][1] if split[state.tag][0] in "BI" else "" for state in states])
    opens = numpy.array([split[state.tag][0] in "BU" for state in states])
    inside, first = labels != "", numpy.array([state.first for state in states])
    slot, last = numpy.array([state.slot for state in states]), numpy.array([state.last for state in states])
    begins = inside & (opens | (labels != open_[:, None]))  # (S, S): an entity begins in the column
    goes_on = inside & ~begins
    steps = (~asked | (begins == first)) & (~goes_on | (slot[:, None] == slot))
    steps &= (slot < 0)[:, None] | (last[:, None] != goes_on)
    wide = Wide(states, numbers, ~asked | (inside == first), steps, (slot < 0) | last)
    return _prune(wide, tags, scheme) if constrained else wide


def _prune(wide: Wide, tags: Sequence[str], scheme: str) -> Wide:
    """Only the states that a sequence of the scheme can pass through: an I- of IOB2 begins no entity."""
    start, steps, end = allowed_transitions(tags, scheme)
    start, end = wide.start & start[wide.tags], wide.end & end[wide.tags]
    steps = wide.steps & steps[wide.tags][:, wide.tags]
    kept = (start | steps.any(0)) & (end | steps.any(1))
    states = [state for state, keep in zip(wide.states, kept, strict=True) if keep]
    return Wide(states, wide.tags[kept], start[kept], steps[kept][:, kept], end[kept])


def _states(number: int, prefix: str, label: str, slots: Slots) -> List[State]:
    if label not in slots:
        return [State(number, label)]
    firsts = (True,) if prefix in "BU" else (True, False)
    lasts = (True,) if prefix in "LU" else (True, False)
    own = [slot for slot, of in enumerate(slots) if of == label]
    outside = [State(number, label, first=first) for first in firsts]
    return outside + [State(number, label, slot, first, last) for slot in own for first in firsts for last in lasts]
