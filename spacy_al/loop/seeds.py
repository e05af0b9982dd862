"""Random numbers of each phase from one root, so that a resumed run draws what an undisturbed one draws."""

from typing import Dict

import numpy

PHASES: Dict[str, int] = {
    "select_seed": 0, "split": 1, "train": 2, "score": 3, "select": 4, "subsample": 5, "start": 6,
    "holdout": 7, "watch": 8, "interval": 9, "mix": 10, "folds": 11, "final": 12, "mix_reserve": 13,
    "pseudo": 14, "precision": 15,
}  # fmt: skip


def phase_sequence(root: int, round_: int, phase: str) -> numpy.random.SeedSequence:
    """The seed sequence of one phase of one round."""
    return numpy.random.SeedSequence(root, spawn_key=(round_, PHASES[phase]))


def phase_rng(root: int, round_: int, phase: str) -> numpy.random.Generator:
    """A generator for one phase of one round."""
    return numpy.random.default_rng(phase_sequence(root, round_, phase))


def phase_seed(root: int, round_: int, phase: str) -> int:
    """A whole number below 2**32 for libraries that take one."""
    return int(phase_sequence(root, round_, phase).generate_state(1)[0])
