"""The numbers of the paper that this package follows, table by table, to stand beside ours.

Source: Shelmanov et al., Active Learning for Sequence Tagging with Deep Pre-trained Models and Bayesian
Uncertainty Estimates, EACL 2021. F1 is in percent, "±" the standard deviation over five runs (CoNLL-2003) or
three (OntoNotes 5.0), a share is the share of the training corpus's tokens that is labelled.
"""

from dataclasses import dataclass
from importlib.resources import files
from typing import Dict, List, Optional

from ..report import names
from ..report.tables import ROUNDS as ROUNDS

SOURCE = "Shelmanov et al., EACL 2021"
CONLL, ONTONOTES = names.CONLL, names.ONTONOTES
CORPORA = (CONLL, ONTONOTES)
RUNS = {CONLL: 5, ONTONOTES: 3}
TOKENS = {CONLL: 203_621, ONTONOTES: 1_088_503}  # of the training corpora, Tables 3 and 4

CRF, CNN_BILSTM_CRF, ELMO_BILSTM_CRF = names.CRF, names.CNN_BILSTM_CRF, names.ELMO_BILSTM_CRF
DISTILBERT, BERT, ELECTRA = names.DISTILBERT, names.BERT, names.ELECTRA
MODELS = (CRF, CNN_BILSTM_CRF, ELMO_BILSTM_CRF, DISTILBERT, BERT, ELECTRA)

# The paper's pretrained weights (appendix C.3): the models without an entry need none from a hub.
WEIGHTS = {
    ELMO_BILSTM_CRF: "ELMo, medium",
    DISTILBERT: "distilbert-base-cased",
    BERT: "bert-base-cased",
    ELECTRA: "google/electra-base-discriminator",
}


@dataclass(frozen=True)
class Score:
    """F1 in percent and its standard deviation over runs, None where the paper gives none."""

    f1: float
    deviation: Optional[float]


@dataclass(frozen=True)
class Duration:
    """Seconds of round 5 on CoNLL-2003 with MNLP, over three runs, on an Nvidia V100 and a Xeon E5-2698."""

    training: int
    querying: int


@dataclass(frozen=True)
class Saving:
    """Share of tokens for 99 % of the full-corpus F1: with the best strategy, and at random (more than)."""

    model: str
    best: float
    random: float


# Table 1: models trained on the entire corpus (75 % of it; the rest is held out).
FULL: Dict[str, Dict[str, Score]] = {
    CRF: {CONLL: Score(78.2, None), ONTONOTES: Score(79.8, None)},
    CNN_BILSTM_CRF: {CONLL: Score(88.3, 0.2), ONTONOTES: Score(82.9, 0.3)},
    ELMO_BILSTM_CRF: {CONLL: Score(91.2, 0.2), ONTONOTES: Score(87.2, 0.2)},
    DISTILBERT: {CONLL: Score(89.8, 0.2), ONTONOTES: Score(87.3, 0.1)},
    BERT: {CONLL: Score(91.1, 0.2), ONTONOTES: Score(88.2, 0.2)},
    ELECTRA: {CONLL: Score(91.5, 0.2), ONTONOTES: Score(87.6, 0.2)},
}

# Table 2.
DURATIONS: Dict[str, Duration] = {
    CNN_BILSTM_CRF: Duration(1052, 68),
    ELMO_BILSTM_CRF: Duration(339, 100),
    ELECTRA: Duration(100, 50),
    DISTILBERT: Duration(61, 27),
}
DURATION_ROUND = 5

# Section 5.2.2, "Active Learning".
SAVINGS: Dict[str, Saving] = {CONLL: Saving(ELECTRA, 0.20, 0.44), ONTONOTES: Saving(BERT, 0.16, 0.46)}


def _read(name: str) -> Dict[str, Dict[str, List[Score]]]:
    # A model's name on a line of its own; then a strategy, and F1 and deviation at each of ROUNDS.
    result: Dict[str, Dict[str, List[Score]]] = {}
    for line in (files(__package__) / name).read_text(encoding="utf8").splitlines():
        if line in MODELS:
            result[line] = rows = {}
        else:
            numbers = [float(number) for number in line[18:].split()]
            rows[line[:18].strip()] = [Score(*pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)]
    return result


# Tables 5 (CoNLL-2003) and 6 (OntoNotes 5.0): corpus -> model -> strategy -> a Score for each of ROUNDS.
DROPOUT: Dict[str, Dict[str, Dict[str, List[Score]]]] = {CONLL: _read("table5.txt"), ONTONOTES: _read("table6.txt")}
