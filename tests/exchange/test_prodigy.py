"""Tasks against the documented schema of `ner_manual`, and the recipe against a stand-in for Prodigy."""

import importlib
import sys
import types
from typing import List, Literal

import pytest
from hypothesis import given
from pydantic import BaseModel, ConfigDict, StrictBool, StrictInt, StrictStr

from spacy_al.corpus.annotation import prodigy
from spacy_al.errors import ALError

from ..stand_in import Waiting
from .cases import OTHER, TASK, read
from .cases import prodigy as record
from .strategies import batches


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Token(Strict):
    text: StrictStr
    start: StrictInt
    end: StrictInt
    id: StrictInt
    ws: StrictBool


class Span(Strict):
    start: StrictInt
    end: StrictInt
    token_start: StrictInt
    token_end: StrictInt
    label: StrictStr


class NerManual(Strict):
    text: StrictStr
    tokens: List[Token]
    spans: List[Span]
    meta: dict
    view_id: Literal["ner_manual"]


@given(batches(max_size=2))
def test_tasks_meet_the_schema(tasks):
    for task in tasks:
        record = prodigy.to_record(task)
        parsed = NerManual(view_id=record.pop("_view_id"), **record)
        assert [parsed.text[token.start : token.end] for token in parsed.tokens] == list(task.words)
        assert [token.id for token in parsed.tokens] == list(range(len(task.words)))
        for span in parsed.spans:
            assert parsed.tokens[span.token_start].start == span.start
            assert parsed.tokens[span.token_end].end == span.end


@pytest.fixture
def recipe(monkeypatch):
    """The recipe with stand-ins for Prodigy and for the run's functions, and what the run was given."""
    stand_in, waiting = types.ModuleType("prodigy"), Waiting([OTHER, TASK])
    stand_in.recipe = lambda name, **arguments: lambda function: function
    stand_in.set_hashes = lambda task: task | {"_input_hash": 1, "_task_hash": 2}
    monkeypatch.setitem(sys.modules, "prodigy", stand_in)
    monkeypatch.setattr("spacy_al.loop.session.Session", waiting)
    monkeypatch.delitem(sys.modules, "spacy_al.exchange.prodigy_recipes", raising=False)
    module = importlib.import_module("spacy_al.exchange.prodigy_recipes")
    yield module, waiting.given
    del sys.modules["spacy_al.exchange.prodigy_recipes"]


def answered(parts, **changes):
    return [task | {"answer": "accept"} | changes for task in parts["stream"]]


def test_the_recipe_serves_in_order_of_rank(recipe):
    parts = recipe[0].al_query("dataset", "run")
    assert [task["meta"]["rank"] for task in parts["stream"]] == [1, 2]
    assert (parts["view_id"], parts["config"]["labels"]) == ("ner_manual", ["PER", "LOC"])


def test_answers_go_to_the_run_as_they_come(recipe):
    parts = recipe[0].al_query("dataset", "run")
    first, second = answered(parts)
    parts["update"]([first])
    assert ([answer.id for answer in recipe[1]], parts["progress"]()) == (["ab-0"], 0.5)
    parts["update"]([second])
    assert ([answer.id for answer in recipe[1]], parts["progress"]()) == (["ab-0", "cd-0"], 1.0)


def test_answers_that_cannot_be_taken_are_refused(recipe):
    parts = recipe[0].al_query("dataset", "run")
    with pytest.raises(ALError, match="A604"):
        parts["update"](answered(parts, text="edited"))
    assert parts["progress"]() == 0.0


def test_an_old_answer_of_teach_says_nothing_of_other_tokens():
    guess = {"start": 0, "end": 3, "label": "PER", "rank": 0, "score": 0.4}
    (answer,) = read([record([guess], _view_id=...)]).answers
    assert (answer.spans, answer.missing) == (((0, 1, "PER"),), (1, 2, 3, 4, 5))


@pytest.mark.parametrize("key", ["options", "label"])
def test_an_old_answer_about_the_whole_text_is_no_sentence_without_entities(key):
    about = {"options": [{"id": "PER"}], "label": "NEWS"}[key]
    made = record(_view_id=..., **{key: about})
    del made["spans"]
    reading = read([made])
    assert f"{key}: without spans" in reading.problems[0].message
