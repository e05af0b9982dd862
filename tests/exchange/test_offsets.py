"""Offsets of tools, in code points or UTF-16 units, on token boundaries or not."""

from hypothesis import given
from hypothesis import strategies as st

from spacy_al.corpus.align import NO_PLACE, from_utf16
from spacy_al.tasks import Task

from .cases import annotation, codes, prodigy, read, studio


@given(st.text())
def test_utf16_table_agrees_with_the_codec(text):
    table = from_utf16(text)
    units = [len(text[:number].encode("utf-16-le", "surrogatepass")) // 2 for number in range(len(text) + 1)]
    assert [table[unit] for unit in units] == list(range(len(text) + 1))
    assert len(table) == units[-1] + 1
    assert sum(place == NO_PLACE for place in table) == sum(ord(c) > 0xFFFF for c in text)


def test_code_points():
    assert read([prodigy([(10, 12, "PER")])]).answers[0].spans == ((3, 4, "PER"),)


def test_utf16_is_corrected_and_counted():
    reading = read([prodigy([(0, 3, "PER"), (11, 13, "PER")])])
    assert reading.answers[0].spans == ((0, 1, "PER"), (3, 4, "PER"))
    assert reading.counts == {"utf16": 2}


def test_the_spans_own_text_decides():
    # 12-14 is "'s" in code points and "l'" in UTF-16 units.
    right = studio(annotation((12, 14, "PER", "'s")))
    wrong = studio(annotation((12, 14, "PER", "Al")))
    assert read([right], "label_studio").answers[0].spans == ((4, 5, "PER"),)
    assert codes(read([wrong], "label_studio")) == ["A609"]


def test_text_with_the_line_ends_of_label_studio():
    # What version 1.23 wrote for a span over a line end, with and without the space before it.
    for text in ("Bob 😀 met", "Bob\\n😀 met", "Bob \\n😀 met"):
        assert read([studio(annotation((0, 9, "PER", text)))], "label_studio").answers


def test_both_units_fit():
    task = Task("x-0", ("😀", "东", "京", "都"), (False,) * 4)
    record = {"text": task.text, "label": [[2, 3, "LOC"]], "al_id": "x-0"}
    assert codes(read([record], "doccano", {"x-0": task})) == ["A611"]
    assert read([record], "doccano", {"x-0": task}, units="utf16").answers[0].spans == ((1, 2, "LOC"),)
    assert read([record], "doccano", {"x-0": task}, units="codepoints").answers[0].spans == ((2, 3, "LOC"),)


def test_another_record_of_the_file_proves_the_unit():
    both = Task("x-0", ("😀", "东", "京", "都"), (False,) * 4)
    proof = Task("y-0", ("😀", "Al"), (True, False))
    records = [
        {"text": both.text, "label": [[2, 3, "LOC"]], "al_id": "x-0"},
        {"text": proof.text, "label": [[3, 5, "LOC"]], "al_id": "y-0"},
    ]
    reading = read(records, "doccano", {"x-0": both, "y-0": proof})
    assert [answer.spans for answer in reading.answers] == [((1, 2, "LOC"),), ((1, 2, "LOC"),)]


def test_cut_tokens_are_refused_with_the_numbers():
    reading = read([prodigy([(11, 12, "PER")])])
    assert codes(reading) == ["A605"]
    assert "(11, 12) ('l') cuts tokens; tokens there lie at [(10, 12)]" in reading.problems[0].message


def test_cut_tokens_are_widened_on_request():
    reading = read([prodigy([(1, 2, "PER"), (15, 17, "LOC")])], snap=True)
    assert reading.answers[0].spans == ((0, 1, "PER"), (5, 6, "LOC"))
    assert reading.counts["snapped"] == 2


def test_widening_finds_no_token_in_a_space():
    assert codes(read([prodigy([(9, 10, "PER")])], snap=True)) == ["A605"]


def test_spans_outside_the_text():
    for start, end in ((-1, 3), (0, 99), (5, 5), (9, 6), (18, 19)):
        assert codes(read([prodigy([(start, end, "PER")])])) == ["A609"]


def test_token_end_is_inclusive_in_prodigy():
    span = {"start": 10, "end": 14, "token_start": 3, "token_end": 4, "label": "PER"}
    assert read([prodigy(spans=[span])]).answers[0].spans == ((3, 5, "PER"),)
    assert codes(read([prodigy(spans=[span | {"token_end": 5}])])) == ["A610"]
