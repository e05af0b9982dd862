"""What goes out through a format comes back the same, whatever the sentences hold."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from spacy_al.corpus.annotation.tools import FORMATS, detect
from spacy_al.exchange.reading import Options
from spacy_al.exchange.tool_files import parse_answers

from .annotator import answer, count_utf16
from .strategies import batches, trimmed

OPTIONS = Options(untouched="accept", units="codepoints")
relaxed = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("name", FORMATS)
@relaxed
@given(tasks=batches())
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
