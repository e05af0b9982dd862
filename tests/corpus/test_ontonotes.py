"""CoNLL-2012 files, on lines written in that format."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_al.corpus.ontonotes import decode_brackets, find_gold, read_ontonotes
from spacy_al.corpus.repairs import Repairs
from spacy_al.errors import ALError

BEGIN = "#begin document (bc/cctv/00/cctv_0000); part 000\n"
END = "\n#end document\n"


def row(number, word, pos, name, coreference="-"):
    start = f"bc/cctv/00/cctv_0000   0   {number}   {word}   {pos}"
    return f"{start}   (TOP*   -   -   -   Speaker#1   {name}   *   {coreference}\n"


FIRST = (
    row(0, "Xi", "NNP", "(PERSON*", "(1")
    + row(1, "Jinping", "NNP", "*)", "1)")
    + row(2, "left", "VBD", "*")
    + row(3, "Hong", "NNP", "(GPE*")
    + row(4, "Kong", "NNP", "*")
    + row(5, "SAR", "NNP", "*)")
    + row(6, "/.", ".", "(DATE)")
)
SECOND = row(0, "Yes", "UH", "*")
DOCUMENT = BEGIN + FIRST + "\n" + SECOND + END


def read(path, on_error="fail"):
    return list(read_ontonotes(path, Repairs(on_error)))


def test_names_may_span_lines(write):
    first, second = read(write("x.v4_gold_conll", DOCUMENT))
    assert first.spans == [(0, 2, "PERSON"), (3, 6, "GPE"), (6, 7, "DATE")]
    assert second.spans == []


def test_words_parts_of_speech_and_document_are_kept(write):
    first, second = read(write("x.v4_gold_conll", DOCUMENT))
    assert first.words == ["Xi", "Jinping", "left", "Hong", "Kong", "SAR", "/."]
    assert first.pos == ["NNP", "NNP", "VBD", "NNP", "NNP", "NNP", "."]
    assert [(one.document, one.number) for one in (first, second)] == [
        ("bc/cctv/00/cctv_0000.000", 0),
        ("bc/cctv/00/cctv_0000.000", 1),
    ]


def test_parts_of_a_document_are_documents(write):
    path = write("x.v4_gold_conll", DOCUMENT + DOCUMENT.replace("part 000", "part 001"))
    assert [(one.document[-4:], one.number) for one in read(path)] == [
        (".000", 0),
        (".000", 1),
        (".001", 0),
        (".001", 1),
    ]


def test_offsets_point_into_the_file(write):
    first, second = read(write("x.v4_gold_conll", DOCUMENT))
    assert DOCUMENT[first.start : first.end] + "\n" == FIRST
    assert DOCUMENT[second.start : second.end] + "\n" == SECOND


def test_a_folder_is_read_in_order_without_the_section_pt(write, tmp_path):
    pt = DOCUMENT.replace("bc/cctv", "pt/nt")
    write("tree/annotations/wsj/b.v4_gold_conll", DOCUMENT.replace("bc/cctv", "wsj"))
    write("tree/annotations/bc/a.v4_gold_conll", DOCUMENT)
    write("tree/annotations/bc/a.v4_auto_conll", DOCUMENT)
    write("tree/annotations/pt/c.v4_gold_conll", pt)
    repairs = Repairs()
    sentences = list(read_ontonotes(tmp_path / "tree", repairs))
    assert [one.file for one in sentences[::2]] == [
        "annotations/bc/a.v4_gold_conll",
        "annotations/wsj/b.v4_gold_conll",
    ]
    assert list(repairs.counts.values()) == [1]


def test_the_section_pt_is_known_by_its_document_too(write):
    path = write("x.v4_gold_conll", DOCUMENT.replace("(bc/cctv", "(pt/nt") + DOCUMENT)
    assert {one.document for one in read(path)} == {"bc/cctv/00/cctv_0000.000"}


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["(PERSON*", "*"], r":2: the entity PERSON is not closed"),
        (["*", "*)"], r":3: '\*\)' closes an entity that was not opened"),
        (["(ORG*", "(GPE)"], r":3: '\(GPE\)' opens an entity inside another"),
        (["PERSON", "*"], r":2: 'PERSON' cannot be read"),
    ],
)
def test_brackets_that_do_not_match_are_refused_with_their_line(write, names, problem):
    lines = "".join(row(number, "w", "NN", name) for number, name in enumerate(names))
    with pytest.raises(ALError, match="A117.*x" + problem):
        read(write("x", BEGIN + lines + END))


@pytest.mark.parametrize(
    ("names", "spans", "missing"),
    [
        (["(PERSON*", "*"], [(0, 2, "PERSON")], []),
        (["*", "*)"], [], []),
        (["(ORG*", "*", "(GPE)"], [(0, 2, "ORG"), (2, 3, "GPE")], []),
        (["PERSON", "*"], [], [0]),
    ],
)
def test_brackets_are_repaired_and_counted(write, names, spans, missing):
    lines = "".join(row(number, "w", "NN", name) for number, name in enumerate(names))
    repairs = Repairs("warn")
    (sentence,) = read_ontonotes(write("x", BEGIN + lines + END), repairs)
    assert (sentence.spans, sentence.missing) == (spans, missing)
    assert sum(repairs.counts.values()) == 1


@st.composite
def bracketed(draw):
    cells, spans = [], []
    for _ in range(draw(st.integers(0, 5))):
        size, label = draw(st.integers(0, 3)), draw(st.sampled_from(["ORG", "WORK_OF_ART"]))
        if size:
            spans.append((len(cells), len(cells) + size, label))
        cells += ["*"] if size == 0 else [f"({label})"] if size == 1 else [f"({label}*", *["*"] * (size - 2), "*)"]
    return cells, spans


@given(bracketed())
def test_brackets_that_match_are_read_exactly(sentence):
    cells, spans = sentence
    assert decode_brackets(cells) == (spans, [], [])


def test_a_line_that_is_too_short_is_refused(write):
    with pytest.raises(ALError, match=r"A111.*x:3: 5 column\(s\) where at least 11"):
        read(write("x", BEGIN + SECOND + "bc/x 0 1 word NN\n" + END))


def test_a_line_that_is_too_short_leaves_its_label_missing(write):
    path = write("x", BEGIN + FIRST + "bc/x 0 7 word NN\nbc/x 0\n" + END)
    (sentence,) = read(path, "warn")
    assert (sentence.words[-1], sentence.pos[-1], sentence.missing) == ("word", "NN", [7])


def test_a_file_that_was_cut_off_is_refused(write):
    with pytest.raises(ALError, match=r"A117.*x:\d+: the file ends inside a document"):
        read(write("x", BEGIN + FIRST))


def test_a_skeleton_without_words_is_refused(write):
    with pytest.raises(ALError, match=r"A117.*x:2: a skeleton without words"):
        read(write("x", BEGIN + row(0, "[WORD]", "NN", "*") + END))


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["data/english/a.v4_gold_skel"], "only skeletons"),
        (["train/a.v4_gold_conll", "test/a.v4_gold_conll"], "several parts: test, train"),
        (["english/a.v4_gold_conll", "chinese/a.v4_gold_conll"], "several languages: chinese, english"),
        (["a.v4_gold_conll", "a.v9_gold_conll"], "two versions of one document: a.v4_gold_conll and a.v9"),
        (["a.txt"], r"no \*_gold_conll file"),
    ],
)
def test_a_folder_that_is_not_one_part_is_refused(write, tmp_path, names, problem):
    for name in names:
        write(f"tree/{name}", DOCUMENT)
    with pytest.raises(ALError, match=f"A116.*tree: .*{problem}.*skeleton2conll"):
        find_gold(tmp_path / "tree")


def test_a_folder_of_nothing_but_pt_is_refused(write, tmp_path):
    write("tree/pt/c.v4_gold_conll", DOCUMENT)
    with pytest.raises(ALError, match="A110"):
        read(tmp_path / "tree")
