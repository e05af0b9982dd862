"""The real corpora: counts of their PROVENANCE.md and of the paper, entities as seqeval reads them."""

import ast
import re

import pytest
from seqeval.metrics.sequence_labeling import get_entities

from spacy_al.corpus.column_corpus import read_columns
from spacy_al.corpus.conversion import convert
from spacy_al.corpus.divide import Division
from spacy_al.corpus.reader import read_docs
from spacy_al.corpus.repairs import Repairs
from spacy_al.corpus.schemes import encode

from .conftest import count_docs

pytestmark = pytest.mark.data
FILES = {
    "conll2003": ["eng.train", "eng.testa", "eng.testb"],
    "wnut17": ["wnut17train.conll", "emerging.dev.conll", "emerging.test.annotated"],
    "bc5cdr": ["train.tsv", "devel.tsv", "test.tsv"],
    "wikigold": ["wikigold.conll.txt"],
}
SCHEMES = {"conll2003": "IOB1", "wnut17": "IOB2", "bc5cdr": "IOB2", "wikigold": "IOB1"}
NAMES = [(corpus, name) for corpus, names in FILES.items() for name in names]
# Table 4 of the paper: tokens, sentences, entities by label.
TABLE4 = {
    "eng.train": (203_621, 14_041, {"LOC": 7140, "PER": 6600, "ORG": 6321, "MISC": 3438}),
    "eng.testb": (46_435, 3_453, {"LOC": 1668, "PER": 1617, "ORG": 1661, "MISC": 702}),
}


@pytest.fixture(scope="module")
def converted(data_folder, tmp_path_factory):
    """Convert each file once; gives the Docs that are read back from its DocBin, and what `convert` says."""
    done = {}

    def converted_(corpus, name):
        if name not in done:
            output = tmp_path_factory.mktemp(corpus) / f"{name}.spacy"
            said = convert(data_folder / corpus / name, output)
            from spacy.vocab import Vocab

            done[name] = (list(read_docs(output, Vocab())), said)
        return done[name]

    return converted_


def rows(path):
    """Sentences of a column file, as lists of (word, tag), by the plainest code there is."""
    sentences = [[]]
    for line in path.read_text(encoding="utf8").split("\n"):
        if not line.strip() or line.startswith("-DOCSTART-"):
            sentences.append([])
        else:
            sentences[-1].append((line.split()[0], line.split()[-1]))
    return [sentence for sentence in sentences if sentence]


@pytest.mark.parametrize(("corpus", "name"), NAMES)
def test_counts_are_those_of_the_provenance(data_folder, converted, corpus, name):
    text = (data_folder / corpus / "PROVENANCE.md").read_text(encoding="utf8")
    pattern = rf"`{re.escape(name)}`: (\d+) sentences, (\d+) tokens, (\d+) entities ({{.*}})"
    sentences, tokens, total, entities = re.search(pattern, text).groups()
    docs, said = converted(corpus, name)
    counts = count_docs(docs)
    assert (counts.sentences, counts.tokens) == (int(sentences), int(tokens))
    assert counts.entities == ast.literal_eval(entities)
    assert sum(counts.entities.values()) == int(total)
    assert list(said.parts.values()) == [counts]


@pytest.mark.parametrize("name", TABLE4)
def test_counts_are_those_of_the_papers_table_4(converted, name):
    counts = count_docs(converted("conll2003", name)[0])
    assert (counts.tokens, counts.sentences, counts.entities) == TABLE4[name]


@pytest.mark.parametrize(("corpus", "name"), NAMES)
def test_words_and_entities_are_those_seqeval_reads(data_folder, converted, corpus, name):
    sentences = rows(data_folder / corpus / name)
    for doc, sentence in zip(converted(corpus, name)[0], sentences, strict=True):
        assert [token.text for token in doc] == [word for word, _ in sentence]
        expected = [(start, end + 1, label) for label, start, end in get_entities([tag for _, tag in sentence])]
        assert [(span.start, span.end, span.label_) for span in doc.ents] == expected


@pytest.mark.parametrize(("corpus", "name"), NAMES)
def test_the_scheme_is_told_and_nothing_needs_repair(converted, corpus, name):
    said = converted(corpus, name)[1]
    assert said.scheme == SCHEMES[corpus]
    assert sum(said.repairs.counts.values()) == (2 if name == "eng.train" else 0)  # its two needless B-


@pytest.mark.parametrize(("corpus", "name"), NAMES)
def test_encoding_gives_the_files_own_tags_back(data_folder, corpus, name):
    path = data_folder / corpus / name
    ours = [tag for one in read_columns(path, Repairs()) for tag in encode(one.spans, len(one.words), one.scheme)]
    theirs = [tag for sentence in rows(path) for _, tag in sentence]
    differ = [(a, b) for a, b in zip(ours, theirs, strict=True) if a != b]
    assert differ == ([("I-MISC", "B-MISC")] * 2 if name == "eng.train" else [])


@pytest.mark.parametrize(("name", "documents"), [("eng.train", 946), ("eng.testa", 216), ("eng.testb", 231)])
def test_documents_are_those_of_docstart_lines(data_folder, converted, name, documents):
    text = (data_folder / "conll2003" / name).read_text(encoding="utf8")
    assert text.count("-DOCSTART-") == documents
    assert len({doc.user_data["doc"] for doc in converted("conll2003", name)[0]}) == documents


def test_parts_of_speech_of_conll2003_are_kept(converted):
    doc = converted("conll2003", "eng.train")[0][0]
    assert [(token.text, token.tag_) for token in doc][:3] == [
        ("EU", "NNP"),
        ("rejects", "VBZ"),
        ("German", "JJ"),
    ]


def test_no_sentence_is_left_unlabelled(converted):
    assert all(doc.has_annotation("ENT_IOB", require_complete=True) for doc in converted("conll2003", "eng.testb")[0])


def test_wikigold_can_be_divided_by_documents(data_folder, tmp_path):
    path = data_folder / "wikigold" / "wikigold.conll.txt"
    done = convert(path, tmp_path / "a.spacy", division=Division(0.8, tmp_path / "b.spacy"))
    first, second = done.parts.values()
    assert first.sentences + second.sentences == 1696
    assert 0.8 <= first.sentences / 1696 < 0.85
    assert not first.documents & second.documents
