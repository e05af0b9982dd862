"""Makes run folders of the real shape with invented numbers: python tests/report/synthetic.py FOLDER."""

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Dict, List, Sequence

import numpy
import spacy
from spacy.tokens import Doc, DocBin

from spacy_al.runs.state import RunState
from spacy_al.types import Pool

CORPUS_TOKENS = 20_000
LABELS = ("PER", "LOC", "ORG", "MISC")
NAMES = {
    "PER": ("Ada Lovelace", "Noor", "J. Okafor"),
    "LOC": ("Turku", "Rio Negro", "Perth"),
    "ORG": ("Borealis", "Acme & Sons", "UNECE"),
    "MISC": ("Finnish", "World Cup", "Brexit"),
}
FILLER = [
    "the",
    "a",
    "report",
    "said",
    "that",
    "after",
    "its",
    "first",
    "game",
    "today",
    "we",
    "won",
    "by",
    "two",
    "points",
    "and",
    "left",
    "early",
    ".",
]

CONFIG = """
[paths]
pool = "corpus/{corpus}/train.spacy"

[system]
seed = {seed}

[nlp]
lang = "en"
pipeline = ["ner"]

[components]

[components.ner]
factory = "{factory}"

[components.ner.model]
@architectures = "spacy-al.SequenceTagger.v1"

[components.ner.model.encoder]
@architectures = "spacy-al.TransformerEncoder.v1"
name = "{encoder}"

[training]
seed = ${{system.seed}}

[active_learning]
pool = ${{paths.pool}}
seed = {seed}
target = "ner"
measure = "{measure}"
dropout = "{dropout}"
passes = {passes}
rounds = {rounds}
seed_budget = {seed_budget}
round_budget = 0.02
{more}

[active_learning.strategy]
@al_strategies = "spacy-al.TopUtility.v1"
"""

# measure, dropout -> how much faster than random its curve climbs, and how much longer its sentences are
CHARACTER = {
    ("random", "off"): (1.0, 1.0),
    ("mnlp", "off"): (2.1, 0.9),
    ("least_confidence", "off"): (1.8, 1.6),
    ("variation_ratio", "last"): (1.9, 1.1),
    ("bald", "last"): (2.2, 1.2),
    ("bald", "all"): (2.0, 1.1),
}


def make_run(
    folder: Path,
    *,
    measure: str = "random",
    dropout: str = "off",
    seed: int = 0,
    rounds: int = 3,
    encoder: str = "google/electra-base-discriminator",
    factory: str = "sequence_tagger",
    corpus: str = "conll2003",
    full: bool = False,
    best: float = 0.912,
    sentences: bool = True,
    more: str = "",
    successor: str = "",
) -> Path:
    """Write one run folder; equal arguments give equal numbers."""
    folder.mkdir(parents=True)
    settings = {"measure": measure, "dropout": dropout, "seed": seed, "rounds": 0 if full else rounds}
    config = CONFIG.format(
        **settings,
        encoder=encoder,
        factory=factory,
        corpus=corpus,
        passes=10 if dropout != "off" else 1,
        seed_budget=1.0 if full else 0.02,
        more=more,
    )
    if successor:  # the encoder of the model that is evaluated, as `al run` leaves it
        heir = config.replace(f'name = "{encoder}"', f'name = "{successor}"')
        (folder / "successor.cfg").write_text(heir, encoding="utf8")
        config = config.replace("rounds =", f'successor = "elsewhere/{seed}.cfg"\nrounds =', 1)
    (folder / "config.cfg").write_text(config, encoding="utf8")
    speed, length = CHARACTER.get((measure, dropout), (1.5, 1.0))
    rng = numpy.random.default_rng([seed, len(measure), len(dropout), len(encoder)])
    records = [
        _record(
            number,
            1.0 if full else 0.02 * (number + 1),
            speed,
            seed,
            best,
            rng,
            last=full or number == rounds,
        )
        for number in range(1 if full else rounds + 1)
    ]
    lines = [json.dumps(record) + "\n" for record in records]
    (folder / "metrics.jsonl").write_text("".join(lines), encoding="utf8")
    versions = {"spacy_al": "0.1.0", "spacy": "3.8.18", "torch": "2.13.0"}
    state = RunState(len(records) - 1, "done", [], [], seed, corpus, versions, "cpu", hardware={"gpu": "none"})
    state.save(folder / "state.json")
    if sentences and not full:
        _write_sentences(folder, rounds, length, speed, rng)
    return folder


