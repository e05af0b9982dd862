"""Tag schemes against seqeval, spaCy and brute force."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities
from spacy.tokens import Doc
from spacy.training import biluo_tags_to_spans
from spacy.vocab import Vocab

from spacy_al.corpus.schemes import (
    PREFIXES,
    SCHEMES,
    allowed_transitions,
    decode,
    encode,
    find_problem,
    split_tag,
    tag_names,
)
from spacy_al.errors import ALError

LABELS = ["PER", "creative-work"]


@st.composite
def sentences(draw):
    """Spans in order without overlap, and the length of their sentence."""
    spans, place = [], 0
    for _ in range(draw(st.integers(0, 5))):
        start = place + draw(st.integers(0, 2))
        place = start + draw(st.integers(1, 3))
        spans.append((start, place, draw(st.sampled_from(LABELS))))
    return spans, place + draw(st.integers(0, 2))


def tags_of(scheme):
    return st.lists(st.sampled_from(tag_names(LABELS, scheme)), max_size=8)


@pytest.mark.parametrize("scheme", SCHEMES)
@given(sentences())
def test_decode_undoes_encode(scheme, sentence):
    spans, length = sentence
    tags = encode(spans, length, scheme)
    assert len(tags) == length
    assert decode(tags, scheme) == spans


@pytest.mark.parametrize("scheme", SCHEMES)
@given(st.data())
def test_tags_are_valid_exactly_if_encoding_gives_them_back(scheme, data):
    tags = data.draw(tags_of(scheme))
    canonical = encode(decode(tags, scheme), len(tags), scheme)
    assert (find_problem(tags, scheme) is None) == (tags == canonical)


@pytest.mark.parametrize("scheme", ["IOB1", "IOB2"])
@given(st.data())
def test_decode_reads_iob_as_seqeval_does(scheme, data):
    tags = data.draw(tags_of(scheme))
    expected = [(start, end + 1, label) for label, start, end in get_entities(tags)]
    assert decode(tags, scheme) == expected


@given(sentences())
def test_bilou_is_what_spacy_reads(sentence):
    spans, length = sentence
    doc = Doc(Vocab(), words=["w"] * length)
    read = biluo_tags_to_spans(doc, encode(spans, length, "BILOU"))
    assert [(span.start, span.end, span.label_) for span in read] == spans


@pytest.mark.parametrize("scheme", SCHEMES)
@given(st.lists(st.sampled_from(["O", "", "B", "I-", "-A", "X-A", "B-A", "I-A", "L-A", "U-B", "I-B", "b-A"])))
def test_decode_never_gives_invalid_spans(scheme, tags):
    place = 0
    for start, end, label in decode(tags, scheme):
        assert place <= start < end <= len(tags)
        assert label in ("A", "B")
        place = end


def test_decode_of_broken_bilou_keeps_what_is_there():
    tags = ["L-A", "I-A", "U-A", "B-B", "L-A", "B-B", "I-B", "O", "I-A", "B-A"]
    spans = [
        (0, 1, "A"),
        (1, 2, "A"),
        (2, 3, "A"),
        (3, 4, "B"),
        (4, 5, "A"),
        (5, 7, "B"),
        (8, 9, "A"),
        (9, 10, "A"),
    ]
    assert decode(tags, "BILOU") == spans


@pytest.mark.parametrize(
    ("scheme", "tags", "token"),
    [
        ("IOB2", ["O", "I-A"], 1),
        ("IOB2", ["B-A", "I-B"], 1),
        ("IOB1", ["I-A", "O", "B-A"], 2),
        ("IOB1", ["I-A", "B-B"], 1),
        ("IOB1", ["B-A"], 0),
        ("BILOU", ["B-A", "O", "O"], 1),
        ("BILOU", ["O", "B-A"], 1),
        ("BILOU", ["L-A"], 0),
        ("IOB2", ["O", "B_A"], 1),
        ("IOB2", ["O", "L-A"], 1),
    ],
)
def test_find_problem_names_the_token(scheme, tags, token):
    assert find_problem(tags, scheme)[0] == token


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("length", [1, 2, 3])
def test_allowed_transitions_allow_exactly_the_valid_sequences(scheme, length):
    tags = tag_names(["A", "B"], scheme)
    start, step, end = allowed_transitions(tags, scheme)
    for path in itertools.product(range(len(tags)), repeat=length):
        allowed = start[path[0]] and end[path[-1]] and all(step[i, j] for i, j in itertools.pairwise(path))
        assert allowed == (find_problem([tags[i] for i in path], scheme) is None)


def test_tag_names_are_in_a_fixed_order():
    assert tag_names(["B", "A"], "IOB1") == ["O", "B-B", "I-B", "B-A", "I-A"]
    assert tag_names(["A"], "BILOU") == ["O", "B-A", "I-A", "L-A", "U-A"]
    assert tag_names([], "IOB2") == ["O"]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_prefix_of_a_scheme_is_needed(scheme):
    spans = [(0, 1, "A"), (1, 2, "A"), (2, 6, "A")]
    assert {split_tag(tag)[0] for tag in encode(spans, 6, scheme)} == set(PREFIXES[scheme])


@pytest.mark.parametrize("labels", [["A", "A"], [""], [" A"]])
def test_labels_must_be_distinct_words(labels):
    with pytest.raises(ALError, match="A101"):
        tag_names(labels, "IOB2")


@pytest.mark.parametrize(
    "spans", [[(0, 0, "A")], [(1, 3, "A")], [(0, 2, "A"), (1, 2, "B")], [(1, 2, "A"), (0, 1, "B")]]
)
def test_encode_refuses_what_no_tags_can_say(spans):
    with pytest.raises(ALError, match="A102"):
        encode(spans, 2, "IOB2")


def test_transitions_refuse_a_tag_of_another_scheme():
    with pytest.raises(ALError, match=r"A103.*'L-A'"):
        allowed_transitions(["O", "L-A"], "IOB2")


@pytest.mark.parametrize("function", [lambda s: decode([], s), lambda s: encode([], 0, s), lambda s: tag_names([], s)])
def test_an_unknown_scheme_is_named(function):
    with pytest.raises(ALError, match=r"A100.*'BIO'.*IOB1, IOB2, BILOU"):
        function("BIO")
