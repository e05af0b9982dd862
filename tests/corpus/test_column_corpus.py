"""Column files: what is read, what is refused, what is repaired."""

import pytest

from spacy_al.corpus.column_corpus import read_columns
from spacy_al.corpus.column_layout import choose_scheme
from spacy_al.corpus.repairs import Repairs
from spacy_al.errors import ALError
from spacy_al.options import ConvertOptions

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
    return list(read_columns(path, Repairs(on_error), ConvertOptions(**options)))


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
    (sentence,) = read_columns(write("f", "a O\nb I-X\nc I-Y\n"), repairs, ConvertOptions(scheme="IOB2"))
    assert sentence.spans == [(1, 2, "X"), (2, 3, "Y")]
    assert list(repairs.counts.values()) == [1]


def test_a_needless_b_in_iob1_is_noted_not_refused(write):
    repairs = Repairs()
    (sentence,) = read_columns(write("f", "a B-X\nb I-X\n"), repairs, ConvertOptions(scheme="IOB1"))
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
    (sentence,) = read_columns(write("f", "a NN B-X\nb\nc NN O\n"), repairs)
    assert (sentence.words, sentence.missing, sentence.pos) == (["a", "b", "c"], [1], ["NN", "", "NN"])
    assert sum(repairs.counts.values()) == 1


def test_a_tag_that_cannot_be_read_is_refused(write):
    with pytest.raises(ALError, match=r"A112.*f:2: 'B_LOC' of 'Rome' is not a tag of IOB2"):
        read(write("f", "in O\nRome B_LOC\n"), scheme="IOB2")


def test_a_tag_that_cannot_be_read_is_missing_after_repair(write):
    (sentence,) = read(write("f", "in O\nRome B_LOC\n"), "warn", scheme="IOB2")
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


@pytest.mark.parametrize(
    "options",
    [{"tag_column": 0, "word_column": 0}, {"tag_column": 2}, {"pos_column": 5}, {"word_column": 2}],
)
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


@pytest.mark.parametrize(
    ("tags", "scheme"), [("I-A E-A O E-B I-A E-A E-A", "IOE2"), ("I-A E-A I-A O I-B I-A I-A", "IOE1")]
)
def test_schemes_that_mark_ends_are_read(write, tags, scheme):
    (sentence,) = read(write("f", "".join(f"w {tag}\n" for tag in tags.split())))
    spans = [(0, 2, "A"), (3, 4, "B"), (4, 6, "A"), (6, 7, "A")]
    ones = [(0, 2, "A"), (2, 3, "A"), (4, 5, "B"), (5, 7, "A")]
    assert (sentence.spans, sentence.scheme) == (spans if scheme == "IOE2" else ones, scheme)


def test_a_slip_in_a_scheme_that_marks_ends_is_named(write):
    content = "a E-X\nb O\n" * 10 + "c I-X\n"
    with pytest.raises(ALError, match=r"A112.*f:21: 'I-X' may not end an entity before 'O' in IOE2"):
        read(write("f", content))
    with pytest.raises(ALError, match=r"A114.*1 end with E-, 1 with I-.*IOE1"):
        read(write("f", content[-16:]))


def test_an_outside_tag_of_bmewo_with_neighbours_is_named(write):
    with pytest.raises(ALError, match=r"A112.*f:2: 'O-X'.* stands for O in BMEWO\+: write O"):
        read(write("f", "a W-X\nb O-X\n"))


def test_one_slip_in_twenty_does_not_hide_the_scheme():
    assert choose_scheme([["B-A"]] * 19 + [["I-A"]])[0] == "IOB2"
    assert choose_scheme([["I-A"]] * 19 + [["B-A"]])[0] == "IOB1"


def test_a_scheme_that_cannot_be_told_is_asked_for(write):
    with pytest.raises(ALError, match=r"A114.*1 start with B-, 1 with I-.*--scheme"):
        read(write("f", "a B-A\n\nb I-A\n"))


COUNTED = {
    "from 1": "1\tAna\tB-PER\n2\tleft\tO\n\n1\tBo\tB-PER\n",
    "from 0": "0 Ana B-PER\n1 left O\n\n0 Bo B-PER\n",
    "through the file": "1 Ana B-PER\n2 left O\n\n3 Bo B-PER\n",
    "ranges and empty nodes": "1-2 Analeft _\n1 Ana B-PER\n2 left O\n2.1 x _\n\n1 Bo B-PER\n",
    "comments": "# doc 1\n1 Ana B-PER\n2 left O\n\n# doc 2\n1 Bo B-PER\n",
}


@pytest.mark.parametrize("content", COUNTED.values(), ids=COUNTED)
def test_a_first_column_that_counts_holds_no_words(write, content):
    repairs = Repairs()
    first, second = read_columns(write("f", content), repairs)
    assert (first.words, first.spans) == (["Ana", "left"], [(0, 1, "PER")])
    assert (second.words, second.spans) == (["Bo"], [(0, 1, "PER")])
    assert any("counts tokens" in what for what in repairs.counts)


def test_outer_names_are_read_and_nested_ones_noted(write):
    repairs = Repairs()
    (sentence,) = read_columns(write("f", "1\tAna\tB-PER\tO\n2\tleft\tO\tB-LOC\n3\tOslo\tB-LOC\tO\n"), repairs)
    assert (sentence.words, sentence.spans) == (["Ana", "left", "Oslo"], [(0, 1, "PER"), (2, 3, "LOC")])
    assert [("nested" in what, count) for what, count in repairs.counts.items()] == [(False, 1), (True, 1)]


