"""Whole conversions, from file to DocBin and label list."""

import json
import subprocess
import sys

import pytest
from spacy.vocab import Vocab

from spacy_al.corpus.conversion import Options, convert, labels_path
from spacy_al.corpus.divide import Division
from spacy_al.corpus.reader import read_docs
from spacy_al.corpus.sentence import Sentence
from spacy_al.errors import ALError
from spacy_al.options import Rules

CONLL = "-DOCSTART- -X- O O\n\nRome NNP I-NP I-LOC\nfell VBD I-VP O\n\nIt PRP I-NP O\n" * 4
FILES = {
    "a.conll": (CONLL, "conll", "IOB1"),
    "a.tsv": ("Rome\tB-LOC\nfell\tO\n", "conll", "IOB2"),
    "x.v4_gold_conll": (
        "#begin document (a); part 000\na 0 0 Rome NNP * - - - s (LOC) -\n#end document\n",
        "ontonotes",
        "IOB2",
    ),
    "a.jsonl": (
        '{"text": "Rome fell", "spans": [{"start": 0, "end": 4, "label": "LOC"}]}\n',
        "jsonl",
        "IOB2",
    ),
    "a.csv": ("text\nRome fell\n", "csv", "IOB2"),
    "a.txt": ("Rome fell\n", "txt", "IOB2"),
}


def labels(path):
    return json.loads(path.read_text(encoding="utf8"))


@pytest.mark.parametrize("name", FILES)
def test_every_format_ends_in_docs_and_labels(write, tmp_path, name):
    content, format_, scheme = FILES[name]
    done = convert(write(name, content), tmp_path / "out" / "a.spacy")
    docs = list(read_docs(tmp_path / "out" / "a.spacy", Vocab()))
    expected = ["LOC"] if format_ not in ("csv", "txt") else []
    assert docs[0][0].text == "Rome"
    assert (done.format, done.scheme, done.labels) == (format_, scheme, expected)
    assert labels(tmp_path / "out" / "a.labels.json") == expected
    assert [span.label_ for span in docs[0].ents] == expected
    assert docs[0].has_annotation("ENT_IOB") == bool(expected)


@pytest.mark.parametrize(("rules", "code"), [
    ({"several": "votes"}, "A104.*--several"), ({"untouched": "ok"}, "A104.*--untouched"), ({"rename": ["A"]}, "A628"),
])  # fmt: skip
def test_rules_that_are_not_known_are_refused_from_python_too(write, tmp_path, rules, code):
    with pytest.raises(ALError, match=code):
        convert(write("a.txt", "Rome fell"), tmp_path / "a.spacy", Options(rules=Rules(**rules)))


def test_a_folder_of_text_is_converted(write, tmp_path):
    write("t/a.txt", "Rome fell.")
    write("t/b/c.txt", "It fell.")
    convert(tmp_path / "t", tmp_path / "a.spacy")
    sources = [doc.user_data["source"] for doc in read_docs(tmp_path / "a.spacy", Vocab())]
    assert sources == ["a.txt:0-10", "b/c.txt:0-8"]


def test_source_offsets_find_the_sentence_again(write, tmp_path):
    content = "Grüße. 😀 Rome fell.\r\n\r\nIt fell."
    convert(write("a.txt", content), tmp_path / "a.spacy")
    for doc in read_docs(tmp_path / "a.spacy", Vocab()):
        start, end = map(int, doc.user_data["source"].rsplit(":", 1)[1].split("-"))
        assert content[start:end] == doc.text
        assert start == doc.user_data["start_char"]


def test_a_corpus_is_divided_into_two_files_with_one_label_list(write, tmp_path):
    path = write("a.conll", CONLL + CONLL.replace("LOC", "GPE"))
    done = convert(path, tmp_path / "a.spacy", division=Division(0.75, tmp_path / "b.spacy", seed=1))
    parts = [list(read_docs(tmp_path / name, Vocab())) for name in ("a.spacy", "b.spacy")]
    assert [len(docs) for docs in parts] == [12, 4]
    assert labels(tmp_path / "a.labels.json") == labels(tmp_path / "b.labels.json")
    assert done.labels == ["GPE", "LOC"]


