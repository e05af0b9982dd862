"""Column files: what is read, what is refused, what is repaired."""

import pytest

from spacy_al.corpus.conll import choose_scheme, read_conll
from spacy_al.corpus.repairs import Repairs
from spacy_al.errors import ALError

CONLL2003 = """-DOCSTART- -X- O O

EU NNP I-NP I-ORG
rejects VBZ I-VP O
German JJ I-NP I-MISC

Rome NNP I-NP I-LOC
Paris NNP B-NP B-LOC
Peter NNP I-NP I-PER
-DOCSTART- -X- O O

The DT I-NP O
"""


def read(path, on_error="fail", **options):
    return list(read_conll(path, Repairs(on_error), **options))


def test_conll2003_gives_words_parts_of_speech_and_entities(write):
    first, second, _ = read(write("eng.train", CONLL2003))
    assert (first.words, first.pos) == (["EU", "rejects", "German"], ["NNP", "VBZ", "JJ"])
    assert first.spans == [(0, 1, "ORG"), (2, 3, "MISC")]
    assert second.spans == [(0, 1, "LOC"), (1, 2, "LOC"), (2, 3, "PER")]
    assert first.scheme == "IOB1"


def test_docstart_starts_a_document_and_is_no_sentence(write):
    found = [(one.document, one.number, one.line) for one in read(write("eng.train", CONLL2003))]
    assert found == [("eng.train-1", 0, 3), ("eng.train-1", 1, 7), ("eng.train-2", 0, 12)]


def test_offsets_are_where_the_sentence_stands_in_the_file(write):
    content = CONLL2003.replace("\n", "\r\n")
    sentences = read(write("f", "\ufeff" + content))
    assert content[sentences[1].start : sentences[1].end].splitlines()[::2] == [
        "Rome NNP I-NP I-LOC",
        "Peter NNP I-NP I-PER",
    ]


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(write):
    plain = read(write("a/f", CONLL2003))
    other = read(write("b/f", "\ufeff" + CONLL2003.replace("\n", "\r\n")))
    assert [(one.words, one.spans, one.pos) for one in plain] == [(one.words, one.spans, one.pos) for one in other]


def test_tabs_separate_columns_so_that_words_may_hold_spaces(write):
    (sentence,) = read(write("f", "New\u00a0York City\tB-LOC\n \u3000!\tO\n"))
    assert sentence.words == ["New\u00a0York City", " \u3000!"]


def test_a_line_of_blanks_ends_a_sentence(write):
    assert [one.words for one in read(write("f", "a\tO\n\t\nb\tO\n \t \n"))] == [["a"], ["b"]]


def test_bioes_is_read_as_bilou(write):
    (sentence,) = read(write("f", "a B-X\nb E-X\nc S-Y\n"))
    assert (sentence.spans, sentence.scheme) == ([(0, 2, "X"), (2, 3, "Y")], "BILOU")


def test_columns_can_be_named(write):
    (sentence,) = read(write("f", "a B-X 7 NN -\nb I-X 8 VB -\n"), tag_column=1, pos_column=3)
    assert (sentence.spans, sentence.pos) == ([(0, 2, "X")], ["NN", "VB"])


def test_i_after_o_is_an_error_in_iob2_with_line_and_cure(write):
    path = write("f", "a O\n\nb O\nc I-X\n")
    with pytest.raises(ALError, match=r"A112.*f:4: 'I-X' may not follow 'O' in IOB2.*--scheme"):
        read(path, scheme="IOB2")


def test_i_after_o_is_an_entity_in_iob1(write):
    (sentence,) = read(write("f", "a O\nb I-X\n"), scheme="IOB1")
    assert sentence.spans == [(1, 2, "X")]


def test_i_after_o_in_iob2_is_repaired_as_conlleval_reads_it(write):
    repairs = Repairs("warn")
    (sentence,) = read_conll(write("f", "a O\nb I-X\nc I-Y\n"), repairs, scheme="IOB2")
    assert sentence.spans == [(1, 2, "X"), (2, 3, "Y")]
    assert list(repairs.counts.values()) == [1]


