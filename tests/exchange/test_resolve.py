"""What an answer means, and which records are refused."""

import json
import re
from dataclasses import replace

import pytest

from spacy_al.exchange.reading import Options

from .cases import OTHER, TASK, TASKS, codes, parse_answers, prodigy, read


def test_accepted_tokens_without_a_span_are_outside():
    answer = read([prodigy([(0, 3, "PER")])]).answers[0]
    assert (answer.verdict, answer.spans, answer.missing) == ("accept", ((0, 1, "PER"),), ())


def test_unlabelled_tokens_can_be_missing():
    answer = read([prodigy([(0, 3, "PER")])], unlabelled="missing").answers[0]
    assert answer.missing == (1, 2, 3, 4, 5)


def test_a_binary_yes_says_nothing_of_other_tokens():
    answer = read([prodigy([(10, 12, "PER")], _view_id="ner")]).answers[0]
    assert (answer.spans, answer.missing) == (((3, 4, "PER"),), (0, 1, 2, 4, 5))


def test_a_binary_no_is_a_constraint():
    answer = read([prodigy([(10, 12, "PER")], _view_id="ner", answer="reject")]).answers[0]
    assert (answer.verdict, answer.spans, answer.rejected) == ("reject", (), ((3, 4, "PER"),))


def test_a_binary_no_to_two_spans_is_no_constraint():
    spans = [(0, 3, "PER"), (10, 12, "PER")]
    answer = read([prodigy(spans, _view_id="ner", answer="reject")]).answers[0]
    assert (answer.verdict, answer.rejected) == ("reject", ())


@pytest.mark.parametrize("verdict", ["reject", "ignore"])
def test_refusals_carry_no_entities(verdict):
    answer = read([prodigy([(0, 3, "PER")], answer=verdict)]).answers[0]
    assert (answer.verdict, answer.spans, answer.missing, answer.rejected) == (verdict, (), (), ())


def test_unknown_ids():
    assert codes(read([prodigy(meta={"al_id": "zz-0"})])) == ["A603"]


def test_edited_text():
    reading = read([prodigy(text=TASK.text.replace("met", "saw"))])
    assert codes(reading) == ["A604"]
    assert "character 6" in reading.problems[0].message


def test_white_space_lost_at_the_end_is_no_edit():
    answer = read([prodigy(text=TASK.text + " ")]).answers[0]
    assert answer.id == TASK.id


def test_changed_tokens():
    tokens = [{"text": word} for word in ("Bob", "😀", "met", "Al's", "cat")]
    assert codes(read([prodigy(tokens=tokens)])) == ["A604"]


def test_a_lost_id_is_found_by_text():
    reading = read([prodigy([(0, 3, "PER")], meta={})])
    assert (reading.answers[0].id, reading.counts) == (TASK.id, {"by_text": 1})


def test_a_lost_id_of_an_ambiguous_text():
    twins = {id_: replace(TASK, id=id_) for id_ in ("a-0", "b-0")}
    assert codes(read([prodigy(meta={})], tasks=twins)) == ["A612"]


def test_a_lost_id_where_others_have_one():
    other = prodigy(text=OTHER.text, meta={})
    reading = read([prodigy(), other])
    assert (codes(reading), [answer.id for answer in reading.answers]) == (["A629"], [TASK.id])


def test_overlaps():
    assert codes(read([prodigy([(0, 5, "PER"), (4, 9, "LOC")])])) == ["A606"]


def test_the_same_span_twice():
    assert codes(read([prodigy([(0, 3, "PER"), (0, 3, "LOC")])])) == ["A606"]


def test_unknown_labels():
    assert codes(read([prodigy([(0, 3, "PERS")])], labels=("PER", "LOC"))) == ["A613"]


def test_a_label_in_other_code_points_is_the_declared_one():
    (answer,) = read([prodigy([(0, 3, "O\u0308RT")])], labels=("\u00d6RT",)).answers
    assert answer.spans[0][2] == "\u00d6RT"


def test_a_declared_label_may_look_like_a_tag():
    (answer,) = read([prodigy([(0, 3, "B-CELL")])], labels=("B-CELL", "LOC")).answers
    assert answer.spans[0][2] == "B-CELL"
    assert codes(read([prodigy([(0, 3, "B-CELL")])], labels=("PER",))) == ["A608"]


