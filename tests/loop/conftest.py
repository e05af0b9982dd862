"""A small labelled corpus, and a config that trains on it in seconds."""

import json
from pathlib import Path

import numpy
import pytest
from spacy.attrs import ENT_IOB, ENT_TYPE
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab
from thinc.api import Config

from spacy_al.corpus.reader import without_labels, write_docs
from spacy_al.types import Pool

ROOT = Path(__file__).parents[2]
PEOPLE = "Anna Paul Mary Otto Ada Boris Clara Dmitri Ella Franz".split()
PLACES = "Rome Berlin Oslo Paris Lima Cairo Delhi Quito Turin Kyiv".split()

CONFIG = (ROOT / "scripts" / "small_cnn.cfg").read_text(encoding="utf8")


def make_sentences(number, seed):
    rng = numpy.random.default_rng(seed)
    for _ in range(number):
        person, place = rng.choice(PEOPLE), rng.choice(PLACES)
        before = rng.permutation(["it", "was", "late", "when"])[: rng.integers(0, 4)]
        words = [str(word) for word in (*before, person, "saw", place, ".")]
        start = len(words) - 4
        yield words, [(start, start + 1, "PER"), (start + 2, start + 3, "LOC")] if rng.random() < 0.7 else []


def write_corpus(path, number, seed):
    vocab, docs = Vocab(), []
    for words, spans in make_sentences(number, seed):
        words = words if spans else [word.lower() for word in words]
        doc = Doc(vocab, words=words)
        doc.set_ents([Span(doc, start, end, label=label) for start, end, label in spans], default="outside")
        docs.append(doc)
    path.write_bytes(write_docs(docs))
    return str(path)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    return write_corpus(folder / "pool.spacy", 120, 0), write_corpus(folder / "test.spacy", 40, 1)


@pytest.fixture
def make_config(corpus):
    def make(**settings) -> Config:
        config = Config().from_str(CONFIG)
        config["active_learning"] |= {"pool": corpus[0], "test": corpus[1], **settings}
        return config

    return make


def separate(docs, vocab):
    """What `spacy_al.loop.oracle.separate_file` has to make of a file, Doc by Doc: a pool, and its labels."""
    docs = list(docs)
    labels = numpy.concatenate([doc.to_array([ENT_IOB, ENT_TYPE]).reshape(-1, 2) for doc in docs])
    return Pool.from_docs(map(without_labels, docs), vocab), labels


def rows_without_seconds(folder):
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in row.items() if key not in ("seconds", "peak_memory")} for row in rows]


def chosen_ids(folder):
    files = sorted(folder.glob("rounds/*/selected.jsonl"))
    return [[json.loads(line)["id"] for line in path.read_text().splitlines()] for path in files]
