"""Small encoders made on the spot, with random weights."""

from pathlib import Path
from typing import List, Sequence

import torch
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.vocab import Vocab
from transformers import BertConfig, BertModel, BertTokenizerFast, ElectraConfig, ElectraModel

PIECES = "[PAD] [UNK] [CLS] [SEP] [MASK] anna paul lives in berlin rome saw the old ##er ##s town of . , nothing here"
SENTENCES = [
    ("Anna lives in Berlin .", [(0, 1, "PER"), (3, 4, "LOC")]),
    ("Paul saw Rome", [(0, 1, "PER"), (2, 3, "LOC")]),
    ("nothing here", []),
    ("the older towns of Rome , Paul", [(4, 5, "LOC"), (6, 7, "PER")]),
]


def tiny_transformer(
    folder: Path, *, kind: str = "bert", layers: int = 2, positions: int = 64, words: Sequence[str] = ()
) -> str:
    """Save a random BERT or ELECTRA whose vocabulary is PIECES and some words; returns its folder."""
    torch.manual_seed(0)
    pieces = list(dict.fromkeys([*PIECES.split(), *(word.lower() for word in words)]))
    shape = {"vocab_size": len(pieces), "hidden_size": 32, "num_hidden_layers": layers, "num_attention_heads": 2}
    shape |= {"intermediate_size": 64, "max_position_embeddings": positions}
    if kind == "bert":
        model = BertModel(BertConfig(**shape))
    else:
        model = ElectraModel(ElectraConfig(embedding_size=16, **shape))
    model.save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(pieces), encoding="utf8")
    BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=positions).save_pretrained(folder)
    return str(folder)


def transformer_model(name: str, **settings: object) -> dict:
    """The [model] block of a sequence tagger over a transformer."""
    encoder = {
        "@architectures": "spacy-al.TransformerEncoder.v1",
        "name": name, "pooling": "first", "window": 0, "mixed_precision": True,
        "tokenizer_config": {"use_fast": True}, "transformer_config": {}, **settings,
    }  # fmt: skip
    head = {"@al_heads": "spacy-al.SoftmaxHead.v1", "dropout": 0.1}
    return {"@architectures": "spacy-al.SequenceTagger.v1", "encoder": encoder, "head": head}


def make_examples(vocab: Vocab, sentences: Sequence = SENTENCES) -> List[Example]:
    """Labelled sentences as Examples."""
    examples = []
    for text, spans in sentences:
        gold = Doc(vocab, words=text.split())
        gold.set_ents([Span(gold, start, end, label=label) for start, end, label in spans], default="outside")
        examples.append(Example(Doc(vocab, words=text.split()), gold))
    return examples


def trained(nlp: Language, *, steps: int = 40, rate: float = 1e-3) -> List[Example]:
    """Initialise a pipeline on the sentences above and overfit them."""
    from thinc.api import Adam

    examples = make_examples(nlp.vocab)
    nlp.initialize(lambda: examples)
    optimizer = Adam(rate)
    for _ in range(steps):
        nlp.update(examples, sgd=optimizer)
    return examples