def test_answers_come_in_the_order_of_the_tasks():
    other = prodigy(text=OTHER.text, meta={"al_id": OTHER.id})
    assert [answer.id for answer in read([other, prodigy()]).answers] == list(TASKS)


def test_every_problem_has_its_line():
    bad = prodigy([(1, 2, "PER")])
    lines = [
        json.dumps(bad),
        "",
        "{",
        json.dumps(prodigy(answer="yes")),
        '{"a": 1, "a": 2}',
        '{"x": NaN}',
        "[]",
    ]
    reading = read("\n".join(lines).encode())
    assert codes(reading) == ["A605", "A005", "A608", "A007", "A007", "A007"]
    assert [problem.line for problem in reading.problems] == [1, 3, 4, 5, 6, 7]
    assert reading.answers == []


def test_quotes_of_a_word_processor_and_another_encoding_are_told():
    line = json.dumps(prodigy())
    curly, latin = line.replace('"text"', "\u201ctext\u201d", 1).encode(), b'{"text": "K\xf6ln"}'
    first, second = read(b"\n".join([curly, latin])).problems
    assert "A005" in first.message
    assert "\u201c stands there, where JSON has" in first.message
    assert "A007" in second.message
    assert "save the file as UTF-8" in second.message


def test_objects_over_several_lines_are_told_how_to_be_one():
    first, *_ = read("\n".join([json.dumps(prodigy(), indent=2)] * 2).encode()).problems
    assert re.search("A005.*:1: .*the line ends there.*jq -c", first.message)


def test_the_rest_holds_the_lines_at_fault_and_nothing_else():
    good, bad = json.dumps(prodigy()).encode(), b'{"broken": \xff'
    reading, rest = parse_answers(good + b"\r\n" + bad + b"\r\n", "in", TASKS, "prodigy", Options())
    assert (len(reading.answers), rest) == (1, bad + b"\n")


def test_a_good_record_of_a_bad_task_goes_with_the_bad_one():
    good, bad = (json.dumps(record).encode() + b"\n" for record in (prodigy(), prodigy([(1, 2, "PER")])))
    reading, rest = parse_answers(good + bad, "in", TASKS, "prodigy", Options(several="newest"))
    assert (reading.answers, rest) == ([], good + bad)


def test_a_byte_order_mark_and_dos_line_ends(tmp_path):
    from spacy_al.exchange.intake import take_files

    path = tmp_path / "in.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(prodigy()).encode() + b"\r\n\r\n")
    assert take_files([path], list(TASKS.values()), Options()).answers


def test_deep_nesting_and_huge_lines():
    deep = b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    huge = b'{"a": "' + b"x" * (17 << 20) + b'"}'
    assert codes(read(deep + b"\n" + huge)) == ["A007", "A006"]


@pytest.mark.parametrize("value", ["3", 3.0, True, None, 10**30, [3]])
def test_offsets_that_are_no_whole_numbers(value):
    span = {"start": 0, "end": value, "label": "PER"}
    assert codes(read([prodigy(spans=[span])])) in (["A608"], ["A609"])


def test_half_a_surrogate_pair_in_a_label():
    assert codes(read([prodigy([(0, 3, "\ud83d")])])) == ["A608"]


def test_accents_that_look_alike_are_told_apart():
    task = replace(TASK, words=("Zo\u00eb", "slept"), spaces=(True, False), spans=None)
    record = prodigy(text="Zoe\u0308 slept", tokens=None)
    record["meta"]["al_id"] = task.id
    reading, _ = parse_answers(json.dumps(record).encode() + b"\n", "in", {task.id: task}, "prodigy", Options())
    assert "'e\\u0308 slept', and '\\xeb slept' was asked" in reading.problems[0].message


@pytest.mark.parametrize(("end", "times"), [(4, 0), (5, 1)])
def test_a_span_that_ends_with_a_punctuation_mark_is_kept_and_counted(end, times):
    reading = read([prodigy([(0, end, "LOC")], text="Rome!", meta={"al_id": "cd-0"})])
    assert (reading.answers[0].spans, reading.counts.get("marks", 0)) == (((0, 1 + times, "LOC"),), times)


@pytest.mark.parametrize(("view", "said"), [("ner_manual", []), ("blocks", ["A619"]), ("html", ["A619"])])
def test_an_interface_that_may_have_shown_no_entities_does_not_say_that_there_are_none(view, said):
    record = prodigy(_view_id=view)
    del record["spans"]
    assert codes(read([record])) == said
