"""Small trained taggers of every kind, for tests that have to hold for all of them."""

from typing import Any, Dict, Tuple

import numpy
import spacy
import torch
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import fix_random_seed
from transformers import BertConfig, BertModel, BertTokenizerFast

from spacy_al.acquisition.ranking import Ranking
from spacy_al.acquisition.scoring import score_docs
from spacy_al.types import Sampling

TEXTS = [
    (["Ann", "Lee", "saw", "Rome", "."], ["B-PER", "I-PER", "O", "B-LOC", "O"]),
    (["In", "Oslo", ",", "Bob", "slept"], ["O", "B-LOC", "O", "B-PER", "O"]),
    (["Nobody", "came"], ["O", "O"]),
    (["New", "York", "loves", "Ann"], ["B-LOC", "I-LOC", "O", "B-PER"]),
    ([], []),
    (["Bob"], ["B-PER"]),
]
STOCK = {
    "@architectures": "spacy.TransitionBasedParser.v2",
    "state_type": "ner",
    "extra_state_tokens": False,
    "hidden_width": 16,
    "maxout_pieces": 2,
    "use_upper": True,
}
BY_HASH = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "pretrained_vectors": None,
    "width": 32,
    "depth": 1,
    "embed_size": 100,
    "window_size": 1,
    "maxout_pieces": 2,
    "subword_features": True,
}
FROM_TOK2VEC = {"@architectures": "spacy.Tok2VecListener.v1", "width": 96}
FROM_TRANSFORMER = {
    "@architectures": "spacy-transformers.TransformerListener.v1",
    "grad_factor": 1.0,
    "pooling": {"@layers": "reduce_mean.v1"},
}
BILSTM = {
    "@architectures": "spacy-al.BiLSTMEncoder.v1",
    "hidden": 16,
    "layers": 1,
    "reproject": True,
    "word_dropout": 0.2,
    "locked_dropout": 0.5,
    "embedding": {
        "@architectures": "spacy-al.WordEmbedding.v1",
        "char_width": 8,
        "char_filters": 8,
        "char_window": 3,
        "char_dropout": 0.1,
        "capitals": True,
    },
}
CRF = {"@al_heads": "spacy-al.CRFHead.v1", "dropout": 0.0, "constrained": True, "average": "sentences"}
# Kinds of dropout of each tagger, "off" aside.
DROPOUTS: Dict[str, Tuple[str, ...]] = {
    "ner": ("last", "all"),
    "tok2vec + ner": ("last", "all"),
    "transformer + ner": ("last", "all"),
    "hash tagger": ("last", "all"),
    "tok2vec + tagger": ("last", "all"),
    "transformer + tagger": ("last", "all"),
    "fused transformer": ("last", "all"),
    "bilstm-crf": ("word", "locked", "all"),
    "crfsuite": (),
    "flair": ("word", "locked", "all"),
}


def tiny_transformer(folder) -> str:
    """A random two-layer BERT over the words of TEXTS."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = [*special, *sorted({word.lower() for words, _ in TEXTS for word in words}), "##s"]
    (folder / "vocab.txt").write_text("\n".join(words), encoding="utf8")
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(folder)
    size = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    torch.random.manual_seed(0)
    BertModel(BertConfig(vocab_size=len(words), max_position_embeddings=64, **size)).save_pretrained(folder)
    return str(folder)


def _encoder(kind: str, folder) -> Dict[str, Any]:
    if kind.startswith("tok2vec"):
        return FROM_TOK2VEC
    if kind.startswith("transformer"):
        return FROM_TRANSFORMER
    if kind == "fused transformer":
        options = {"pooling": "first", "window": 0, "mixed_precision": False}
        configs = {"tokenizer_config": {"use_fast": True}, "transformer_config": {}}
        name = tiny_transformer(folder)
        return {"@architectures": "spacy-al.TransformerEncoder.v1", "name": name, **options, **configs}
    return BILSTM if kind == "bilstm-crf" else BY_HASH


def build(kind: str, folder) -> Language:
    """A pipeline whose component "target" is a tagger of one of the kinds in DROPOUTS, trained a little."""
    nlp = spacy.blank("en")
    if kind.startswith("tok2vec"):
        nlp.add_pipe("tok2vec")
    elif kind.startswith("transformer"):
        nlp.add_pipe("transformer", config={"model": {"name": tiny_transformer(folder)}})
    if kind == "bilstm-crf":
        rng = numpy.random.default_rng(0)
        for word in sorted({"the", *(word.lower() for words, _ in TEXTS for word in words)}):
            nlp.vocab.set_vector(word, rng.standard_normal(8).astype("float32"))
    if kind == "crfsuite":
        features = {"@al_features": "spacy-al.PaperFeatures.v1", "use_pos": False}
        nlp.add_pipe("crfsuite_ner", name="target", config={"features": features})
    elif kind == "flair":
        nlp.add_pipe("flair_ner", name="target", config={"hidden_size": 16, "max_epochs": 3})
    elif kind.endswith("ner"):
        nlp.add_pipe("ner", name="target", config={"model": {**STOCK, "tok2vec": _encoder(kind, folder)}})
    else:
        model = {"encoder": _encoder(kind, folder), **({"head": CRF} if kind == "bilstm-crf" else {})}
        nlp.add_pipe("sequence_tagger", name="target", config={"model": model})
    return _train(nlp)


def _train(nlp: Language) -> Language:
    examples = [Example(Doc(nlp.vocab, words=w), Doc(nlp.vocab, words=w, ents=e)) for w, e in TEXTS if w]
    state = numpy.random.get_state()
    fix_random_seed(0)
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(5):
        nlp.update(examples, drop=0.1, sgd=optimizer)
    numpy.random.set_state(state)
    return nlp


def make_docs(nlp: Language):
    """The sentences of TEXTS without labels, an empty one among them."""
    return [Doc(nlp.vocab, words=words) for words, _ in TEXTS]


def rank_docs(docs, sampler, measures, *, known=None, seed, **how):
    """Sentences from a stream, scored and ordered; to be used in a `with` block."""
    ranking = Ranking(measures, known)
    ranking.utilities = score_docs(ranking.watch(docs), sampler, measures, Sampling(seed=seed, **how))
    ranking.sort(seed)
    return ranking
