"""The sample corpus: made again it has the same bytes, and it is what its README says it is."""

import hashlib
import subprocess
import sys
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_al.corpus.column_corpus import read_columns
from spacy_al.corpus.repairs import Repairs
from spacy_al.errors import ALError

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "assets" / "sample"
SIZES = {"train.iob2": 4000, "test.iob2": 1000}

sys.path.insert(0, str(ROOT / "scripts"))

from sample_corpus.corpus import GRAMMAR, make_expander  # noqa: E402
from sample_corpus.dice import Dice  # noqa: E402
from sample_corpus.finish import finish  # noqa: E402
from sample_corpus.grammar import Grammar, read_grammar  # noqa: E402
from sample_corpus.names import KINDS, MIXED, make_names  # noqa: E402
from sample_corpus.writer import Token, Writer  # noqa: E402


def read(name):
    """Sentences of (word, tag) pairs, read without the project's own reader."""
    blocks = (SAMPLE / name).read_text(encoding="utf8").split("\n\n")
    blocks = [[tuple(line.split("\t")) for line in block.splitlines()] for block in blocks]
    return [block for block in blocks if block and block[0][0] != "-DOCSTART-"]


def mentions(sentences):
    """(name in lower case, type) of every entity."""
    found = []
    for sentence in sentences:
        for word, tag in sentence:
            if tag.startswith("B-"):
                found.append([word.lower(), tag[2:]])
            elif tag.startswith("I-"):
                found[-1][0] += " " + word.lower()
    return [tuple(mention) for mention in found]


@pytest.fixture(scope="module")
def train():
    return read("train.iob2")


@pytest.fixture(scope="module")
def test():
    return read("test.iob2")


def make(folder, *options):
    script = ROOT / "scripts" / "make_sample_corpus.py"
    subprocess.run([sys.executable, str(script), str(folder), *options], check=True, cwd=ROOT)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def rules(tmp_path, text):
    (tmp_path / "a.grammar").write_text(text, encoding="utf8")
    return read_grammar(tmp_path, kinds=["PER"])


def written(grammar, rule="a", part=0):
    documents = Writer(grammar, None, Dice("1"), part=part).document(rule)
    return [[token.text for token in sentence] for sentence in documents]


def finished(text, tag="O"):
    return [token.text for token in finish([Token(word, tag) for word in text.split()], Dice("4"))]


def test_made_again_it_has_the_same_bytes(tmp_path):
    for name, content in make(tmp_path).items():
        assert content == (SAMPLE / name).read_bytes(), name


def test_another_seed_writes_another_corpus(tmp_path):
    small = ["--training", "60", "--test", "20"]
    first, other = make(tmp_path / "a", *small), make(tmp_path / "b", *small, "--seed", "5")
    assert first["train.iob2"] != other["train.iob2"]


def test_sums_are_those_of_the_files():
    for line in (SAMPLE / "SHA256SUMS").read_text().splitlines():
        expected, name = line.split("  ")
        assert hashlib.sha256((SAMPLE / name).read_bytes()).hexdigest() == expected


@pytest.mark.parametrize("name", SIZES)
def test_our_reader_takes_it_as_iob2_without_repairs(name):
    sentences = list(read_columns(SAMPLE / name, Repairs("fail")))
    assert len(sentences) == SIZES[name]
    assert {sentence.scheme for sentence in sentences} == {"IOB2"}
    assert len({sentence.document for sentence in sentences}) > SIZES[name] / 10


@pytest.mark.parametrize("name", SIZES)
def test_inside_tags_follow_their_own_type(name):
    for sentence in read(name):
        tags = ["O"] + [tag for _, tag in sentence]
        for before, tag in pairwise(tags):
            assert not tag.startswith("I-") or before[2:] == tag[2:], sentence


@pytest.mark.parametrize("name", SIZES)
def test_sentences_are_10_to_20_tokens_long_on_average(name):
    lengths = [len(sentence) for sentence in read(name)]
    assert 10 <= sum(lengths) / len(lengths) <= 20
    assert max(lengths) <= 60


def test_both_parts_have_the_same_six_types(train, test):
    types = {"PERSON", "PLACE", "ORG", "PRODUCT", "EVENT", "WORK"}
    assert {type_ for _, type_ in mentions(train)} == types
    assert {type_ for _, type_ in mentions(test)} == types


def test_nearly_half_of_the_names_in_the_test_part_are_new(train, test):
    known = {name for name, _ in mentions(train)}
    new = [name not in known for name, _ in mentions(test)]
    assert 0.4 < sum(new) / len(new) < 0.55


def test_no_longer_sentence_stands_in_both_parts(train, test):
    known = {" ".join(word.lower() for word, _ in sentence) for sentence in train}
    assert not [s for s in test if len(s) >= 6 and " ".join(word.lower() for word, _ in s) in known]


