"""What was chosen, counted from the files of a run and compared with counting by hand."""

import json
from collections import Counter
from pathlib import Path

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_al.errors import ALError
from spacy_al.report.annotations import Labels, read_labels
from spacy_al.report.chosen import Chosen, Make, Selection, pool_sample, read_rounds, read_selection
from spacy_al.report.runs import read_run


@pytest.fixture
def folder(make_run, tmp_path):
    return make_run(tmp_path / "run", measure="mnlp", rounds=2)


def docs_of(folder):
    return list(DocBin().from_disk(folder / "labelled.spacy").get_docs(spacy.blank("en").vocab))


def test_rounds_are_read_in_order(folder):
    rounds = read_rounds(folder)
    rows = [json.loads(line) for line in (folder / "rounds/0001/selected.jsonl").read_text().splitlines()]
    assert sorted(rounds) == [0, 1, 2]
    assert [(s.id, s.text, s.n_tokens) for s in rounds[1]] == [(r["id"], r["text"], r["n_tokens"]) for r in rows]


def test_labels_equal_those_of_the_docs(folder):
    labels = read_labels(folder)
    ids = [sentence.id for sentences in read_rounds(folder).values() for sentence in sentences]
    for id_, doc in zip(ids, docs_of(folder), strict=True):
        assert labels[id_].entities == Counter(ent.label_ for ent in doc.ents)
        assert labels[id_].tokens == sum(len(ent) for ent in doc.ents)


def test_an_unfinished_run_has_labels_in_its_rounds(folder):
    whole = read_labels(folder)
    (folder / "labelled.spacy").rename(folder / "rounds/0001/annotated.spacy")
    assert read_labels(folder) == whole


def test_a_run_that_kept_nothing_has_no_selection(make_run, tmp_path):
    selection = read_selection(read_run(make_run(tmp_path / "bare", sentences=False)))
    assert selection == Selection({}, {})


def test_make_by_hand():
    make = Make()
    make.add(Chosen("a-0", 0, None, "x", 10), Labels(3, Counter(PER=2)))
    make.add(Chosen("b-0", 1, 0.5, "y", 30), Labels(1, Counter(ORG=1)))
    make.add(Chosen("c-0", 2, 0.5, "z", 5), None)
    assert (make.sentences, make.length, make.density) == (3, 15.0, 7.5)
    assert (make.balance("PER"), make.balance("LOC")) == (2 / 3, 0.0)


def test_the_pool_sample_holds_seed_rounds_and_random_runs_once(make_group):
    def selection(*names):
        rounds = {i: [Chosen(name, 0, None, name, 1) for name in chosen] for i, chosen in enumerate(names)}
        return Selection(rounds, {})

    groups = [make_group([[0.1]], measure="random", label="Random"), make_group([[0.1]])]
    found = {Path("Random-0"): selection("ab", "cd"), Path("MNLP-0"): selection("ax", "yz")}
    assert pool_sample(groups, found).sentences == len("abcdx")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"utility": "high"}, "utility"),
        ({"rank": -1}, "rank"),
        ({"id": 5}, "id"),
        ({"token_uncertainty": [0.5]}, "token_uncertainty"),
    ],
)
def test_damage_is_named_by_file_line_and_field(folder, values, field):
    path = folder / "rounds/0001/selected.jsonl"
    lines = path.read_text().splitlines()
    lines[1] = json.dumps({**json.loads(lines[1]), **values})
    path.write_text("\n".join(lines))
    with pytest.raises(ALError, match="A701") as error:
        read_rounds(folder)
    assert f"{path}:2: {field} = " in str(error.value)


def test_a_damaged_docbin_is_named(folder):
    path = folder / "labelled.spacy"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ALError, match=r"A709.*labelled\.spacy"):
        read_labels(folder)
