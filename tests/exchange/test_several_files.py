"""What people's files hold beside the plain case: several files, earlier rounds, renamed labels, other tools' keys."""

import csv
import io
import json
from pathlib import Path

import pytest

from spacy_al.annotate.agreement import agreement
from spacy_al.corpus.annotation.tools import detect
from spacy_al.errors import ALError
from spacy_al.exchange.intake import log_lines, take_files, told_of
from spacy_al.exchange.reading import Options, Reading
from spacy_al.options import parse_names
from spacy_al.runs.differences import open_differences, shared
from spacy_al.tasks import Answer

from .cases import TASK, TASKS, annotation, codes, parse_answers, prodigy, read, studio

BOB = (0, 3, "PER")


@pytest.mark.parametrize("begins", [b"PK\x03\x04", b"%PDF-1.7"])
def test_a_file_of_an_office_is_named_as_such(tmp_path, begins):
    path = tmp_path / "answers.xlsx"
    path.write_bytes(begins + b"\0" * 40)
    with pytest.raises(ALError, match="A138.*answers.xlsx: this is a"):
        take_files([path], list(TASKS.values()), Options())


def write(path, *records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_several_files_are_weighed_like_several_answers_in_one(tmp_path):
    names = ("ana", "bo", "cy")
    spans = ([BOB], [BOB], [(0, 3, "LOC")])
    files = [write(tmp_path / f"{n}.jsonl", prodigy(s)) for n, s in zip(names, spans, strict=True)]
    tasks = list(TASKS.values())
    with pytest.raises(ALError, match=r"A607.*3 answers \(lines .*ana.jsonl:1, .*bo.jsonl:1, .*cy.jsonl:1\)"):
        take_files(files, tasks, Options())
    reading = take_files(files, tasks, Options(several="vote"))
    assert [(a.spans, a.annotator) for a in reading.answers] == [(((0, 1, "PER"),), "ana, bo, cy")]
    assert [(a.annotator, a.spans[0][2]) for a in reading.given] == [("ana", "PER"), ("bo", "PER"), ("cy", "LOC")]


def test_the_rest_of_several_files_goes_to_one_file_each(tmp_path):
    good = write(tmp_path / "good.jsonl", prodigy([BOB]))
    bad = write(tmp_path / "bad.jsonl", prodigy(meta={"al_id": "no"}), prodigy([BOB]))
    rests = [tmp_path / "good.rest", tmp_path / "bad.rest"]
    reading = take_files([good, bad], list(TASKS.values()), Options(), rests=rests)
    assert [a.spans for a in reading.answers] == [((0, 1, "PER"),)]
    assert (rests[0].exists(), rests[1].read_text()) == (False, bad.read_text().splitlines()[0] + "\n")


def test_replaced_answers_are_told_and_how_many_differ():
    old = [Answer("a", "accept", ((0, 1, "X"),), annotator="z"), Answer("b", "accept", ((0, 1, "X"),), round=0)]
    new = [Answer("a", "accept", ((0, 1, "X"),), round=0), Answer("b", "accept", round=0), Answer("c", "accept")]
    lines, counts = log_lines(Reading(new, []), old)
    assert lines == new
    assert told_of(counts) == ["2 earlier answers replaced, 1 of them by answers that differ"]
    _, counts = log_lines(Reading(new[:1], []), old)
    assert told_of(counts) == ["1 earlier answers replaced, 0 of them by answers that differ"]


def test_what_is_in_the_log_already_is_not_taken_again_unless_something_came_after():
    answer = Answer("a", "accept", round=0, annotator="z")
    assert log_lines(Reading([answer], []), [answer]) == ([], {"taken": 1})
    other = Answer("a", "ignore", round=0, annotator="y")
    assert log_lines(Reading([answer], []), [answer, other])[0] == [answer]


def test_what_each_of_several_people_said_stands_before_what_it_comes_to(tmp_path):
    spans = {"ana": [BOB], "bo": [BOB], "cy": [(0, 3, "LOC")]}
    files = [write(tmp_path / f"{name}.jsonl", prodigy(some)) for name, some in spans.items()]
    lines, _ = log_lines(take_files(files, list(TASKS.values()), Options(several="vote")), [])
    assert [(one.annotator, one.spans[0][2]) for one in lines] == [
        ("ana", "PER"), ("bo", "PER"), ("cy", "LOC"), ("settled by ana, bo, cy", "PER"),
    ]  # fmt: skip
    said = {lines[0].id: {one.annotator: one for one in lines}}
    assert agreement(said, {lines[0].id: 6}).sentences == 1
    assert open_differences(said) == []
    assert len(shared(said)[lines[0].id]) == 3


def test_a_renamed_label_is_taken_under_its_new_name():
    old = prodigy([(0, 3, "PERSON")])
    assert codes(read([old], labels=("PER",))) == ["A613"]
    assert read([old], labels=("PER",), names={"PERSON": "PER"}).answers[0].spans == ((0, 1, "PER"),)


@pytest.mark.parametrize("pair", ["PER", "=PER", "PERSON=", "A= B"])
def test_names_that_are_none(pair):
    with pytest.raises(ALError, match="A628"):
        parse_names([pair])
    with pytest.raises(ALError, match="A628"):
        parse_names(["A=B", "A=C"])


@pytest.mark.parametrize(("start", "end"), [(0, 4), (3, 5), (3, 6)])
def test_white_space_at_the_ends_of_a_span_is_trimmed(start, end):
    reading = read([prodigy([(start, end, "PER")])], units="codepoints")
    assert len(reading.answers[0].spans) == 1
    assert reading.counts["trimmed"] == 1


def test_the_same_span_twice_counts_once():
    reading = read([prodigy([BOB, BOB])])
    assert (reading.answers[0].spans, reading.counts) == (((0, 1, "PER"),), {"copies": 1})


def hypertext(**changes):
    value = {
        "start": "/text()[1]", "end": "/text()[1]", "startOffset": 0, "endOffset": 3, "text": "Bob",
        "globalOffsets": {"start": 0, "end": 3}, "hypertextlabels": ["PER"],
    }  # fmt: skip
    return studio({"result": [{"type": "hypertextlabels", "value": value | changes}]})


def test_hypertext_is_placed_or_refused():
    assert read([hypertext()], "label_studio").answers[0].spans == ((0, 1, "PER"),)
    assert codes(read([hypertext(globalOffsets={"start": 6, "end": 9})], "label_studio")) == ["A609"]
    assert read([hypertext(globalOffsets=None)], "label_studio").answers[0].spans == ((0, 1, "PER"),)
    assert codes(read([hypertext(globalOffsets=None, text="m")], "label_studio")) == ["A605"]
    assert codes(read([hypertext(globalOffsets=None, text=" ")], "label_studio")) == ["A608"]


def test_a_result_of_an_unknown_type_is_no_sentence_without_entities():
    item = studio({"result": [{"type": "magiclabels", "value": {"start": 0, "end": 3, "magiclabels": ["PER"]}}]})
    assert codes(read([item], "label_studio")) == ["A608"]


def test_label_studio_csv_and_its_rest():
    good = {"text": TASK.text, "al_id": TASK.id, "ner": json.dumps([{"start": 0, "end": 3, "labels": ["PER"]}])}
    rows = [good | {"annotation_id": "1", "lead_time": "2.5"}, {"text": "x", "al_id": "no", "annotation_id": "2"}]
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    data = out.getvalue().encode()
    assert detect(data, "in.csv") == "label_studio"
    reading, rest = parse_answers(data, "in.csv", TASKS, "label_studio", Options())
    assert [(a.spans, a.seconds) for a in reading.answers] == [(((0, 1, "PER"),), 2.5)]
    assert list(csv.DictReader(io.StringIO(rest.decode()))) == [rows[1] | {"ner": "", "lead_time": ""}]


OLD = {
    "doccano 1.2": ("doccano", {"annotations": [{"label": "PER", "start_offset": 0, "end_offset": 3, "user": 2}]}),
    "doccano numbers": ("doccano", {"annotations": [{"label": 7, "start_offset": 0, "end_offset": 3, "user": 2}]}),
    "rubrix": ("argilla", {"annotation": [["PER", 0, 3]], "prediction": [], "annotation_agent": "2"}),
    "rubrix people": ("argilla", {"annotations": {"2": {"entities": [{"label": "PER", "start": 0, "end": 3}]}}}),
}


@pytest.mark.parametrize(("name", "said"), OLD.values(), ids=OLD)
def test_older_versions_are_read(name, said):
    record = {"text": TASK.text, "al_id": TASK.id, **said}
    data = json.dumps(record).encode() + b"\n"
    assert detect(data, "in") == name
    (answer,) = parse_answers(data, "in", TASKS, name, Options(names={"7": "PER"}))[0].answers
    assert (answer.spans, answer.annotator) == (((0, 1, "PER"),), "2")


STRAY = {
    "prodigy": prodigy(ents=[{"start": 0, "end": 3, "label": "PER"}]),
    "doccano": {"text": TASK.text, "al_id": TASK.id, "label": [], "gold": [[0, 3, "PER"]]},
    "label_studio": studio(annotation(BOB), extra=[{"value": {"start": 0, "end": 3, "labels": ["PER"]}}]),
    "argilla": {"fields": {"text": TASK.text}, "responses": {"ner": [{"start": 0, "end": 3, "label": "PER"}]}},
}


@pytest.mark.parametrize("name", STRAY)
def test_entities_under_another_key_are_refused_by_its_name(name):
    reading = read([STRAY[name]], name)
    assert (codes(reading), reading.answers) == (["A608"], [])
    assert "seems to hold entities" in reading.problems[0].message


WORDS = list(TASK.words)
RECORDS = {
    "gliner": {"tokenized_text": WORDS, "ner": [[0, 0, "PER"], [3, 3, "PER"]]},
    "lighttag": {
        "schema": {},
        "examples": [
            {"content": TASK.text, "annotations": [{"start": a, "end": b, "tag": "PER"} for a, b in ((0, 3), (10, 12))]}
        ],
    },
    "plain": {"text": TASK.text, "spans": [[0, 3, "PER"], [10, 12, "PER"]]},
    "spacy 2": [TASK.text, {"entities": [[0, 3, "PER"], [10, 12, "PER"]]}],
}


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("name", RECORDS)
def test_records_that_convert_knows_are_answers_too(name, indent):
    data = json.dumps(RECORDS[name], indent=indent).encode()
    if name == "spacy 2":
        data = json.dumps([RECORDS[name]], indent=indent).encode()
    else:
        assert detect(data, Path("in.json")) == "records"
    (answer,) = read(data, "records", units="codepoints").answers
    assert (answer.id, answer.spans) == (TASK.id, ((0, 1, "PER"), (3, 4, "PER")))


def test_records_with_entities_under_another_key_are_refused():
    data = json.dumps({"text": TASK.text, "spans": [], "gold": [[0, 3, "PER"]]}).encode()
    assert codes(read(data, "records")) == ["A608"]


@pytest.mark.parametrize(
    ("content", "code"),
    [('{"text": "a"},\n{"text": "b"},\n', "A005.*in.json:1"), ('[{"text": "a"},]', "A622.*in.json:1")],
)
def test_broken_json_is_named_as_such_not_as_an_unknown_format(content, code):
    with pytest.raises(ALError, match=code):
        detect(content.encode(), Path("in.json"))
