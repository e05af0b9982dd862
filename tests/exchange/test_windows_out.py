"""Windows of a sentence go out with it, and answers to them come back."""

from pathlib import Path

import pytest
from spacy.vocab import Vocab

from spacy_al.corpus.annotation.tools import FORMATS
from spacy_al.corpus.task_docs import answer_doc
from spacy_al.exchange.reading import Options
from spacy_al.exchange.tool_files import parse_answers
from spacy_al.runs.labels import answered
from spacy_al.tasks import Task

from .annotator import answer

WORDS, SPACES = ("Ana", "left", "Rome", "in", "May"), (True, True, True, True, False)
TASK = Task("ab-0", WORDS, SPACES, ((2, 3, "LOC"),), windows=((2, 3), (4, 5)))


def test_people_are_shown_what_is_asked():
    assert TASK.ask == "Rome (9) | May (17)"
    assert TASK.about()["ask"] == TASK.ask
    assert "ask" not in Task("a-0", ("Ana",), (False,)).about()


@pytest.mark.parametrize("name", FORMATS)
def test_the_context_of_a_window_is_missing_whatever_the_tool(name):
    data = FORMATS[name].dump([TASK])
    assert name == "docbin" or b"Rome (9) | May (17)" in data
    options = Options(untouched="accept", units="codepoints")
    reading, _ = parse_answers(answer(data, name), Path("in"), {"ab-0": TASK}, name, options)
    doc = answer_doc(TASK, reading.answers[0], Vocab())
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("Rome", "LOC")]
    assert answered(doc).tolist() == [False, False, True, False, True]
