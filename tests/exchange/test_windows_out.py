"""Windows of a sentence go out with it, and answers to them come back."""

from dataclasses import replace
from pathlib import Path

import pytest
from spacy.vocab import Vocab

from spacy_al.corpus.annotation.tools import FORMATS
from spacy_al.corpus.task_docs import answer_doc
from spacy_al.errors import ALError
from spacy_al.exchange.reading import Options
from spacy_al.exchange.tool_files import parse_files
from spacy_al.runs.labelled import answered
from spacy_al.tasks import Task

from .annotator import answer
from .cases import parse_answers

WHOLE = ("webanno", "brat")  # their files have no place for what is asked
WINDOWED = [name for name in FORMATS if name not in WHOLE]
WORDS, SPACES = ("Ana", "left", "Rome", "in", "May"), (True, True, True, True, False)
TASK = Task("ab-0", WORDS, SPACES, ((2, 3, "LOC"),), windows=((2, 3), (4, 5)))


def test_people_are_shown_what_is_asked():
    assert TASK.ask == "Rome (9) | May (17)"
    assert TASK.about()["ask"] == TASK.ask
    assert "ask" not in Task("a-0", ("Ana",), (False,)).about()


@pytest.mark.parametrize("name", WHOLE)
def test_a_tool_without_a_place_for_windows_is_given_none(name):
    with pytest.raises(ALError, match=r"A631.*ab-0"):
        FORMATS[name].dump([TASK])


@pytest.mark.parametrize("name", WINDOWED)
def test_the_context_of_a_window_is_missing_whatever_the_tool(name):
    data = FORMATS[name].dump([TASK])
    assert name == "docbin" or b"Rome (9) | May (17)" in data
    options = Options(untouched="accept", units="codepoints")
    reading, _ = parse_answers(answer(data, name), Path("in"), {"ab-0": TASK}, name, options)
    doc = answer_doc(TASK, reading.answers[0], Vocab())
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("Rome", "LOC")]
    assert answered(doc).tolist() == [False, False, True, False, True]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("name", WINDOWED)
def test_windows_of_two_rounds_come_back_in_any_order(name, order):
    tasks = [Task("ab-0", WORDS, SPACES, (), round=0, windows=((0, 2),)),
             Task("ab-0", WORDS, SPACES, ((2, 3, "LOC"),), round=1, windows=((2, 4),))]  # fmt: skip
    options = Options(untouched="accept", units="codepoints")
    answers = []
    for number in order:
        data = answer(FORMATS[name].dump([tasks[number]]), name)
        reading, _ = parse_files([(data, Path("in"), name)], tasks, options)
        assert reading.problems == []
        answers += reading.answers
    assert [one.round for one in answers] == list(order)
    docs = [answer_doc(tasks[one.round], one, Vocab()) for one in answers]
    assert [answered(doc).tolist() for doc in docs] == [
        [number in range(*tasks[one.round].windows[0]) for number in range(5)] for one in answers
    ]


@pytest.mark.parametrize("name", [name for name in WINDOWED if name != "docbin"])
def test_both_rounds_may_stand_in_one_file(name):
    tasks = [Task("ab-0", WORDS, SPACES, (), round=number, windows=((number, number + 1),)) for number in (0, 1)]
    parts = [answer(FORMATS[name].dump([task]), name) for task in tasks]
    data = b"".join(parts) if name not in ("label_studio", "argilla") else parts[0].rstrip()[:-1] + b"," + parts[1][1:]
    reading, _ = parse_files([(data, Path("in"), name)], tasks, Options(untouched="accept", units="codepoints"))
    assert (reading.problems, [one.round for one in reading.answers]) == ([], [0, 1])
    assert [one.missing for one in reading.answers] == [(1, 2, 3, 4), (0, 2, 3, 4)]


def test_a_window_is_not_taken_for_another_one():
    tasks = [Task("ab-0", WORDS, SPACES, (), round=number, windows=((number, number + 1),)) for number in (0, 1)]
    data = answer(FORMATS["prodigy"].dump([replace(tasks[0], round=7)]), "prodigy")
    (problem,) = parse_files([(data, Path("in"), "prodigy")], tasks)[0].problems
    assert "A603" in problem.message
    lost = data.replace(b'"al_id"', b'"other"')
    (problem,) = parse_files([(lost, Path("in"), "prodigy")], tasks)[0].problems
    assert "A612" in problem.message
