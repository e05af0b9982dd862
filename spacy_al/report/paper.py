"""The numbers of the paper that this package follows, table by table, to stand beside ours.

Source: Shelmanov et al., Active Learning for Sequence Tagging with Deep Pre-trained Models and Bayesian
Uncertainty Estimates, EACL 2021. F1 is in percent, "±" the standard deviation over five runs (CoNLL-2003) or
three (OntoNotes 5.0), a share is the share of the training corpus's tokens that is labelled.
"""

from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

SOURCE = "Shelmanov et al., EACL 2021"
CONLL = "CoNLL-2003"
ONTONOTES = "OntoNotes 5.0"
RUNS = {CONLL: 5, ONTONOTES: 3}
TOKENS = {CONLL: 203_621, ONTONOTES: 1_088_503}  # of the training corpora, Tables 3 and 4

CRF = "CRF"
CNN_BILSTM_CRF = "CNN-BiLSTM-CRF"
ELMO_BILSTM_CRF = "ELMo-BiLSTM-CRF"
DISTILBERT = "DistilBERT"
BERT = "BERT"
ELECTRA = "ELECTRA"
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

# The rounds that are the columns of Tables 5 and 6.
ROUNDS: Tuple[int, ...] = (1, 5, 10, 15, 20, 24)

_TABLE_5 = """
ELMo-BiLSTM-CRF
MNLP              84.1 1.0  89.5 0.2  90.7 0.2  91.1 0.1  91.1 0.1  91.2 0.1
Random            82.5 0.5  86.8 0.4  88.7 0.4  89.4 0.2  90.1 0.2  90.3 0.2
VR (MC word)      83.3 1.0  89.4 0.1  90.5 0.1  90.8 0.3  91.0 0.2  91.1 0.1
VR (MC all)       84.7 0.7  89.7 0.2  90.7 0.1  90.9 0.1  90.9 0.1  91.2 0.2
VR (MC locked)    84.4 1.0  89.8 0.2  90.6 0.2  91.0 0.3  91.1 0.2  91.2 0.2
BALD (MC word)    83.5 1.0  88.8 0.5  90.3 0.2  90.5 0.2  90.9 0.2  91.1 0.2
BALD (MC locked)  84.3 0.4  89.5 0.4  90.5 0.0  90.8 0.1  91.1 0.1  91.3 0.1
BALD (MC all)     84.2 0.7  89.6 0.2  90.5 0.2  90.7 0.1  91.1 0.1  91.1 0.1
DistilBERT
MNLP              76.2 2.0  85.9 0.6  88.0 0.2  88.3 0.2  88.9 0.3  89.2 0.1
Random            76.3 0.6  82.8 1.1  86.0 0.3  87.0 0.2  87.7 0.2  88.2 0.5
VR (MC last)      78.0 0.2  85.3 0.2  87.7 0.5  88.1 0.4  88.6 0.5  89.0 0.3
VR (MC all)       78.3 1.4  86.3 0.6  88.3 0.1  88.8 0.3  88.8 0.3  89.0 0.2
BALD (MC last)    78.0 0.9  86.0 0.2  87.7 0.3  88.3 0.3  89.1 0.0  89.1 0.1
BALD (MC all)     77.3 1.0  85.6 0.4  87.9 0.1  88.6 0.3  89.0 0.1  89.0 0.1
ELECTRA
MNLP              85.0 0.8  89.6 0.1  90.6 0.1  90.7 0.2  91.0 0.2  91.0 0.2
Random            83.7 0.8  87.6 0.6  89.4 0.4  89.9 0.3  90.4 0.2  90.5 0.2
VR (MC last)      85.9 0.7  88.7 0.2  90.3 0.2  90.6 0.5  91.0 0.3  91.0 0.1
VR (MC all)       84.3 1.0  89.8 0.2  90.4 0.3  90.9 0.2  91.0 0.1  91.2 0.3
BALD (MC last)    85.6 0.5  90.4 0.2  90.5 0.2  90.6 0.4  90.9 0.2  91.4 0.2
BALD (MC all)     84.0 0.9  89.5 0.4  90.6 0.2  90.7 0.3  91.1 0.2  90.8 0.3
"""