def test_nothing_is_written_if_reading_fails(write, tmp_path):
    with pytest.raises(ALError, match="A111"):
        convert(write("a.conll", CONLL + "\nbroken\n"), tmp_path / "a.spacy", Options(format="conll"))
    assert [path.name for path in tmp_path.iterdir()] == ["a.conll"]


def test_an_old_file_survives_a_conversion_that_fails(write, tmp_path):
    convert(write("a.conll", CONLL), tmp_path / "a.spacy")
    before = (tmp_path / "a.spacy").read_bytes()
    with pytest.raises(ALError, match="A111"):
        convert(write("b.conll", CONLL + "\nbroken\n"), tmp_path / "a.spacy", Options(format="conll"))
    assert (tmp_path / "a.spacy").read_bytes() == before


def test_repairs_are_reported(write, tmp_path):
    done = convert(write("a.conll", CONLL + "\nbroken\n"), tmp_path / "a.spacy", Options(on_error="warn"))
    assert list(done.repairs.counts.values()) == [1]
    assert next(iter(done.parts.values())).missing == 0
    assert next(iter(done.parts.values())).unlabelled == 1


def test_sentences_can_be_watched(write, tmp_path):
    seen = []

    def watch(sentences):
        for sentence in sentences:
            seen.append(sentence)
            yield sentence

    convert(write("a.conll", CONLL), tmp_path / "a.spacy", watch=watch)
    assert len(seen) == 8
    assert isinstance(seen[0], Sentence)


@pytest.mark.parametrize(("out", "rest"), [("a.bin", None), ("a.spacy", "a.spacy"), ("a.spacy", "b.json")])
def test_names_of_files_to_write_are_checked_first(tmp_path, out, rest):
    division = Division(0.5, tmp_path / rest) if rest else None
    with pytest.raises(ALError, match="A126"):
        convert(tmp_path / "gone", tmp_path / out, division=division)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (Options(), "A003.*gone"),
        (Options(on_error="skip"), "A104.*--on-error"),
        (Options(format="xml"), "A003.*gone"),
    ],
)
def test_a_missing_file_or_wrong_option_is_named(tmp_path, options, code):
    with pytest.raises(ALError, match=code):
        convert(tmp_path / "gone", tmp_path / "a.spacy", options)


def test_an_unknown_format_is_named_with_the_known_ones(write, tmp_path):
    with pytest.raises(
        ALError, match=r"A104.*--format 'xml'.*auto, conll, ontonotes, jsonl, txt, conllu, webanno, brat, uima, hf, csv"
    ):
        convert(write("a.xml", "<a/>"), tmp_path / "a.spacy", Options(format="xml"))


def test_two_conversions_give_the_same_bytes(write, tmp_path):
    path = write("a.conll", CONLL)
    convert(path, tmp_path / "a.spacy")
    convert(path, tmp_path / "b.spacy")
    assert (tmp_path / "a.spacy").read_bytes() == (tmp_path / "b.spacy").read_bytes()


def test_the_label_list_stands_beside_the_docbin(tmp_path):
    assert labels_path(tmp_path / "wnut.train.spacy") == tmp_path / "wnut.train.labels.json"


def test_commands_that_train_nothing_do_not_load_transformers(tmp_path):
    """Loading it takes as long as all else that `al convert` of columns, `al query` and `al ingest` do."""
    (tmp_path / "a.iob2").write_text("Anna\tB-PER\nslept\tO\n")
    script = (
        "import sys, pathlib, spacy_al.loop.session, spacy_al.exchange.intake\n"
        f"spacy_al.convert(pathlib.Path({str(tmp_path / 'a.iob2')!r}), pathlib.Path({str(tmp_path / 'a.spacy')!r}))\n"
        "assert not {'transformers', 'spacy_transformers', 'sklearn'} & {*sys.modules}"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    assert (tmp_path / "a.spacy").is_file()
