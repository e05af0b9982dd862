"""What things are called in a report: taggers, corpora, measures, files."""

import re

# Corpora and taggers that are recognised, as the literature writes them.
CONLL, ONTONOTES = "CoNLL-2003", "OntoNotes 5.0"
CRF, CNN_BILSTM_CRF, ELMO_BILSTM_CRF = "CRF", "CNN-BiLSTM-CRF", "ELMo-BiLSTM-CRF"
DISTILBERT, BERT, ELECTRA = "DistilBERT", "BERT", "ELECTRA"
# How the paper writes the measures, in its order; others show as they are registered.
MEASURES = {
    "random": "Random",
    "mnlp": "MNLP",
    "least_confidence": "LC",
    "variation_ratio": "VR",
    "bald": "BALD",
    "entropy": "Entropy",
    "margin": "Margin",
}
# These carry their dropout in brackets, as in the paper's tables.
STOCHASTIC = ("variation_ratio", "bald")
PLAIN_STRATEGIES = ("", "TopUtility")
TRANSFORMER, PRETRAINED_BILSTM, BILSTM, OTHER = "transformer", "pretrained BiLSTM", "BiLSTM", "other"
PRETRAINED = (TRANSFORMER, PRETRAINED_BILSTM)
GENERIC = ("train", "pool", "eng", "training")  # file names that say nothing of the corpus


def strategy_name(measure: str, dropout: str, strategy: str, acquirer: str = "") -> str:
    """A query strategy as a curve's label, in the paper's words.

    measure, strategy (str): Short registered names. dropout (str): "off", "last", ...
    acquirer (str): Name of the model that acquired, where another one is trained and evaluated; else "".
    RETURNS (str): Such as "MNLP", "BALD (MC last)" or "MNLP, acq. DistilBERT"; with the strategy if it is not to
        take the top.
    """
    name = MEASURES.get(measure, measure.replace("_", " "))
    if measure in STOCHASTIC or (dropout != "off" and measure != "random"):
        name = f"{name} (MC {dropout})"
    name = name if strategy in PLAIN_STRATEGIES else f"{name}, {strategy}"
    return f"{name}, acq. {acquirer}" if acquirer else name


def tagger_name(factory: str, encoder: str, architecture: str) -> str:
    """The paper's name for a tagger where it is one of the paper's, else the encoder's or the factory's own.

    factory (str): Factory of the component, such as "crfsuite_ner".
    encoder (str): Encoder's name or folder, "" if there is none. architecture (str): Of the encoder, short.
    RETURNS (str): Such as "DistilBERT", "MiniLM-L6" or "flair_ner".
    """
    text = f"{encoder} {architecture}".lower()
    if "crfsuite" in factory:
        return CRF
    for word, name in (
        ("electra", ELECTRA),
        ("distilbert", DISTILBERT),
        ("elmo", ELMO_BILSTM_CRF),
        ("mpnet-base", "MPNet"),
    ):
        if word in text:
            return name
    if "bilstm" in text:
        return CNN_BILSTM_CRF
    if re.search(r"(^|/)bert[-_]base", text):
        return BERT
    layers = re.search(r"minilm\D*(\d+)", text)
    if layers:
        return f"MiniLM-L{layers[1]}"
    return short_path(encoder) or architecture or factory


def tagger_kind(factory: str, encoder: str, architecture: str) -> str:
    """What a tagger is built on, from the same arguments as `tagger_name`.

    RETURNS (str): "transformer", "pretrained BiLSTM" (ELMo), "BiLSTM", "CRF", or "other".
    """
    text = architecture.lower()
    if "crfsuite" in factory:
        return CRF
    if "bilstm" in text:
        return PRETRAINED_BILSTM if "elmo" in f"{encoder} {text}".lower() else BILSTM
    return TRANSFORMER if "transformer" in text else OTHER


def corpus_name(path: str) -> str:
    """The name of a corpus from where its file lies: the paper's two are recognised, others keep their own.

    path (str): Such as "corpus/conll2003/train.spacy"; "" gives "corpus".
    """
    plain = re.sub(r"[^a-z0-9]", "", path.lower())
    if "conll2003" in plain or "conll03" in plain:
        return CONLL
    if "ontonotes" in plain:
        return ONTONOTES
    parts = [part for part in re.split(r"[\\/]", path) if part not in ("", ".", "..")]
    stem = parts[-1].removesuffix(".spacy") if parts else ""
    if stem.lower() in GENERIC and len(parts) > 1:
        return parts[-2]
    return stem or "corpus"


def short_name(name: str) -> str:
    """A registered name without our prefix and its version: "spacy-al.TopUtility.v1" -> "TopUtility"."""
    return re.sub(r"\.v\d+$", "", name.removeprefix("spacy-al."))


def short_path(name: str) -> str:
    """A model's name: a hub's "owner/name" stays, a folder or package gives its last telling part."""
    parts = [part for part in name.removeprefix("package:").replace("\\", "/").split("/") if part]
    if len(parts) == 2 and parts[-1] != "model" and not name.startswith((".", "/", "package:")):
        return "/".join(parts)
    telling = [part for part in parts if part not in ("model", ".", "..")]
    return telling[-1] if telling else name


def tail(path: str) -> str:
    """The last two parts of a path: they tell files of a project apart, and are the same on every machine."""
    return "/".join([part for part in re.split(r"[\\/]", path) if part not in ("", ".")][-2:])
