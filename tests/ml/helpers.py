"""Small encoders made on the spot, with random weights."""

from pathlib import Path
from typing import List, Sequence

import spacy
import torch
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.vocab import Vocab
from transformers import AutoModel, BertConfig, BertModel, BertTokenizerFast, ElectraConfig, ElectraModel
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

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


TINY = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64, "embedding_size": 16,
    "d_model": 32, "n_layer": 2, "n_head": 2, "d_inner": 64, "dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64,
    "local_attention": 8,
}  # fmt: skip
RELATIVE = {"relative_attention": True, "pos_att_type": ["p2c", "c2p"]}
TINY_OWN = {"deberta": RELATIVE, "deberta-v2": RELATIVE | {"position_buckets": 8}}
PADDING_1 = ("roberta", "xlm-roberta", "camembert", "mpnet")  # their padding id; positions begin behind it


def tiny_encoder(folder: Path, kind: str, *, positions: int = 64) -> str:
    """Save a random tiny model of any architecture, with a tokenizer that makes token types for all; its folder."""
    torch.manual_seed(0)
    first = "[UNK] [PAD]" if kind in PADDING_1 else "[PAD] [UNK]"
    pieces = [*first.split(), *PIECES.split()[2:]]
    config = CONFIG_MAPPING[kind]()
    shape = TINY | TINY_OWN.get(kind, {}) | {"vocab_size": len(pieces), "max_position_embeddings": positions}
    ids = {"pad": pieces.index("[PAD]"), "bos": 2, "cls": 2, "eos": 3, "sep": 3}
    for key, value in {**shape, **{f"{name}_token_id": number for name, number in ids.items()}}.items():
        if key in config.to_dict() or key in config.attribute_map:
            setattr(config, key, value)
    AutoModel.from_config(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(pieces), encoding="utf8")
    most = positions - 2 if kind in PADDING_1 else positions
    BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=most).save_pretrained(folder)
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


def make_tagger(folder: str, **settings: object) -> Language:
    """A pipeline with an initialised sequence tagger; settings of its encoder."""
    nlp = spacy.blank("en")
    nlp.add_pipe("sequence_tagger", config={"model": transformer_model(folder, **settings)})
    nlp.initialize(lambda: make_examples(nlp.vocab))
    return nlp


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