def test_a_needless_b_in_iob1_is_noted_not_refused(write):
    repairs = Repairs()
    (sentence,) = read_conll(write("f", "a B-X\nb I-X\n"), repairs, scheme="IOB1")
    assert sentence.spans == [(0, 2, "X")]
    assert [("B- where IOB1" in what, count) for what, count in repairs.counts.items()] == [(True, 1)]


def test_a_broken_bilou_entity_is_refused(write):
    with pytest.raises(ALError, match=r"A112.*f:2: 'O' may not follow 'B-X' in BILOU"):
        read(write("f", "a B-X\nb O\n"), scheme="BILOU")


def test_a_missing_column_is_refused_with_its_line(write):
    with pytest.raises(ALError, match=r"A111.*f:2: 1 column\(s\) where 2 were expected: 'b'"):
        read(write("f", "a O\nb\nc O\n"))


def test_a_column_too_many_is_refused_not_taken_for_the_rule(write):
    with pytest.raises(ALError, match=r"A111.*f:2: 3 column\(s\) where 2 were expected: 'b c O'"):
        read(write("f", "a O\nb c O\nd O\n"))


def test_a_missing_column_leaves_the_tag_missing_not_o(write):
    repairs = Repairs("warn")
    (sentence,) = read_conll(write("f", "a NN B-X\nb\nc NN O\n"), repairs)
    assert (sentence.words, sentence.missing, sentence.pos) == (["a", "b", "c"], [1], ["NN", "", "NN"])
    assert sum(repairs.counts.values()) == 1


def test_a_tag_that_cannot_be_read_is_refused(write):
    with pytest.raises(ALError, match=r"A112.*f:2: 'B_LOC' of 'Rome' is not a tag of IOB2"):
        read(write("f", "in O\nRome B_LOC\n"), scheme="IOB2")


def test_a_tag_that_cannot_be_read_is_missing_after_repair(write):
    (sentence,) = read(write("f", "in O\nRome B_LOC\n"), "warn")
    assert (sentence.missing, sentence.spans) == ([1], [])


def test_a_tag_without_a_word_is_refused(write):
    with pytest.raises(ALError, match=r"A119.*f:2"):
        read(write("f", "a\tO\n\tB-X\n"))


def test_a_tag_without_a_word_is_left_out_after_repair(write):
    assert [one.words for one in read(write("f", "a\tO\n\tB-X\n\n\tO\n"), "warn")] == [["a"]]


@pytest.mark.parametrize("content", ["", "\n\n", "-DOCSTART- O\n\n"])
@pytest.mark.parametrize("on_error", ["fail", "warn"])
def test_a_file_without_sentences_is_refused(write, content, on_error):
    with pytest.raises(ALError, match=r"A110.*f: holds no sentences"):
        read(write("f", content), on_error)


@pytest.mark.parametrize("options", [{"tag_column": 0}, {"tag_column": 2}, {"pos_column": 5}])
def test_a_column_that_is_not_there_is_refused(write, options):
    with pytest.raises(ALError, match=r"A118.*2 column"):
        read(write("f", "a O\n"), **options)


def test_a_single_column_is_refused(write):
    with pytest.raises(ALError, match=r"A118.*1 column"):
        read(write("f", "a\nb\n"))


def test_an_unknown_scheme_is_refused(write):
    with pytest.raises(ALError, match="A100"):
        read(write("f", "a O\n"), scheme="BIO")


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        (["B-A", "I-A", "O", "B-B"], "IOB2"),
        (["I-A", "B-A", "O", "I-B"], "IOB1"),
        (["U-A", "O", "B-B", "L-B"], "BILOU"),
        (["S-A", "O", "B-B", "E-B"], "BILOU"),
        (["O", "O"], "IOB2"),
        (["B-A", "O", "I-A"], None),
    ],
)
def test_the_scheme_is_told_by_how_entities_start(tags, scheme):
    assert choose_scheme([tags])[0] == scheme


def test_one_slip_in_twenty_does_not_hide_the_scheme():
    assert choose_scheme([["B-A"]] * 19 + [["I-A"]])[0] == "IOB2"
    assert choose_scheme([["I-A"]] * 19 + [["B-A"]])[0] == "IOB1"


def test_a_scheme_that_cannot_be_told_is_asked_for(write):
    with pytest.raises(ALError, match=r"A114.*1 start with B-, 1 with I-.*--scheme"):
        read(write("f", "a B-A\n\nb I-A\n"))