_TABLE_6 = """
ELMo-BiLSTM-CRF
MNLP              79.5 0.1  85.6 0.2  87.4 0.2  88.1 0.1  88.4 0.1  88.5 0.1
Random            75.1 1.2  81.5 0.2  84.6 0.2  86.0 0.2  86.9 0.2  87.3 0.2
VR (MC word)      79.4 0.6  85.1 0.3  87.0 0.1  87.7 0.1  88.0 0.2  88.2 0.2
VR (MC all)       79.6 1.0  85.6 0.1  87.4 0.2  88.0 0.3  88.3 0.1  88.4 0.1
VR (MC locked)    79.8 0.5  85.6 0.1  87.4 0.1  88.1 0.2  88.4 0.1  88.5 0.2
BALD (MC word)    78.6 0.8  84.4 0.3  86.3 0.4  87.4 0.3  87.9 0.2  88.2 0.0
BALD (MC locked)  78.8 1.5  85.1 0.5  87.0 0.3  87.9 0.2  88.2 0.2  88.4 0.1
BALD (MC all)     78.9 1.3  85.0 0.5  87.0 0.6  87.9 0.3  88.1 0.2  88.3 0.2
DistilBERT
MNLP              78.3 0.5  84.8 0.4  86.2 0.2  86.9 0.2  87.0 0.2  87.2 0.1
Random            75.1 0.9  82.5 0.2  84.2 0.3  85.4 0.2  86.0 0.2  86.1 0.2
VR (MC last)      77.8 0.3  84.4 0.3  85.8 0.0  86.6 0.3  87.0 0.3  87.0 0.3
VR (MC all)       78.5 0.2  84.6 0.3  86.1 0.0  86.7 0.2  87.2 0.1  87.2 0.1
BALD (MC last)    78.3 0.3  84.9 0.1  86.3 0.0  86.9 0.0  87.1 0.2  87.0 0.1
BALD (MC all)     78.3 0.1  84.8 0.1  86.4 0.2  87.2 0.1  87.1 0.1  87.2 0.2
BERT
MNLP              81.8 0.2  86.7 0.1  87.7 0.1  88.1 0.2  88.3 0.2  88.3 0.2
Random            78.7 0.8  84.6 0.1  86.3 0.3  86.6 0.3  87.2 0.2  87.4 0.1
VR (MC last)      81.6 0.8  86.4 0.3  87.4 0.2  87.7 0.2  88.0 0.4  88.1 0.1
VR (MC all)       82.2 0.5  86.8 0.3  87.7 0.2  88.0 0.2  88.5 0.2  88.5 0.2
BALD (MC last)    81.7 0.5  86.6 0.3  87.7 0.2  88.3 0.2  88.4 0.1  88.4 0.2
BALD (MC all)     82.3 0.7  86.7 0.0  87.8 0.2  88.3 0.2  88.4 0.1  88.6 0.3
"""


def _parse(table: str) -> Dict[str, Dict[str, List[Score]]]:
    result: Dict[str, Dict[str, List[Score]]] = {}
    model = ""
    for line in table.strip().splitlines():
        if line in MODELS:
            model = line
            result[model] = {}
            continue
        numbers = [float(number) for number in line[18:].split()]
        pairs = zip(numbers[::2], numbers[1::2], strict=True)
        result[model][line[:18].strip()] = [Score(f1, deviation) for f1, deviation in pairs]
    return result


# Tables 5 (CoNLL-2003) and 6 (OntoNotes 5.0): corpus -> model -> strategy -> a Score for each of ROUNDS.
DROPOUT: Dict[str, Dict[str, Dict[str, List[Score]]]] = {CONLL: _parse(_TABLE_5), ONTONOTES: _parse(_TABLE_6)}
