"""What the paper claims, each claim with the comparison of our own runs that can confirm or refute it."""

from dataclasses import dataclass
from typing import Sequence

from ..report.names import BILSTM, CRF, PRETRAINED_BILSTM, TRANSFORMER
from . import published as paper
from .claim_tests import (
    Test,
    acquired_by_smaller,
    against_simple,
    cheaper_to_acquire,
    compare_strategies,
    labels_saved,
    little_overhead,
    mismatch,
    untestable,
)
from .evidence import above, alike, no_worse

TRANSFORMERS = (paper.DISTILBERT, paper.BERT, paper.ELECTRA)
DEEP = (paper.ELMO_BILSTM_CRF, *TRANSFORMERS)
ANY = (TRANSFORMER, PRETRAINED_BILSTM, BILSTM, CRF)
RECURRENT = (PRETRAINED_BILSTM, BILSTM)
ELMO = (paper.ELMO_BILSTM_CRF,)
VR = "variation_ratio"


@dataclass(frozen=True)
class Claim:
    """A claim of the paper.

    where (str): Of the paper. text (str): In our words. models (Sequence[str]): The paper's models it is about;
    empty if it is not about any, which no run can test. workflow (str): The project's that runs them.
    test (Test): Its comparisons in some places, with a seed for the bootstrap.
    """

    where: str
    text: str
    models: Sequence[str]
    workflow: str
    test: Test


CLAIMS: Sequence[Claim] = (
    Claim(
        "abstract; 5.2",
        "Active learning (MNLP) improves on random sampling, for all models and on both corpora.",
        paper.MODELS,
        "paper-fig1",
        compare_strategies(ANY, [("mnlp", "off", "random", "off")], above),
    ),
    Claim(
        "conclusion",
        "99 % of the full-corpus F1 takes 20 % of CoNLL-2003 (ELECTRA) and 16 % of OntoNotes (BERT).",
        (paper.ELECTRA, paper.BERT),
        "paper-fig2",
        labels_saved,
    ),
    Claim(
        "conclusion",
        "In active learning, taggers with deep pretraining outperform those without.",
        DEEP,
        "paper-fig1",
        against_simple(above, gains=False),
    ),
    Claim(
        "abstract; conclusion",
        "A distilled version can acquire for the full-size transformer without loss (BERT by DistilBERT).",
        (paper.BERT,),
        "paper-fig34",
        acquired_by_smaller,
    ),
    Claim(
        "abstract; conclusion",
        "Acquiring with the distilled version takes less computing.",
        (paper.BERT,),
        "paper-fig34",
        cheaper_to_acquire,
    ),
    Claim(
        "conclusion",
        "BALD is better than variation ratio for transformers (dropout of the last layer).",
        TRANSFORMERS,
        "paper-tables56",
        compare_strategies((TRANSFORMER,), [("bald", "last", VR, "last")], above),
    ),
    Claim(
        "conclusion",
        "Variation ratio is slightly better than BALD for ELMo-BiLSTM-CRF (locked dropout).",
        ELMO,
        "paper-tables56",
        compare_strategies(RECURRENT, [(VR, "locked", "bald", "locked")], above, ELMO),
    ),
    Claim(
        "conclusion",
        "For both Bayesian strategies it is enough that the last layer is stochastic (no worse than all layers).",
        TRANSFORMERS,
        "paper-tables56",
        compare_strategies((TRANSFORMER,), [("bald", "last", "bald", "all"), (VR, "last", VR, "all")], no_worse),
    ),
    Claim(
        "conclusion",
        "Dropout of the last layer has little computational overhead.",
        TRANSFORMERS,
        "paper-tables56",
        little_overhead,
    ),
    Claim(
        "abstract; conclusion",
        "The first study of deep pretrained models and of BALD in active learning for sequence tagging.",
        (),
        "",
        untestable,
    ),
    Claim(
        "5.2",
        "Bayesian strategies do about as well as MNLP.",
        DEEP,
        "paper-tables56",
        compare_strategies(
            (TRANSFORMER, *RECURRENT),
            [("bald", "last", "mnlp", "off"), (VR, "locked", "mnlp", "off"), ("bald", "locked", "mnlp", "off")],
            alike,
        ),
    ),
    Claim(
        "5.2",
        "BALD with dropout of the last layer is better than with all layers, for transformers.",
        TRANSFORMERS,
        "paper-tables56",
        compare_strategies((TRANSFORMER,), [("bald", "last", "bald", "all")], above),
    ),
    Claim(
        "5.2",
        "Variation ratio with dropout of the last layer is worse than MNLP, for transformers.",
        TRANSFORMERS,
        "paper-tables56",
        compare_strategies((TRANSFORMER,), [("mnlp", "off", VR, "last")], above),
    ),
    Claim(
        "5.2",
        "For ELMo-BiLSTM-CRF, dropping words is worse than locked dropout.",
        ELMO,
        "paper-tables56",
        compare_strategies(RECURRENT, [("bald", "locked", "bald", "word"), (VR, "locked", VR, "word")], above, ELMO),
    ),
    Claim(
        "5.2",
        "For ELMo-BiLSTM-CRF, locked dropout alone does as well as all of it.",
        ELMO,
        "paper-tables56",
        compare_strategies(RECURRENT, [("bald", "all", "bald", "locked"), (VR, "all", VR, "locked")], alike, ELMO),
    ),
    Claim(
        "5.2",
        "The gain of MNLP over random is larger for taggers without deep pretraining.",
        paper.MODELS,
        "paper-fig1",
        against_simple(above, gains=True),
    ),
    Claim(
        "5.2",
        "A successor of another family than the acquisition model gains less than one that acquires for itself.",
        TRANSFORMERS,
        "paper-fig34",
        mismatch(above, native=True),
    ),
    Claim(
        "5.2",
        "Even so, it gains over random sampling.",
        TRANSFORMERS,
        "paper-fig34",
        mismatch(above, native=False),
    ),
)
