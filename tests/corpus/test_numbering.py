"""Ids over pools in several files: never shared, and the same when a file is read alone or with the others."""

import json
from collections import Counter

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab
from typer.testing import CliRunner

from spacy_al.cli import al_cli
from spacy_al.corpus.docbin import read_docs, write_docs
from spacy_al.corpus.numbering import number_files, shards
from spacy_al.corpus.stream import DocStream
from spacy_al.errors import ALError
from spacy_al.exchange.ranked_tasks import read_ranking
from spacy_al.ids import make_ids, occurrences, token_key
from spacy_al.loop.oracle import separate_file
from spacy_al.uncertainty.measures import get_measures

from ..acquisition.taggers import rank_docs

TEXTS = [["a b", "c", "a b", "d"], ["c", "a b", "e", "c"], ["c", "f f"]]
ALL = [text for texts in TEXTS for text in texts]


def write(path, texts):
    vocab = Vocab()
    path.write_bytes(write_docs([Doc(vocab, words=text.split(), ents=["O"] * len(text.split())) for text in texts]))
    return path


def pool_ids(path):
    return separate_file(path, Vocab())[0].ids


def ranked_ids(path):
    stream, measures = DocStream(path, Vocab()), get_measures(["random"])
    how = {"passes": 1, "dropout": "off", "seed": 0, "known": stream.occurrences}
    with rank_docs(stream, None, measures, **how) as ranking:
        rows = list(ranking.rows())
    places = ranking.order.tolist()
    return [row["id"] for row in sorted(rows, key=lambda row: places[row["rank"]])]


def counted(texts):
    """Ids as they are defined: hash of the tokens, and how many equal sentences came before."""
    seen, ids, vocab = Counter(), [], Vocab()
    for text in texts:
        key = token_key(Doc(vocab, words=text.split())).hex()
        ids.append(f"{key}-{seen[key]}")
        seen[key] += 1
    return ids


@pytest.fixture
def parts(tmp_path):
    (tmp_path / "pool").mkdir()
    return [write(tmp_path / "pool" / f"news-{number}.spacy", texts) for number, texts in enumerate(TEXTS)]


def test_one_file_has_the_ids_it_always_had(tmp_path):
    path = write(tmp_path / "x.spacy", TEXTS[0])
    assert pool_ids(path) == ranked_ids(path) == counted(TEXTS[0])


def test_files_read_apart_have_the_ids_of_the_whole(parts):
    whole = pool_ids(parts[0].parent)
    assert whole == counted(ALL)
    assert number_files(parts) == 3
    assert pool_ids(parts[0].parent) == ranked_ids(parts[0].parent) == whole
    for read in (pool_ids, ranked_ids):
        assert [id_ for path in parts for id_ in read(path)] == whole


def test_numbering_changes_nothing_else_and_is_done_once(parts):
    before = [[(doc.text, doc.user_data, doc.to_bytes()) for doc in read_docs(path, Vocab())] for path in parts]
    number_files(parts)
    assert [[(doc.text, doc.user_data, doc.to_bytes()) for doc in read_docs(path, Vocab())] for path in parts] == before
    assert [doc.text for doc in DocBin().from_disk(parts[1]).get_docs(Vocab())] == [one + " " for one in TEXTS[1]]
    assert number_files(parts) == 0


def test_a_file_that_comes_later_goes_on_counting(parts):
    number_files(parts[::2])
    before = pool_ids(parts[0]) + pool_ids(parts[2])
    assert number_files(parts) == 1
    assert pool_ids(parts[0]) + pool_ids(parts[2]) == before
    assert len(set(pool_ids(parts[0].parent))) == 10


def test_files_that_were_numbered_apart_are_refused(parts):
    for path in parts:
        number_files([path])
    with pytest.raises(ALError, match=r"A444.*-0'.*--shard"):
        pool_ids(parts[0].parent)


def test_a_file_of_several_without_numbers_warns_when_read_alone(parts):
    with pytest.warns(UserWarning, match=r"W441.*news-1\.spacy is read alone, and 2 more files.*--shard"):
        pool_ids(parts[1])


def test_files_of_other_names_are_no_shards(tmp_path):
    for name in ("train", "test", "wnut17-a", "wnut17-b"):
        write(tmp_path / f"{name}.spacy", TEXTS[0])
    assert [shards(tmp_path / f"{name}.spacy") for name in ("train", "wnut17-a")] == [[], []]


def test_convert_numbers_one_file_after_the_other(tmp_path):
    for number, texts in enumerate(TEXTS):
        (tmp_path / "in.txt").write_text("".join(f"{text}\n" for text in texts))
        output = tmp_path / "pool" / f"p-{number}.spacy"
        done = CliRunner().invoke(al_cli, ["convert", str(tmp_path / "in.txt"), str(output), "--per-line", "--shard"])
        assert done.exit_code == 0, done.output
    ids = [id_ for path in sorted((tmp_path / "pool").glob("*.spacy")) for id_ in pool_ids(path)]
    assert ids == pool_ids(tmp_path / "pool") == counted(ALL)


def test_a_ranking_of_one_file_finds_its_sentences_there(parts, tmp_path):
    number_files(parts)
    rows = [{"id": id_, "rank": rank, "utilities": {"mnlp": 0.5}} for rank, id_ in enumerate(pool_ids(parts[2]))]
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    tasks = read_ranking(tmp_path / "r.jsonl", parts[2], Vocab(), limit=9)
    assert [" ".join(task.words) for task in tasks] == TEXTS[2]


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=30))
def test_numbers_are_those_of_counting_one_by_one(sentences):
    keys = numpy.array([[key, 7] for key, _ in sentences], dtype=numpy.uint64).reshape(-1, 2)
    seen, known = Counter(), []
    for key, carries in sentences:
        known.append(seen[key] if carries else -1)
        seen[key] += carries
    expected, last = [], Counter({key: seen[key] for key in seen})
    for (key, carries), number in zip(sentences, known, strict=True):
        expected.append(number if carries else last[key])
        last[key] += not carries
    found = occurrences(keys, numpy.array(known, dtype=numpy.int32))
    assert found.tolist() == expected
    assert len(set(make_ids(keys, numpy.array(known, dtype=numpy.int32)))) == len(sentences)
