"""What goes out through a format comes back the same, whatever the sentences hold."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings

from spacy_al.corpus.align import one_line
from spacy_al.corpus.annotation.tools import FORMATS as ALL
from spacy_al.corpus.annotation.tools import detect
from spacy_al.exchange.reading import Options
from spacy_al.exchange.tool_files import parse_files, write_tasks
from spacy_al.tasks import Task

from .annotator import answer, count_utf16
from .cases import parse_answers
from .strategies import batches, trimmed

FORMATS = {name: format_ for name, format_ in ALL.items() if name != "brat"}  # which has a text beside
OPTIONS = Options(untouched="accept", units="codepoints")
relaxed = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("name", FORMATS)
@relaxed
@given(tasks=batches())
@example(tasks=[Task("0f-0", ("\xa0", "0 "), (False, False), spans=((0, 2, "PER"),))])
def test_accepted_spans_come_back(name, tasks):
    tasks = [
        task for task in tasks if task.words or name != "webanno"
    ]  # which has no place for a sentence without words
    data = answer(FORMATS[name].dump(tasks), name)
    reading, rest = parse_answers(data, Path("in"), {task.id: task for task in tasks}, name, OPTIONS)
    assert [problem.message for problem in reading.problems] == []
    assert [(a.id, a.verdict, a.spans, a.missing) for a in reading.answers] == [
        (task.id, "accept", trimmed(task), ()) for task in tasks
    ]
    assert rest == b""


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("doccano", "webanno")])
@relaxed
@given(tasks=batches())
def test_skipped_is_not_empty(name, tasks):
    data = answer(FORMATS[name].dump(tasks), name, "ignore")
    reading, _ = parse_answers(data, Path("in"), {task.id: task for task in tasks}, name, OPTIONS)
    assert [(a.id, a.verdict, a.spans) for a in reading.answers] == [(task.id, "ignore", ()) for task in tasks]


@pytest.mark.parametrize("suggested", [False, True])
@pytest.mark.parametrize("name", FORMATS)
@relaxed
@given(tasks=batches())
def test_a_file_nobody_touched_gives_no_answer(name, suggested, tasks):
    tasks = [task if suggested else task.bare() for task in tasks if task.words]
    data = FORMATS[name].dump(tasks)
    options = Options(untouched="skip")
    reading, _ = parse_answers(data, Path("in"), {task.id: task for task in tasks}, name, options)
    assert (reading.answers, reading.problems) == ([], [])
    assert reading.counts.get("unanswered", 0) == len(tasks)


@pytest.mark.parametrize("name", FORMATS)
@relaxed
@given(tasks=batches())
def test_the_format_is_found_out(name, tasks):
    data = answer(FORMATS[name].dump(tasks), name)
    assert detect(data, Path("in")) == name.removesuffix("4")


@pytest.mark.parametrize("utf16", [False, True])
@pytest.mark.parametrize("name", ["prodigy", "label_studio", "doccano", "argilla"])
@relaxed
@given(tasks=batches(max_size=1))
def test_units_are_found_out_or_refused(name, utf16, tasks):
    data = answer(FORMATS[name].dump(tasks), name)
    data = count_utf16(data, name) if utf16 else data
    reading, _ = parse_answers(data, Path("in"), {task.id: task for task in tasks}, name, Options(untouched="accept"))
    codes = {problem.message[:6] for problem in reading.problems}
    assert codes == {"[A611]"} or [a.spans for a in reading.answers] == [trimmed(task) for task in tasks]


@pytest.mark.parametrize("name", FORMATS)
@relaxed
@given(tasks=batches())
def test_records_put_aside_are_a_file_of_the_same_format(name, tasks):
    def records(data):
        return [[(r.id, r.marks, r.words) for r in FORMATS[name].parse(each)] for each in split(data, Path("in"))]

    split, data = FORMATS[name].split, FORMATS[name].dump(tasks)
    if chunks := split(data, Path("in")):
        assert records(FORMATS[name].join(chunks)) == records(data)


@pytest.mark.parametrize("suggested", [False, True])
@relaxed
@example(tasks=[Task("0f-0", ("\ufeff", "Bob"), (False, False), ((1, 2, "LOC"),), rank=1, measure="mnlp", utility=0.5)])
@given(tasks=batches())
def test_brat_has_its_text_beside(suggested, tasks, tmp_path_factory):
    tasks = [
        replace(task, spans=tuple((a, b, "PER") for a, b, _ in trimmed(task))) for task in tasks if task.text.strip()
    ]
    assume(len({one_line(task.text).rstrip() for task in tasks}) == len(tasks) > 0)
    path = tmp_path_factory.mktemp("brat") / "in.ann"
    written = write_tasks(path, tasks, "brat", ["PER"])
    assert [file.name for file in written] == ["in.ann", "in.txt", "annotation.conf"]
    data = path.read_bytes() if suggested else path.read_bytes().replace(b"\tsuggested", b"\tseen")
    path.write_bytes(data)
    reading, _ = parse_files([(data, path, "brat")], tasks, OPTIONS)
    assert [problem.message for problem in reading.problems] == []
    assert [answer.spans for answer in reading.answers] == [task.spans for task in tasks]
    skipped, _ = parse_files([(data, path, "brat")], tasks, replace(OPTIONS, untouched="skip"))
    assert len(skipped.answers) == (0 if suggested else sum(bool(task.spans) for task in tasks))