def make_study(folder: Path, *, seeds: int = 3, rounds: int = 24, sentences: bool = True) -> List[Path]:
    """Four strategies by some seeds, and a full-corpus run."""
    made = []
    for measure, dropout in (
        ("random", "off"),
        ("mnlp", "off"),
        ("variation_ratio", "last"),
        ("bald", "last"),
    ):
        for seed in range(seeds):
            path = folder / f"{measure}-{dropout}" / f"seed-{seed}"
            made.append(make_run(path, measure=measure, dropout=dropout, seed=seed, rounds=rounds, sentences=sentences))
    made.append(make_run(folder / "full" / "seed-0", full=True))
    return made


def _record(
    number: int,
    share: float,
    speed: float,
    seed: int,
    best: float,
    rng: numpy.random.Generator,
    *,
    last: bool,
) -> Dict[str, object]:
    # The seed round is the same for all strategies of a seed, as in real runs.
    start = numpy.random.default_rng(seed).normal(0, 0.012)
    climb = 1 - 0.15 * ((0.02 + speed * (share - 0.02)) / 0.04) ** -0.8
    f1 = float(numpy.clip(best * climb + start / (1 + number) + (number > 0) * rng.normal(0, 0.0025), 0, 1))
    tokens = round(CORPUS_TOKENS * share)
    score = 0.0 if last else 12.0 * (1 - share) * speed  # the last round neither scores nor selects
    types = {label: {"p": f1, "r": f1, "f": min(1.0, max(0.0, f1 + rng.normal(0, 0.02)))} for label in LABELS}
    return {
        "round": number,
        "labelled_sentences": tokens // 14,
        "labelled_tokens": tokens,
        "labelled_fraction": share,
        "ents_f": f1,
        "ents_p": min(1.0, f1 + 0.004),
        "ents_r": max(0.0, f1 - 0.004),
        "ents_per_type": types,
        "seconds": {"train": 20 + 200 * share, "score": score, "select": score / 60, "evaluate": 3.1},
        "peak_memory": {"host_mb": 2100 + number, "gpu_mb": 5400.5},
    }


def _write_sentences(folder: Path, rounds: int, length: float, speed: float, rng: numpy.random.Generator) -> None:
    nlp = spacy.blank("en")
    docs: List[Doc] = []
    ends = [0]
    for number in range(rounds + 1):
        tokens = 0
        while tokens < CORPUS_TOKENS * 0.02:
            docs.append(_doc(nlp, rng, 1.0 if number == 0 else length, 1.0 if number == 0 else speed))
            tokens += len(docs[-1])
        ends.append(len(docs))
    ids = Pool.from_docs((Doc(doc.vocab, words=[t.text for t in doc]) for doc in docs), nlp.vocab).ids
    for doc, id_ in zip(docs, ids, strict=True):
        doc.user_data["id"] = id_
    DocBin(docs=docs, store_user_data=True).to_disk(folder / "labelled.spacy")
    for number, (begin, end) in enumerate(pairwise(ends)):
        path = folder / "rounds" / f"{number:04d}"
        path.mkdir(parents=True)
        lines = [json.dumps(_selected(docs[i], ids[i], i - begin, rng)) + "\n" for i in range(begin, end)]
        (path / "selected.jsonl").write_text("".join(lines), encoding="utf8")


def _doc(nlp: spacy.language.Language, rng: numpy.random.Generator, length: float, speed: float) -> Doc:
    words: List[str] = []
    spans = []
    for _ in range(max(3, int(rng.gamma(2.0, 7.0 * length)))):
        if rng.random() < 0.06 * speed:
            label = LABELS[int(rng.choice(4, p=_balance(speed)))]
            name = str(rng.choice(NAMES[label])).split()
            spans.append((len(words), len(words) + len(name), label))
            words += name
        else:
            words.append(str(rng.choice(FILLER)))
    doc = Doc(nlp.vocab, words=words)
    doc.ents = [doc.char_span(doc[b].idx, doc[e - 1].idx + len(doc[e - 1]), label=la) for b, e, la in spans]
    return doc


def _balance(speed: float) -> Sequence[float]:
    misc = 0.1 + 0.08 * speed
    return [(1 - misc) / 3] * 3 + [misc]


def _selected(doc: Doc, id_: str, rank: int, rng: numpy.random.Generator) -> Dict[str, object]:
    return {
        "id": id_,
        "rank": rank,
        "utility": round(float(5 * 0.9**rank + 0.01 * rng.random()), 4),
        "text": doc.text,
        "n_tokens": len(doc),
        "words": [token.text for token in doc],
        "token_uncertainty": [round(float(rng.beta(1, 4) + 0.4 * bool(t.ent_type_)), 3) for t in doc],
    }


if __name__ == "__main__":
    make_study(Path(sys.argv[1]))