@pytest.mark.parametrize("content", ["1 a O\n1 b O\n", "1 a O\n3 b O\n", "7 a O\n8 b O\n9 c O\n"])
def test_numbers_that_do_not_count_are_asked_about(write, content):
    path = write("f", content)
    with pytest.raises(ALError, match=r"A131.*f: .*--word-column"):
        read(path)
    assert read(path, word_column=0)[0].words[0] in "17"
    assert read(path, word_column=1)[0].words[0] == "a"


def test_numbers_that_are_words_stay_words(write):
    assert read(write("f", "1 CD B-X\n\n1997 CD O\nwas VBD O\nit PRP O\nor CC O\n"))[0].words == ["1"]


def test_two_columns_of_entity_tags_are_asked_about(write):
    path = write("f", "a B-X O\nb O B-Y\n")
    with pytest.raises(ALError, match=r"A132.*columns 1, 2"):
        read(path)
    assert read(path, tag_column=1)[0].spans == [(0, 1, "X")]


COMMENTS = ["# id 0a1b domain=en", "#", "# text = a b", "#id:7", "# doc x B-", "## a\n# b"]


@pytest.mark.parametrize("comment", COMMENTS)
def test_comments_stand_before_a_sentence(write, comment):
    repairs = Repairs()
    content = f"{comment}\n\n{comment}\na _ _ B-X\nb _ _ O\n\n{comment}\n# _ _ O\nc _ _ O\n"
    sentences = list(read_columns(write("f", content), repairs))
    assert [one.words for one in sentences] == [["a", "b"], ["#", "c"]]
    assert [one.number for one in sentences] == [0, 1]
    assert sum(repairs.counts.values()) == 3 * (comment.count("\n") + 1)


def test_a_hash_with_a_tag_is_a_word(write):
    assert read(write("f", "#oslo B-X\nb O\n"))[0].words == ["#oslo", "b"]


@pytest.mark.parametrize("letters", ["BILU", "BIES", "BMES", "BMEW"])
def test_all_letters_of_bilou_are_read(write, letters):
    first, inside, last, only = letters
    content = f"a {first}-X\nb {inside}-X\nc {last}-X\nd O\ne {only}-Y\n"
    assert read(write("f", content))[0].spans == [(0, 3, "X"), (4, 5, "Y")]
    assert read(write("f", content), scheme="BILOU")[0].spans == [(0, 3, "X"), (4, 5, "Y")]


@pytest.mark.parametrize("prefix", ["", "I-"])
def test_in_io_neighbours_of_one_label_are_one_entity(write, prefix):
    content = f"a {prefix}x-y\nb {prefix}x-y\nc {prefix}z\nd O\ne {prefix}z\n"
    (sentence,) = read(write("f", content), scheme="IO")
    assert sentence.spans == [(0, 2, "x-y"), (2, 3, "z"), (4, 5, "z")]
    assert sentence.scheme == "IO"


def test_bare_labels_are_asked_about(write):
    with pytest.raises(ALError, match=r"A114.*2 tags have no B- or I-.*IO"):
        read(write("f", "a x\nb x\nc O\n"))


def test_b_is_no_tag_of_io(write):
    with pytest.raises(ALError, match="A112.*not a tag of IO"):
        read(write("f", "a B-x\nb I-x\nc O\n"), scheme="IO")


def test_a_tag_may_stand_before_the_word(write):
    (sentence,) = read(write("f", "B-PER\tAna\nI-PER\tLee\nO\tleft\n"), tag_column=0)
    assert (sentence.words, sentence.spans) == (["Ana", "Lee", "left"], [(0, 2, "PER")])


def test_spaces_after_a_tag_are_none_of_it(write):
    (sentence,) = read(write("f", "Ana\tB-PER \nleft\tO  \r\n"))
    assert sentence.spans == [(0, 1, "PER")]


def test_the_tags_of_a_whole_sentence_are_no_label(write):
    with pytest.raises(ALError, match="A112.*f:1.*B-PER O"):
        read(write("f", "Ana left\tB-PER O\n"))


@pytest.mark.parametrize(
    ("rows", "scheme"),
    [
        ("Ana b-per\nLee i-per\nleft o\no o\n", "IOB2"),
        ("Ana b-per\nLee e-per\nleft o\no o\n", "BILOU"),
        ("Ana i-per\nLee e-per\nleft o\no o\n", "IOE2"),
    ],
)
def test_tags_in_small_letters_are_read_and_words_stay(write, rows, scheme):
    (sentence,) = read(write("f", rows))
    assert (sentence.words[3], sentence.spans, sentence.scheme) == ("o", [(0, 2, "per")], scheme)


@pytest.mark.parametrize("outside", ["o", "0"])
def test_what_stands_for_o_beside_bare_labels_is_no_label(write, outside):
    assert read(write("f", f"Ana PER\nleft {outside}\n"), scheme="IO")[0].spans == [(0, 1, "PER")]


@pytest.mark.parametrize("tag", ["B-PER|B-ORG", "B-PER,O", "B-PER#I-ORG"])
def test_several_tags_in_one_cell_are_no_label(write, tag):
    path = write("f", f"Ana {tag}\nleft O\nRome B-LOC\n")
    with pytest.raises(ALError, match="A112.*f:1"):
        read(path)
    assert read(path, "warn")[0].missing == [0]


@pytest.mark.parametrize(
    ("rows", "cure"),
    [
        ("B-PER Ana\nO left\n", "--tag-column 0"),
        ("Ana B_PER\nleft O\n", "'B_PER'.*write B-PER"),
        ("Ana PER-B\nleft O\n", "'PER-B'.*write B-PER"),
        ("1 Ana name=B-PER\n2 left _\n", "--format conllu"),
    ],
)
def test_where_no_scheme_fits_what_the_tags_show_is_said(write, rows, cure):
    with pytest.raises(ALError, match=f"A114.*{cure}"):
        read(write("f", rows))