def test_many_names_have_two_types_and_some_have_three(train):
    types = defaultdict(set)
    for name, type_ in mentions(train):
        types[name].add(type_)
    assert sum(len(kinds) > 1 for kinds in types.values()) > 80
    assert max(map(len, types.values())) >= 3


def test_look_alikes_are_left_without_a_label(train):
    plain = {word for sentence in train for word, tag in sentence[1:] if tag == "O" and word[:1].isupper()}
    inside = {word for sentence in train for word, tag in sentence if tag != "O"}
    assert {"June", "May", "April", "North", "Class", "Professor", "French", "Thermos"} <= plain
    assert {"June", "May", "April", "North"} <= inside


def test_many_sentences_have_no_name_at_all(train):
    empty = [all(tag == "O" for _, tag in sentence) for sentence in train]
    assert 0.25 < sum(empty) / len(empty) < 0.45


def test_files_stay_small():
    assert sum(path.stat().st_size for path in SAMPLE.iterdir()) < 1_200_000


def test_readme_says_that_it_is_synthetic():
    first_paragraph = (SAMPLE / "README.md").read_text(encoding="utf8").split("\n\n")[1]
    assert "synthetic" in first_paragraph


# The generator


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("= a\nx\n{b|\n", "a.grammar:3", "never closed"),
        ("= a\nx {Nobody} y\n", "a.grammar:2", "{Nobody}"),
        ("= a\nx }\n", "a.grammar:2", "'}'"),
        ("= a\n{x|{missing}}\n", "a.grammar:1", "'missing'"),
        ("= a\n{x|{ORG.club}}\n", "a.grammar:1", "'ORG.club'"),
        ("= a\n{PER/lst}\n", "a.grammar:2", "{PER/lst}"),
        ("= a\nx\n\n= a\ny\n", "a.grammar:4", "defined twice"),
        ("x\n", "a.grammar:1", "before the first rule"),
    ],
)
def test_a_bad_grammar_is_refused_with_its_line(tmp_path, text, place, problem):
    with pytest.raises(ALError, match="A020") as error:
        rules(tmp_path, text)
    assert place in str(error.value)
    assert problem in str(error.value)


def test_what_touches_becomes_one_token_and_slashes_part_sentences(tmp_path):
    grammar = rules(tmp_path, "= a\n{7-7}:{05-05} a{m|m} // {b}s .\n\n= b\nold bell\n")
    assert written(grammar) == [["7:05", "am"], ["old", "bells", "."]]


def test_a_repeated_rule_gives_that_many_sentences(tmp_path):
    assert written(rules(tmp_path, "= a\n{b*3-3}\n\n= b\nx\n")) == [["x"]] * 3


def test_a_weight_of_zero_keeps_a_production_out_of_a_part(tmp_path):
    grammar = rules(tmp_path, "= a\n*1:0 training\n*0:1 test\n")
    assert (written(grammar, part=0), written(grammar, part=1)) == ([["training"]], [["test"]])


def test_weights_are_followed():
    dice = Dice("weights")
    drawn = [dice.weighted("ab", [3, 1]) for _ in range(4000)]
    assert 2900 < drawn.count("a") < 3100  # 3000 expected, standard deviation 27


def test_a_tag_means_the_same_person_within_a_production(tmp_path):
    grammar = read_grammar(GRAMMAR, kinds=[*KINDS, *MIXED])
    couple = rules(tmp_path, "= couple\n{PER/full#1} = {PER/full#1} = {PER/full#2}\n")
    names, _ = make_names(grammar, make_expander(3), Dice("names"))
    for seed in range(20):
        (sentence,) = Writer(couple, names, Dice(str(seed)), part=0).document("couple")
        first, second, other = " ".join(token.text for token in sentence).split(" = ")
        assert first == second != other


def test_names_that_cannot_be_made_are_reported():
    grammar = Grammar()
    with pytest.raises(ALError, match=r"A021.*'first_f'.* 1 "):
        make_names(grammar, lambda g, rule: ("Ada",), Dice("names"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a owl and a university and a hour", "An owl and a university and an hour"),
        ("a NRTA form , a 8-day trip", "An NRTA form , an 8-day trip"),
        ("!upper rain in may", "RAIN IN MAY"),
        ("!title rain at the harbour", "Rain at the Harbour"),
        ("!lower Ada Sings .", "ada sings ."),
        ('she said : " come in , , " .', 'She said : " Come in , " .'),
    ],
)
def test_spelling_is_finished(text, expected):
    assert " ".join(finished(text)) == expected


@given(st.lists(st.text("abcdexyz", min_size=1, max_size=9), min_size=1, max_size=12), st.integers(0, 999))
def test_typing_errors_change_one_letter_and_no_tag(words, seed):
    sentence = [Token("!typos"), *(Token(word, "B-ORG") for word in words)]
    result = finish(sentence, Dice(str(seed)))
    assert [token.tag for token in result] == ["B-ORG"] * len(words)
    for word, token in zip(words, result, strict=True):
        assert abs(len(word) - len(token.text)) <= 1
        assert token.text[:1].lower() == word[:1]
